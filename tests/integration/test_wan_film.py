"""Whole films, window by window, against what the official code sampled from the same noise."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from safetensors.torch import load_file

from s2v.core.sampling import Solver
from s2v_render.engines.wan.model.config import read_config
from s2v_render.engines.wan.model.solvers import schedule
from s2v_render.engines.wan.model.speech import feature_indices, gathered
from s2v_render.engines.wan.model.transformer import S2VTransformer
from s2v_render.engines.wan.model.vae import Vae
from s2v_render.engines.wan.takes.pictures import (
    official_fit,
    official_pose_fit,
    pixels_of,
)
from s2v_render.engines.wan.takes.windows import (
    Denoising,
    Prompts,
    Stepped,
    Window,
    WindowInput,
    pose_latents,
    still_motion,
    windows,
)
from s2v_render.engines.wan.weights.fast import fastest_vae
from wan_builders import build_transformer, build_vae, official_size, official_windows

HERE = Path(__file__).parents[1] / "data/wan_s2v"
FIXTURES = Path(os.environ.get("S2V_WAN_FIXTURES", HERE))
FILMS = sorted(path.stem for path in (FIXTURES / "5_pipeline").glob("*.json"))
TOLERANCE = 1e-3

Tensors = dict[str, torch.Tensor]


def tensors(path: Path) -> Tensors:
    return {key: value.float() for key, value in load_file(path).items()}


@pytest.fixture(scope="module")
def transformer() -> S2VTransformer:
    folder = FIXTURES / "1_transformer"
    config = read_config(json.loads((folder / "config.json").read_text()))
    return build_transformer(tensors(folder / "diffusion_pytorch_model.safetensors"), config)


@pytest.fixture(scope="module")
def vae() -> Vae:
    folder = FIXTURES / "4_vae"
    config = json.loads((folder / "config.json").read_text())
    network = build_vae(tensors(next(folder.glob("wan21_vae*.safetensors"))), config)
    return fastest_vae(network, torch.device("cpu"))


class Film:
    """One case: what it was made of and what came out."""

    def __init__(self, name: str, transformer: S2VTransformer, vae: Vae) -> None:
        folder = FIXTURES / "5_pipeline"
        self.facts: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
        self.stored = tensors(folder / f"{name}.safetensors")
        facts = self.facts
        self.denoising = Denoising(
            solver=Solver(facts["solver"]),
            steps=facts["steps"],
            shift=facts["shift"],
            guidance=facts["guide_scale"],
            window_frames=facts["infer_frames"],
            motion_frames=facts["motion_frames"],
            redecodes_motion=True,
        )
        with Image.open(folder / f"{name}_ref.png") as file:
            self.picture = file.convert("RGB")
        size = official_size(self.picture.height, self.picture.width, area=facts["max_area"])
        self.height, self.width = size
        self.fitted = official_fit(self.picture, height=size[0], width=size[1])
        self.pixels = pixels_of(self.fitted)
        self.reference = vae.encode(self.pixels)
        self.motion = still_motion(
            vae, self.denoising, self.pixels, shows_reference=facts["init_first_frame"]
        )
        self.opening: bool = facts["clip0"]["drop_motion_frames"]
        self.prompts = Prompts(
            transformer.encode_text([self.stored["context"]]),
            transformer.encode_text([self.stored["context_null"]])
            if "context_null" in self.stored
            else None,
        )
        self.poses = self._poses(vae)

    @property
    def clips(self) -> int:
        return int(self.facts["clips"])

    def _poses(self, vae: Vae) -> list[torch.Tensor | None]:
        if not self.facts["pose"]:
            return [None] * self.clips
        frames = self.stored["pose_video_frames"].numpy().astype(np.uint8)
        fitted = official_pose_fit(frames, height=self.height, width=self.width)
        length = self.clips * self.denoising.window_frames
        blank = fitted.new_full((3, length - fitted.shape[1], self.height, self.width), -1)
        whole = torch.cat([fitted, blank], dim=1)
        return [pose_latents(vae, part) for part in whole.split(self.denoising.window_frames, 1)]

    def features(self) -> torch.Tensor:
        """Return what the film's windows hear; which speech it was is told by their sums."""
        spoken = tensors(FIXTURES / "2_audio/expected.safetensors")["features_30hz"]
        fps, window = self.facts["fps"], self.denoising.window_frames
        wanted = [self.facts[f"clip{number}"]["audio_abs_sum"] for number in range(self.clips)]
        for features in (spoken, torch.cat([spoken, spoken.flip(1)], dim=1)):
            indices = feature_indices(features.shape[1], frames=self.clips * window, fps=fps)
            heard = gathered(features, indices)
            sums = [part.abs().sum().item() for part in heard.split(window, dim=-1)]
            if sums == pytest.approx(wanted, rel=1e-4):
                count = official_windows(features.shape[1], window_frames=window, fps=fps)
                assert self.clips == min(self.facts["num_repeat_requested"] or count, count)
                return heard
        raise AssertionError(f"no speech whose windows sum up to {wanted}")

    def inputs(self) -> list[WindowInput]:
        heard = self.features().split(self.denoising.window_frames, dim=-1)
        return [
            WindowInput(self.stored[f"clip{number}.noise"][None], heard[number], pose)
            for number, pose in enumerate(self.poses)
        ]


def close(found: torch.Tensor, film: Film, name: str) -> None:
    """Assert that what is stored under this name, all or its last frames, was found."""
    for key, wanted in film.stored.items():
        if re.fullmatch(rf"{re.escape(name)}(_last\d+)?", key):
            part = found[:, -wanted.shape[1] :]
            assert part.shape == wanted.shape, key
            assert (part - wanted).abs().max() < TOLERANCE, key


@pytest.mark.parametrize("name", FILMS)
def test_a_film_is_the_official_one_at_every_step_and_window(
    transformer: S2VTransformer, vae: Vae, name: str
) -> None:
    film = Film(name, transformer, vae)
    facts, number, steps, pictures = film.facts, 0, [], []
    assert [film.height, film.width] == facts["size_hw"]
    assert film.denoising.motion_latents == facts["lat_motion_frames"]
    fitted = torch.from_numpy(np.array(film.fitted)).permute(2, 0, 1)
    assert torch.equal(fitted.float(), film.stored["ref_image_uint8"])
    close(film.reference[0], film, "ref_latents")
    close(film.motion.latents_BCTYX[0], film, "clip0.motion_latents_in")
    for event in windows(
        transformer,
        vae,
        film.denoising,
        reference_BCTYX=film.reference,
        prompts=film.prompts,
        inputs=film.inputs(),
        motion=film.motion,
        opening=film.opening,
    ):
        if isinstance(event, Stepped):
            steps.append(event.latents_BCTYX[0])
        if not isinstance(event, Window):
            continue
        clip, after = facts[f"clip{number}"], f"clip{number + 1}.motion_latents_in"
        pose = film.poses[number]
        if pose is not None:
            close(pose[0], film, f"clip{number}.cond_latents")
        if len(steps) > 1:
            wanted = film.stored.get(f"clip{number}.latents_after_step", torch.stack(steps[:-1]))
            assert (torch.stack(steps[:-1]) - wanted).abs().max() < TOLERANCE
        close(event.latents_BCTYX[0], film, f"clip{number}.latents_final")
        assert event.pixels_BCTYX.shape[2] == clip["kept_frames"]
        if number + 1 == film.clips:
            after = "motion_latents_after_last_clip"
        close(event.motion.latents_BCTYX[0], film, after)
        plan = schedule(film.denoising.solver, steps=facts["steps"], shift=facts["shift"])
        assert plan.times.tolist() == clip["timesteps"]
        pictures.append(event.pixels_BCTYX[0])
        number, steps = number + 1, []
    video = torch.cat(pictures, dim=1)
    assert number == film.clips
    assert list(video.shape) == facts["video_shape"]
    stored = film.stored["video_frames"]
    assert (video[:, facts["video_frames_stored"]] - stored).abs().max() < 2 * TOLERANCE
    assert video.mean((0, 2, 3)).tolist() == pytest.approx(facts["video_frame_means"], abs=1e-4)


@pytest.fixture(scope="module")
def short(transformer: S2VTransformer, vae: Vae) -> Film:
    """The film whose windows are the shortest, at two steps."""

    def frames(name: str) -> int:
        facts = json.loads((FIXTURES / f"5_pipeline/{name}.json").read_text())
        return int(facts["infer_frames"] * facts["size_hw"][0] * facts["size_hw"][1])

    film = Film(min(FILMS, key=frames), transformer, vae)
    film.denoising = replace(film.denoising, steps=2, guidance=1.0)
    return film


def sampled(
    film: Film,
    transformer: S2VTransformer,
    vae: Vae,
    *,
    denoising: Denoising | None = None,
    **changes: Any,
) -> list[Stepped | Window]:
    """Return what happens in the first two windows, after which nothing follows."""
    first, second = film.inputs()[:2]
    values = {
        "reference_BCTYX": film.reference,
        "prompts": film.prompts,
        "inputs": [first, replace(second, leads_on=False)],
        "motion": film.motion,
        "opening": film.opening,
    }
    return list(windows(transformer, vae, denoising or film.denoising, **values | changes))


def test_a_stream_decodes_the_latents_of_all_windows_as_one_video(
    transformer: S2VTransformer, vae: Vae, short: Film
) -> None:
    remembering = replace(short.denoising, redecodes_motion=False)
    events = sampled(short, transformer, vae, denoising=remembering, opening=True)
    done = [event for event in events if isinstance(event, Window)]
    latents = [short.reference, *(window.latents_BCTYX for window in done)]
    whole = vae.decode(torch.cat(latents, dim=2))[:, :, 1 + 3 :]
    assert torch.allclose(torch.cat([w.pixels_BCTYX for w in done], 2), whole, atol=1e-5)


def test_a_film_goes_on_from_the_motion_that_another_run_left(
    transformer: S2VTransformer, vae: Vae, short: Film
) -> None:
    whole = [e for e in sampled(short, transformer, vae) if isinstance(e, Window)]
    second = replace(short.inputs()[1], leads_on=False)
    later = sampled(short, transformer, vae, inputs=[second], motion=whole[0].motion, opening=False)
    assert isinstance(later[-1], Window)
    assert torch.allclose(later[-1].pixels_BCTYX, whole[1].pixels_BCTYX, atol=1e-5)


def test_frames_that_are_not_wanted_are_not_carried_on(
    transformer: S2VTransformer, vae: Vae, short: Film
) -> None:
    given = replace(short.inputs()[0], dropped_frames=5)
    window = sampled(short, transformer, vae, inputs=[given], opening=False)[-1]
    assert isinstance(window, Window)
    assert window.pixels_BCTYX.shape[2] == short.denoising.window_frames - 5
    assert torch.equal(window.motion.pixels_BCTYX[:, :, -1], window.pixels_BCTYX[:, :, -1])


def test_closing_stops_between_two_steps(
    transformer: S2VTransformer, vae: Vae, short: Film
) -> None:
    asked = []
    watched = transformer.register_forward_hook(lambda *_: asked.append(1))
    run = windows(
        transformer,
        vae,
        short.denoising,
        reference_BCTYX=short.reference,
        prompts=short.prompts,
        inputs=short.inputs(),
        motion=short.motion,
        opening=True,
    )
    next(run)
    run.close()
    watched.remove()
    assert len(asked) == 1


def test_guidance_without_a_negative_prompt_is_refused(
    transformer: S2VTransformer, vae: Vae, short: Film
) -> None:
    guided = replace(short.denoising, guidance=4.5)
    with pytest.raises(ValueError, match=r"Guidance 4\.5 needs a negative prompt"):
        sampled(
            short,
            transformer,
            vae,
            denoising=guided,
            prompts=Prompts(short.prompts.positive),
        )
