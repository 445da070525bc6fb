"""Models without a checkpoint: the whole architecture with seeded random weights.

They show nothing a person would want to see; they take the time and the memory that real ones take.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from diffusers import AutoencoderKLWan
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from torch import Tensor, nn
from transformers import (
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
    UMT5Config,
    UMT5EncoderModel,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2Model,
)

from s2v_render.engines.wan.memory import PartSizes
from s2v_render.engines.wan.model.config import AUDIO_LAYERS, S2VConfig
from s2v_render.engines.wan.model.speech import SAMPLE_RATE, SpeechModel
from s2v_render.engines.wan.model.text import MAX_TOKENS, umt5_config, umt5_xxl
from s2v_render.engines.wan.model.transformer import S2VTransformer
from s2v_render.engines.wan.ops.kernels import plain_kernels, use
from s2v_render.engines.wan.settings import RANDOM
from s2v_render.engines.wan.weights.blank import blank_transformer
from s2v_render.engines.wan.weights.pausing import worked
from s2v_render.engines.wan.weights.reading import parameter_count

_AVERAGING_WEIGHT = 0.01
"""What the layers of the speech model are averaged by before training; their sum divides."""
_BIAS_SPREAD = 0.02
_PADDING, _END, _UNKNOWN = "<pad>", "</s>", "<unk>"
_Network = TypeVar("_Network", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class Architecture:
    """What shapes every part; `vae_width` is the autoencoder's base width."""

    transformer: S2VConfig
    text: UMT5Config
    speech: Wav2Vec2Config
    vae_width: int


def architectures() -> dict[str, Architecture]:
    """Return the architectures that random weights are made for, by name."""
    return {
        "14B": Architecture(S2VConfig(), umt5_xxl(), _speech_config(width=1024), vae_width=96),
        "tiny": Architecture(
            S2VConfig(
                dim=48,
                ffn_dim=112,
                num_heads=2,
                num_layers=4,
                freq_dim=64,
                text_dim=48,
                audio_dim=32,
                audio_inject_layers=(0, 2, 3),
            ),
            umt5_config(vocab=320, dim=48, dim_attn=48, dim_ffn=64, num_heads=4, num_layers=3),
            _speech_config(width=32),
            vae_width=4,
        ),
    }


class RandomParts:
    """The parts of a model whose weights are drawn anew from a seed.

    Weights are drawn on the device, so that equal seeds give equal weights on devices of one kind.
    """

    def __init__(
        self, architecture: Architecture, *, name: str, seed: int, draw_on: torch.device
    ) -> None:
        self.config = architecture.transformer
        self.origin = f"random weights ({RANDOM}{name}, seed {seed}): no meaning"
        self._architecture = architecture
        self._seed = seed
        self._draw_on = draw_on

    def sizes(self) -> PartSizes:
        """Return how large the parts are, without drawing their weights."""
        made = self._architecture
        return PartSizes(
            transformer=parameter_count(blank_transformer(self.config)),
            text_encoder=parameter_count(self._blank_text_encoder()),
            vae=parameter_count(self._blank_vae()),
            speech=parameter_count(self._blank_speech()),
            embedding=made.text.vocab_size * made.text.d_model,
            vae_width=made.vae_width,
        )

    def transformer(self, device: torch.device, dtype: torch.dtype) -> S2VTransformer:
        """Return the transformer."""
        network = self._drawn(blank_transformer(self.config), device, dtype)
        use(plain_kernels(dtype), network)
        return network

    def text_encoder(self, device: torch.device, dtype: torch.dtype) -> UMT5EncoderModel:
        """Return the text encoder."""
        return self._drawn(self._blank_text_encoder(), device, dtype)

    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Return a tokenizer that knows bytes and no words."""
        return byte_tokenizer()

    def vae(self, device: torch.device) -> AutoencoderKLWan:
        """Return the video autoencoder, in fp32."""
        return self._drawn(self._blank_vae(), device, torch.float32)

    def speech(self, device: torch.device) -> SpeechModel:
        """Return the speech model, in fp32."""
        network = self._drawn(self._blank_speech(), device, torch.float32)
        return SpeechModel(network, speech_input())

    def _blank_text_encoder(self) -> UMT5EncoderModel:
        with torch.device("meta"):
            network = UMT5EncoderModel(self._architecture.text)
        network.encoder.embed_tokens = network.shared
        return network

    def _blank_vae(self) -> AutoencoderKLWan:
        with torch.device("meta"):
            return AutoencoderKLWan(base_dim=self._architecture.vae_width)

    def _blank_speech(self) -> Wav2Vec2Model:
        with torch.device("meta"):
            return Wav2Vec2Model(self._architecture.speech)

    def _drawn(self, network: _Network, device: torch.device, dtype: torch.dtype) -> _Network:
        generator = torch.Generator(self._draw_on).manual_seed(self._seed)
        weights: dict[str, Tensor] = {}
        for name, blank in network.state_dict().items():
            shape = torch.empty(blank.shape, dtype=dtype, device=self._draw_on)
            weights[name] = draw(name, shape, generator).to(device)
            worked(weights[name].nbytes)
        network.load_state_dict(weights, strict=True, assign=True)
        return network.eval().requires_grad_(False)


def draw(name: str, weight: Tensor, generator: torch.Generator) -> Tensor:
    """Fill a weight with numbers that keep what flows through it of about unit size.

    Matrices and convolutions are normal with variance 1 / inputs, norms scale by one, biases are
    small: every branch then adds little to a residual stream, whatever the depth.
    """
    *_, owner, kind = ("", *name.split("."))
    if name.endswith("casual_audio_encoder.weights"):
        return weight.fill_(_AVERAGING_WEIGHT)
    if kind == "bias":
        return weight.normal_(std=_BIAS_SPREAD, generator=generator)
    if kind in ("gamma", "original0") or "norm" in owner:
        return weight.fill_(1)
    inputs = weight.shape[-1] if kind == "modulation" else weight[0].numel()
    return weight.normal_(std=inputs**-0.5, generator=generator)


def byte_tokenizer() -> PreTrainedTokenizerBase:
    """Return a tokenizer of 259 tokens: padding, the end mark, the unknown, and every byte."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = (_PADDING, _END, _UNKNOWN, *alphabet)
    tokenizer = Tokenizer(
        models.BPE({piece: place for place, piece in enumerate(pieces)}, [], unk_token=_UNKNOWN)
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        "$A </s>", special_tokens=[("</s>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=_PADDING,
        eos_token=_END,
        unk_token=_UNKNOWN,
        model_max_length=MAX_TOKENS,
    )


def speech_input() -> Wav2Vec2FeatureExtractor:
    """Return how sound is normalised for the speech model: zero mean, unit variance."""
    return Wav2Vec2FeatureExtractor(
        feature_size=1,
        sampling_rate=SAMPLE_RATE,
        padding_value=0.0,
        do_normalize=True,
        return_attention_mask=True,
    )


def _speech_config(*, width: int) -> Wav2Vec2Config:
    """Return wav2vec2-large-xlsr-53's configuration, or a narrow one of equal depth."""
    full = width == 1024
    sizes: dict[str, Any] = {
        "hidden_size": width,
        "intermediate_size": 4096 if full else 24,
        "num_attention_heads": 16 if full else 4,
        "conv_dim": (512,) * 7 if full else (12,) * 7,
        "num_conv_pos_embeddings": 128 if full else 32,
        "num_conv_pos_embedding_groups": 16 if full else 4,
    }
    return Wav2Vec2Config(
        **sizes,
        num_hidden_layers=AUDIO_LAYERS - 1,
        conv_bias=True,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        vocab_size=33,
    )
