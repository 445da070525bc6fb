"""The Ray actor: owns one device group, keeps its engines loaded, runs one take at a time."""

import asyncio
import atexit
import os
import tempfile
import threading
from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import aclosing

import structlog

from s2v.core.ports import Capabilities, Engine
from s2v.core.registry import Registry
from s2v.rpc.logs import configure_logs
from s2v.rpc.threads import iterate_in_thread
from s2v.store.artifacts import FsspecStore
from s2v.store.working import WorkFolder
from s2v_render.rendering import RenderEvent, RenderOrder, render_segment

_log = structlog.get_logger()


class Worker:
    """Renders takes in a process of its own; an engine is loaded at its first take and kept.

    Args:
        name: within the pool, for the logs.
        registry: engines by name.
        engine_settings: what an engine is made with, by its name; others are made with nothing.
        store_url: of the artifact store.
        threads: how many threads encoding may keep busy.
        log_level: of this process.
    """

    def __init__(
        self,
        name: str,
        registry: Registry,
        *,
        store_url: str,
        engine_settings: Mapping[str, object],
        threads: int = 1,
        log_level: str = "INFO",
    ) -> None:
        configure_logs("render", log_level)
        # Clips on their way and copies of what they are made of go when another worker starts, or
        # when this one ends as it should.
        self._folder = WorkFolder("s2v-work-")
        atexit.register(self._folder.remove)
        tempfile.tempdir = str(self._folder.path)
        self._name = name
        self._registry = registry
        self._engine_settings = engine_settings
        self._store = FsspecStore(store_url)
        self._threads = threads
        self._engines: dict[str, Engine] = {}
        self._at_work = threading.Lock()

    async def pid(self) -> int:
        """Return the process id."""
        return os.getpid()

    async def capabilities(self) -> dict[str, Capabilities]:
        """Return what every engine can do."""
        return await asyncio.to_thread(self._capabilities)

    async def render(
        self, order: RenderOrder, log_context: Mapping[str, object]
    ) -> AsyncIterator[RenderEvent]:
        """Render one segment; cancelling it stops the engine at its next yield."""
        structlog.contextvars.bind_contextvars(**log_context, worker=self._name)
        _log.info("take begins", engine=order.engine, samples=order.speech.samples)
        async with aclosing(iterate_in_thread(self._take(order))) as events:
            async for event in events:
                yield event
        _log.info("take ends")

    async def settled(self) -> None:
        """Return as soon as no take is at work."""
        await asyncio.to_thread(self._wait_for_the_take)

    def _capabilities(self) -> dict[str, Capabilities]:
        return {name: self._engine(name).capabilities for name in self._registry.names}

    def _take(self, order: RenderOrder) -> Generator[RenderEvent]:
        with self._at_work:
            engine = self._engine(order.engine)
            yield from render_segment(engine, order, self._store, threads=self._threads)

    def _wait_for_the_take(self) -> None:
        with self._at_work:
            pass

    def _engine(self, name: str) -> Engine:
        if name not in self._engines:
            given = [self._engine_settings[name]] if name in self._engine_settings else []
            self._engines[name] = self._registry.load(name)(*given)
        return self._engines[name]
