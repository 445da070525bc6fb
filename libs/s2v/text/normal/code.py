"""Say code between back-ticks, as one programmer reads it to another."""

import re
from collections.abc import Iterator

from s2v.text.normal.acronyms import is_voiceless
from s2v.text.normal.claiming import Claim, Claims
from s2v.text.normal.numerals import digits, number
from s2v.text.normal.spans import SpeechClass

_SIGNS = {
    "==": "equals",
    "===": "equals",
    "!=": "is not equal to",
    "!==": "is not equal to",
    "<=": "is less than or equal to",
    ">=": "is greater than or equal to",
    "=>": "arrow",
    "->": "arrow",
    "<-": "arrow",
    "&&": "and",
    "||": "or",
    "++": "plus plus",
    "--": "dash dash",
    "+=": "plus equals",
    "-=": "minus equals",
    "*=": "times equals",
    "/=": "over equals",
    "**": "to the power of",
    "//": "slash slash",
    "<<": "shift left",
    ">>": "shift right",
    "::": "colon colon",
    "...": "dot dot dot",
    "..": "dot dot",
    ":=": "is",
    ".": "dot",
    "_": "underscore",
    "=": "equals",
    "<": "less than",
    ">": "greater than",
    "+": "plus",
    "-": "dash",
    "*": "times",
    "/": "slash",
    "\\": "backslash",
    "%": "percent",
    "&": "and",
    "|": "pipe",
    "!": "not",
    "~": "tilde",
    "^": "caret",
    "#": "hash",
    "@": "at",
    "$": "dollar",
    ":": "colon",
    "?": "question mark",
    ",": ",",
    ";": ",",
}
_PIECE = re.compile(
    r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+|[0-9]+(?:\.[0-9]+)*|===|!==|\.\.\.|\.\.|=="
    r"|!=|<=|>=|=>|->|<-"
    r"|&&|\|\||\+\+|--|\+=|-=|\*=|/=|\*\*|//|<<|>>|::|:=|\s+|."
)
_INLINE = re.compile(r"(?<![\w`])(`{1,2})(?!`)(?P<code>[^`\n]{1,500})\1(?!`)")
_FENCE = re.compile(r"^[ \t]*(```|~~~)[ \t]*[\w+#.-]*[ \t]*$", re.MULTILINE)
_CALLED = re.compile(r"[\w\])]\Z")
_CODE_MARK = re.compile(r"\s+,")
_ENCLOSING = {
    "{": "open brace",
    "}": "close brace",
    "(": "open paren",
    ")": "close paren",
    "[": "open bracket",
    "]": "close bracket",
    '"': "double quote",
    "'": "single quote",
    ",": "comma",
    ";": "semicolon",
}
_QUOTES = frozenset("\"'`")


def say_code(code: str) -> str:
    """Say code: `foo_bar(x, y)` is "foo underscore bar of x, y"."""
    said: list[str] = []
    before = ""
    for match in _PIECE.finditer(code):
        piece = match.group()
        said.append(_piece(piece, before, code[match.end() : match.end() + 1]))
        before = piece
    words = _CODE_MARK.sub(",", " ".join(" ".join(said).split()))
    return words.strip(" ,").removesuffix(" colon")


def _piece(piece: str, before: str, following: str) -> str:
    if piece.count(".") > 1 and piece[0].isdigit():
        return " point ".join(map(number, piece.split(".")))
    if piece[0].isdigit():
        return number(piece) if piece.isascii() else piece
    if piece in "([" and _CALLED.search(before):
        return "of" if following not in ("", ")", "]") else ""
    if piece in _SIGNS:
        if piece == "**" and following != " " and not _CALLED.search(before):
            return "star star"
        if piece == "%" and before.isspace() and following == " ":
            return "mod"
        if piece == "*" and (not before.strip() or before.isupper() or following in ("", ")", ";")):
            return "star"
        if piece == "-" and (before[-1:].isalnum() or before == ")") and following == " ":
            return "minus"
        if piece == "!" and not re.match(r"[\w(]", following):
            return ""
        return _SIGNS[piece]
    if piece.isspace() or piece in _QUOTES:
        return ""
    if piece.isalpha():
        spelt = (piece.isupper() and 1 < len(piece) <= 3) or is_voiceless(piece)
        return " ".join(piece) if spelt else piece
    return ""


def _say_signs(code: str) -> str:
    """Say code of nothing but brackets and quotes by their names."""
    return " ".join(_ENCLOSING[sign] for sign in code if sign in _ENCLOSING)


def claim_code(claims: Claims) -> None:
    """Say code in fences and between back-ticks."""
    claims.take(_fenced(claims))
    claims.take(_inline(claims))


def _fenced(claims: Claims) -> Iterator[Claim]:
    for first, end in claims.gaps:
        opening: re.Match[str] | None = None
        for match in _FENCE.finditer(claims.text, first, end):
            if opening is None:
                opening = match
                continue
            code = claims.text[opening.end() : match.start()]
            lines = filter(None, (say_code(line) for line in code.splitlines()))
            said = "\n".join(lines)
            yield Claim(opening.start(), match.end(), said, SpeechClass.CODE, "code.fence")
            opening = None


def _inline(claims: Claims) -> Iterator[Claim]:
    for first, end in claims.gaps:
        for match in _INLINE.finditer(claims.text, first, end):
            said = say_code(match["code"]) or _say_signs(match["code"])
            if said:
                yield Claim(*match.span(), said, SpeechClass.CODE, "code.inline")


def say_hexadecimal(written: str) -> str:
    """Say figures and letters one by one."""
    return " ".join(digits(c) if c.isdigit() else c for c in written)
