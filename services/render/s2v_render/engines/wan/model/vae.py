"""Between pixels and latents: the Wan 2.1 video autoencoder, in one go or as a stream.

Shape suffixes: B batch, C channels (3 of pixels, 16 of latents), T frames (of pixels 1 + 4k for
k + 1 latent frames), Y rows, X columns (8 pixels a latent).
Source: reference facts of the official `Wan2_1_VAE`; the network is diffusers' `AutoencoderKLWan`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from s2v_render.engines.wan.pieces import whole
from s2v_render.engines.wan.sharding.strips import ONE_STRIP, Strips

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan

SPATIAL_RATIO = 8
TEMPORAL_RATIO = 4


class Vae:
    """Encodes and decodes; latents are normalised, pixels lie in -1..1.

    Its weights may lie elsewhere than on the device where it computes. It takes `latents_at_once`,
    which keeps a device busy and needs memory, but changes nothing; nor does it when ranks have a
    strip each of the picture.
    """

    def __init__(
        self,
        network: AutoencoderKLWan,
        *,
        device: torch.device | None = None,
        latents_at_once: int = 1,
        strips: Strips = ONE_STRIP,
    ) -> None:
        self.network = network
        self.device = device or network.device
        self.latents_at_once = latents_at_once
        self.strips = strips

    def over(self, strips: Strips) -> Vae:
        """Return the same network as ranks share it: each calls it at the same time."""
        return Vae(
            self.network,
            device=self.device,
            latents_at_once=self.latents_at_once,
            strips=strips,
        )

    def encode(self, pixels_BCTYX: Tensor) -> Tensor:
        """Return the mean latents, fp32, shape [B, 16, 1 + (T - 1) // 4, Y / 8, X / 8].

        Frames past the last whole group of four are left out.
        """
        return whole(self.encoding(pixels_BCTYX))

    @torch.inference_mode()
    def encoding(self, pixels_BCTYX: Tensor) -> Generator[None, None, Tensor]:
        """Do as `encode` in pieces, between which it can be closed."""
        network, lead = self.network, _Lead(self.device)
        past = _nothing_past(network.encoder)
        first, rest = pixels_BCTYX[:, :, :1], pixels_BCTYX[:, :, 1:]
        grouped = rest[:, :, : rest.shape[2] // TEMPORAL_RATIO * TEMPORAL_RATIO]
        inner: list[Tensor] = []
        for piece in (first, *grouped.split(self.latents_at_once * TEMPORAL_RATIO, dim=2)):
            if piece.shape[2]:
                given = piece.to(self.device, network.dtype)
                inner.append(self.strips.encoded(network.encoder, given, past))
                lead.keep()
                yield
        mean = network.quant_conv(torch.cat(inner, dim=2)).chunk(2, dim=1)[0].float()
        return (mean - self._of("latents_mean")) / self._of("latents_std")

    def decode(self, latents_BCTYX: Tensor) -> Tensor:
        """Return the pixels of a whole video: fp32, shape [B, 3, 4T - 3, 8Y, 8X]."""
        return self.stream().decode(latents_BCTYX)

    def stream(self) -> DecodingStream:
        """Start a video that is decoded piece by piece."""
        return DecodingStream(self)

    def denormalised(self, latents_BCTYX: Tensor) -> Tensor:
        """Return latents as the network made them, in its dtype and on its device."""
        latents = latents_BCTYX.to(self.device, torch.float32)
        own = latents * self._of("latents_std") + self._of("latents_mean")
        return own.to(self.network.dtype)

    def _of(self, name: str) -> Tensor:
        values = torch.tensor(self.network.config[name], device=self.device)
        return values.view(1, -1, 1, 1, 1)


class DecodingStream:
    """One video, decoded in pieces that fit together as if it had been decoded whole.

    The network looks at the past only; what it must remember of it stays here.
    """

    def __init__(self, vae: Vae) -> None:
        self._vae = vae
        self._past = _nothing_past(vae.network.decoder)
        self._begun = False

    def decode(self, latents_BCTYX: Tensor) -> Tensor:
        """Return the next pixels: fp32, four frames a latent frame, one for the very first."""
        return whole(joined(self.decoding(latents_BCTYX)))

    @torch.inference_mode()
    def decoding(self, latents_BCTYX: Tensor) -> Generator[Tensor]:
        """Do as `decode`, piece by piece; closed before the last, the stream is of no more use."""
        network, lead = self._vae.network, _Lead(self._vae.device)
        self._remember_on(self._vae.device)
        inner = network.post_quant_conv(self._vae.denormalised(latents_BCTYX))
        alone = 0 if self._begun else 1
        first, rest = inner[:, :, :alone], inner[:, :, alone:]
        pieces = (first, *rest.split(self._vae.latents_at_once, dim=2))
        for piece in pieces:
            if piece.shape[2]:
                pixels = self._decoded(piece)
                lead.keep()
                yield pixels

    def rest(self) -> None:
        """Leave the device until the next decoding; it is 5 GiB in bf16 at 1280x704 pixels."""
        self._remember_on(torch.device("cpu"))

    def _decoded(self, latents: Tensor) -> Tensor:
        pixels = self._vae.strips.decoded(
            self._vae.network.decoder, latents, self._past, first=not self._begun
        )
        self._begun = True
        return pixels.float().clamp_(-1, 1)

    def _remember_on(self, device: torch.device) -> None:
        # Some entries are marks, not tensors.
        self._past = [part.to(device) if isinstance(part, Tensor) else part for part in self._past]


def joined(pieces: Iterable[Tensor]) -> Generator[None, None, Tensor]:
    """Return pieces of a video as one, and yield after each."""
    made: list[Tensor] = []
    for piece in pieces:
        made.append(piece)
        yield
    return torch.cat(made, dim=2)


class _Lead:
    """Keeps the host a piece of work ahead of the device, and no more: what is asked is done."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._before: torch.cuda.Event | None = None

    def keep(self) -> None:
        """Wait until the piece before this one is done."""
        if self._device.type != "cuda":
            return
        if self._before is not None:
            self._before.synchronize()
        self._before = torch.cuda.Event()
        self._before.record(torch.cuda.current_stream(self._device))


def _nothing_past(network: nn.Module) -> list[Any]:
    """Return room for what each convolution remembers."""
    from diffusers.models.autoencoders.autoencoder_kl_wan import WanCausalConv3d

    return [None for part in network.modules() if isinstance(part, WanCausalConv3d)]
