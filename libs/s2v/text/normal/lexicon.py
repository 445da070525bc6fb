"""Words that are said otherwise than any rule says them."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from s2v.core.errors import InvalidInput, Reason
from s2v.core.lexicon import Lexicon
from s2v.text.normal.assembling import assembled
from s2v.text.normal.claiming import Claims, Rule
from s2v.text.normal.patterns import FIRST_UNSPACED
from s2v.text.normal.spans import SpeechClass

_INSIDE = re.compile(r"[^\w]")
MAX_ENTRIES = 1_000
MAX_ENTRY_CHARACTERS = 200
MAX_CHARACTERS = 50_000
"""Of all entries: they go along with every message that needs them."""


def check_lexicon(lexicon: Lexicon, *, field: str, joined: int = 1) -> None:
    """Refuse a lexicon that is too large, or an entry that says nothing.

    Args:
        lexicon: to check.
        field: named in the error.
        joined: how many lexicons it was made of (`s2v.core.lexicon`), each as large as one may be.

    Raises:
        InvalidInput: over MAX_ENTRIES entries or MAX_CHARACTERS in all, or an entry that is empty,
            or over MAX_ENTRY_CHARACTERS long (FIELD_INVALID).
    """
    if len(lexicon) > joined * MAX_ENTRIES:
        problem = f"the lexicon has {len(lexicon)} entries, at most {MAX_ENTRIES} are allowed"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field=field)
    characters = sum(len(written) + len(said) for written, said in lexicon.items())
    if characters > joined * MAX_CHARACTERS:
        problem = f"the lexicon has {characters} characters, at most {MAX_CHARACTERS} are allowed"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field=field)
    for written, said in lexicon.items():
        if not written.strip() or not said.strip():
            problem = f'the lexicon says "{said[:40]}" for "{written[:40]}"; both need a word'
            raise InvalidInput(Reason.FIELD_INVALID, problem, field=field)
        if max(len(written), len(said)) > MAX_ENTRY_CHARACTERS:
            problem = (
                f'the entry "{written[:40]}" of the lexicon is longer than '
                f"{MAX_ENTRY_CHARACTERS} characters; shorten it"
            )
            raise InvalidInput(Reason.FIELD_INVALID, problem, field=field)


def replaced(text: str, lexicon: Lexicon) -> str:
    """Return a text with what a lexicon says in place of its words."""
    claims = Claims(text)
    claims.apply(lexicon_rules(lexicon))
    return assembled(claims)[0]


def phrases_joined(text: str, lexicon: Lexicon) -> str:
    """Return a text, as long as it is, in which no phrase of a lexicon has space or marks inside.

    Whoever cuts it where words and sentences end cuts none of them in two.
    """
    phrases = {word: said for word, said in lexicon.items() if _INSIDE.search(word.strip())}
    claims = Claims(text)
    claims.apply(lexicon_rules(phrases))
    for claim in claims.made:
        inside = _INSIDE.sub("_", text[claim.first : claim.end])
        text = text[: claim.first] + inside + text[claim.end :]
    return text


def lexicon_rules(lexicon: Lexicon) -> tuple[Rule, ...]:
    """Return the rule that finds the words of a lexicon, the longest first."""
    return _rules(tuple(lexicon.items()))


@lru_cache(maxsize=16)
def _rules(entries: tuple[tuple[str, str], ...]) -> tuple[Rule, ...]:
    """Make the rule once for all segments of a text: large lexicons take long to be made one."""
    lexicon = {_on_one_line(word): said for word, said in entries}
    words = sorted(filter(str.strip, lexicon), key=lambda word: (-len(word), word))
    if not words:
        return ()
    folded = {word.casefold(): lexicon[word] for word in words if word == word.lower()}

    def said(match: re.Match[str]) -> str | None:
        written = _on_one_line(match.group())
        return lexicon.get(written) or folded.get(written.casefold())

    whole = re.compile("|".join(_patterns(words)), re.IGNORECASE)
    return (Rule("lexicon", SpeechClass.LEXICON, whole, said),)


def _on_one_line(words: str) -> str:
    """Return words with one space between them: a text may break its lines inside of a phrase."""
    return " ".join(words.split())


def _patterns(words: Sequence[str]) -> Iterator[str]:
    """Yield what finds the words: as whole words where their script puts spaces between words."""
    spaced = [word for word in words if max(word) < FIRST_UNSPACED]
    if spaced:
        found = "|".join(map(re.escape, spaced)).replace(r"\ ", r"\s+")
        yield rf"(?<!\w)(?:{found})(?!\w)"
    yield from (re.escape(word) for word in words if max(word) >= FIRST_UNSPACED)
