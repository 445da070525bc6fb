"""The parts that the S2V transformer is made of; names of weights are those of the checkpoint.

Shape suffixes: B batch, S tokens of a whole sequence, L tokens of any, D width of a token, N heads,
H width of a head, G the two segments of a sequence (what is denoised; what it is conditioned on),
C channels, T latent frames, Y rows, X columns, K audio tokens of a frame.
Source: reference facts of the official modules `wan/modules/s2v`, proved by the parity fixtures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from s2v_render.engines.wan.model.config import LATENT_CHANNELS, PATCH, S2VConfig
from s2v_render.engines.wan.model.rope import positions, spread
from s2v_render.engines.wan.ops.kernels import Computing
from s2v_render.engines.wan.ops.linear import read_dtype
from s2v_render.engines.wan.ops.protocol import Activation, Gate, Norm, Rotations, Rowwise
from s2v_render.engines.wan.sharding.cutting import HeardPiece
from s2v_render.engines.wan.sharding.sequence import SequenceRanks

_PACKED_FRAMES = {"near": 1, "middle": 2, "far": 16}
"""Motion latents that the frame packer takes together, newest first."""
_INJECTOR_EPS = 1e-6
_SHAPED_EPS = 1e-5
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


class Fp32LayerNorm(nn.LayerNorm):
    """A norm without weights that computes in fp32 and returns what it was given."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the same shape and dtype."""
        return F.layer_norm(x.float(), self.normalized_shape, eps=self.eps).to(x.dtype)


class ShapedNorm(nn.Module):
    """A norm that something else shifts and scales."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, 2 * dim)

    def forward(self, said: Tensor) -> Tensor:
        """Return shift and scale, one after the other, in the dtype of the weights."""
        shaped: Tensor = self.linear(F.silu(said))
        return shaped


class Fp32Conv1d(nn.Conv1d):
    """A convolution that computes in fp32, whatever its weights are kept in."""

    def forward(self, x: Tensor) -> Tensor:
        """Return fp32, shape [B, out channels, frames]."""
        return F.conv1d(x.float(), self.weight.float(), self.bias.float(), self.stride)


class HeadNorm(Computing):
    """RMS-normalises queries or keys over all heads together, if they are, and turns them."""

    def __init__(self, config: S2VConfig) -> None:
        super().__init__()
        self.heads, self.eps = config.num_heads, config.eps
        self.weight = nn.Parameter(torch.ones(config.dim)) if config.qk_norm else None

    def forward(self, x_BLD: Tensor, turn: Rotations | None) -> Tensor:
        """Return shape [B, L, N, H]; `x` may be overwritten."""
        return self.kernels.ops.head_rows(
            x_BLD, self.weight, eps=self.eps, heads=self.heads, turn=turn
        )


class AskingNorm(Computing):
    """The norm before the text attention, which has weights, if there is one."""

    def __init__(self, config: S2VConfig) -> None:
        super().__init__()
        self.eps = config.eps
        shown = config.cross_attn_norm
        self.weight = nn.Parameter(torch.ones(config.dim)) if shown else None
        self.bias = nn.Parameter(torch.zeros(config.dim)) if shown else None

    def forward(self, x_BSD: Tensor, gathered_BSD: Tensor, gate: Gate, out: torch.dtype) -> Any:
        """Add what was gathered to the stream `x`, in place, and return what asks the text."""
        ops = self.kernels.ops
        if self.weight is None or self.bias is None:
            ops.add(x_BSD, gathered_BSD, gate=gate)
            return ops.rounded(x_BSD, out=out)
        scale, shift = (part.float()[None, None] for part in (self.weight, self.bias))
        norm = Norm(scale, shift, x_BSD.shape[1], self.eps)
        return ops.add_normed(x_BSD, gathered_BSD, norm, gate=gate, out=out)


class Attention(Computing):
    """Full attention; queries and keys are RMS-normalised over all heads together."""

    def __init__(self, config: S2VConfig) -> None:
        super().__init__()
        dim = config.dim
        self.heads = config.num_heads
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim) for _ in range(4))
        self.norm_q, self.norm_k = HeadNorm(config), HeadNorm(config)

    def keys_values(self, x_BLD: Activation) -> KeyValue:
        """Return what queries can attend to in these tokens, wherever they stand."""
        key_BLNH: Tensor = self.norm_k(self.k(x_BLD), None)
        return KeyValue(key_BLNH, self.v(x_BLD).unflatten(-1, (self.heads, -1)))

    def attend(self, x_BSD: Activation, to: KeyValue) -> Tensor:
        """Return what the tokens gather, shape [B, S, D], in the compute dtype."""
        q_BSNH = self.norm_q(self.q(x_BSD), None)
        return self._out(self.kernels.attention.attend(q_BSNH, to.key_BLNH, to.value_BLNH))

    def attend_self(
        self, x_BSD: Activation, turn: Rotations, *, tokens: int, ranks: SequenceRanks
    ) -> Tensor:
        """Return what the tokens gather from all tokens of their sequence, by their positions.

        Args:
            x_BSD: this rank's own.
            turn: angles of their positions.
            tokens: of the whole sequence.
            ranks: that share it.
        """
        # What needs least before it is sent goes first, and the next one is computed meanwhile.
        value = ranks.sent(self.v(x_BSD).unflatten(-1, (self.heads, -1)), tokens)
        key = ranks.sent(self.norm_k(self.k(x_BSD), turn), tokens)
        query = ranks.sent(self.norm_q(self.q(x_BSD), turn), tokens)
        return self._out(ranks.attended(self.kernels.attention.attend, query, key, value))

    def _out(self, gathered_BSNH: Tensor) -> Tensor:
        read = read_dtype(self.o, self.kernels)
        out: Tensor = self.o(self.kernels.ops.rounded(gathered_BSNH.flatten(2), out=read))
        return out


class FeedForward(nn.Sequential, Computing):
    """A wide layer and back, with a GELU between."""

    def __init__(self, config: S2VConfig) -> None:
        dim, wide = config.dim, config.ffn_dim
        super().__init__(nn.Linear(dim, wide), nn.GELU("tanh"), nn.Linear(wide, dim))

    def forward(self, x_BSD: Activation) -> Tensor:
        """Return shape [B, S, D], in the compute dtype."""
        widen, _, narrow = self
        read = read_dtype(narrow, self.kernels)
        out: Tensor = narrow(self.kernels.ops.gelu(widen(x_BSD), out=read))
        return out


class Block(Computing):
    """Self-attention, text attention and feed-forward, around a residual stream in fp32."""

    def __init__(self, config: S2VConfig) -> None:
        super().__init__()
        dim = config.dim
        self.eps = config.eps
        self.self_attn = Attention(config)
        # Before the text attention, though it is called the third.
        self.norm3 = AskingNorm(config)
        self.cross_attn = Attention(config)
        self.ffn = FeedForward(config)
        self.modulation = nn.Parameter(torch.zeros(1, 6, dim))

    def forward(
        self,
        x_BSD: Tensor,
        times_BG6D: Tensor,
        *,
        text: KeyValue,
        turn: Rotations,
        noise_tokens: int,
        tokens: int,
        ranks: SequenceRanks,
    ) -> Tensor:
        """Return the residual stream after this block; `x` itself is changed.

        Args:
            x_BSD: this rank's part of the residual stream, fp32.
            times_BG6D: what the time step says to each segment, fp32.
            text: keys and values of the text, of this block.
            turn: angles of the positions of `x`.
            noise_tokens: how many tokens at the start of `x` are denoised.
            tokens: of the whole sequence.
            ranks: that share it.
        """
        ops = self.kernels.ops
        values_6BGD = (self.modulation.float() + times_BG6D).permute(2, 0, 1, 3).contiguous()
        shift1, scale1, gate1, shift2, scale2, gate2 = values_6BGD
        first = Norm(1 + scale1, shift1, noise_tokens, self.eps)
        second = Norm(1 + scale2, shift2, noise_tokens, self.eps)
        seen = ops.normed(x_BSD, first, out=read_dtype(self.self_attn.q, self.kernels))
        gathered = self.self_attn.attend_self(seen, turn, tokens=tokens, ranks=ranks)
        read = read_dtype(self.cross_attn.q, self.kernels)
        asking = self.norm3(x_BSD, gathered, Gate(gate1, noise_tokens), read)
        told = self.cross_attn.attend(asking, text)
        read = read_dtype(self.ffn[0], self.kernels)
        thought = self.ffn(ops.add_normed(x_BSD, told, second, gate=None, out=read))
        ops.add(x_BSD, thought, gate=Gate(gate2, noise_tokens))
        return x_BSD


class VelocityHead(nn.Module):
    """From tokens to patches of velocity, in fp32."""

    def __init__(self, config: S2VConfig) -> None:
        super().__init__()
        time, rows, columns = PATCH
        self.norm = Fp32LayerNorm(config.dim, config.eps, elementwise_affine=False)
        self.head = Fp32Linear(config.dim, time * rows * columns * config.out_dim)
        self.modulation = nn.Parameter(torch.zeros(1, 2, config.dim))

    def forward(self, x_BLD: Tensor, time_BD: Tensor) -> Tensor:
        """Return patches: fp32, shape [B, L, patch frames * rows * columns * channels]."""
        shift, scale = (self.modulation.float() + time_BD[:, None]).chunk(2, dim=1)
        return self.head(self.norm(x_BLD) * (1 + scale) + shift)


class FramePacker(Computing):
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
        buffer = _last_latents(motion_BCTYX.to(self.kernels.dtype))
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


class AudioInjector(Computing):
    """Lets each latent frame's tokens attend to that frame's audio tokens."""

    def __init__(self, config: S2VConfig, count: int) -> None:
        super().__init__()
        dim = config.dim
        self.shapes_norm = config.shapes_audio_norm
        self.injector = nn.ModuleList(Attention(config) for _ in range(count))
        if config.enable_adain:
            self.injector_adain_layers = nn.ModuleList(ShapedNorm(dim) for _ in range(count))
        if config.enable_adain and not self.shapes_norm:
            # Such checkpoints hold these weights, though nothing reads them.
            self.injector_adain_output_layers = nn.ModuleList(
                nn.Linear(dim, dim) for _ in range(count)
            )

    def hear(
        self,
        index: int,
        x_BLD: Tensor,
        pieces: Sequence[HeardPiece],
        *,
        local: KeyValue,
        global_FD: Tensor | None,
    ) -> None:
        """Add to a share of the noise tokens, in place, what they hear.

        Args:
            index: which injector, not which block.
            x_BLD: the share, fp32.
            pieces: that it is made of.
            local: as `forward`, of all frames.
            global_FD: likewise.
        """
        for piece in pieces:
            heard = (_of_frames(part, len(x_BLD), piece.frames) for part in _parts(local))
            said = None if global_FD is None else _of_frames(global_FD, len(x_BLD), piece.frames)
            self(index, x_BLD[:, piece.tokens], local=KeyValue(*heard), global_FD=said)

    def forward(
        self, index: int, x_BLD: Tensor, *, local: KeyValue, global_FD: Tensor | None
    ) -> None:
        """Add to the noise tokens `x`, in place, what they hear.

        Args:
            index: which injector, not which block.
            x_BLD: tokens of B samples of equally many frames, frame by frame, fp32.
            local: keys and values of F = B * frames rows of audio tokens.
            global_FD: each frame's global audio token; None where the norm is not shaped by it.
        """
        ops, attention = self.kernels.ops, self.injector[index]
        frames = len(local.key_BLNH)
        norm = self.norm(index, x_BLD, frames, global_FD)
        seen = ops.normed(x_BLD, norm, out=read_dtype(attention.q, self.kernels))
        heard = attention.attend(_by_frame(seen, frames), local)
        ops.add(x_BLD, heard.reshape(x_BLD.shape))

    def norm(self, index: int, x_BLD: Tensor, frames: int, global_FD: Tensor | None) -> Norm:
        """Return the norm of the noise tokens, shaped by each frame's global token, if any."""
        batch, count, dim = x_BLD.shape
        if global_FD is None:
            ones = torch.ones(1, 1, dim, device=x_BLD.device)
            return Norm(ones, torch.zeros_like(ones), count, _INJECTOR_EPS)
        said = self.injector_adain_layers[index](global_FD.to(self.kernels.dtype)).float()
        shift, scale = said.view(batch, -1, 2 * dim).chunk(2, dim=-1)
        tokens = count * batch // frames
        return Norm((1 + scale).contiguous(), shift.contiguous(), tokens, _SHAPED_EPS)


def _parts(given: KeyValue) -> tuple[Tensor, Tensor]:
    return given.key_BLNH, given.value_BLNH


def _of_frames(x: Tensor, batch: int, frames: slice) -> Tensor:
    """Return the rows of some frames of each sample; a row is a frame, sample by sample."""
    return x.unflatten(0, (batch, -1))[:, frames].flatten(0, 1)


def _by_frame(x_BSD: Activation, frames: int) -> Activation:
    if isinstance(x_BSD, Rowwise):
        return Rowwise(x_BSD.values_SI, x_BSD.scale_S1, frames)
    return x_BSD.reshape(frames, -1, x_BSD.shape[-1])


def tokens_of(x_BDTYX: Tensor) -> Tensor:
    """Return a grid of embeddings as tokens, shape [B, T * Y * X, D]."""
    return x_BDTYX.flatten(2).transpose(1, 2)


def _last_latents(motion_BCTYX: Tensor) -> Tensor:
    given = motion_BCTYX[:, :, -MOTION_LATENTS:]
    missing = MOTION_LATENTS - given.shape[2]
    return F.pad(given, (0, 0, 0, 0, missing, 0)) if missing else given.clone()
