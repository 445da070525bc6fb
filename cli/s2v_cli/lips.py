"""What a measurement of lip sync means, in words."""

from s2v.core.job import LipSyncMeasurement
from s2v.core.ports import DigitalSourceType
from s2v.media.credentials import FilmCredentials

FOLLOWING = 0.4
"""From here on lips follow the sound as real people's do; another speech's hardly get there."""
ROUGHLY = 0.3
NOTICED_LATE, NOTICED_EARLY = 45.0, -125.0
"""Milliseconds from which viewers notice lips that come after the sound, or before it (ITU-R
BT.1359-1); in life sound comes late, too."""
_USUAL_MILLISECONDS = 125.0
"""Films are seldom further off; the best of lags that nobody would expect proves less."""
_PROOF_IN_TIME, _PROOF = 0.75, 1.0
"""How much of what chance may reach is proof: false once in a hundred films either way."""
_PROOF_ROUGHLY = 0.85
"""Times the above: where lips follow roughly, chance is not quite ruled out."""
PEOPLE_ROUNDED = (0.85, 1.05)
"""Mouth widths of people, oo over ee; a few hundredths beside that look like others."""
_ROUNDED_SLACK = 0.15
_SHARPEST, _SOFTEST = 1.3, 0.3
_LIMITS = (
    ("mouth_colour_distance", 6.0, "its colour inside is none of this face"),
    ("mouth_sharpness_ratio", _SHARPEST, "it is sharper than the face"),
    ("mouth_flicker", 0.12, "its inside flickers"),
    ("mouth_spill", 0.5, "lips or teeth run over its edge"),
)
"""Half as much again as the most that real people's mouths had."""
SAME_PERSON = 0.6
_SEEN_SHARE = 0.5


def verdict(found: LipSyncMeasurement) -> str:
    """Say whether the lips fit the sound, and whether the mouth looks like one."""
    if found.face_share < _SEEN_SHARE:
        return f"a face was found on only {found.face_share:.0%} of the frames; judge for yourself"
    if not _follows(found, ROUGHLY, _PROOF_ROUGHLY):
        return "the lips do not follow the sound"
    how = "the lips follow the sound"
    if not _follows(found, FOLLOWING, 1.0):
        how += " roughly"
    faults = [*_timing(found), *look_faults(found)]
    return f"{how}, but {' and '.join(faults)}" if faults else how


def look_faults(found: LipSyncMeasurement) -> list[str]:
    """Say what no real mouth looks like, for people."""
    faults = [
        words
        for name, limit, words in _LIMITS
        if (value := getattr(found, name)) is not None and value > limit
    ]
    if found.mouth_sharpness_ratio is not None and found.mouth_sharpness_ratio < _SOFTEST:
        faults.append("it is softer than the face")
    return [f"the mouth does not look real: {'; '.join(faults)}"] if faults else []


def _follows(found: LipSyncMeasurement, least: float, share: float) -> bool:
    """Tell whether the best correlation is high enough, and too high for chance."""
    usual = abs(found.lag_milliseconds) <= _USUAL_MILLISECONDS
    proof = (_PROOF_IN_TIME if usual else _PROOF) * share * found.chance_correlation
    return found.best_correlation >= max(least, proof)


def _timing(found: LipSyncMeasurement) -> list[str]:
    noticed = not NOTICED_EARLY <= found.lag_milliseconds <= NOTICED_LATE
    return [_lag(found)] if noticed else []


def summary(found: LipSyncMeasurement) -> str:
    """Spell the verdict and the most telling numbers in two lines."""
    numbers = f"agreement {found.best_correlation:.2f}, {_lag(found)}"
    if found.closures:
        numbers += f", shut on {_closures(found)} m, b, p"
    return f"{verdict(found)}\n{numbers}"


def table(found: LipSyncMeasurement) -> list[tuple[str, str, str]]:
    """Return rows of what was measured, what was found, and how to read it."""
    follows = _follows(found, ROUGHLY, _PROOF_ROUGHLY)
    rows = [
        (
            "lips agree with the sound",
            f"{found.best_correlation:.2f}",
            f"people have {FOLLOWING} to 0.75; chance may reach {found.chance_correlation:.2f}",
        ),
        (
            "lips are",
            _lag(found) if follows else "-",
            f"up to {NOTICED_LATE:.0f} ms late or {-NOTICED_EARLY:.0f} early nobody notices",
        ),
    ]
    if found.closures:
        rows.append(("lips shut on m, b, p", _closures(found), "chance is about half"))
    if found.rounded_over_wide:
        ratio = f"{found.rounded_over_wide:.2f}"
        rows.append(("mouth width, oo over ee", ratio, _rounding(found.rounded_over_wide)))
    rows += _look_rows(found)
    if found.sharpness_ratio is not None:
        rows.append(("sharpness of the face", f"{found.sharpness_ratio:.2f}", "of the reference's"))
    if found.identity_distance is not None:
        distance = f"{found.identity_distance:.2f}"
        rows.append(("distance of the face", distance, f"under {SAME_PERSON} is the same person"))
    rows.append(("face found", f"{found.face_share:.0%}", f"of {found.frames} frames"))
    return rows


def _rounding(ratio: float) -> str:
    low, high = PEOPLE_ROUNDED
    people = f"people have {low} to {high}"
    away = max(low - ratio, ratio - high, 0.0)
    if away <= _ROUNDED_SLACK:
        return people
    return f"{people}: {'too much pursed' if ratio < low else 'the wrong way round'}"


def _look_rows(found: LipSyncMeasurement) -> list[tuple[str, str, str]]:
    """Return rows of how the mouth looks as a picture, as far as that was seen."""
    rows = (
        ("colour inside the mouth", found.mouth_colour_distance, "off this face's; people under 4"),
        ("sharpness of the mouth", found.mouth_sharpness_ratio, "of the eyes'; people 0.5 to 0.9"),
        ("flicker in the mouth", found.mouth_flicker, "people under 0.08"),
        ("lips run over their edge", found.mouth_spill, "people under 0.45, lips themselves 1"),
    )
    return [(what, f"{value:.2f}", how) for what, value, how in rows if value is not None]


def marking_row(marking: DigitalSourceType | None) -> tuple[str, str, str]:
    """Return a row of the table that says whether the film says that a machine made it."""
    return (
        "marked as AI-generated",
        "yes" if marking else "no",
        f"digital source type {marking}" if marking else "its metadata names no synthetic source",
    )


def credentials_rows(found: FilmCredentials | None) -> list[tuple[str, str, str]]:
    """Return rows of the table that say what the film's Content Credentials are worth."""
    if found is None:
        return [("content credentials", "none", "nobody has signed the film")]
    if not found.intact:
        return [("content credentials", "broken", "the film was changed after it was signed")]
    who = found.signer or "an unnamed signer"
    worth = "who that is was vouched for" if found.trusted else "nobody known vouches for that"
    if found.self_made:
        worth = "the server's own key: it shows no more than that nothing was changed"
    says = found.source_type or "nothing of how it came to be"
    return [
        ("content credentials", "intact", f"signed by {who}; {worth}"),
        ("they say", "", says),
    ]


def _lag(found: LipSyncMeasurement) -> str:
    lag = round(found.lag_milliseconds)
    if not lag:
        return "in time"
    return f"{abs(lag)} ms {'late' if lag > 0 else 'early'}"


def _closures(found: LipSyncMeasurement) -> str:
    return f"{round(found.closure_recall * found.closures)} of {found.closures}"
