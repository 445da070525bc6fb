"""The models of the engine, from a checkpoint on this machine or from random numbers.

`load_models` takes all parts and leaves each where the plan wants it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import structlog
import torch
from torch import nn

from s2v_render.engines.wan.model.speech import SpeechModel
from s2v_render.engines.wan.model.transformer import S2VTransformer
from s2v_render.engines.wan.model.vae import Vae
from s2v_render.engines.wan.ops.kernels import Kernels, fastest_kernels, use
from s2v_render.engines.wan.settings import Offload
from s2v_render.engines.wan.weights.fast import (
    ensure_fp8,
    ensure_fp8_attention,
    fastest_vae,
    round_to_fp8,
)
from s2v_render.engines.wan.weights.importing import import_libraries, importing
from s2v_render.engines.wan.weights.layouts.finding import (
    NOTHING_GIVEN,
    GivenParts,
)
from s2v_render.engines.wan.weights.lora import Lora, merge_lora
from s2v_render.engines.wan.weights.offload import stream_weights
from s2v_render.engines.wan.weights.parts import Parts, parts_of
from s2v_render.engines.wan.weights.reading import parameter_count

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, UMT5EncoderModel

_log = structlog.get_logger()
_HOST = torch.device("cpu")
_LOADING_ROOM = 1.1
_Network = TypeVar("_Network", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class WanModels:
    """Everything that makes a film.

    Attributes:
        transformer: predicts velocities.
        text_encoder: turns tokens into rows.
        tokenizer: turns prompts into tokens.
        vae: pixels to latents and back, in bf16 where it is on CUDA.
        speech: sound to features, in fp32.
        origin: where the weights come from, in words; to be told with every film.
        computing: what the transformer computes with, in words.
    """

    transformer: S2VTransformer
    text_encoder: UMT5EncoderModel
    tokenizer: PreTrainedTokenizerBase
    vae: Vae
    speech: SpeechModel
    origin: str
    computing: str


def load_models(
    source: str,
    *,
    device: torch.device,
    dtype: torch.dtype,
    given: GivenParts = NOTHING_GIVEN,
    offload: Offload = Offload.NONE,
    loras: Sequence[Lora] = (),
    fp8: bool = False,
    fp8_attention: bool = False,
    seed: int = 0,
) -> WanModels:
    """Return all models, ready to run on a device.

    Args:
        source: a folder, the transformer's file, "random:14B" or "random:tiny".
        device: where they compute.
        dtype: of the transformer's and the text encoder's weights.
        given: parts that lie elsewhere.
        offload: which weights stay on the host and visit the device layer by layer.
        loras: changes to the transformer, in this order.
        fp8: whether the matrices of the transformer's blocks are rounded to fp8.
        fp8_attention: whether all tokens attend to all in fp8.
        seed: of random weights.

    Raises:
        NotReady: a file is missing, damaged or does not fit; the message names it. Or the device
            cannot do fp8.
        torch.OutOfMemoryError: the device is too small.
    """
    if fp8:
        ensure_fp8(device)
    parts = parts_of(source, given=given, seed=seed, draw_on=device)
    head_dim = parts.config.head_dim
    if fp8_attention:
        ensure_fp8_attention(device, head_dim)
    transformer_home = _HOST if offload.streams_transformer else device
    home = _HOST if offload.streams_encoders else device
    # On a device that holds it in fp8 only it is not loaded whole.
    loaded_on = _HOST if fp8 and not _holds(device, parts, dtype) else transformer_home

    def choose() -> Kernels:
        with importing():
            return fastest_kernels(device, dtype, head_dim, fp8_attention=fp8_attention)

    with ThreadPoolExecutor(1, "imports") as thread:
        # All beside the reading of weights; what all other parts wait for comes first.
        imported, chosen = thread.submit(import_libraries), thread.submit(choose)
        transformer = _timed("transformer", lambda: parts.transformer(loaded_on, dtype))
        for lora in loras:
            _log.info("merged", lora=str(lora.file), layers=merge_lora(transformer, lora))
        if fp8:
            _log.info("rounded to fp8", layers=round_to_fp8(transformer, device))
            transformer.to(transformer_home)
        imported.result()
        text_encoder = _timed("text encoder", lambda: parts.text_encoder(home, dtype))
        vae = fastest_vae(parts.vae(home), device)
        speech = parts.speech(home)
        tokenizer = parts.tokenizer()
    kernels = chosen.result()
    _log.info("computing", device=str(device), kernels=str(kernels), fp8=fp8)
    use(kernels, transformer)
    _stream(device, transformer_home, transformer)
    _stream(device, home, text_encoder, vae.network, speech.network)
    changed = "".join(f", changed by {lora.file.name}" for lora in loras)
    origin = parts.origin + changed
    facts = f"{'fp8 and ' * fp8}{kernels}"
    return WanModels(transformer, text_encoder, tokenizer, vae, speech, origin, facts)


def _holds(device: torch.device, parts: Parts, dtype: torch.dtype) -> bool:
    """Return whether a CUDA device has room for the transformer in this dtype."""
    free, _ = torch.cuda.mem_get_info(device)
    return bool(free > parts.sizes().transformer * dtype.itemsize * _LOADING_ROOM)


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
