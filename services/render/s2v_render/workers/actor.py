"""The Ray actor: a worker or a rank of one; keeps its engines loaded, runs one take at a time."""

import asyncio
import atexit
import os
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path

import structlog

from s2v.core.ports import Capabilities, Engine, Preparing, Remote
from s2v.core.registry import Registry
from s2v.core.shards import Shard, Shared
from s2v.rpc import conventions
from s2v.rpc.logs import bind_trace, configure_logs
from s2v.rpc.threads import iterate_in_thread
from s2v.rpc.tracing import configure_tracing, go_on_in, here, send_soon, span
from s2v.store.artifacts import FsspecStore
from s2v.store.working import WorkFolder
from s2v_render.rendering import RenderEvent, RenderOrder, render_segment
from s2v_render.workers.gang import Followers, LedEngine, follow
from s2v_render.workers.profiling import profiled

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
        profiles: folder for profiles of takes; None writes none.
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
        profiles: Path | None = None,
    ) -> None:
        configure_logs("render", log_level)
        configure_tracing("render")
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
        self._profiles = profiles
        self._making = threading.Lock()
        # All takes on one thread: cuDNN keeps for each what it has found out about a shape.
        self._thread = ThreadPoolExecutor(1, "takes")
        self._at_work = asyncio.Lock()
        self._shard: Shard | None = None
        self._followers: Followers | None = None

    async def pid(self) -> int:
        """Return the process id."""
        return os.getpid()

    async def gpus(self) -> list[str]:
        """Return the GPUs that this process owns, as its machine numbers them."""
        import ray

        return [str(gpu) for gpu in ray.get_gpu_ids()]

    async def open_folder(self, ranks: int) -> Path:
        """Become the leader of a worker; return the folder where its ranks meet."""
        folder = self._folder.path / "ranks"
        folder.mkdir()
        self._followers = Followers(folder, ranks - 1)
        return folder

    async def join(self, shard: Shard, gpus: Sequence[str]) -> None:
        """Become one of the ranks of a worker, and wait until all of them have.

        Args:
            shard: which of them.
            gpus: that they own together, by rank; each sees the others', to send to them.
        """
        self._shard = shard
        if gpus:
            os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
        if self._followers is None:
            follow(shard, self._engine, self._store)
        else:
            await asyncio.to_thread(self._followers.wait)

    async def capabilities(self) -> dict[str, Capabilities]:
        """Return what every engine can do."""
        return await asyncio.to_thread(self._capabilities)

    async def check(self) -> None:
        """Ask the engines' devices elsewhere how they are.

        Raises:
            Unavailable: one does not answer (SERVICE_UNAVAILABLE).
        """
        await asyncio.to_thread(self._check)

    async def prepare(self) -> None:
        """Begin what first takes would wait for."""
        threading.Thread(target=self._prepare, name="prepare", daemon=True).start()

    async def render(
        self, order: RenderOrder, log_context: Mapping[str, object], traceparent: str
    ) -> AsyncIterator[RenderEvent]:
        """Render one segment in its caller's trace; cancelling it stops the engine at a yield."""
        structlog.contextvars.bind_contextvars(**log_context, worker=self._name)
        go_on_in(traceparent)
        try:
            with span(conventions.TAKE_SPAN, _facts(order, log_context, self._name)):
                bind_trace()
                _log.info("take begins", engine=order.engine, samples=order.speech.samples)
                await self._at_work.acquire()
                take = iterate_in_thread(
                    self._take(order, here()), thread=self._thread, ended=self._at_work.release
                )
                async with aclosing(take) as events:
                    async for event in events:
                        yield event
                _log.info("take ends")
        finally:
            send_soon()

    async def settled(self) -> None:
        """Return as soon as no take is at work."""
        async with self._at_work:
            pass

    def _capabilities(self) -> dict[str, Capabilities]:
        return {name: self._engine(name).capabilities for name in self._registry.names}

    def _check(self) -> None:
        for engine in map(self._engine, self._registry.names):
            if isinstance(engine, Remote):
                engine.check()

    def _prepare(self) -> None:
        for name in self._registry.names:
            begun = time.monotonic()
            try:
                if isinstance(engine := self._engine(name), Preparing):
                    engine.prepare()
                    seconds = round(time.monotonic() - begun, 1)
                    _log.info("prepared", engine=name, worker=self._name, seconds=seconds)
            except Exception as error:  # noqa: BLE001 - the first take raises it again
                _log.warning("not prepared", engine=name, worker=self._name, cause=str(error))

    def _take(self, order: RenderOrder, traceparent: str) -> Generator[RenderEvent]:
        go_on_in(traceparent)  # of this thread
        engine = self._engine(order.engine)
        if self._followers and isinstance(engine, Shared):
            engine = LedEngine(engine, self._followers, order)
        events = render_segment(engine, order, self._store, threads=self._threads)
        yield from profiled(events, self._profiles) if self._profiles else events

    def _engine(self, name: str) -> Engine:
        with self._making:
            return self._made(name)

    def _made(self, name: str) -> Engine:
        if name not in self._engines:
            given = [self._engine_settings[name]] if name in self._engine_settings else []
            with span(
                conventions.ENGINE_LOAD_SPAN,
                {conventions.ENGINE: name, conventions.WORKER: self._name},
            ):
                engine = self._registry.load(name)(*given)
            if self._shard and isinstance(engine, Shared):
                engine.join(self._shard)
            self._engines[name] = engine
            send_soon()
        return self._engines[name]


def _facts(
    order: RenderOrder, log_context: Mapping[str, object], worker: str
) -> dict[str, str | int]:
    """Tell which take it is, as far as the caller said so."""
    told = {
        conventions.JOB: log_context.get("job_id"),
        conventions.SEGMENT: log_context.get("segment"),
        conventions.TAKE: log_context.get("take"),
    }
    known = {
        name: int(str(fact)) if str(fact).isdigit() else str(fact)
        for name, fact in told.items()
        if fact is not None
    }
    frames = order.speech.frames(order.frame_rate)
    return {
        **known,
        conventions.ENGINE: order.engine,
        conventions.WORKER: worker,
        conventions.FRAMES: frames,
    }
