"""Which engine the services that we start shall have, and with which checkpoint."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from s2v.core.errors import InvalidInput, Reason
from s2v.rpc.home import expanded
from s2v_render.engines.wan.settings import RANDOM_CHECKPOINTS

CheckpointOption = Annotated[
    str,
    typer.Option(
        metavar="FOLDER|random:14B|random:tiny",
        help="Weights of the engine wan; random ones are for benchmarks and tests.",
        show_default=False,
    ),
]


def engine_settings(engine: str, checkpoint: str) -> Mapping[str, str]:
    """Return the render service's settings that offer a checkpoint and make an engine the default.

    Raises:
        InvalidInput: FIELD_INVALID, there is no such folder.
    """
    settings = {"S2V_RENDER_ENGINE": engine} if engine else {}
    if checkpoint:
        settings["S2V_RENDER_WAN_CHECKPOINT"] = _checked(checkpoint)
    return settings


def _checked(checkpoint: str) -> str:
    if checkpoint in RANDOM_CHECKPOINTS:
        return checkpoint
    folder = expanded(Path(checkpoint), field="--checkpoint").absolute()
    if not folder.exists():
        known = ", ".join(RANDOM_CHECKPOINTS)
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"there is no folder {checkpoint}; give the folder of a checkpoint or one of: {known}",
            field="--checkpoint",
        )
    return str(folder)
