"""Pages of lists."""

from collections.abc import Sequence
from typing import TypeVar

from s2v.core.errors import InvalidInput, Reason

T = TypeVar("T")

_DEFAULT_PAGE, _LARGEST_PAGE = 50, 200


def page_size(asked: int) -> int:
    """Return how many entries a page has.

    Raises:
        InvalidInput: FIELD_INVALID.
    """
    if not 0 <= asked <= _LARGEST_PAGE:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"page_size is {asked}; it must be 1 to {_LARGEST_PAGE}, or 0 for {_DEFAULT_PAGE}",
            field="page_size",
        )
    return asked or _DEFAULT_PAGE


def page_of(
    entries: Sequence[T], names: Sequence[str], *, size: int, token: str
) -> tuple[Sequence[T], str]:
    """Return a page of a short list, and the next page's token: the name that it begins with.

    Raises:
        InvalidInput: FIELD_INVALID.
    """
    size = page_size(size)
    if token and token not in names:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"page_token {token[:40]!r} was not given by this list; leave it empty to start over",
            field="page_token",
        )
    first = names.index(token) if token else 0
    rest = names[first + size : first + size + 1]
    return entries[first : first + size], rest[0] if rest else ""
