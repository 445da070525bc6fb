"""Say addresses: of pages, of people, of machines, of files."""

import re
from functools import lru_cache, partial

from s2v.text.normal import codes
from s2v.text.normal.acronyms import is_voiceless
from s2v.text.normal.claiming import Rule
from s2v.text.normal.numerals import cardinal, digits, year
from s2v.text.normal.spans import SpeechClass
from s2v.text.normal.wordlists import words

_SIGNS = {
    ".": "dot",
    "/": "slash",
    "\\": "backslash",
    "-": "dash",
    "_": "underscore",
    "?": "question mark",
    "=": "equals",
    "&": "and",
    "#": "hash",
    "%": "percent",
    "~": "tilde",
    "+": "plus",
    ":": "colon",
    "@": "at",
    "!": "exclamation mark",
    "*": "star",
    "$": "dollar",
    ",": "comma",
    ";": "semicolon",
    "|": "pipe",
}
_FOREIGN_SIGNS = {
    "de": {".": "Punkt", "/": "Schrägstrich", "-": "Bindestrich", "_": "Unterstrich", "@": "at"},
    "es": {".": "punto", "/": "barra", "-": "guion", "_": "guion bajo", "@": "arroba"},
    "fr": {".": "point", "/": "barre oblique", "-": "tiret", "_": "tiret bas", "@": "arobase"},
    "it": {".": "punto", "/": "barra", "-": "trattino", "_": "trattino basso", "@": "chiocciola"},
    "pt": {".": "ponto", "/": "barra", "-": "hífen", "_": "sublinhado", "@": "arroba"},
}
_DOMAINS = (
    "com|org|net|edu|gov|io|ai|dev|app|co|info|biz|me|tv|uk|us|eu|de|fr|es|it|pt|nl|pl|ru|cn|"
    "jp|in|br|"
    "au|ca|ch|at|se|no|dk|fi|be|ie|nz|za|kr|mx|ar|cz|gr|hu|tr|il|xyz|online|site|store|shop|b"
    "log|tech|"
    "cloud|live|news|page|wiki|museum|gg|ly|so|sh|to|fm|cc"
)
_FILES = (
    "pdf|docx?|xlsx?|pptx?|txt|csv|tsv|json|ya?ml|toml|ini|xml|html?|css|jsx?|tsx?|py|ipynb|j"
    "ava|cpp|"
    "hpp|rs|go|rb|php|sh|bat|exe|dll|zip|tar|gz|rar|7z|png|jpe?g|gif|svg|webp|bmp|tiff?|mp[34]|wav|"
    "flac|ogg|m4a|mov|avi|mkv|webm|srt|vtt|md|rst|tex|log|sql|db|cfg|conf|lock|proto|onnx|bin|iso|"
    "apk|dmg|jar|swift|kt|vue|env|pem|NET"
)
_HIDDEN = "gitignore|bashrc|zshrc|htaccess|dockerignore|npmrc|vimrc|git|github|vscode|profile"
_SAID = words(
    "com org net gov info biz dev app online site store shop blog tech cloud live news page "
    "wiki museum me zip doc tar env log lock swift bat bin go conf toml jar gif proto onnx jpeg "
    "json yaml"
)
"""Endings that are words."""
_SPELT_ENDINGS = words(
    "io ai co tv uk us eu de fr es it pt nl pl ru cn jp br au ca ch at se no dk fi be ie nz za "
    "kr mx ar cz gr hu tr il cc fm gg ly so sh to exe py"
)
_PIECE = re.compile(r"[A-Za-z]+|[0-9]+|\S")


def say_address(written: str, language: str = "en") -> str:
    """Say an address or a name of a file, sign by sign and word by word.

    Figures stay figures in other languages than English.
    """
    signs = _SIGNS | _FOREIGN_SIGNS.get(language, {})
    pieces = _PIECE.findall(written)
    said = []
    for index, piece in enumerate(pieces):
        if piece in signs:
            said.append(signs[piece])
        elif piece.isdigit() and piece.isascii():
            said.append(say_figures(piece) if language == "en" else piece)
        elif piece.isascii() and piece.isalpha():
            said.append(_word(piece, after_dot=index > 0 and pieces[index - 1] == "."))
        elif piece.isalnum():
            said.append(piece)
    return " ".join(said)


def say_figures(figures: str) -> str:
    """Say figures of an address: short numbers and years as such, others one by one."""
    if len(figures) <= 2 and not figures.startswith("0"):
        return cardinal(int(figures))
    if len(figures) == 4 and figures[:2] in ("19", "20"):
        return year(int(figures))
    return digits(figures)


def _word(word: str, *, after_dot: bool) -> str:
    if word.lower() in _SAID or len(word) == 1:
        return word
    ending = after_dot and word.lower() in _SPELT_ENDINGS
    if ending or is_voiceless(word.lower()):
        return " ".join(word)
    return word


def _url(match: re.Match[str], language: str) -> str | None:
    if re.fullmatch(r"[0-9.]+|[ap]\.m|[A-Z]\.[a-z]+", match["it"]):
        return None
    written = re.sub(r"^[a-z]{2,10}://", "", match["it"], flags=re.IGNORECASE)
    written = re.sub(r"^(?:www\.|mailto:|tel:)", "", written, flags=re.IGNORECASE)
    return say_address(written.rstrip("/"), language)


def _email(match: re.Match[str], language: str) -> str:
    return say_address(match["it"].removeprefix("mailto:"), language)


def _ip(match: re.Match[str]) -> str:
    said = " dot ".join(digits(part) for part in match["host"].split("."))
    if match["mask"]:
        said += f" slash {cardinal(int(match['mask']))}"
    return f"{said} port {digits(match['port'])}" if match["port"] else said


def _ip6(match: re.Match[str]) -> str | None:
    if match["it"].count(":") < 3 and "::" not in match["it"]:
        return None
    parts = [" ".join(digits(c) if c.isdigit() else c for c in p) for p in match["it"].split(":")]
    return " ".join(" colon ".join(parts).split())


def _tagged(match: re.Match[str]) -> str:
    words = re.sub(
        r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-z]{3})(?=[0-9])", " ", match[2]
    )
    return f"hashtag {words.replace('_', ' ')}"


def _file(match: re.Match[str]) -> str | None:
    if match["it"].upper() == match["it"] and "_" not in match["it"] and len(match["it"]) < 8:
        return None
    return say_address(match["it"])


_TRAILING = r"[.,;:!?'\"’”)\]}>*_~|]"
_URLS = (
    (
        "address.email",
        SpeechClass.EMAIL,
        re.compile(
            r"<?(?<![\w.%+@-])(?P<it>(?:mailto:)?[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}"
            r"@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,5}[A-Za-z]{2,24})(?![\w@])>?"
        ),
        _email,
    ),
    (
        "address.url",
        SpeechClass.URL,
        re.compile(
            r"(?<![A-Za-z0-9])(?P<it>(?:(?:https?|ftp|wss?|git|ssh)://|www\.)"
            rf"(?:[^\s<>\"`{{}}|\\^]{{1,1500}})(?<!{_TRAILING}))",
            re.IGNORECASE,
        ),
        _url,
    ),
    (
        "address.domain",
        SpeechClass.URL,
        re.compile(
            r"(?<![\w@.-])(?P<it>(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,5}"
            rf"(?:{_DOMAINS})(?![\w-])(?::[0-9]{{2,5}}(?![\w:.]))?(?:/(?:[^\s<>\"`{{}}"
            rf"|\\^]{{0,1500}}(?<!{_TRAILING}))?)?)(?!@)"
        ),
        _url,
    ),
)


@lru_cache(maxsize=64)
def urls(language: str) -> tuple[Rule, ...]:
    """Return the rules of addresses of pages and people, said in a language such as "de"."""
    return tuple(
        Rule(name, kind, pattern, partial(read, language=language))
        for name, kind, pattern, read in _URLS
    )


MACHINES = (
    *codes.RULES,
    Rule(
        "address.host",
        SpeechClass.ADDRESS,
        re.compile(r"(?<![\w.])(?P<it>localhost:[0-9]{2,5})(?!\w)"),
        lambda match: say_address(match["it"]),
    ),
    Rule(
        "address.ip",
        SpeechClass.ADDRESS,
        re.compile(
            r"(?<![\w.])(?P<host>(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})\.){3}"
            r"(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2}))(?:/(?P<mask>[0-9]{1,2})(?!\w))?"
            r"(?::(?P<port>[0-9]{1,5}))?(?!\w|\.[0-9])"
        ),
        _ip,
    ),
    Rule(
        "address.ip6",
        SpeechClass.ADDRESS,
        re.compile(r"(?<![\w:])(?P<it>(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4})(?![\w:])"),
        _ip6,
    ),
    Rule(
        "address.colour",
        SpeechClass.ADDRESS,
        re.compile(
            r"(?<![\w#&/])#(?P<x>(?=[0-9a-fA-F]{0,5}[0-9])(?=[0-9]{0,5}[a-fA-F])"
            r"(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3}))(?!\w)"
        ),
        lambda match: f"hash {' '.join(digits(c) if c.isdigit() else c for c in match['x'])}",
    ),
    Rule(
        "address.hashtag",
        SpeechClass.ADDRESS,
        re.compile(
            r"(?<![\w#&/])(#)(?![0-9]+(?:st|nd|rd|th|[A-Za-z])?(?!\w))"
            r"(?=[0-9]{0,9}[A-Za-z])(\w{2,60})(?!\w)"
        ),
        _tagged,
    ),
    Rule(
        "address.handle",
        SpeechClass.ADDRESS,
        re.compile(r"(?<![\w@.])(?P<it>@[A-Za-z]\w{1,40}(?:\.[A-Za-z]\w{1,40})?)(?!\w)"),
        lambda match: say_address(match["it"]),
    ),
    Rule(
        "address.file",
        SpeechClass.ADDRESS,
        re.compile(
            rf"(?<![\w./@-])(?P<it>(?:[\w-]{{1,60}}/){{0,8}}(?:[\w-]{{1,60}}\.){{1,3}}(?:{_FILES}))"
            r"(?![\w-])"
        ),
        _file,
    ),
    Rule(
        "address.file",
        SpeechClass.ADDRESS,
        re.compile(rf"(?<![\w./])(?P<it>\.(?!NET)(?:{_HIDDEN}|{_FILES}))(?![\w-])"),
        lambda match: say_address(match["it"]),
    ),
    Rule(
        "address.path",
        SpeechClass.ADDRESS,
        re.compile(
            r"(?<![\w/.:])(?P<it>(?:(?:\.{1,2})?/[\w.@+:-]{1,60}(?<!:)|~)"
            r"(?:/[\w.@+:-]{1,60}(?<!:)){1,20}/?)(?<![.])"
        ),
        lambda match: say_address(match["it"]),
    ),
    Rule(
        "address.path",
        SpeechClass.ADDRESS,
        re.compile(r"(?<![\w])(?P<it>[A-Z]:(?:\\[\w.-]{1,60}){1,20}\\?)(?<![.])"),
        lambda match: say_address(match["it"]),
    ),
)
