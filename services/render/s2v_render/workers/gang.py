"""The ranks of one worker go through every take in step: one leads, the others follow.

The leader says what to make, and after each item whether to go on; no follower is ahead of it, so
that none waits in a collective for a leader that has left the take. Between takes followers wait
for the next word for as long as it takes. They talk over a socket in a folder that only their user
can enter, all of them on one machine.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from enum import Enum, auto
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

import structlog

from s2v.core.errors import ShardLostError
from s2v.core.ports import (
    ArtifactStore,
    Capabilities,
    Engine,
    Frames,
    Notice,
    State,
    Take,
    Working,
)
from s2v.core.shards import Shard
from s2v_render.rendering import RenderOrder, take_of

_log = structlog.get_logger()
_GRACE_SECONDS = 30.0
"""A follower that failed leaves when the leader does not see that the take has failed."""


class _Signal(Enum):
    GO_ON = auto()
    STOP = auto()
    HERE = auto()
    """A follower has come to an item."""
    ENDED = auto()
    """A follower has no more items, or no part in the take."""
    READY = auto()
    """A follower waits for the next take."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """A follower cannot go on with a take."""

    why: str


class Followers:
    """The followers of a worker, as its leader sees them.

    Args:
        folder: where they find it.
        count: how many there are.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._listener = Listener(_socket(folder), "AF_UNIX", backlog=count)
        self._count = count
        self._all: list[Connection] = []
        self._taking_part: list[Connection] = []

    def wait(self) -> None:
        """Wait until all of them have come."""
        self._all = [self._listener.accept() for _ in range(self._count)]
        self._listener.close()

    def begin(self, order: RenderOrder) -> None:
        """Let all of them begin a take, as soon as they have left the one before.

        Raises:
            ShardLostError: one is gone.
        """
        with _losses_named():
            for each in self._all:
                while each.recv() is not _Signal.READY:
                    pass  # said in the take before
                each.send(order)
        self._taking_part = list(self._all)

    def arrive(self) -> None:
        """Wait until all that take part have come to the item that the leader is at.

        Raises:
            ShardLostError: one has failed, or is gone.
        """
        with _losses_named():
            for each in tuple(self._taking_part):
                word = each.recv()
                if isinstance(word, _Failed):
                    raise ShardLostError(word.why)
                if word is _Signal.ENDED:
                    self._taking_part.remove(each)

    def go_on(self) -> None:
        """Let those that take part go on to the next item.

        Raises:
            ShardLostError: one is gone.
        """
        with _losses_named():
            for each in self._taking_part:
                each.send(_Signal.GO_ON)

    def stop(self) -> None:
        """Let all of them leave the take; whether they did is seen when the next one begins."""
        for each in self._all:
            with contextlib.suppress(OSError):
                each.send(_Signal.STOP)


class LedEngine:
    """Implements `s2v.core.ports.Engine`: each take of an engine is made by followers, too.

    Args:
        engine: the leader's own.
        followers: theirs make the same.
        order: of the take, as they have to read it.
    """

    def __init__(self, engine: Engine, followers: Followers, order: RenderOrder) -> None:
        self._engine, self._followers, self._order = engine, followers, order

    @property
    def capabilities(self) -> Capabilities:
        """What the engine can do."""
        return self._engine.capabilities

    def render(self, take: Take) -> Generator[Frames | Notice | Working | State]:
        """Render one take, in step with all followers.

        Raises:
            ShardLostError: a follower is gone or has failed.
            Exception: whatever the engine raises.
        """
        self._followers.begin(self._order)
        try:
            with closing(self._engine.render(take)) as items:
                for item in items:
                    self._followers.arrive()
                    yield item
                    self._followers.go_on()
        finally:
            self._followers.stop()


def follow(shard: Shard, engine_of: Callable[[str], Engine], store: ArtifactStore) -> None:
    """Make every take that the leader makes, on a thread, until the leader is gone.

    This process ends then, and when it fails in a take with which the leader goes on.

    Args:
        shard: which of the ranks this is.
        engine_of: returns an engine by its name.
        store: of what an order names.
    """
    connection = Client(_socket(shard.folder), "AF_UNIX")

    def take_after_take() -> None:
        try:
            while True:
                connection.send(_Signal.READY)
                _make(connection.recv(), connection, engine_of, store)
        except (OSError, EOFError):
            os._exit(1)  # nobody is left to speak to

    threading.Thread(target=take_after_take, name="follower", daemon=True).start()


def _make(
    order: RenderOrder,
    connection: Connection,
    engine_of: Callable[[str], Engine],
    store: ArtifactStore,
) -> None:
    """Make one take in step with the leader; what it yields is the leader's to show."""
    try:
        with ExitStack() as stack:
            take = take_of(order, store, stack)
            for _ in stack.enter_context(closing(engine_of(order.engine).render(take))):
                connection.send(_Signal.HERE)
                if connection.recv() is _Signal.STOP:
                    return
    except (OSError, EOFError):
        raise
    except Exception as error:  # noqa: BLE001 - the leader shall hear of it
        _log.warning("a rank failed", cause=str(error))
        connection.send(_Failed(f"a rank failed: {error}"))
        # The leader fails likewise, or hears of it; or it is in a collective, which nothing ends
        # but the end of this process.
        if not connection.poll(_GRACE_SECONDS):
            os._exit(1)
    else:
        connection.send(_Signal.ENDED)
    while connection.recv() is not _Signal.STOP:
        pass


@contextlib.contextmanager
def _losses_named() -> Generator[None]:
    """Raise the end of a connection as what it means."""
    try:
        yield
    except (OSError, EOFError) as error:
        raise ShardLostError("a rank is gone") from error


def _socket(folder: Path) -> str:
    return str(folder / "words")
