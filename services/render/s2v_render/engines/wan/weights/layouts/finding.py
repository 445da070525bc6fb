"""Where a checkpoint on this machine keeps its parts: which layout its folder has."""

from __future__ import annotations

from pathlib import Path

from s2v_render.engines.wan.weights.files import unusable
from s2v_render.engines.wan.weights.layouts.checkpoint import Checkpoint
from s2v_render.engines.wan.weights.layouts.diffusers import diffusers_checkpoint
from s2v_render.engines.wan.weights.layouts.official import official_checkpoint


def find_checkpoint(folder: Path) -> Checkpoint:
    """Return where the parts of a checkpoint are.

    Raises:
        NotReady: there is no such folder, it is no checkpoint, or a file of it is missing; the
            message names the file.
    """
    if not folder.is_dir():
        raise unusable(
            f"There is no checkpoint folder {folder}. Name a folder that holds Wan2.2-S2V-14B, or "
            "random:14B or random:tiny for weights without meaning."
        )
    if (folder / "model_index.json").is_file():
        return diffusers_checkpoint(folder)
    if (folder / "config.json").is_file():
        return official_checkpoint(folder)
    raise unusable(
        f"{folder} is no checkpoint: it has neither model_index.json (diffusers layout) nor "
        "config.json (official layout)."
    )
