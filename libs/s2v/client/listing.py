"""Go through lists that come in pages."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable
from typing import Protocol, TypeVar

LARGEST_PAGE = 200
"""As many items as a page may have."""


class PagedRequest(Protocol):
    """Asks for a page."""

    page_token: str


class Page(Protocol):
    """A page and where the next one begins."""

    next_page_token: str


RequestT = TypeVar("RequestT", bound=PagedRequest)
PageT = TypeVar("PageT", bound=Page)
ItemT = TypeVar("ItemT")


def listed(
    ask: Callable[[RequestT], PageT], request: RequestT, items: Callable[[PageT], Iterable[ItemT]]
) -> Generator[ItemT]:
    """Yield the items of every page."""
    while True:
        page = ask(request)
        yield from items(page)
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


async def listed_async(
    ask: Callable[[RequestT], Awaitable[PageT]],
    request: RequestT,
    items: Callable[[PageT], Iterable[ItemT]],
) -> AsyncGenerator[ItemT]:
    """Yield the items of every page."""
    while True:
        page = await ask(request)
        for item in items(page):
            yield item
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token
