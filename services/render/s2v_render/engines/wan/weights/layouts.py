"""Where a checkpoint on this machine keeps its parts: which layout a folder has, file by file.

Two layouts exist: the official one (`Wan-AI/Wan2.2-S2V-14B`) and the one that diffusers taught
(`FastVideo/Wan2.2-S2V-14B-Diffusers`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from s2v.core.errors import NotReady, Reason
from s2v_render.engines.wan.model.config import S2VConfig, read_config


class Layout(StrEnum):
    """How the parts of a checkpoint are laid out, and what its weights are called."""

    OFFICIAL = "official"
    DIFFUSERS = "diffusers"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The files of one checkpoint; all of them are there.

    Attributes:
        folder: that holds everything.
        layout: how.
        config: what shapes the transformer, a JSON file.
        transformer: its weights.
        text_encoder: weights of the UMT5 encoder.
        tokenizer: folder of its tokenizer.
        vae: weights of the video autoencoder.
        vae_config: what shapes it, a JSON file; None where its weights say enough.
        speech: folder of the wav2vec2 model's configuration.
        speech_weights: its weights.
        speech_input: folder that says how its input is normalised.
    """

    folder: Path
    layout: Layout
    config: Path
    transformer: tuple[Path, ...]
    text_encoder: tuple[Path, ...]
    tokenizer: Path
    vae: tuple[Path, ...]
    vae_config: Path | None
    speech: Path
    speech_weights: tuple[Path, ...]
    speech_input: Path

    def transformer_config(self) -> S2VConfig:
        """Return what shapes the transformer.

        Raises:
            NotReady: the file is damaged or describes another kind of model.
        """
        try:
            return read_config(read_json(self.config))
        except (ValueError, TypeError) as error:
            raise unusable(f"{self.config}: {error}") from None


def unusable(message: str) -> NotReady:
    """Return the error of a checkpoint or a LoRA that cannot be used as it is."""
    return NotReady(Reason.CHECKPOINT_UNUSABLE, message)


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
        return _diffusers(folder)
    if (folder / "config.json").is_file():
        return _official(folder)
    raise unusable(
        f"{folder} is no checkpoint: it has neither model_index.json (diffusers layout) nor "
        "config.json (official layout)."
    )


def read_json(file: Path) -> dict[str, Any]:
    """Return what a JSON file holds.

    Raises:
        NotReady: it is missing, damaged, or no object.
    """
    _file(file)
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise unusable(f"{file} is damaged: {error}. Fetch it again.") from None
    if not isinstance(values, dict):
        raise unusable(f"{file} holds no JSON object. Fetch it again.")
    return values


def _official(folder: Path) -> Checkpoint:
    speech = _folder(folder / "wav2vec2-large-xlsr-53-english")
    return Checkpoint(
        folder=folder,
        layout=Layout.OFFICIAL,
        config=folder / "config.json",
        transformer=_shards(folder, "diffusion_pytorch_model"),
        text_encoder=(_file(folder / "models_t5_umt5-xxl-enc-bf16.pth"),),
        tokenizer=_folder(folder / "google/umt5-xxl"),
        vae=(_file(folder / "Wan2.1_VAE.pth"),),
        vae_config=None,
        speech=speech,
        speech_weights=_speech_weights(speech),
        speech_input=speech,
    )


def _diffusers(folder: Path) -> Checkpoint:
    speech = _folder(folder / "audio_encoder")
    processor = folder / "audio_processor"
    return Checkpoint(
        folder=folder,
        layout=Layout.DIFFUSERS,
        config=_file(folder / "transformer/config.json"),
        transformer=_shards(_folder(folder / "transformer"), "diffusion_pytorch_model"),
        text_encoder=_shards(_folder(folder / "text_encoder"), "model"),
        tokenizer=_folder(folder / "tokenizer"),
        vae=_shards(_folder(folder / "vae"), "diffusion_pytorch_model"),
        vae_config=_file(folder / "vae/config.json"),
        speech=speech,
        speech_weights=_speech_weights(speech),
        speech_input=processor if processor.is_dir() else speech,
    )


def _speech_weights(folder: Path) -> tuple[Path, ...]:
    pickled = folder / "pytorch_model.bin"
    if pickled.is_file() and not (folder / "model.safetensors").is_file():
        return (pickled,)
    return _shards(folder, "model")


def _shards(folder: Path, stem: str) -> tuple[Path, ...]:
    """Return the files that hold a part's weights: those that its index names, or the only one."""
    index = folder / f"{stem}.safetensors.index.json"
    if not index.is_file():
        return (_file(folder / f"{stem}.safetensors"),)
    names = read_json(index).get("weight_map")
    if not isinstance(names, dict) or not names:
        raise unusable(f"{index} names no files. Fetch it again.")
    return tuple(_file(folder / name) for name in sorted(set(names.values())))


def _file(path: Path) -> Path:
    if not path.is_file():
        raise unusable(f"The checkpoint lacks the file {path}. Fetch it.")
    return path


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise unusable(f"The checkpoint lacks the folder {path}. Fetch it.")
    return path
