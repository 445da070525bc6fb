"""What is known of a checkpoint once its layout is: every file, and how its names are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from s2v_render.engines.wan.model.config import S2VConfig, read_config
from s2v_render.engines.wan.weights.files import read_json, shards, unusable


class Layout(StrEnum):
    """How the parts of a checkpoint are laid out, and what its weights are called."""

    OFFICIAL = "official"
    DIFFUSERS = "diffusers"


@dataclass(frozen=True, slots=True)
class WeightNames:
    """What each network calls a weight that the files call so."""

    transformer: Callable[[str], str]
    text_encoder: Callable[[str], str]
    vae: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The files of one checkpoint; all of them are there.

    Attributes:
        folder: that holds everything.
        layout: how.
        names: what the weights are called in the networks.
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
    names: WeightNames
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


def speech_weights(folder: Path) -> tuple[Path, ...]:
    """Return the files that hold the speech model, which looks alike in every layout."""
    pickled = folder / "pytorch_model.bin"
    if pickled.is_file() and not (folder / "model.safetensors").is_file():
        return (pickled,)
    return shards(folder, "model")
