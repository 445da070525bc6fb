"""The parts that the S2V transformer is made of; names of weights are those of the checkpoint.

Shape suffixes: B batch, S tokens of a whole sequence, L tokens of any, D width of a token, N heads,
H width of a head, G the two segments of a sequence (what is denoised; what it is conditioned on),
C channels, T latent frames, Y rows, X columns, K audio tokens of a frame.
Source: reference facts of the official modules `wan/modules/s2v`, proved by the parity fixtures.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers.models.attention_dispatch import dispatch_attention_fn
from diffusers.models.normalization import AdaLayerNorm, FP32LayerNorm
from torch import Tensor, nn

from s2v_render.engines.wan.model.config import LATENT_CHANNELS, PATCH, S2VConfig
from s2v_render.engines.wan.model.rope import Rotations, positions, rotate, spread

_PACKED_FRAMES = {"near": 1, "middle": 2, "far": 16}
"""Motion latents that the frame packer takes together, newest first."""
MOTION_LATENTS = sum(_PACKED_FRAMES.values())


@dataclass(frozen=True, slots=True)
class KeyValue:
    """Keys and values that queries attend to, shape [B, L, N, H]."""

    key_BLNH: Tensor
    value_BLNH: Tensor


class Fp32Linear(nn.Linear):
    """A linear layer that computes in fp32, whatever its weights are kept in."""

    def forward(self, x: Tensor) -> Tensor:
        """Return fp32, shape [..., out]."""
        return F.linear(x.float(), self.weight.float(), self.bias.float())


class Fp32Conv1d(nn.Conv1d):
    """A convolution that computes in fp32, whatever its weights are kept in."""

    def forward(self, x: Tensor) -> Tensor:
        """Return fp32, shape [B, out channels, frames]."""
        return F.conv1d(x.float(), self.weight.float(), self.bias.float(), self.stride)


class Attention(nn.Module):
    """Full attention; queries and keys are RMS-normalised over all heads together."""

    def __init__(self, config: S2VConfig) -> None:
        super().__init__()
        dim = config.dim
        self.heads = config.num_heads
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim) for _ in range(4))
        self.norm_q = nn.RMSNorm(dim, config.eps) if config.qk_norm else nn.Identity()
        self.norm_k = nn.RMSNorm(dim, config.eps) if config.qk_norm else nn.Identity()

    def keys_values(self, x_BLD: Tensor) -> KeyValue:
        """Return what queries can attend to in these tokens, in the weights' dtype."""
        x_BLD = x_BLD.to(self.k.weight.dtype)
        return KeyValue(self._split(self.norm_k(self.k(x_BLD))), self._split(self.v(x_BLD)))

    def attend(self, x_BSD: Tensor, to: KeyValue, *, turn: Rotations | None = None) -> Tensor:
        """Return what the tokens gather, shape [B, S, D], in the weights' dtype.

        With `turn` the queries are rotated; keys are given rotated.
        """
        q_BSNH = self._split(self.norm_q(self.q(x_BSD.to(self.q.weight.dtype))))
        if turn is not None:
            q_BSNH = rotate(q_BSNH, turn)
        gathered_BSNH = dispatch_attention_fn(q_BSNH, to.key_BLNH, to.value_BLNH)
        return self.o(gathered_BSNH.flatten(2))

    def attend_self(self, x_BSD: Tensor, turn: Rotations) -> Tensor:
        """Return what the tokens gather from each other, by their positions."""
        x_BSD = x_BSD.to(self.q.weight.dtype)
        own = self.keys_values(x_BSD)
        turned = KeyValue(rotate(own.key_BLNH, turn), own.value_BLNH)
        return self.attend(x_BSD, turned, turn=turn)

    def _split(self, x_BLD: Tensor) -> Tensor:
        return x_BLD.unflatten(-1, (self.heads, -1))


def modulate(x_BSD: Tensor, *, shift_BGD: Tensor, scale_BGD: Tensor, noise_tokens: int) -> Tensor:
    """Scale and shift each segment of the sequence by its own values, in place."""
    for segment, part in enumerate((x_BSD[:, :noise_tokens], x_BSD[:, noise_tokens:])):
        part.mul_(1 + scale_BGD[:, segment, None]).add_(shift_BGD[:, segment, None])
    return x_BSD


def add_gated(x_BSD: Tensor, y_BSD: Tensor, *, gate_BGD: Tensor, noise_tokens: int) -> Tensor:
    """Add `y` times each segment's gate to the residual stream `x`, in place."""
    for segment, part in enumerate((slice(None, noise_tokens), slice(noise_tokens, None))):
        x_BSD[:, part].addcmul_(y_BSD[:, part].to(x_BSD.dtype), gate_BGD[:, segment, None])
    return x_BSD


class Block(nn.Module):
    """Self-attention, text attention and feed-forward, around a residual stream in fp32."""

    def __init__(self, config: S2VConfig) -> None:
        super().__init__()
        dim, eps = config.dim, config.eps
        self.norm1 = FP32LayerNorm(dim, eps, elementwise_affine=False)
        self.self_attn = Attention(config)
        # Before the text attention, though it is called the third.
        self.norm3 = FP32LayerNorm(dim, eps) if config.cross_attn_norm else nn.Identity()
        self.cross_attn = Attention(config)
        self.norm2 = FP32LayerNorm(dim, eps, elementwise_affine=False)
        self.ffn = nn.Sequential(
            nn.Linear(dim, config.ffn_dim), nn.GELU("tanh"), nn.Linear(config.ffn_dim, dim)
        )
        self.modulation = nn.Parameter(torch.zeros(1, 6, dim))

    def forward(
        self,
        x_BSD: Tensor,
        times_BG6D: Tensor,
        *,
        text: KeyValue,
        turn: Rotations,
        noise_tokens: int,
    ) -> Tensor:
        """Return the residual stream after this block; `x` itself is changed.

        Args:
            x_BSD: the residual stream, fp32.
            times_BG6D: what the time step says to each segment, fp32.
            text: keys and values of the text, of this block.
            turn: angles of the sequence's positions.
            noise_tokens: how many tokens at the start are denoised.
        """
        values = (self.modulation.float() + times_BG6D).unbind(2)
        shift1, scale1, gate1, shift2, scale2, gate2 = values
        seen = modulate(
            self.norm1(x_BSD), shift_BGD=shift1, scale_BGD=scale1, noise_tokens=noise_tokens
        )
        gathered = self.self_attn.attend_self(seen, turn)
        x_BSD = add_gated(x_BSD, gathered, gate_BGD=gate1, noise_tokens=noise_tokens)
        x_BSD += self.cross_attn.attend(self.norm3(x_BSD), text)
        seen = modulate(
            self.norm2(x_BSD), shift_BGD=shift2, scale_BGD=scale2, noise_tokens=noise_tokens
        )
        thought = self.ffn(seen.to(self.ffn[0].weight.dtype))
        return add_gated(x_BSD, thought, gate_BGD=gate2, noise_tokens=noise_tokens)


class VelocityHead(nn.Module):
    """From tokens to patches of velocity, in fp32."""

    def __init__(self, config: S2VConfig) -> None:
        super().__init__()
        time, rows, columns = PATCH
        self.norm = FP32LayerNorm(config.dim, config.eps, elementwise_affine=False)
        self.head = Fp32Linear(config.dim, time * rows * columns * config.out_dim)
        self.modulation = nn.Parameter(torch.zeros(1, 2, config.dim))

    def forward(self, x_BLD: Tensor, time_BD: Tensor) -> Tensor:
        """Return patches: fp32, shape [B, L, patch frames * rows * columns * channels]."""
        shift, scale = (self.modulation.float() + time_BD[:, None]).chunk(2, dim=1)
        return self.head(self.norm(x_BLD) * (1 + scale) + shift)


class FramePacker(nn.Module):
    """Packs 19 motion latents into few tokens: the older, the coarser."""

    def __init__(self, config: S2VConfig) -> None:
        super().__init__()
        self.drops = config.framepack_drop_mode == "drop"
        self.head_dim = config.head_dim

        def patches(*size: int) -> nn.Conv3d:
            return nn.Conv3d(LATENT_CHANNELS, config.dim, size, stride=size)

        self.proj, self.proj_2x, self.proj_4x = patches(1, 2, 2), patches(2, 4, 4), patches(4, 8, 8)

    def forward(self, motion_BCTYX: Tensor, *, newest: int = 2) -> Tensor:
        """Return the tokens of near, middle and far motion, shape [B, L, D], in that order.

        Args:
            motion_BCTYX: latents before the window, the newest last; of more than 19 the last 19
                count, fewer stand before nothing.
            newest: 2 shows all of them, 1 hides the newest latent, 0 the newest three.
        """
        buffer = _last_latents(motion_BCTYX.to(self.proj.weight.dtype))
        hidden = sum(list(_PACKED_FRAMES.values())[: 2 - newest])
        if hidden and not self.drops:
            buffer[:, :, -hidden:] = 0
        far, middle, near = buffer.split(list(_PACKED_FRAMES.values())[::-1], dim=2)
        packed = [self.proj(near), self.proj_2x(middle), self.proj_4x(far)]
        return torch.cat([tokens_of(part) for part in self._kept(packed, newest)], dim=1)

    def positions(self, rows: int, columns: int, *, newest: int = 2) -> Tensor:
        """Return where those tokens stand, shape [L, 3]; a picture is `rows` by `columns` tokens.

        All that is packed is as old as its first latent says: frames -1, -3 and -19, -14, -9, -4.
        """
        places = [
            positions([-1], range(rows), range(columns)),
            positions([-3], spread(rows // 2, rows), spread(columns // 2, columns)),
            positions([-19, -14, -9, -4], spread(rows // 4, rows), spread(columns // 4, columns)),
        ]
        return torch.cat(self._kept(places, newest))

    def _kept(self, parts: list[Tensor], newest: int) -> list[Tensor]:
        return parts[2 - newest :] if self.drops else parts


class AudioInjector(nn.Module):
    """Lets each latent frame's tokens attend to that frame's audio tokens."""

    def __init__(self, config: S2VConfig, count: int) -> None:
        super().__init__()
        dim = config.dim
        self.shapes_norm = config.shapes_audio_norm
        self.norm = FP32LayerNorm(dim, 1e-6, elementwise_affine=False)
        self.injector = nn.ModuleList(Attention(config) for _ in range(count))
        if config.enable_adain:
            self.injector_adain_layers = nn.ModuleList(
                AdaLayerNorm(dim, output_dim=2 * dim, chunk_dim=1) for _ in range(count)
            )
        if config.enable_adain and not self.shapes_norm:
            # Such checkpoints hold these weights, though nothing reads them.
            self.injector_adain_output_layers = nn.ModuleList(
                nn.Linear(dim, dim) for _ in range(count)
            )

    def forward(
        self, index: int, x_BLD: Tensor, *, local: KeyValue, global_FD: Tensor | None
    ) -> Tensor:
        """Return what is to be added to the noise tokens, shape [B, L, D].

        Args:
            index: which injector, not which block.
            x_BLD: tokens of B samples of equally many frames, frame by frame.
            local: keys and values of F = B * frames rows of audio tokens.
            global_FD: each frame's global audio token; None where the norm is not shaped by it.
        """
        frames = len(local.key_BLNH)
        x_FLD = x_BLD.reshape(frames, -1, x_BLD.shape[-1])
        if global_FD is None:
            seen = self.norm(x_FLD)
        else:
            shaped = self.injector_adain_layers[index]
            seen = shaped(x_FLD, temb=global_FD.to(shaped.linear.weight.dtype))
        return self.injector[index].attend(seen, local).view_as(x_BLD)


def tokens_of(x_BDTYX: Tensor) -> Tensor:
    """Return a grid of embeddings as tokens, shape [B, T * Y * X, D]."""
    return x_BDTYX.flatten(2).transpose(1, 2)


def _last_latents(motion_BCTYX: Tensor) -> Tensor:
    given = motion_BCTYX[:, :, -MOTION_LATENTS:]
    missing = MOTION_LATENTS - given.shape[2]
    return F.pad(given, (0, 0, 0, 0, missing, 0)) if missing else given.clone()
