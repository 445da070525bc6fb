"""Where a checkpoint on this machine keeps its parts: which layout it has, and what was named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from s2v_render.engines.wan.weights.files import unusable
from s2v_render.engines.wan.weights.layouts.checkpoint import (
    Checkpoint,
    Layout,
    ModelPart,
    PartFiles,
    speech_files,
)
from s2v_render.engines.wan.weights.layouts.diffusers import DiffusersFolder
from s2v_render.engines.wan.weights.layouts.official import OfficialFolder
from s2v_render.engines.wan.weights.layouts.recognising import described, part_of
from s2v_render.engines.wan.weights.layouts.shelves import SHELVES, Shelves, part_files
from s2v_render.engines.wan.weights.reading import stored_tensors
from s2v_render.engines.wan.weights.scaling import TOKENIZER

_TOKENIZER = "S2V_RENDER_WAN_TOKENIZER"
_TOKENIZER_FILES = ("tokenizer.json", "spiece.model")


@dataclass(frozen=True, slots=True)
class GivenParts:
    """Parts that were named one by one: files, or folders of their shards; None for as found.

    Attributes:
        text_encoder: a file or a folder.
        tokenizer: a folder with tokenizer.json or spiece.model.
        vae: a file or a folder.
        speech: a file or a folder.
    """

    text_encoder: Path | None = None
    tokenizer: Path | None = None
    vae: Path | None = None
    speech: Path | None = None


NOTHING_GIVEN = GivenParts()


def find_checkpoint(place: Path, given: GivenParts = NOTHING_GIVEN) -> Checkpoint:
    """Return where the parts of a checkpoint are.

    Args:
        place: a folder of any layout, or the transformer's file, whose other parts lie around it.
        given: parts that were named, wherever they lie.

    Raises:
        NotReady: there is no such place, it is no checkpoint, or a file of it is missing; the
            message names the file, or the layout that was seen and the part that is missing.
    """
    if place.is_file():
        folder = place.parent.parent if place.parent.name in SHELVES else place.parent
        return _on_shelves(place, Shelves(folder), given, singly(place, ModelPart.TRANSFORMER))
    if not place.is_dir():
        raise unusable(
            f"There is no checkpoint folder {place}. Name a folder that holds Wan2.2-S2V-14B, or "
            "random:14B or random:tiny for weights without meaning."
        )
    if (place / "model_index.json").is_file():
        return _in_folder(place, Layout.DIFFUSERS, DiffusersFolder(place), given)
    if OfficialFolder.is_seen(place):
        return _in_folder(place, Layout.OFFICIAL, OfficialFolder(place), given)
    shelves = Shelves(place)
    if not shelves:
        raise unusable(
            f"{place} is no checkpoint: it has neither model_index.json (diffusers layout) nor "
            "config.json (official layout), and no file in it or in ComfyUI's folders "
            f"({', '.join(SHELVES)}) holds a part of Wan2.2-S2V."
        )
    return _on_shelves(place, shelves, given, shelves.find(ModelPart.TRANSFORMER))


def singly(place: Path, part: ModelPart) -> PartFiles:
    """Return the files of a part that was named: a file, or a folder of its shards.

    Raises:
        NotReady: it is something else; the message says what.
    """
    if place.is_dir():
        if part is ModelPart.SPEECH and (place / "config.json").is_file():
            return speech_files(place)
        return Shelves(place).find(part)
    if not place.is_file():
        raise unusable(f"There is no {part} {place}.")
    keys = list(stored_tensors((place,), device="cpu"))
    if part_of(keys) is not part:
        raise unusable(f"{place} holds {described(keys)}, not the {part} of Wan2.2-S2V.")
    return part_files((place,), part)


def _in_folder(
    place: Path, layout: Layout, folder: OfficialFolder | DiffusersFolder, given: GivenParts
) -> Checkpoint:
    def part(kind: ModelPart, named: Path | None, usual: Callable[[], PartFiles]) -> PartFiles:
        return usual() if named is None else singly(named, kind)

    text_encoder = part(ModelPart.TEXT_ENCODER, given.text_encoder, folder.text_encoder)
    return Checkpoint(
        place,
        layout,
        folder.transformer(),
        text_encoder,
        given.tokenizer or folder.tokenizer(),
        part(ModelPart.VAE, given.vae, folder.vae),
        part(ModelPart.SPEECH, given.speech, folder.speech),
    )


def _on_shelves(
    place: Path, shelves: Shelves, given: GivenParts, transformer: PartFiles
) -> Checkpoint:
    def part(kind: ModelPart, named: Path | None) -> PartFiles:
        return shelves.find(kind) if named is None else singly(named, kind)

    text_encoder = part(ModelPart.TEXT_ENCODER, given.text_encoder)
    return Checkpoint(
        place,
        Layout.COMFYUI,
        transformer,
        text_encoder,
        given.tokenizer or _tokenizer_with(text_encoder),
        part(ModelPart.VAE, given.vae),
        part(ModelPart.SPEECH, given.speech),
    )


def _tokenizer_with(text_encoder: PartFiles) -> Path:
    """Return where the tokenizer of a text encoder lies: in its file, or beside it."""
    for file in text_encoder.weights:
        if TOKENIZER in stored_tensors((file,), device="cpu"):
            return file
    folder = text_encoder.weights[0].parent
    if any((folder / name).is_file() for name in _TOKENIZER_FILES):
        return folder
    raise unusable(
        f"{text_encoder.weights[0]} comes without its tokenizer, and there is neither "
        f"{' nor '.join(_TOKENIZER_FILES)} beside it; name a folder that has one with {_TOKENIZER}."
    )
