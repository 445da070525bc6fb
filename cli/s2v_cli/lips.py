"""What a measurement of lip sync means, in words."""

from s2v.core.job import LipSyncMeasurement
from s2v.core.ports import DigitalSourceType
from s2v.media.credentials import FilmCredentials

FOLLOWING = 0.75
"""From here on lips follow the sound as those of the embedded engine do, on any face."""
NOT_FOLLOWING = 0.45
"""Lips that have nothing to do with the sound stay below at every lag."""
NOTICED_MILLISECONDS = 45.0
"""Viewers notice sound that is this much off (ITU-R BT.1359-1, for sound that is early)."""
ROUNDED = 0.9
"""A mouth that is rounded for some sounds and wide for others stays below."""
SAME_PERSON = 0.6
_SEEN_SHARE = 0.5


def verdict(found: LipSyncMeasurement) -> str:
    """Say whether the lips fit the sound."""
    if found.face_share < _SEEN_SHARE:
        return f"a face was found on only {found.face_share:.0%} of the frames; judge for yourself"
    if found.best_correlation < NOT_FOLLOWING:
        return "the lips do not follow the sound"
    how = "the lips follow the sound"
    if found.best_correlation < FOLLOWING:
        how += " roughly"
    if abs(found.lag_milliseconds) > NOTICED_MILLISECONDS:
        how += f", but {_lag(found)}"
    return how


def summary(found: LipSyncMeasurement) -> str:
    """Spell the verdict and the most telling numbers in two lines."""
    numbers = f"agreement {found.opening_correlation:.2f}, {_lag(found)}"
    if found.closures:
        numbers += f", shut on {_closures(found)} m, b, p"
    return f"{verdict(found)}\n{numbers}"


def table(found: LipSyncMeasurement) -> list[tuple[str, str, str]]:
    """Return rows of what was measured, what was found, and how to read it."""
    follows = found.best_correlation >= NOT_FOLLOWING
    rows = [
        (
            "lips agree with the sound",
            f"{found.opening_correlation:.2f}",
            f"1 is perfect, {FOLLOWING} good, under {NOT_FOLLOWING} chance",
        ),
        (
            "lips are",
            _lag(found) if follows else "-",
            f"under {NOTICED_MILLISECONDS:.0f} ms nobody notices",
        ),
    ]
    if found.closures:
        rows.append(("lips shut on m, b, p", _closures(found), "chance is about half"))
    if found.rounded_over_wide:
        ratio = f"{found.rounded_over_wide:.2f}"
        rows.append(("mouth width, oo over ee", ratio, f"{ROUNDED} or less looks spoken"))
    if found.sharpness_ratio is not None:
        rows.append(("sharpness of the face", f"{found.sharpness_ratio:.2f}", "of the reference's"))
    if found.identity_distance is not None:
        distance = f"{found.identity_distance:.2f}"
        rows.append(("distance of the face", distance, f"under {SAME_PERSON} is the same person"))
    rows.append(("face found", f"{found.face_share:.0%}", f"of {found.frames} frames"))
    return rows


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
