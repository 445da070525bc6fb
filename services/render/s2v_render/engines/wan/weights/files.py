"""The files of a checkpoint: they are there and whole, or the error says which is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from s2v.core.errors import NotReady, Reason


def unusable(message: str) -> NotReady:
    """Return the error of a checkpoint or a LoRA that cannot be used as it is."""
    return NotReady(Reason.CHECKPOINT_UNUSABLE, message)


def file_at(path: Path) -> Path:
    """Return the path of a file that is there.

    Raises:
        NotReady: it is not; the message names it, as that of every function here.
    """
    if not path.is_file():
        raise unusable(f"The checkpoint lacks the file {path}. Fetch it.")
    return path


def folder_at(path: Path) -> Path:
    """Return the path of a folder that is there."""
    if not path.is_dir():
        raise unusable(f"The checkpoint lacks the folder {path}. Fetch it.")
    return path


def read_json(file: Path) -> dict[str, Any]:
    """Return what a JSON file holds.

    Raises:
        NotReady: it is missing, damaged, or no object.
    """
    file_at(file)
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise unusable(f"{file} is damaged: {error}. Fetch it again.") from None
    if not isinstance(values, dict):
        raise unusable(f"{file} holds no JSON object. Fetch it again.")
    return values


def shards(folder: Path, stem: str) -> tuple[Path, ...]:
    """Return the files that hold a part's weights: those that its index names, or the only one.

    Without an index they are those that are numbered "1 of n" to "n of n".
    """
    index = folder / f"{stem}.safetensors.index.json"
    if not index.is_file():
        numbered = sorted(folder.glob(f"{stem}-?????-of-?????.safetensors"))
        if not numbered:
            return (file_at(folder / f"{stem}.safetensors"),)
        count = int(numbered[0].stem.rpartition("-")[2])
        names = [f"{stem}-{n:05}-of-{count:05}.safetensors" for n in range(1, count + 1)]
        return tuple(file_at(folder / name) for name in names)
    weight_map = read_json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise unusable(f"{index} names no files. Fetch it again.")
    return tuple(file_at(folder / name) for name in sorted(set(weight_map.values())))
