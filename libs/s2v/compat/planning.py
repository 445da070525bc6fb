"""With what services of our own are started, and what of the wishes cannot be on this machine."""

import importlib.util
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from s2v.compat.machine import gpus

_CHECKPOINT_FILES = ("model_index.json", "config.json")
_INSTEAD = "films are made by the engine portrait"


@dataclass(frozen=True, slots=True)
class Start:
    """How services are started.

    Attributes:
        settings: what they are told, by the names of their settings.
        notices: what is otherwise than was asked for, in sentences.
    """

    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notices: Sequence[str] = ()


def gpus_to_use(num_gpus: int | None) -> tuple[int, list[str]]:
    """Return how many GPUs there are to use, and what is otherwise than was asked for.

    Raises:
        ValueError: the number is below 0.
    """
    if num_gpus is not None and num_gpus < 0:
        raise ValueError(f"num_gpus is {num_gpus}; it must be 0 or more")
    found = len(gpus())
    used = found if num_gpus is None else min(num_gpus, found)
    if num_gpus is None or num_gpus <= found:
        return used, []
    instead = f"{used} are used" if used else f"{_INSTEAD}, on the processors"
    return used, [f"{num_gpus} GPUs are asked for, and this machine has {found}: {instead}"]


def planned_start(num_gpus: int | None, checkpoint_dir: str | Path | None) -> Start:
    """Return how to start services that shall have so many GPUs and that checkpoint.

    Raises:
        ValueError: the number of GPUs is below 0.
    """
    used, notices = gpus_to_use(num_gpus)
    settings = {"S2V_RENDER_WAN_CHECKPOINT": "", "S2V_RENDER_ENGINE": "portrait"}
    given = checkpoint_dir or os.environ.get("WAN_CHECKPOINT_DIR")
    if given:
        folder, problem = _usable(Path(given), used)
        if problem:
            notices.append(f"the checkpoint in {given} is not used: {problem}; {_INSTEAD}")
        else:
            settings = {
                "S2V_RENDER_WAN_CHECKPOINT": str(folder),
                "S2V_RENDER_ENGINE": "wan",
                "S2V_RENDER_WORKERS": str(used),
                "S2V_RENDER_RANKS": str(used),
            }
    return Start(settings, notices)


def _usable(folder: Path, used_gpus: int) -> tuple[Path, str]:
    """Return where a checkpoint lies, and why it cannot be used; empty where it can."""
    folder = folder.expanduser().absolute()
    places = [folder, *sorted(folder.glob("*/"))] if folder.is_dir() else []
    there = [place for place in places if any((place / f).is_file() for f in _CHECKPOINT_FILES)]
    if not there:
        return folder, "there is none"
    if importlib.util.find_spec("torch") is None:
        return there[0], "the engine wan is not installed (pip install 's2v[wan]')"
    if not used_gpus:
        return there[0], "the engine wan needs a GPU"
    return there[0], ""
