"""Marks of Markdown and HTML, which shape a text and are not said, and tags, which stay."""

import html
import re
from collections.abc import Iterator

from s2v.text.normal.claiming import Claim, Claims, Rule, after, as_written, silent
from s2v.text.normal.spans import SpeechClass

_SSML = (
    "speak|break|say-as|sub|phoneme|prosody|emphasis|voice|lang|audio|mark|s|p|w|token|desc|"
    "lexicon|lookup|metadata|meta|par|seq|media|amazon:[a-z-]{1,20}|mstts:[a-z-]{1,30}"
)
_HTML = (
    "a|abbr|address|article|b|big|blockquote|body|br|button|caption|center|cite|code|dd|del|d"
    "etails|"
    "dfn|div|dl|dt|em|figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|"
    "input|ins|kbd|label|li|link|main|nav|ol|option|pre|q|samp|script|section|select|small|span|"
    "strike|strong|style|summary|sup|svg|table|tbody|td|tfoot|th|thead|title|tr|tt|u|ul|var|video"
)
_ATTRIBUTES = r"(?:\s[^<>]{0,500})?\s*/?>"
_TAG_WORDS = (
    "whisper(?:s|ing|ed)?|laugh(?:s|ing|ter)?|sigh(?:s|ing)?|paus(?:e|es|ing)|breath(?:s|e|es"
    "|ing)?|"
    "music|applause|cough(?:s|ing)?|gasp(?:s|ing)?|excited(?:ly)?|sad(?:ly)?|angr(?:y|ily)|"
    "happ(?:y|ily)|cheer(?:s|ful|fully|ing)?|shout(?:s|ing|ed)?|soft(?:ly)?|slow(?:ly|er)?|"
    "fast(?:er)?|quick(?:ly)?|quiet(?:ly)?|loud(?:ly|er)?|calm(?:ly)?|surprised?|chuckl(?:e|e"
    "s|ing)|"
    "giggl(?:e|es|ing)|cr(?:y|ies|ying)|sob(?:s|bing)?|sniff(?:s|les)?|yawn(?:s|ing)?|groan(?"
    ":s|ing)?|"
    "clears? throat|sing(?:s|ing)?|serious(?:ly)?|curious(?:ly)?|sarcastic(?:ally)?|nervous(?:ly)?|"
    "emphasi[sz](?:e|ed|s)?|long pause|short pause|break|silence|beat|gulps?|exhales?|inhales?|"
    "screams?|screaming|mumbl(?:e|es|ing)|hesitat(?:es|ing|ion)|confident(?:ly)?|friendly|neutral|"
    "scared|fearful|disgusted|crowd|sound|noise|sfx|voice|speaker|pitch|rate|volume|style|emotion"
)
_LABEL = re.compile(
    r"!?\[(?P<label>[^\[\]\n]{1,300})\](?:\([^()\s]{0,1000}(?:\([^()\s]{0,200}\)"
    r"[^()\s]{0,200})?(?:\s+\"[^\"\n]{0,200}\")?\)|\[[^\[\]\n]{0,60}\])"
)
_PAIRED = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<!\*)\*\*\*(?=[^\s*])[^*\n]{1,400}(?<=[^\s*])\*\*\*(?!\*)",
        r"(?<![*0-9])\*\*(?=[^\s*])(?:[^*\n]|\*(?!\*)){1,400}?(?<=\S)\*\*(?!\*)",
        r"(?<![\w*])\*(?=[^\s*])[^*\n]{1,400}(?<=[^\s*])\*(?![\w*])",
        r"(?<![\w_])___(?=[^\s_])[^_\n]{1,400}(?<=[^\s_])___(?![\w_])",
        r"(?<![\w_])__(?=[^\s_])(?:[^_\n]|_(?!_)){1,400}?(?<=\S)__(?![\w_])",
        r"(?<![\w_])_(?=[^\s_])(?:[^_\n]|(?<=\w)_(?=\w)){1,400}(?<=[^\s_])_(?![\w_])",
        r"~~(?=[^\s~])[^~\n]{1,400}(?<=[^\s~])~~",
        r"(?<![=\w!<>])==(?=[^\s=])[^=\n]{1,400}(?<=[^\s=])==(?![=\w])",
    )
)
_BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_MARK = re.compile(r"\*{1,3}|_{1,3}|~~|==")


def _rule(name: str, pattern: str, flags: int = re.MULTILINE) -> Rule:
    return Rule(name, SpeechClass.MARKUP, re.compile(pattern, flags), silent)


def _cell(match: re.Match[str]) -> str | None:
    if re.match(r"[^\s|]", after(match, 1)) is None:
        return None
    return "," if match.string[match.start() - 1] not in ",.;:" else ""


BRACKETED = re.compile(
    rf"\[(?:{_TAG_WORDS})(?:[ :=][a-z0-9.,%+: -]{{0,40}})?\](?![(\[])", re.IGNORECASE
)
"""Words in brackets that tell how to speak."""
TAGS = (
    Rule(
        "tag.ssml",
        SpeechClass.TAG,
        re.compile(rf"</?(?:{_SSML})(?::[\w-]{{1,30}})?{_ATTRIBUTES}", re.IGNORECASE),
        as_written,
    ),
    Rule(
        "tag.brackets",
        SpeechClass.TAG,
        BRACKETED,
        as_written,
    ),
)
"""Stay as they are, for a voice that knows them."""

ENTITIES = Rule(
    "markup.entity",
    SpeechClass.SPELLING,
    re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8}[0-9]{0,2});"),
    lambda match: meant if (meant := html.unescape(match.group())) != match.group() else None,
)
BLOCKS = (
    Rule(
        "markup.keys",
        SpeechClass.SPELLING,
        re.compile(r"<kbd>[^<>]{1,20}</kbd>(?: ?\+ ?<kbd>[^<>]{1,20}</kbd>){1,5}", re.IGNORECASE),
        lambda match: re.sub(r"</?kbd>| ", "", match.group(), flags=re.IGNORECASE),
    ),
    Rule(
        "markup.below",
        SpeechClass.SPELLING,
        re.compile(r"(?<=[A-Za-z\])])~(?P<n>[0-9]{1,3})~"),
        lambda match: match["n"].translate(_BELOW),
    ),
    _rule("markup.comment", r"<!--[^<>]{0,2000}-->"),
    _rule(
        "markup.latex",
        r"\\(?:emph|text(?:bf|it|tt|rm|sc)?|underline|mbox|(?:sub)*section\*?|title|caption)\{"
        r"(?=[^{}]{0,300}\})",
    ),
    Rule(
        "markup.break",
        SpeechClass.MARKUP,
        re.compile(
            rf"</?(?:br|div|li|h[1-6]|tr|hr|ul|ol|table|blockquote){_ATTRIBUTES}", re.IGNORECASE
        ),
        lambda _: "\n",
    ),
    _rule("markup.html", rf"</?(?:{_HTML}){_ATTRIBUTES}", re.IGNORECASE),
    _rule("markup.rule", r"^[ \t]*(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|={3,})$"),
    _rule("markup.footnote", r"^[ \t]{0,3}\[\^[\w-]{1,40}\]:[ \t]*(?=\S)"),
    _rule("markup.definition", r"^[ \t]{0,3}\[(?!\^)[^\[\]\n]{1,60}\]:[ \t]+\S+[^\n]{0,200}$"),
    _rule("markup.footnote", r"\[\^[\w-]{1,40}\]:?"),
    _rule("markup.heading", r"^[ \t]{0,3}#{1,6}[ \t]+(?=\S)"),
    _rule("markup.heading", r"(?<=\S)[ \t]+#+[ \t]*$"),
    _rule("markup.quote", r"^[ \t]{0,3}(?:>[ \t]?)+(?=[^\s0-9=])"),
    _rule("markup.box", r"^[ \t]*[-*+][ \t]+\[[ xX]\][ \t]+(?=\S)"),
    _rule("markup.bullet", r"^[ \t]*[-*+•◦▪‣●○■][ \t]+(?=[^\s0-9])"),
    _rule("markup.bullet", r"^[ \t]*[*•◦▪‣●○■][ \t]+(?=[0-9])"),
    _rule("markup.table", r"^[ \t]*\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)+[ \t:|-]*$"),
)
CELLS = (
    _rule("markup.table", r"^[ \t]*\|[ \t]*(?=[^\n|]{1,200}\|)"),
    Rule(
        "markup.table",
        SpeechClass.MARKUP,
        re.compile(r"(?<=\S)[ \t]+\|[ \t]*"),
        lambda match: "" if after(match, 1) in ("", "\n") else None,
    ),
    Rule(
        "markup.cell",
        SpeechClass.MARKUP,
        re.compile(r"(?<=[^\s|])[ \t]+\|[ \t]+"),
        _cell,
    ),
)
STRAY = (
    _rule("markup.stray", r"(?<![\w#])#{2,}(?!\w)|\*{2,}|~{2,}|(?<!\w)_{2,}|_{2,}(?!\w)"),
    _rule("markup.stray", r"(?<![\w`])`{1,3}|`{1,3}(?!\w)"),
)
"""Marks that stand alone."""


def claim_links(claims: Claims) -> None:
    """Leave of links and pictures what they are called."""
    claims.take(_links(claims))


def claim_emphasis(claims: Claims) -> None:
    """Pass over the marks around what is emphasised or struck out."""
    for pattern in _PAIRED:
        claims.take(_pairs(claims, pattern))


def _links(claims: Claims) -> Iterator[Claim]:
    for first, end in claims.gaps:
        for match in _LABEL.finditer(claims.text, first, end):
            if match.group().endswith("]") and claims.text[: match.start()][-1:].isalnum():
                continue  # an index: a[i][j]
            yield _mark(match.start(), match.start("label"), "markup.link")
            yield _mark(match.end("label"), match.end(), "markup.link")


def _pairs(claims: Claims, pattern: re.Pattern[str]) -> Iterator[Claim]:
    """Yield the marks of pairs; what stands between may be claimed already, but the marks not."""
    free = _places(claims)
    for match in pattern.finditer(claims.text):
        mark = _MARK.match(match.group())
        width = mark.end() if mark else 0
        if free[match.start()] and free[match.end() - width]:
            yield _mark(match.start(), match.start() + width, "markup.emphasis")
            yield _mark(match.end() - width, match.end(), "markup.emphasis")


def _places(claims: Claims) -> bytearray:
    free = bytearray(len(claims.text))
    for first, end in claims.gaps:
        free[first:end] = b"\x01" * (end - first)
    return free


def _mark(first: int, end: int, rule: str) -> Claim:
    return Claim(first, end, "", SpeechClass.MARKUP, rule)
