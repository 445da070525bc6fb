"""The parts of a model, each made when it is asked for, from files on this machine."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch

from s2v_render.engines.wan.memory import PartSizes
from s2v_render.engines.wan.model.config import (
    AUDIO_LAYERS,
    LATENT_CHANNELS,
    S2VConfig,
    config_of,
    read_config,
)
from s2v_render.engines.wan.model.speech import SpeechModel
from s2v_render.engines.wan.model.transformer import S2VTransformer
from s2v_render.engines.wan.ops.kernels import plain_kernels, use
from s2v_render.engines.wan.settings import RANDOM
from s2v_render.engines.wan.weights.blank import (
    TIED_EMBEDDING,
    blank_speech,
    blank_text_encoder,
    blank_transformer,
    blank_vae,
)
from s2v_render.engines.wan.weights.files import read_json, unusable
from s2v_render.engines.wan.weights.layouts.checkpoint import Checkpoint, ModelPart, PartFiles
from s2v_render.engines.wan.weights.layouts.finding import (
    NOTHING_GIVEN,
    GivenParts,
    find_checkpoint,
)
from s2v_render.engines.wan.weights.layouts.recognising import NAMES, described, holds_some_of
from s2v_render.engines.wan.weights.reading import fill, stored_tensors
from s2v_render.engines.wan.weights.scaling import unscaled
from s2v_render.engines.wan.weights.stored import StoredTensor

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan
    from transformers import PreTrainedTokenizerBase, UMT5EncoderModel

_HOST = torch.device("cpu")


class Parts(Protocol):
    """Where the parts of a model come from; each is made when it is asked for."""

    config: S2VConfig
    origin: str

    def sizes(self) -> PartSizes:
        """Return how large the parts are, without reading their weights."""

    def transformer(self, device: torch.device, dtype: torch.dtype) -> S2VTransformer:
        """Return the transformer, ready to run."""

    def text_encoder(self, device: torch.device, dtype: torch.dtype) -> UMT5EncoderModel:
        """Return the text encoder, ready to run."""

    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Return the text encoder's tokenizer."""

    def vae(self, device: torch.device) -> AutoencoderKLWan:
        """Return the video autoencoder, in fp32."""

    def speech(self, device: torch.device) -> SpeechModel:
        """Return the speech model, in fp32."""


def parts_of(
    source: str,
    *,
    given: GivenParts = NOTHING_GIVEN,
    seed: int = 0,
    draw_on: torch.device = _HOST,
) -> Parts:
    """Return the parts that a source names.

    Args:
        source: a folder, the transformer's file, "random:14B" or "random:tiny".
        given: parts that lie elsewhere.
        seed: of random weights.
        draw_on: device that draws random weights.

    Raises:
        NotReady: there is no such source, or a file of it is missing.
    """
    if not source.startswith(RANDOM):
        return CheckpointParts(find_checkpoint(Path(source), given))
    from s2v_render.engines.wan.weights.random import RandomParts, architectures

    name, known = source.removeprefix(RANDOM), architectures()
    if name not in known:
        raise unusable(f"There is no {source}; use {' or '.join(RANDOM + each for each in known)}.")
    return RandomParts(known[name], name=name, seed=seed, draw_on=draw_on)


class CheckpointParts:
    """The parts of a checkpoint on this machine."""

    def __init__(self, files: Checkpoint) -> None:
        self.origin = f"{files.place} ({files.layout} layout)"
        self._files = files
        self.config = self._transformer_config()

    def sizes(self) -> PartSizes:
        """Return how large the parts are, without reading their weights."""
        text, vae = self._stored(ModelPart.TEXT_ENCODER), self._stored(ModelPart.VAE)
        entry, table = vae.get("encoder.conv_in.weight"), text.get("shared.weight")
        return PartSizes(
            transformer=_numbers(self._stored(ModelPart.TRANSFORMER)),
            text_encoder=_numbers(text),
            vae=_numbers(vae),
            speech=_numbers(self._stored(ModelPart.SPEECH)),
            embedding=math.prod(table.shape) if table else 0,
            vae_width=entry.shape[0] if entry else 0,
        )

    def transformer(self, device: torch.device, dtype: torch.dtype) -> S2VTransformer:
        """Return the transformer."""
        found = self._stored(ModelPart.TRANSFORMER, device)
        network = blank_transformer(self.config)
        fill(network, found, part=ModelPart.TRANSFORMER, device=device, dtype=dtype)
        use(plain_kernels(dtype), network)
        return network

    def text_encoder(self, device: torch.device, dtype: torch.dtype) -> UMT5EncoderModel:
        """Return the text encoder; its sizes are read off its weights."""
        found = self._stored(ModelPart.TEXT_ENCODER, device)
        network = self._blank(ModelPart.TEXT_ENCODER, found, blank_text_encoder)
        found[TIED_EMBEDDING] = found["shared.weight"]
        fill(network, found, part=ModelPart.TEXT_ENCODER, device=device, dtype=dtype)
        if network.config.d_model != self.config.text_dim:
            raise unusable(
                f"{self._files.text_encoder.weights[0]} makes rows of {network.config.d_model} "
                f"numbers, but the transformer reads {self.config.text_dim}. It is another "
                "model's file."
            )
        return network

    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Return the tokenizer."""
        from s2v_render.engines.wan.weights.tokenizing import load_tokenizer

        try:
            return load_tokenizer(self._files.tokenizer)
        except (OSError, ValueError, KeyError) as error:
            raise unusable(f"{self._files.tokenizer} holds no usable tokenizer: {error}") from None

    def vae(self, device: torch.device) -> AutoencoderKLWan:
        """Return the video autoencoder, in fp32."""
        files = self._files.vae
        found = self._stored(ModelPart.VAE, device)
        config = None if files.config is None else read_json(files.config)
        network = self._blank(ModelPart.VAE, found, lambda known: blank_vae(known, config))
        fill(network, found, part=ModelPart.VAE, device=device, dtype=torch.float32)
        if network.config.z_dim != LATENT_CHANNELS:
            raise unusable(
                f"{files.weights[0]} makes latents of {network.config.z_dim} channels, but "
                f"Wan 2.1's have {LATENT_CHANNELS}. It is another model's file."
            )
        return network

    def speech(self, device: torch.device) -> SpeechModel:
        """Return the speech model, in fp32; the head that writes text is left out."""
        files = self._files.speech
        folder = files.config.parent if files.config else None
        model = load_speech(folder, files.weights, input_folder=files.input, device=device)
        config = model.network.config
        found = (config.num_hidden_layers, config.hidden_size)
        if found != (AUDIO_LAYERS - 1, self.config.audio_dim):
            raise unusable(
                f"{folder or files.weights[0]} holds {found[0]} layers of width {found[1]}, but "
                f"the transformer listens to {AUDIO_LAYERS - 1} of width {self.config.audio_dim}. "
                "It is another model's."
            )
        return model

    def _transformer_config(self) -> S2VConfig:
        """Return what shapes the transformer: told beside its weights, or read off them."""
        files = self._files.transformer
        try:
            if files.config is not None:
                return read_config(read_json(files.config))
            shapes = {
                name: each.shape for name, each in self._stored(ModelPart.TRANSFORMER).items()
            }
            return config_of(shapes)
        except (ValueError, TypeError, KeyError) as error:
            raise unusable(f"{files.config or files.weights[0]}: {error}") from None

    def _stored(self, part: ModelPart, device: torch.device = _HOST) -> dict[str, StoredTensor]:
        """Return the tensors of a part by the names that its network has for them."""
        files: PartFiles = getattr(self._files, part.name.lower())
        return _stored(files.weights, part, device=device)

    def _blank(
        self,
        part: ModelPart,
        found: Mapping[str, StoredTensor],
        build: Callable[[Mapping[str, Sequence[int]]], Any],
    ) -> Any:
        """Return the network that weights of these shapes belong to."""
        try:
            return build({name: stored.shape for name, stored in found.items()})
        except (KeyError, IndexError, ValueError) as error:
            files = ", ".join(sorted({str(stored.file) for stored in found.values()}))
            raise unusable(f"{files} hold no {part}: they lack {error}.") from None


def load_speech(
    folder: Path | None, weights: Sequence[Path], *, input_folder: Path | None, device: torch.device
) -> SpeechModel:
    """Return a wav2vec2 model, in fp32, without the head that writes text.

    Args:
        folder: that holds its configuration; None reads it off the weights.
        weights: files.
        input_folder: that says how its input is normalised; None normalises it.
        device: where to.

    Raises:
        NotReady: a file is missing, damaged or does not fit.
    """
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model

    found = {
        name: tensor
        for name, tensor in _stored(weights, ModelPart.SPEECH, device=device).items()
        if not name.startswith("lm_head.")
    }
    if folder is None:
        network = blank_speech({name: tensor.shape for name, tensor in found.items()})
    else:
        config = Wav2Vec2Config.from_dict(read_json(folder / "config.json"))
        with torch.device("meta"):
            network = Wav2Vec2Model(config)
    fill(network, found, part=ModelPart.SPEECH, device=device, dtype=torch.float32)
    if input_folder is None:
        from s2v_render.engines.wan.weights.random import speech_input

        return SpeechModel(network, speech_input())
    normalising = read_json(input_folder / "preprocessor_config.json")
    return SpeechModel(network, Wav2Vec2FeatureExtractor.from_dict(normalising))


def _numbers(stored: Mapping[str, StoredTensor]) -> int:
    return sum(math.prod(tensor.shape) for tensor in stored.values())


def _stored(
    files: Sequence[Path], part: ModelPart, *, device: torch.device
) -> dict[str, StoredTensor]:
    """Return the tensors of a part by the names that its network has for them; none is read.

    Raises:
        NotReady: a file is damaged, or they hold something else.
    """
    stored = unscaled(stored_tensors(files, device=device))
    if not holds_some_of(part, stored):
        named = ", ".join(map(str, files))
        raise unusable(f"{named} hold {described(stored)}, not the {part} of Wan2.2-S2V.")
    return {NAMES[part](key): tensor for key, tensor in stored.items()}
