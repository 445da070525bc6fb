"""What is known of a checkpoint once its layout is: the files of each of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from s2v_render.engines.wan.weights.files import shards


class Layout(StrEnum):
    """How the parts of a checkpoint are laid out."""

    OFFICIAL = "official"
    DIFFUSERS = "diffusers"
    COMFYUI = "ComfyUI"
    """Folders of single files, or one such file, whatever it is packed as."""


class ModelPart(StrEnum):
    """A network of the model, in words."""

    TRANSFORMER = "transformer"
    TEXT_ENCODER = "text encoder"
    VAE = "video autoencoder"
    SPEECH = "speech model"


@dataclass(frozen=True, slots=True)
class PartFiles:
    """The files of one part.

    Attributes:
        weights: that hold its tensors.
        config: a JSON file that shapes it; None where its weights say enough.
        input: of the speech model: a folder that says how sound is normalised; None for as usual.
    """

    weights: tuple[Path, ...]
    config: Path | None = None
    input: Path | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The files of one checkpoint; all of them are there.

    Attributes:
        place: the folder or the file that was named.
        layout: how it is laid out.
        transformer: predicts velocities.
        text_encoder: the UMT5 encoder.
        tokenizer: its tokenizer: a folder, or a file of the text encoder that holds it too.
        vae: the video autoencoder.
        speech: the wav2vec2 model.
    """

    place: Path
    layout: Layout
    transformer: PartFiles
    text_encoder: PartFiles
    tokenizer: Path
    vae: PartFiles
    speech: PartFiles


def speech_weights(folder: Path) -> tuple[Path, ...]:
    """Return the files that hold the speech model, which looks alike in every layout."""
    pickled = folder / "pytorch_model.bin"
    if pickled.is_file() and not (folder / "model.safetensors").is_file():
        return (pickled,)
    return shards(folder, "model")


def speech_files(folder: Path, processor: Path | None = None) -> PartFiles:
    """Return the files of a speech model's folder; they look alike in every layout."""
    return PartFiles(speech_weights(folder), folder / "config.json", processor or folder)
