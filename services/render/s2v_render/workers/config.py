"""What a worker is started with, and the device that it has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from s2v.core.registry import Registry
from s2v.rpc.pulse import PULSE_SECONDS


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A device that a worker drives from afar.

    Attributes:
        name: for people, such as "heygem http://127.0.0.1:8390".
        group: device group that it belongs to; empty if to none.
        failures: after so many takes in a row that failed its worker rests.
        rest_seconds: how long a rest is at least; it ends when the device answers.
    """

    name: str
    group: str = ""
    failures: int = 3
    rest_seconds: float = 15.0


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """What every worker is started with; see `s2v_render.workers.actor.Worker`.

    Attributes:
        ranks: how many processes it has, which make every take together.
        gpus: how many of Ray's GPUs each of them owns.
        stall_seconds: a worker is killed when a process of it does not answer for so long.
        pulse_seconds: how often they are asked.
        elsewhere: the device that it drives; None where it owns one of the machine it is on.
        profiles: folder for profiles of takes; None writes none.
    """

    registry: Registry
    store_url: str
    engine_settings: Mapping[str, object] = field(default_factory=dict)
    threads: int = 1
    log_level: str = "INFO"
    ranks: int = 1
    gpus: int = 0
    stall_seconds: float = 30.0
    pulse_seconds: float = PULSE_SECONDS
    elsewhere: Elsewhere | None = None
    profiles: Path | None = None

    @property
    def device(self) -> str:
        """What kind of device group a worker owns, for people."""
        if self.elsewhere:
            return self.elsewhere.name
        kind = "cuda" if self.gpus else "cpu"
        return kind if self.ranks == 1 else f"{self.ranks} x {kind}"
