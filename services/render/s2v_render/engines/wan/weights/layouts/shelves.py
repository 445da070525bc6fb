"""Files that lie on ComfyUI's shelves or beside each other: each is known by its keys."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from s2v.core.errors import NotReady
from s2v_render.engines.wan.weights.files import unusable
from s2v_render.engines.wan.weights.layouts.checkpoint import ModelPart, PartFiles
from s2v_render.engines.wan.weights.layouts.recognising import part_of
from s2v_render.engines.wan.weights.reading import stored_tensors

SHELVES = ("diffusion_models", "unet", "text_encoders", "clip", "vae", "audio_encoders")
"""Folders of ComfyUI's folder `models` that parts of Wan lie in."""
SETTINGS = {
    ModelPart.TRANSFORMER: "S2V_RENDER_WAN_CHECKPOINT",
    ModelPart.TEXT_ENCODER: "S2V_RENDER_WAN_TEXT_ENCODER",
    ModelPart.VAE: "S2V_RENDER_WAN_VAE",
    ModelPart.SPEECH: "S2V_RENDER_WAN_SPEECH",
}
"""What names the file of each part."""
_ROOTS = ("", "models", "split_files")
_SHARD = re.compile(r"-(\d{5})-of-(\d{5})$")


class Shelves:
    """The parts that lie in a folder, in its folder `models`, or on the shelves of either."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._unreadable: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._parts or self._unreadable)

    def find(self, part: ModelPart) -> PartFiles:
        """Return the files of a part.

        Raises:
            NotReady: none holds it, or several do.
        """
        found = self._parts.get(part, [])
        if len(found) == 1:
            return part_files(found[0], part)
        name = f"name one with {SETTINGS[part]}"
        if found:
            several = ", ".join(str(files[0]) for files in found)
            raise unusable(f"{several} are each a {part}; {name}.")
        seen = ", ".join(f"a {known} in {files[0][0]}" for known, files in self._parts.items())
        raise unusable(
            f"No file in {self.folder} holds the {part}, nor in ComfyUI's folders below it "
            f"({', '.join(SHELVES)}); there is {seen or 'nothing of Wan2.2-S2V'}. Put it there, "
            f"or {name}. {' '.join(self._unreadable)}".rstrip()
        )

    @cached_property
    def _parts(self) -> dict[ModelPart, list[tuple[Path, ...]]]:
        parts: dict[ModelPart, list[tuple[Path, ...]]] = defaultdict(list)
        for files in self._candidates():
            try:
                part = part_of(stored_tensors(files, device="cpu"))
            except NotReady as error:
                self._unreadable.append(error.message)
                continue
            if part is not None:
                parts[part].append(files)
        return dict(parts)

    def _candidates(self) -> Iterator[tuple[Path, ...]]:
        """Yield every file of weights, the shards of one together where all are there."""
        folders = [self.folder / root for root in _ROOTS]
        for folder in [*folders, *(root / shelf for root in folders for shelf in SHELVES)]:
            shards: dict[str, list[Path]] = defaultdict(list)
            for file in sorted(folder.glob("*")):
                if file.suffix in (".safetensors", ".gguf") and file.is_file():
                    shards[_SHARD.sub("", file.stem) + file.suffix].append(file)
            yield from (tuple(files) for files in shards.values() if _complete(files))


def part_files(files: tuple[Path, ...], part: ModelPart) -> PartFiles:
    """Return the files of a part, and what shapes the transformer if it was put beside them."""
    beside = files[0].with_name("config.json")
    return PartFiles(files, beside if part is ModelPart.TRANSFORMER and beside.is_file() else None)


def _complete(files: list[Path]) -> bool:
    match = _SHARD.search(files[0].stem)
    return len(files) == (int(match[2]) if match else 1)
