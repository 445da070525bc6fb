"""Pieces of patterns that several classes share."""

SPACE = "[ \u00a0\u2009\u202f]"
NUMBER = (
    r"(?:[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?![0-9])"
    r"|[0-9]{1,3}(?:[\u00a0\u2009\u202f'’][0-9]{3})+(?![0-9])|[0-9]++)(?:\.[0-9]++)?(?!\.[0-9])"
    r"|(?<![0-9])\.[0-9]++"
)
"""A number of figures, with or without commas between its thousands and a decimal point."""
SIGN = r"(?:(?<![\w)\]])[-−–+±])?"
START = r"(?<![\w.,])"
"""No number begins in the middle of another one or of a word."""
DASH = r"[-–—‐‑−]"
FIRST_UNSPACED = "\u2e80"
"""From here on lie the scripts that put no space between words, and emoji."""
MONTHS = {
    "January": "Jan",
    "February": "Feb",
    "March": "Mar",
    "April": "Apr",
    "May": "May",
    "June": "Jun",
    "July": "Jul",
    "August": "Aug",
    "September": "Sep",
    "October": "Oct",
    "November": "Nov",
    "December": "Dec",
}
MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?)"
)
_DIGITS_ALIKE = str.maketrans("−–", "--")


def plain(amount: str) -> str:
    """Return a number as written without what stands between its thousands."""
    return "".join(c for c in amount.translate(_DIGITS_ALIKE) if c not in ",'’\u00a0\u2009\u202f ")
