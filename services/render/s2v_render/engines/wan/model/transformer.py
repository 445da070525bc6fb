"""The S2V transformer: from noisy latents, a portrait, motion, text and speech to velocity.

What stays the same over the steps of a window is computed once, before them: a `Scene`, a `Text`
and a `SpeechContext`; `S2VTransformer.forward` does what every step must.

Shape suffixes: B batch, C latent channels, T latent frames, Y latent rows, X latent columns,
S tokens, D width of a token, G the two segments (denoised; conditioned on), F = B * T frames,
A audio layers, E width of a speech feature, V video frames.
Source: reference facts of the official `WanModel_S2V`, proved by the parity fixtures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from s2v_render.engines.wan.model.audio_encoder import CausalAudioEncoder
from s2v_render.engines.wan.model.config import PATCH, S2VConfig
from s2v_render.engines.wan.model.layers import (
    AudioInjector,
    Block,
    Fp32Linear,
    FramePacker,
    KeyValue,
    VelocityHead,
    tokens_of,
)
from s2v_render.engines.wan.model.rope import positions, rotations
from s2v_render.engines.wan.ops.kernels import Computing
from s2v_render.engines.wan.ops.protocol import Rotations
from s2v_render.engines.wan.sharding.cutting import pieces, within
from s2v_render.engines.wan.sharding.sequence import ONE_RANK, SequenceRanks

_REFERENCE_FRAME = 30
"""Where in time the portrait stands, however long the window is."""


@dataclass(frozen=True, slots=True)
class Text:
    """What the blocks attend to of one text, one entry a block."""

    keys_values: tuple[KeyValue, ...]


@dataclass(frozen=True, slots=True)
class SpeechContext:
    """What the injectors attend to of one window's speech.

    Attributes:
        keys_values: local audio tokens, one entry an injector, batched by frame.
        global_FD: the global audio token of every latent frame, fp32; None if the model has none.
    """

    keys_values: tuple[KeyValue, ...]
    global_FD: Tensor | None


@dataclass(frozen=True, slots=True)
class Scene:
    """What a window's picture is conditioned on.

    Attributes:
        added_BSD: what is added to the noise tokens: pose and kind; S is 1 where there is no pose.
        context_BSD: tokens of the portrait and of the motion before the window.
        turn: angles of all positions: noise, portrait, motion.
    """

    added_BSD: Tensor
    context_BSD: Tensor
    turn: Rotations


class S2VTransformer(Computing):
    """Predicts the flow velocity of a window's latents."""

    def __init__(self, config: S2VConfig) -> None:
        super().__init__()
        dim = config.dim
        self.config = config
        self.patch_embedding = nn.Conv3d(config.in_dim, dim, PATCH, stride=PATCH)
        if config.cond_dim:
            self.cond_encoder = nn.Conv3d(config.cond_dim, dim, PATCH, stride=PATCH)
        self.text_embedding = nn.Sequential(
            nn.Linear(config.text_dim, dim), nn.GELU("tanh"), nn.Linear(dim, dim)
        )
        self.time_embedding = nn.Sequential(
            Fp32Linear(config.freq_dim, dim), nn.SiLU(), Fp32Linear(dim, dim)
        )
        self.time_projection = nn.Sequential(nn.SiLU(), Fp32Linear(dim, 6 * dim))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_layers))
        self.head = VelocityHead(config)
        self.casual_audio_encoder = CausalAudioEncoder(config)
        self.injected, count = injectors(config.audio_inject_layers, config.num_layers)
        self.audio_injector = AudioInjector(config, count)
        self.trainable_cond_mask = nn.Embedding(3, dim)
        if config.enable_framepack:
            self.frame_packer = FramePacker(config)

    def encode_text(self, rows: Sequence[Tensor]) -> Text:
        """Return what the blocks attend to, once a job.

        Args:
            rows: one text a sample, shape [1..text_len, text_dim]; each is padded with zeros, and
                the padding is attended to like the rest.
        """
        length = self.config.text_len
        padded = torch.stack([F.pad(text, (0, 0, 0, length - len(text))) for text in rows])
        embedded = self.text_embedding(padded.to(self.kernels.dtype))
        return Text(tuple(block.cross_attn.keys_values(embedded) for block in self.blocks))

    def encode_sound(
        self, features_BAEV: Tensor, *, motion_frames: tuple[int, int]
    ) -> SpeechContext:
        """Return what the injectors attend to, once a window.

        Args:
            features_BAEV: speech features of the window's video frames, 4 a latent frame.
            motion_frames: how many video frames and latents stand before the window (73, 19).
        """
        before, latents = motion_frames
        lead = features_BAEV[..., :1].expand(-1, -1, -1, before)
        encoded = self.casual_audio_encoder(torch.cat([lead, features_BAEV], dim=-1))
        local_FKD = encoded.local_BTKD[:, latents:].flatten(0, 1)
        local_FKD = local_FKD.to(self.kernels.dtype)
        shaped = encoded.global_BTD if self.config.shapes_audio_norm else None
        return SpeechContext(
            tuple(injector.keys_values(local_FKD) for injector in self.audio_injector.injector),
            None if shaped is None else shaped[:, latents:].flatten(0, 1),
        )

    def encode_scene(
        self,
        reference_BCTYX: Tensor,
        *,
        frames: int,
        motion_BCTYX: Tensor | None = None,
        pose_BCTYX: Tensor | None = None,
        newest_motion: int = 2,
    ) -> Scene:
        """Return what the window's picture is conditioned on, once a window.

        Args:
            reference_BCTYX: latent of the portrait, one frame.
            frames: latent frames of the window.
            motion_BCTYX: latents before the window, newest last; None shows the model none.
            pose_BCTYX: latents of a pose video, as many frames as the window; None is a blank one,
                which is what zeros are.
            newest_motion: 2 shows all motion, 1 hides the newest latent, 0 the newest three.
        """
        rows, columns = (side // 2 for side in reference_BCTYX.shape[-2:])
        kinds_of_token = torch.arange(3, device=reference_BCTYX.device)
        kind_noise, kind_reference, kind_motion = self.trainable_cond_mask(kinds_of_token).float()
        context = [self._patches(reference_BCTYX) + kind_reference]
        places = [
            positions(range(frames), range(rows), range(columns)),
            positions([_REFERENCE_FRAME], range(rows), range(columns)),
        ]
        if motion_BCTYX is not None and motion_BCTYX.shape[2]:
            moved, stood = self._motion(motion_BCTYX, newest_motion)
            context.append(moved + kind_motion)
            places.append(stood)
        turn = rotations(torch.cat(places), self.config.head_dim, device=reference_BCTYX.device)
        added = self._pose(pose_BCTYX, reference_BCTYX.device) + kind_noise
        return Scene(added, torch.cat(context, dim=1), turn)

    def forward(
        self,
        x_BCTYX: Tensor,
        time_B: Tensor,
        *,
        scene: Scene,
        text: Text,
        sound: SpeechContext,
        ranks: SequenceRanks = ONE_RANK,
    ) -> Tensor:
        """Return the velocity v at which x0 = x - sigma * v: fp32, shape [B, C, T, Y, X].

        Args:
            x_BCTYX: noisy latents.
            time_B: time step of each sample, 0..1000.
            scene: of this window.
            text: of this job.
            sound: of this window.
            ranks: that share the tokens; each of them is given the same and returns the same.
        """
        frame_tokens = _frame_tokens(x_BCTYX)
        noise_tokens = x_BCTYX.shape[2] * frame_tokens
        tokens = noise_tokens + scene.context_BSD.shape[1]
        share = ranks.share(tokens)
        noise = within(share, noise_tokens)
        heard = pieces(noise, frame_tokens)
        own = self._noise(x_BCTYX, scene, noise)
        x_BSD = torch.cat([own, _context(scene, share, noise_tokens)], dim=1)
        time_BD, times_BG6D = self._times(time_B)
        turn = scene.turn.of(share)
        for number, block in enumerate(self.blocks):
            x_BSD = block(
                x_BSD,
                times_BG6D if noise else times_BG6D[:, 1:],
                text=text.keys_values[number],
                turn=turn,
                noise_tokens=len(noise) or len(share),
                tokens=tokens,
                ranks=ranks,
            )
            if number in self.injected:
                index = self.injected[number]
                self.audio_injector.hear(
                    index,
                    x_BSD[:, : len(noise)],
                    heard,
                    local=sound.keys_values[index],
                    global_FD=sound.global_FD,
                )
        patches = ranks.gathered(self.head(x_BSD[:, : len(noise)], time_BD), tokens, noise_tokens)
        return _unpatched(patches, x_BCTYX.shape[2:], self.config.out_dim)

    def _noise(self, x_BCTYX: Tensor, scene: Scene, share: range) -> Tensor:
        """Return the noise tokens of a share, shape [B, S, D], made of the frames they are of."""
        frame_tokens = _frame_tokens(x_BCTYX)
        first, last = share.start // frame_tokens, -(-share.stop // frame_tokens)
        frames = x_BCTYX[:, :, min(first, x_BCTYX.shape[2] - 1) : max(first + 1, last)]
        own = slice(share.start - first * frame_tokens, share.stop - first * frame_tokens)
        added = scene.added_BSD
        if added.shape[1] > 1:
            added = added[:, share.start : share.stop]
        return self._patches(frames)[:, own] + added

    def _patches(self, x_BCTYX: Tensor) -> Tensor:
        return tokens_of(self.patch_embedding(x_BCTYX.to(self.kernels.dtype))).float()

    def _pose(self, pose_BCTYX: Tensor | None, device: torch.device) -> Tensor:
        """Return what the pose adds: one token for all where there is no pose, or no branch."""
        if not self.config.cond_dim:
            return torch.zeros(1, 1, self.config.dim, device=device)
        if pose_BCTYX is None:
            pose_BCTYX = torch.zeros(1, self.config.cond_dim, *PATCH, device=device)
        return tokens_of(self.cond_encoder(pose_BCTYX.to(self.kernels.dtype))).float()

    def _motion(self, motion_BCTYX: Tensor, newest: int) -> tuple[Tensor, Tensor]:
        rows, columns = (side // 2 for side in motion_BCTYX.shape[-2:])
        if not self.config.enable_framepack:
            frames = range(-motion_BCTYX.shape[2], 0)
            return self._patches(motion_BCTYX), positions(frames, range(rows), range(columns))
        newest = newest if self.config.add_last_motion else 0
        tokens = self.frame_packer(motion_BCTYX, newest=newest).float()
        return tokens, self.frame_packer.positions(rows, columns, newest=newest)

    def _times(self, time_B: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the time says to the head, [B, D], and to the blocks, [B, G, 6, D]."""
        other_B = torch.zeros_like(time_B) if self.config.zero_timestep else time_B
        waves = sinusoid(torch.cat([time_B, other_B]), self.config.freq_dim)
        embedded = self.time_embedding(waves)
        projected = self.time_projection(embedded).unflatten(1, (6, -1))
        noise, context = projected.chunk(2)
        return embedded[: len(time_B)], torch.stack([noise, context], dim=1)


def sinusoid(time_B: Tensor, width: int) -> Tensor:
    """Return the time steps as waves: fp32, shape [B, width], cosines first; angles in float64."""
    half = width // 2
    steps = torch.arange(half, dtype=torch.float64, device=time_B.device)
    angles = time_B.double()[:, None] * 10_000.0 ** (-steps / half)
    return torch.cat([angles.cos(), angles.sin()], dim=1).float()


def injectors(layers: Sequence[int], blocks: int) -> tuple[dict[int, int], int]:
    """Return which injector follows which block, and how many injectors there are.

    The official code finds blocks by the start of their number, so that a 1 in the list also makes
    injectors for blocks 10 to 19 and leaves the last of them to block 1. Checkpoints are laid out
    so; the lists of published ones have no such numbers.
    """
    found: dict[int, int] = {}
    count = 0
    for block in range(blocks):
        for layer in layers:
            if str(block).startswith(str(layer)):
                found[layer] = count
                count += 1
    return found, count


def _frame_tokens(x_BCTYX: Tensor) -> int:
    """Return how many tokens a latent frame makes."""
    return (x_BCTYX.shape[3] // PATCH[1]) * (x_BCTYX.shape[4] // PATCH[2])


def _context(scene: Scene, share: range, noise_tokens: int) -> Tensor:
    """Return those tokens of a share that the picture is conditioned on."""
    start, stop = (max(0, end - noise_tokens) for end in (share.start, share.stop))
    return scene.context_BSD[:, start:stop]


def _unpatched(patches: Tensor, shape: Sequence[int], channels: int) -> Tensor:
    frames, rows, columns = (side // patch for side, patch in zip(shape, PATCH, strict=True))
    grid = patches.unflatten(1, (frames, rows, columns)).unflatten(-1, (*PATCH, channels))
    return grid.permute(0, 7, 1, 4, 2, 5, 3, 6).reshape(len(patches), channels, *shape)
