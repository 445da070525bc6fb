"""The models of the engine, from a checkpoint on this machine or from random numbers.

Each part can be loaded alone: `parts_of` says where they come from, `load_models` takes them all
and leaves each where the plan wants it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog
import torch
from diffusers import AutoencoderKLWan
from torch import nn
from transformers import (
    PreTrainedTokenizerBase,
    UMT5EncoderModel,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2Model,
)

from s2v_render.engines.wan.memory import PartSizes
from s2v_render.engines.wan.model.config import AUDIO_LAYERS, LATENT_CHANNELS, S2VConfig
from s2v_render.engines.wan.model.speech import SpeechModel
from s2v_render.engines.wan.model.text import load_tokenizer
from s2v_render.engines.wan.model.transformer import S2VTransformer
from s2v_render.engines.wan.model.vae import Vae
from s2v_render.engines.wan.settings import RANDOM, Offload
from s2v_render.engines.wan.weights.blank import (
    TIED_EMBEDDING,
    blank_text_encoder,
    blank_transformer,
    blank_vae,
)
from s2v_render.engines.wan.weights.files import read_json, unusable
from s2v_render.engines.wan.weights.layouts.checkpoint import Checkpoint
from s2v_render.engines.wan.weights.layouts.finding import find_checkpoint
from s2v_render.engines.wan.weights.lora import Lora, merge_lora
from s2v_render.engines.wan.weights.offload import stream_weights
from s2v_render.engines.wan.weights.random import RandomParts, architectures
from s2v_render.engines.wan.weights.reading import (
    StoredTensor,
    fill,
    parameter_count,
    stored_tensors,
)

_log = structlog.get_logger()
_HOST = torch.device("cpu")
_Network = TypeVar("_Network", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class WanModels:
    """Everything that makes a film.

    Attributes:
        transformer: predicts velocities.
        text_encoder: turns tokens into rows.
        tokenizer: turns prompts into tokens.
        vae: pixels to latents and back, in fp32.
        speech: sound to features, in fp32.
        origin: where the weights come from, in words; to be told with every film.
    """

    transformer: S2VTransformer
    text_encoder: UMT5EncoderModel
    tokenizer: PreTrainedTokenizerBase
    vae: Vae
    speech: SpeechModel
    origin: str


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


def parts_of(source: str, *, seed: int = 0, draw_on: torch.device = _HOST) -> Parts:
    """Return the parts that a source names.

    Args:
        source: a folder, "random:14B" or "random:tiny".
        seed: of random weights.
        draw_on: device that draws random weights.

    Raises:
        NotReady: there is no such source, or a file of it is missing.
    """
    if not source.startswith(RANDOM):
        return CheckpointParts(find_checkpoint(Path(source)))
    name, known = source.removeprefix(RANDOM), architectures()
    if name not in known:
        raise unusable(f"There is no {source}; use {' or '.join(RANDOM + each for each in known)}.")
    return RandomParts(known[name], name=name, seed=seed, draw_on=draw_on)


def load_models(
    source: str,
    *,
    device: torch.device,
    dtype: torch.dtype,
    offload: Offload = Offload.NONE,
    loras: Sequence[Lora] = (),
    seed: int = 0,
) -> WanModels:
    """Return all models, ready to run on a device.

    Args:
        source: a folder, "random:14B" or "random:tiny".
        device: where they compute.
        dtype: of the transformer's and the text encoder's weights.
        offload: which weights stay on the host and visit the device layer by layer.
        loras: changes to the transformer, in this order.
        seed: of random weights.

    Raises:
        NotReady: a file is missing, damaged or does not fit; the message names it.
        torch.OutOfMemoryError: the device is too small.
    """
    parts = parts_of(source, seed=seed, draw_on=device)
    transformer_home = _HOST if offload.streams_transformer else device
    home = _HOST if offload.streams_encoders else device
    transformer = _timed("transformer", lambda: parts.transformer(transformer_home, dtype))
    for lora in loras:
        _log.info("merged", lora=str(lora.file), layers=merge_lora(transformer, lora))
    text_encoder = _timed("text encoder", lambda: parts.text_encoder(home, dtype))
    vae = Vae(parts.vae(home), device=device)
    speech = parts.speech(home)
    _stream(device, transformer_home, transformer)
    _stream(device, home, text_encoder, vae.network, speech.network)
    changed = "".join(f", changed by {lora.file.name}" for lora in loras)
    origin = parts.origin + changed
    return WanModels(transformer, text_encoder, parts.tokenizer(), vae, speech, origin)


def _stream(device: torch.device, home: torch.device, *networks: nn.Module) -> None:
    if home != device:
        for network in networks:
            stream_weights(network, device)


def _timed(part: str, load: Callable[[], _Network]) -> _Network:
    begun = time.monotonic()
    network = load()
    _log.info(
        "loaded",
        part=part,
        tensors=len(network.state_dict()),
        parameters=parameter_count(network),
        seconds=round(time.monotonic() - begun, 1),
    )
    return network


class CheckpointParts:
    """The parts of a checkpoint on this machine."""

    def __init__(self, files: Checkpoint) -> None:
        self.config = files.transformer_config()
        self.origin = f"{files.folder} ({files.layout} layout)"
        self._files = files

    def sizes(self) -> PartSizes:
        """Return how large the parts are, without reading their weights."""
        files = self._files
        text = _stored(files.text_encoder, files.names.text_encoder, device=_HOST)
        vae = _stored(files.vae, files.names.vae, device=_HOST)
        entry, table = vae.get("encoder.conv_in.weight"), text.get("shared.weight")
        return PartSizes(
            transformer=_numbers(stored_tensors(files.transformer, device=_HOST)),
            text_encoder=_numbers(text),
            vae=_numbers(vae),
            speech=_numbers(stored_tensors(files.speech_weights, device=_HOST)),
            embedding=math.prod(table.shape) if table else 0,
            vae_width=entry.shape[0] if entry else 0,
        )

    def transformer(self, device: torch.device, dtype: torch.dtype) -> S2VTransformer:
        """Return the transformer; its weights may have official or diffusers-style names."""
        files = self._files
        found = _stored(files.transformer, files.names.transformer, device=device)
        network = blank_transformer(self.config)
        fill(network, found, part="transformer", device=device, dtype=dtype)
        return network

    def text_encoder(self, device: torch.device, dtype: torch.dtype) -> UMT5EncoderModel:
        """Return the text encoder; its sizes are read off its weights."""
        files = self._files
        found = _stored(files.text_encoder, files.names.text_encoder, device=device)
        network = self._blank("text encoder", found, blank_text_encoder)
        found[TIED_EMBEDDING] = found["shared.weight"]
        fill(network, found, part="text encoder", device=device, dtype=dtype)
        if network.config.d_model != self.config.text_dim:
            raise unusable(
                f"{files.text_encoder[0]} makes rows of {network.config.d_model} numbers, "
                f"but the transformer reads {self.config.text_dim}. It is another model's file."
            )
        return network

    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Return the tokenizer."""
        try:
            return load_tokenizer(self._files.tokenizer)
        except (OSError, ValueError, KeyError) as error:
            raise unusable(f"{self._files.tokenizer} holds no usable tokenizer: {error}") from None

    def vae(self, device: torch.device) -> AutoencoderKLWan:
        """Return the video autoencoder, in fp32."""
        files = self._files
        found = _stored(files.vae, files.names.vae, device=device)
        config = None if files.vae_config is None else read_json(files.vae_config)
        network = self._blank("video autoencoder", found, lambda known: blank_vae(known, config))
        fill(network, found, part="video autoencoder", device=device, dtype=torch.float32)
        if network.config.z_dim != LATENT_CHANNELS:
            raise unusable(
                f"{files.vae[0]} makes latents of {network.config.z_dim} channels, but "
                f"Wan 2.1's have {LATENT_CHANNELS}. It is another model's file."
            )
        return network

    def speech(self, device: torch.device) -> SpeechModel:
        """Return the speech model, in fp32; the head that writes text is left out."""
        files = self._files
        model = load_speech(
            files.speech, files.speech_weights, input_folder=files.speech_input, device=device
        )
        config = model.network.config
        found = (config.num_hidden_layers, config.hidden_size)
        if found != (AUDIO_LAYERS - 1, self.config.audio_dim):
            raise unusable(
                f"{files.speech} holds {found[0]} layers of width {found[1]}, but the transformer "
                f"listens to {AUDIO_LAYERS - 1} of width {self.config.audio_dim}. It is another "
                "model's folder."
            )
        return model

    def _blank(
        self,
        part: str,
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
    folder: Path, weights: Sequence[Path], *, input_folder: Path, device: torch.device
) -> SpeechModel:
    """Return a wav2vec2 model, in fp32, without the head that writes text.

    Args:
        folder: that holds its configuration.
        weights: files.
        input_folder: that says how its input is normalised.
        device: where to.

    Raises:
        NotReady: a file is missing, damaged or does not fit.
    """
    config = Wav2Vec2Config.from_dict(read_json(folder / "config.json"))
    with torch.device("meta"):
        network = Wav2Vec2Model(config)
    stored = stored_tensors(weights, device=device)
    found = {
        _speech_name(key): tensor
        for key, tensor in stored.items()
        if not key.startswith("lm_head.")
    }
    fill(network, found, part="speech model", device=device, dtype=torch.float32)
    normalising = read_json(input_folder / "preprocessor_config.json")
    return SpeechModel(network, Wav2Vec2FeatureExtractor.from_dict(normalising))


def _numbers(stored: Mapping[str, StoredTensor]) -> int:
    return sum(math.prod(tensor.shape) for tensor in stored.values())


def _stored(
    files: Sequence[Path], rename: Callable[[str], str], *, device: torch.device
) -> dict[str, StoredTensor]:
    """Return the tensors of files by the names that the network has for them; none is read."""
    stored = stored_tensors(files, device=device)
    return {rename(key): tensor for key, tensor in stored.items()}


def _speech_name(key: str) -> str:
    """Return the name in `Wav2Vec2Model`; older files name the halves of a normed weight so."""
    bare = key.removeprefix("wav2vec2.")
    for old, new in (("conv.weight_g", "original0"), ("conv.weight_v", "original1")):
        if bare.endswith(old):
            return bare.removesuffix(old) + f"conv.parametrizations.weight.{new}"
    return bare
