"""What the mouth does for each speech sound: one row a class of sounds that look alike."""

# IPA letters are meant, however much some of them look like others.
# ruff: noqa: RUF001

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

STRESS_MARKS = "ˈˌ"
LENGTH_MARK = "ː"


@dataclass(frozen=True, slots=True)
class Mouth:
    """The shape of a mouth.

    Lengths are in units of the distance between the outer corners of the eyes.

    Attributes:
        gap: distance of the inner lip edges at the middle, from 0.
        rounding: lips drawn together and pushed out, 0..1.
        widening: corners drawn apart, 0..1.
        upper_raise: how much of `gap` is the upper lip's alone, baring the upper teeth, a length.
        lower_drop: how much of it is the lower lip's alone, the jaw staying up, a length.
        press: lips pressed thin against each other, 0..1.
        tuck: lower lip under the upper teeth, 0..1.
        tongue: height of its tip, 0..1; 0.25 is at rest, 1 shows between the teeth.
        skew: by how much the picture's left side of the mouth does more than its right one, -1..1.
    """

    gap: float = 0.0
    rounding: float = 0.0
    widening: float = 0.0
    upper_raise: float = 0.0
    lower_drop: float = 0.0
    press: float = 0.0
    tuck: float = 0.0
    tongue: float = 0.25
    skew: float = 0.0

    @property
    def bared(self) -> float:
        """How much the upper lip bares of the upper teeth, 0..1."""
        bared = 0.70 + 0.50 * self.widening + 20 * self.upper_raise - 1.4 * self.rounding
        return min(max(bared, 0.0), 1.0)


REST = Mouth()


@dataclass(frozen=True, slots=True)
class Phone:
    """A speech sound: its mouth, how much it insists on it, and whether the lips must meet.

    `closes` sounds (m, b, p) need shut lips, `bites` sounds (f, v) the lip under the teeth.
    """

    mouth: Mouth
    dominance: float = 1.0
    closes: bool = False
    bites: bool = False


SILENCE = Phone(REST, 0.9)


def _table() -> Mapping[str, Phone]:
    def spread(gap: float, *, widening: float, dominance: float) -> Phone:
        return Phone(Mouth(gap, widening=widening), dominance)

    def rounded(gap: float, *, rounding: float, dominance: float) -> Phone:
        return Phone(Mouth(gap, rounding), dominance)

    def tongued(gap: float, *, tongue: float, dominance: float, widening: float = 0.0) -> Phone:
        return Phone(Mouth(gap, widening=widening, tongue=tongue), dominance)

    biting = Mouth(0.018, tuck=1.0, upper_raise=0.016)
    hissing = Mouth(0.056, widening=0.35, upper_raise=0.010, lower_drop=0.046, tongue=0.5)
    hushing = Mouth(0.066, 0.50, upper_raise=0.014, lower_drop=0.050, tongue=0.5)
    smiling = Mouth(0.070, widening=0.85, upper_raise=0.012, lower_drop=0.016)
    rows = {
        "mbp": Phone(Mouth(press=0.8), 4.0, closes=True),
        "fvʋ": Phone(biting, 3.0, bites=True),
        "ɸβ": Phone(Mouth(0.014, press=0.2), 2.5),
        "ɑaɒ": spread(0.155, widening=0.0, dominance=1.3),
        "æ": spread(0.135, widening=0.35, dominance=1.3),
        "ʌɐ": spread(0.10, widening=0.0, dominance=1.0),
        "əᵊɨᵻ": spread(0.06, widening=0.0, dominance=0.5),
        "ɚɜɝ": rounded(0.065, rounding=0.45, dominance=1.0),
        "ɛe": spread(0.095, widening=0.35, dominance=1.0),
        "ɪ": spread(0.065, widening=0.4, dominance=1.0),
        "i": Phone(smiling, 1.2),
        "jçʝ": spread(0.04, widening=0.6, dominance=0.7),
        "uyʉ": rounded(0.035, rounding=1.0, dominance=1.6),
        "ʊʏ": rounded(0.05, rounding=0.7, dominance=1.0),
        "wɥ": rounded(0.022, rounding=1.0, dominance=2.0),
        "ɔœ": rounded(0.115, rounding=0.55, dominance=1.2),
        "oøɵ": rounded(0.085, rounding=0.75, dominance=1.2),
        "A": spread(0.09, widening=0.4, dominance=1.0),
        "I": spread(0.125, widening=0.1, dominance=1.2),
        "OQ": rounded(0.085, rounding=0.75, dominance=1.2),
        "W": rounded(0.12, rounding=0.3, dominance=1.2),
        "Y": rounded(0.10, rounding=0.5, dominance=1.2),
        "szʦʣɕ": Phone(hissing, 1.2),
        "ʃʒʧʤ": Phone(hushing, 1.3),
        "tdnɲɾrT": tongued(0.04, tongue=0.8, dominance=0.6, widening=0.1),
        "lɫʎ": tongued(0.065, tongue=0.85, dominance=0.7),
        "θð": tongued(0.045, tongue=1.0, dominance=1.0),
        "kɡŋgxɣχʁʀ": tongued(0.055, tongue=0.2, dominance=0.4),
        "ɹɻ": rounded(0.045, rounding=0.5, dominance=0.9),
        "h": spread(0.07, widening=0.0, dominance=0.25),
        "ʔ": spread(0.05, widening=0.0, dominance=0.2),
    }
    return MappingProxyType({sound: phone for sounds, phone in rows.items() for sound in sounds})


PHONES = _table()
"""By IPA symbol; capitals are misaki's diphthongs (A I O Q W Y) and flapped t (T)."""

GLIDES: Mapping[str, str] = MappingProxyType(
    {"A": "ɪ", "I": "ɪ", "Y": "ɪ", "O": "ʊ", "Q": "ʊ", "W": "ʊ"}
)
"""Where each diphthong ends."""


def scaled_gap(phone: Phone, factor: float) -> Phone:
    """Return the same sound spoken with a wider or narrower mouth."""
    return replace(phone, mouth=replace(phone.mouth, gap=phone.mouth.gap * factor))
