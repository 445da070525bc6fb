"""The processes of one worker, one a rank: started together, watched together, ended together."""

import asyncio
import contextlib
import os
import signal
from typing import Any

from s2v.core.shards import Shard
from s2v_render.workers.actor import Worker
from s2v_render.workers.config import WorkerConfig

_PLACE_SECONDS = 60.0


class Processes:
    """The processes of a worker, from their start to their end; the first of them is spoken to.

    Several of them have a placement group, so that they are on one machine or wait for one.

    Args:
        name: of the worker.
        config: what they are started with.
        is_local: whether they run on this machine, where they can be killed by the kernel.
    """

    def __init__(self, name: str, config: WorkerConfig, *, is_local: bool) -> None:
        self._name, self._config, self._is_local = name, config, is_local
        self._actors: list[Any] = []
        self._handles: list[int] = []
        self._placement: Any = None
        self.pids: list[int] = []

    @property
    def leader(self) -> Any:
        """The actor that takes are given to."""
        return self._actors[0]

    async def start(self) -> None:
        """Start them, let them find each other, and have them prepare for takes.

        Raises:
            ray.exceptions.RayError: one ended.
            TimeoutError: no machine has room for all of them.
        """
        if self._config.ranks > 1:
            self._placement = await asyncio.to_thread(self._placed)
            if not await asyncio.to_thread(self._placement.wait, _PLACE_SECONDS):
                raise TimeoutError(f"no machine has room for {self._config.ranks} ranks")
        for rank in range(self._config.ranks):
            self._actors.append(await asyncio.to_thread(self._actor, rank))
        self.pids = await asyncio.gather(*(actor.pid.remote() for actor in self._actors))
        self._hold()
        if self._config.ranks > 1:
            await self._introduce()
        await asyncio.gather(*(actor.prepare.remote() for actor in self._actors))

    async def kill(self) -> None:
        """End them, even those that were stopped and hear nothing."""
        import ray
        from ray.util import remove_placement_group

        for handle in self._handles:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            os.close(handle)
        for actor in self._actors:
            await asyncio.to_thread(ray.kill, actor)
        if self._placement is not None:
            await asyncio.to_thread(remove_placement_group, self._placement)
        self._handles, self._actors, self._placement = [], [], None

    async def answer(self) -> None:
        """Return as soon as each of them has answered.

        Raises:
            ray.exceptions.RayError: one has ended.
        """
        await asyncio.gather(*(actor.pid.remote() for actor in self._actors))

    async def _introduce(self) -> None:
        """Let the leader open a place to meet, and all of them come there."""
        gpus = await asyncio.gather(*(actor.gpus.remote() for actor in self._actors))
        folder = await self.leader.open_folder.remote(self._config.ranks)
        owned = [gpu for some in gpus for gpu in some]
        await asyncio.gather(
            *(
                actor.join.remote(Shard(rank, self._config.ranks, folder), owned)
                for rank, actor in enumerate(self._actors)
            )
        )

    def _hold(self) -> None:
        """Keep handles of them: their numbers may be others' by the time of their end."""
        if not self._is_local or not hasattr(os, "pidfd_open"):
            return
        for pid in self.pids:
            with contextlib.suppress(ProcessLookupError):
                self._handles.append(os.pidfd_open(pid))

    def _placed(self) -> Any:
        from ray.util import placement_group

        each = {"CPU": self._config.threads, "GPU": self._config.gpus}
        bundle = {kind: count for kind, count in each.items() if count}
        return placement_group([bundle] * self._config.ranks, strategy="STRICT_PACK")

    def _actor(self, rank: int) -> Any:
        import ray
        from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

        config = self._config
        where: dict[str, Any] = {}
        if self._placement is not None:
            where["scheduling_strategy"] = PlacementGroupSchedulingStrategy(
                self._placement, placement_group_bundle_index=rank
            )
        actor_class = ray.remote(Worker).options(
            num_cpus=config.threads, num_gpus=config.gpus, max_restarts=0, **where
        )
        return actor_class.remote(
            self._name if config.ranks == 1 else f"{self._name}.{rank}",
            config.registry,
            store_url=config.store_url,
            engine_settings=config.engine_settings,
            threads=config.threads,
            log_level=config.log_level,
            profiles=config.profiles,
        )
