"""Find mathematics that stands in plain text, such as x² + √9 ≠ 5, and spell it in LaTeX."""

import re
from collections.abc import Iterator, Sequence

from s2v.text.normal.mathematics.vocabulary import FUNCTIONS, LETTERS, LIMITS

_UP = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ"
_DOWN = "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₙₘₖᵢⱼ"
_PLAIN_UP = str.maketrans(_UP, "0123456789+-=()ni")
_PLAIN_DOWN = str.maketrans(_DOWN, "0123456789+-=()aeoxnmkij")
_RAISED = str.maketrans({"²": "^2 ", "³": "^3 ", "d": "d ", "∂": "\\partial "})
_GREEK = "".join(LETTERS)
_RELATIONS = "≠≈≤≥≡≅∝∈∉⊂⊆⊃⊇→⇒⇔↔↦∼⟹⟺"
_JOINING = "×÷·±∓∪∩∘⊕⊗∧∨∗⋅"
_SIGNS = "∞∅∂∇∀∃¬∑∏∫∮∬"
_DERIVATIVE = r"(?<![A-Za-z])[d∂][²³]?[a-zA-Z]?/[d∂][a-z](?![A-Za-z])[²³]?"
_STRONG = re.compile(
    rf"[{_UP}{_DOWN}{_RELATIONS}{_JOINING}{_SIGNS}√∛∜]|\\[A-Za-z]|[A-Za-z0-9)}}]\^[-({{A-Za-z0-9]"
    r"|[<>!]=|[\w)!] ?= ?[-\w(\\√]|(?<![A-Za-z])(?:sin|cos|tan|log[0-9]{0,2}|ln|exp|sqrt)\("
    r"|(?<![A-Za-z])[fghFG]'{1,3}\([a-z]|(?<![A-Za-z])(?:E|Var)\[[A-Z]"
    rf"|{_DERIVATIVE}"
    r"|(?<![A-Za-z])(?:sin|cos|tan) [0-9]{1,3}°|(?<![A-Za-z])[fghFGH]\([a-z](?:, ?[a-z])?\)"
    r"|[|‖][^|‖\s]{1,12}[|‖] ?[<>=]|(?<![A-Za-z])O\([^()\s]"
    r"|(?<![\w/])[A-Za-z]_(?:[0-9]{1,2}|[a-z])(?!\w)"
    rf"|[{_GREEK}] ?/ ?[0-9a-z]|(?<![\w/])[0-9]/[a-z](?![\w/])|(?<![\w/])[a-eg-vx-z]/[0-9](?![\w/])"
    r"|(?<![\w/])[a-z]/[a-z] [-+=] [a-z]/[a-z](?![\w/])"
    r"|\((?=[^()!]{2,16}\)!)(?=[^()!]*[nkmr0-9])(?:[0-9]*[a-z]|[0-9]+)(?: ?[-+−*/] ?"
    r"(?:[0-9]*[a-z]|[0-9]+))*\)!"
    r"|(?<![\w'’.-])(?<![ap] )[nkmr]!|(?<![\w-])[nkmxyzijt][-−+][0-9]{1,2}(?![\w-])|[\w)]\*\*[-\w(]"
    r"|(?<![\w'’])[a-z]'{1,3} ?[-+=]|(?<![\w|])\|[a-z0-9]+(?: ?[-+−] ?[a-z0-9]+)+\| ?[<>=≤≥]"
    r"|(?<=[0-9]) [+*<>] (?=[0-9])|\b[A-Za-z] [+<>] [A-Za-z0-9]\b|(?<=[0-9])[+*](?=[0-9])"
)
_FUNCTION = "|".join(sorted((*FUNCTIONS, "lim", "max", "min", "sqrt"), key=len, reverse=True))
COMMANDS = (
    "frac|dfrac|tfrac|sqrt|sum|prod|int|iint|oint|lim|infty|partial|nabla|times|cdot|div|pm|m"
    "p|leq?|geq?|"
    "neq?|approx|equiv|sim|to|rightarrow|Rightarrow|implies|iff|in|notin|subset|subseteq|cup|"
    "cap|forall|"
    "exists|alpha|beta|gamma|delta|epsilon|varepsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|"
    "xi|pi|rho|"
    "sigma|tau|upsilon|phi|varphi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|"
    "Phi|Psi|"
    "Omega|sin|cos|tan|log|ln|exp|vec|hat|bar|dot|tilde|overline|mathbf|mathbb|mathrm|mathcal"
    "|text|left|"
    "right|binom|circ|degree|ldots|cdots|dots|quad|prime|hbar|ell|max|min|det|emptyset|ce|dis"
    "playstyle"
)
_BRACES = r"\{(?:[^{}\n]|\{(?:[^{}\n]|\{[^{}\n]{0,80}\}){0,80}\}){0,160}\}"
_TWO_LETTERS = (
    r"(?<== )(?!(?:is|to|on|at|in|of|if|or|an|as|be|by|do|go|he|it|me|my|no|so|up|us|we|am)\b"
    r")[a-z]{2}(?![A-Za-z])"
    r"|(?<==)(?!(?:is|to|on|at|in|of)\b)[a-z]{2}(?![A-Za-z])|(?<== )[a-z][A-Z]{1,3}(?![A-Za-z])"
)
_TOKEN = (
    rf"\\(?:{COMMANDS})(?![A-Za-z])(?:\[[^\[\]\n]{{0,20}}\])?(?:[_^]?{_BRACES}){{0,3}}"
    rf"|(?<![A-Za-z])log[0-9]{{1,2}}(?=\()|(?<![A-Za-z])(?:{_FUNCTION})(?![A-Za-z])"
    r"|(?<=[A-Za-z]\([a-z]),(?= ?[a-z]\))|(?<=[A-Za-z]\([a-z]),(?= ?[a-z], ?[a-z]\))"
    r"|(?<=[A-Za-z]\([0-9]),(?= ?[0-9]{1,4}\))|(?<=[A-Za-z]\([0-9][0-9]),(?= ?[0-9]{1,4}\))"
    r"|(?<=\([a-z],[a-z]),(?=[a-z]\))|(?<=\([a-z], [a-z]),(?= [a-z]\))"
    rf"|{_DERIVATIVE}|(?<=[a-z]\()[a-z]{{2}}(?=\))|[-+*]=|\*\*-?\w+"
    r"|(?<=[-+,−×] )(?:\.\.\.|…)(?= [-+=−×])|[0-9]++(?:[.,][0-9]++)*+(?!:[0-9])"
    r"|\|[^|\s]{1,12}\||\|[a-z0-9]+(?: ?[-+−] ?[a-z0-9]+)+\|"
    r"|(?<![A-Za-z'’.])(?<![ap] )[nkmr]!"
    r"|(?<![A-Za-z'’])[fghFG]'{1,3}(?=\()|(?<![A-Za-z'’])[a-z]'{1,3}(?= ?[-+=])|‖[^‖\s]{1,12}‖"
    r"|[ℝℕℤℚℂ]"
    rf"|(?<![A-Za-z])[a-z]{{1,3}}(?=[{_UP}^])|(?<=[0-9])[a-z]{{1,3}}(?![\w])|{_TWO_LETTERS}"
    r"|(?<![A-Za-z'’.])[A-Za-z](?![A-Za-z'’])(?!\.[A-Za-z])"
    rf"|[{_GREEK}](?![Ͱ-Ͽἀ-῿])|[{_UP}]+|[{_DOWN}]+|[_^]{_BRACES}|\^\([^()\n]{{1,40}}\)|[_^][-+]?\w+"
    rf"|<=|>=|!=|->|=>|[{_RELATIONS}{_JOINING}{_SIGNS}√∛∜=<>+*/()\[\]|′!%-]|−"
)
RUN = re.compile(rf"(?:{_TOKEN})(?: ?(?:{_TOKEN}))*+")
_PIECE = re.compile(rf"(?P<space> )|(?P<token>{_TOKEN})")
_BINARY = frozenset("=<>+*/×÷·±∓-−" + _RELATIONS + _JOINING) | {"<=", ">=", "!=", "->", "=>"}
_RELATING = frozenset("=<>×÷·*/" + _RELATIONS + _JOINING) | {"<=", ">=", "!=", "->", "=>"}
_REMARKING = frozenset("=<>≠≤≥≈")
_OPENERS = {"(": ")", "[": "]"}
_TEX = {
    "*": r"\times ",
    "<=": r"\leq ",
    ">=": r"\geq ",
    "!=": r"\neq ",
    "->": r"\to ",
    "=>": r"\Rightarrow ",
    "%": r"\%",
    "∑": r"\sum ",
    "∏": r"\prod ",
    "∫": r"\int ",
    "+=": r"\text{ plus equals }",
    "-=": r"\text{ minus equals }",
    "*=": r"\text{ times equals }",
    "...": r"\ldots ",
    "…": r"\ldots ",
}
_DERIVED = re.compile("/[d∂]|.!")
"""What says something alone, though it is one token."""
_SETS = {"ℝ": "R", "ℕ": "N", "ℤ": "Z", "ℚ": "Q", "ℂ": "C"}
_ROOTS = {"√": r"\sqrt", "∛": r"\sqrt[3]", "∜": r"\sqrt[4]"}
_LETTER = re.compile(r"[A-Za-z]")
_LONGEST = 400


def expressions(text: str, first: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield where expressions stand in a range of a text, and each in LaTeX."""
    for match in RUN.finditer(text, first, end):
        if match.end() - match.start() < 2 or match.end() - match.start() > _LONGEST:
            continue
        if _STRONG.search(match.group()) is None:
            continue
        for part in _parts(_tokens(text, match.start(), match.end())):
            tokens = _trimmed(part)
            if len(tokens) < 2 and not _DERIVED.search("".join(token for *_, token in tokens)):
                continue
            begin, finish = tokens[0][0], tokens[-1][1]
            if (
                _STRONG.search(text, begin, finish) is None
                and _STRONG.search(text[begin:finish]) is None
            ):
                continue
            yield begin, finish, in_tex([text[a:b] for a, b, _ in tokens])


def _parts(tokens: list[tuple[int, int, str]]) -> Iterator[list[tuple[int, int, str]]]:
    """Yield what stands apart: brackets around a relation are a remark, "0.05 (n = 20)"."""
    first = index = 0
    while index < len(tokens):
        end = _remark(tokens, index)
        if end:
            yield tokens[first:index]
            yield tokens[index + 1 : end - 1]
            first = index = end
        else:
            index += 1
    yield tokens[first:]


def _remark(tokens: Sequence[tuple[int, int, str]], index: int) -> int:
    """Return where a remark in brackets that begins there ends, 0 if none does."""
    before = tokens[index - 1] if index else None
    if tokens[index][2] != "(" or before is None or before[1] == tokens[index][0]:
        return 0
    if before[2] in _BINARY or before[2] in _OPENERS:
        return 0
    end = next((i for i in range(index, len(tokens)) if tokens[i][2] == ")"), 0)
    inside = {token for _, _, token in tokens[index:end]}
    return end + 1 if inside & _REMARKING else 0


def _tokens(text: str, first: int, end: int) -> list[tuple[int, int, str]]:
    found = []
    for match in _PIECE.finditer(text, first, end):
        if match["token"]:
            found.append((match.start(), match.end(), match["token"]))
    return found


def _trimmed(tokens: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Drop from the edges what belongs to the sentence around."""
    while tokens and _is_loose_start(tokens):
        tokens = tokens[1:]
    while tokens and _is_loose_end(tokens):
        tokens = tokens[:-1]
    depth = 0
    for index, (_, _, token) in enumerate(tokens):
        depth += token in _OPENERS
        depth -= token in (")", "]")
        if depth < 0:
            return max(_trimmed(tokens[:index]), _trimmed(tokens[index + 1 :]), key=len)
    return tokens if not depth else _closed(tokens)


def _closed(tokens: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    last = max(i for i, token in enumerate(tokens) if token[2] in _OPENERS)
    return _trimmed(tokens[:last]) if last else _trimmed(tokens[1:])


def _is_loose_start(tokens: Sequence[tuple[int, int, str]]) -> bool:
    first, following = tokens[0], tokens[1] if len(tokens) > 1 else None
    if first[2] in _RELATING or first[2] in (")", "]", "!", "%", "′"):
        return True
    if following is None:
        return False
    apart = following[0] > first[1]
    if first[2] == "+" or (first[2] in "-−" and apart):
        return True
    return apart and _LETTER.fullmatch(first[2]) is not None and following[2] not in _BINARY


def _is_loose_end(tokens: Sequence[tuple[int, int, str]]) -> bool:
    last, before = tokens[-1], tokens[-2] if len(tokens) > 1 else None
    if last[2] in _BINARY or last[2] in _OPENERS:
        return True
    if last[2] == "!":
        if before is not None and before[2] == ")" and before[1] == last[0]:
            return _is_aside(tokens)
        return before is None or _LETTER.fullmatch(before[2]) is None or len(tokens) < 4
    if before is None:
        return False
    apart = last[0] > before[1]
    return apart and _LETTER.fullmatch(last[2]) is not None and before[2] not in _BINARY


def _is_aside(tokens: Sequence[tuple[int, int, str]]) -> bool:
    """Tell whether what a bracket before "!" holds is no sum or product: "five (5)!"."""
    inside = 0
    for *_, token in reversed(tokens[:-2]):
        if token == "(":
            break
        inside += 1
    return inside < 2


def in_tex(tokens: Sequence[str]) -> str:
    """Spell tokens of plain text in LaTeX."""
    spelt: list[str] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token in _ROOTS or token == "sqrt":
            index, inside = _operand(tokens, index + 1)
            spelt.append(f"{_ROOTS.get(token, _ROOTS['√'])}{{{inside}}}")
            continue
        if token == "lim" and _goes(tokens, index):
            spelt.append(rf"\lim_{{{tokens[index + 1]} \to {_one(tokens[index + 3])}}}")
            index += 4
            continue
        if _is_fraction(tokens, index):
            spelt.append(rf"\frac{{{token}}}{{{tokens[index + 2]}}}")
            index += 3
            continue
        spelt.append(_one(token))
        index += 1
    return " ".join(spelt)


def _goes(tokens: Sequence[str], index: int) -> bool:
    """Tell whether what a limit is taken of something for follows: lim x→0."""
    return len(tokens) > index + 4 and tokens[index + 2] in ("→", "->")


def _is_fraction(tokens: Sequence[str], index: int) -> bool:
    """Tell whether a fraction of two small numbers begins there: 1/2, but neither 6/2 nor 1/2²."""
    around = [*tokens[max(index - 1, 0) : index], *tokens[index + 3 : index + 4]]
    three = tokens[index : index + 3]
    return (
        len(three) == 3
        and three[1] == "/"
        and three[0].isdecimal()
        and three[2].isdecimal()
        and int(three[0]) < int(three[2]) <= 100
        and all(token in _BINARY - {"/"} or token in "()[]" for token in around)
    )


def _operand(tokens: Sequence[str], index: int) -> tuple[int, str]:
    """Return what a root is of, and where it ends."""
    if index >= len(tokens):
        return index, ""
    if tokens[index] != "(":
        end = index + 1
        while end < len(tokens) and tokens[end][0] in _UP + _DOWN + "^_":
            end += 1
        return end, in_tex(tokens[index:end])
    depth = 0
    for end in range(index, len(tokens)):
        depth += (tokens[end] == "(") - (tokens[end] == ")")
        if not depth:
            return end + 1, in_tex(tokens[index + 1 : end])
    return len(tokens), in_tex(tokens[index + 1 :])


def _one(token: str) -> str:
    if "/d" in token or "/∂" in token:
        above, _, below = (part.translate(_RAISED) for part in token.partition("/"))
        return rf"\frac{{{above}}}{{{below}}}"
    if token.startswith("**"):
        return f"^{{{token[2:]}}}"
    if token in _SETS:
        return rf"\mathbb{{{_SETS[token]}}}"
    if token[0] == "‖":
        return rf"\|{token[1:-1]}\|"
    if token[0] in _UP:
        return f"^{{{token.translate(_PLAIN_UP)}}}"
    if token[0] in _DOWN:
        return f"_{{{token.translate(_PLAIN_DOWN)}}}"
    if token[0] in "^_" and len(token) > 1 and token[1] != "{":
        return f"{token[0]}{{{token[1:].strip('()')}}}"
    if token[:3] == "log" and token[3:].isdecimal():
        return rf"\log_{{{token[3:]}}} "
    if token in LIMITS or (token in FUNCTIONS and len(token) > 1):
        return (
            rf"\operatorname{{{token}}} "
            if token not in ("sin", "cos", "tan", "log", "ln", "exp", "lim", "max", "min")
            else rf"\{token} "
        )
    return _TEX.get(token, token)
