"""Every order in which work that awaits threads can go on, one after the other.

The functions that coroutines give to threads are held until it is their turn, and done one by one;
the event loop's clock stands. What happens then depends only on the order in which they are done,
and all orders are tried, but for those that come to a state which another one has come to.
"""

import asyncio
import re
import selectors
from collections.abc import Callable, Coroutine, Hashable, Set
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

_ACTOR: ContextVar[str] = ContextVar("actor", default="")


_BY_CHANCE = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}|[0-9]+\.[0-9e-]+")
"""ULIDs, and what real clocks measure."""


def told_again(text: str) -> str:
    """Return a text without what is another one each time that the same happens."""
    return _BY_CHANCE.sub("#", text)


@dataclass(frozen=True)
class _Held:
    """A function that somebody waits for, and who does."""

    actor: str
    name: str
    work: Callable[[], Any]
    future: Future[Any]

    def do(self) -> str:
        """Do it, and return what came of it."""
        try:
            result = self.work()
        except Exception as error:  # noqa: BLE001 - whoever waits for it is to have it
            self.future.set_exception(error)
            return f"{self.name} raised {type(error).__name__}"
        self.future.set_result(result)
        return told_again(f"{self.name} gave {result!r}")


class _Holding(ThreadPoolExecutor):
    """Holds what it is given."""

    def __init__(self) -> None:
        super().__init__(1)
        self.held: list[_Held] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = Future[Any]()
        future.set_running_or_notify_cancel()  # who waits may leave, a thread goes on
        # asyncio gives a copy of the context and what to run in it: functools.partial(run, work).
        work = getattr(fn, "args", (fn,))[0]
        name = getattr(work, "__name__", "") or work.func.__name__
        self.held.append(_Held(_ACTOR.get(), name, lambda: fn(*args, **kwargs), future))
        return future


class _Loop(asyncio.SelectorEventLoop):
    """Its clock stands, so that no time limit ends while something is held."""

    def time(self) -> float:
        return 1000.0


@dataclass
class Stage:
    """What a scenario plays on.

    Attributes:
        prefix: which of the held functions to do first, second and so on; then the first.
        seen: the states that were come to so far.
        apart: names of functions that share nothing with others: no order of them is tried.
    """

    prefix: tuple[int, ...]
    seen: set[Hashable]
    apart: Set[str]
    executor: _Holding = field(default_factory=_Holding)
    actors: dict[str, "asyncio.Task[Any]"] = field(default_factory=dict)
    histories: dict[str, list[str]] = field(default_factory=dict)
    choices: list[int] = field(default_factory=list)
    branches: list[tuple[int, ...]] = field(default_factory=list)

    def act(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        """Have somebody begin to do something."""
        token = _ACTOR.set(name)
        self.actors[name] = asyncio.get_running_loop().create_task(work)
        _ACTOR.reset(token)
        self.histories[name] = []

    async def settle(self) -> None:
        """Let everybody go on until all wait for something that others may get between."""
        loop: Any = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0)
            if loop._ready:
                continue
            alone = [one for one in self.executor.held if one.name in self.apart]
            if not alone:
                return
            for one in alone:
                self.executor.held.remove(one)
                self.histories[one.actor].append(one.do())

    async def in_order(self) -> None:
        """Do what is held in the order in which it came, until nothing is."""
        await self.settle()
        while self.executor.held:
            self.executor.held.pop(0).do()
            await self.settle()

    async def until(self, name: str) -> None:
        """Do so until a function of that name is held."""
        await self.settle()
        while name not in [one.name for one in self.executor.held]:
            self.executor.held.pop(0).do()
            await self.settle()

    async def in_any_order(
        self, state: Callable[[], Hashable], check: Callable[[], object]
    ) -> None:
        """Do what is held in the next order that was not tried, until nothing is.

        What comes before the last choice, and after a state that is known, was checked before.
        """
        known = False
        await self.settle()
        while held := self.executor.held:
            turn, choice = len(self.choices), 0
            if turn < len(self.prefix):
                choice = self.prefix[turn]
            elif not known:
                known = self._note_branches(state())
            self.choices.append(choice)
            done = held.pop(choice)
            self.histories[done.actor].append(done.do())
            await self.settle()
            if turn >= len(self.prefix) - 1 and not known:
                check()

    def _note_branches(self, state: Hashable) -> bool:
        held = self.executor.held
        waits = tuple((one.actor, one.name) for one in held)
        histories = tuple((name, tuple(done)) for name, done in sorted(self.histories.items()))
        key = (state, waits, histories)
        if key in self.seen:
            return True
        self.seen.add(key)
        self.branches += [(*self.choices, other) for other in range(1, len(held))]
        return False


def play_all(
    scenario: Callable[[Stage], Coroutine[Any, Any, None]], *, apart: Set[str] = frozenset()
) -> int:
    """Play a scenario in every order; return in how many.

    Raises:
        AssertionError: that of the scenario, with the order in which it failed.
    """
    seen: set[Hashable] = set()
    prefixes: list[tuple[int, ...]] = [()]
    played = 0
    while prefixes:
        stage = Stage(prefixes.pop(), seen, apart)
        loop = _Loop(selectors.SelectSelector())
        loop.set_default_executor(stage.executor)
        try:
            loop.run_until_complete(scenario(stage))
        except AssertionError as error:
            raise AssertionError(f"{error}\nin the order {_told(stage)}") from error
        finally:
            loop.close()
        prefixes += stage.branches
        played += 1
    return played


def _told(stage: Stage) -> str:
    lines = [f"{actor}: {'; '.join(done)}" for actor, done in stage.histories.items()]
    return f"{stage.choices}\n" + "\n".join(lines)
