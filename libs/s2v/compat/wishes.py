"""What the founding document lets one ask of a film, in the words of an engine that is there."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from s2v.api.common.v1 import finish_pb2, sampling_pb2
from s2v.api.gateway.v1 import job_pb2, system_service_pb2
from s2v.core.errors import InvalidInput, Reason

QUALITIES = ("low", "medium", "high", "ultra")
STREAMING_BITS_PER_SECOND = 2_000_000
"""The founding document's "2M"."""
_ALIKE = {"low": "draft", "medium": "standard", "ultra": "high"}
"""What engines without a preset of that name call it."""
_ALIASES = {
    "enhance_frames": "enhance",
    "enhance_quality": "enhance",
    "optimize_for_streaming": "stream",
    "optimize_streaming": "stream",
}
_KINDS: Mapping[str, tuple[type, ...]] = {
    "quality": (str,),
    "width": (int,),
    "height": (int,),
    "fps": (int,),
    "negative_prompt": (str,),
    "guidance_scale": (int, float),
    "num_inference_steps": (int,),
    "enhance": (bool,),
    "stream": (bool,),
    "seed": (int,),
}
_SIZED = ("width", "height")
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a film shall be like; None where that is left open.

    Attributes:
        quality: one of `QUALITIES`, or the name of a preset of the engine's.
        width: in pixels; `height` as well.
        fps: frames a second.
        prompt: what it shall show; `negative_prompt` what it shall not.
        guidance_scale: how much the prompt counts.
        num_inference_steps: denoising steps.
        enhance: whether noise is taken out of the pictures and edges are made sharper.
        stream: whether it shall be fit for slow lines: no more than 2 Mbit/s.
        seed: equal seeds give equal pictures.
    """

    quality: str | None = None
    width: int | None = None
    height: int | None = None
    fps: int | None = None
    prompt: str = ""
    negative_prompt: str = ""
    guidance_scale: float | None = None
    num_inference_steps: int | None = None
    enhance: bool = False
    stream: bool = False
    seed: int | None = None


@dataclass(slots=True)
class FittedSpec:
    """A spec that an engine takes, and what of the wishes it does not carry, in sentences."""

    spec: job_pb2.JobSpec
    notices: list[str] = field(default_factory=list)


def wishes_of(prompt: str, given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Wishes:
    """Read parameters by the founding document's names.

    Sizes among the defaults count only where neither a size nor a quality is given: a quality has
    a size of its own.

    Args:
        prompt: what the film shall show.
        given: what was asked for.
        defaults: for what was not.

    Raises:
        InvalidInput: FIELD_INVALID, a parameter is not known or of another type.
    """
    sized = {"quality", "width", "height"} & set(given)
    usual = {key: value for key, value in defaults.items() if not (sized and key in _SIZED)}
    named: dict[str, Any] = {"prompt": prompt}
    for key, value in {**usual, **given}.items():
        name = _ALIASES.get(key, key)
        kinds = _KINDS.get(name)
        if kinds is None:
            known = ", ".join(sorted({*_KINDS, *_ALIASES} - {"enhance", "stream"}))
            raise InvalidInput(Reason.FIELD_INVALID, f"is not known; known are: {known}", field=key)
        if value is not None and not isinstance(value, kinds):
            problem = f"is {value!r}, which is no {' or '.join(kind.__name__ for kind in kinds)}"
            raise InvalidInput(Reason.FIELD_INVALID, problem, field=key)
        if value is not None:
            named[name] = value
    return Wishes(**named)


def fitted(
    wishes: Wishes, engine: system_service_pb2.Engine, qualities: Mapping[str, Mapping[str, Any]]
) -> FittedSpec:
    """Return what to ask of an engine.

    A size that is given goes before that of the quality, which goes before none at all.

    Args:
        wishes: what is wanted.
        engine: that renders.
        qualities: what each quality says of sizes, as `S2VConfig.QUALITY_PRESETS`.

    Raises:
        InvalidInput: PRESET_UNKNOWN, there is no such quality.
    """
    found = FittedSpec(job_pb2.JobSpec(engine=engine.name, seed=wishes.seed))
    if wishes.quality is not None:
        found.spec.preset = preset_for(wishes.quality, engine)
    found.notices += put_size(found.spec, *_size(wishes, engine, qualities), engine)
    if wishes.fps is not None:
        found.spec.frame_rate = _rate(wishes.fps, engine, found)
    _direct(wishes, engine, found)
    _set(found.spec.finish, finish_for(enhance=wishes.enhance, stream=wishes.stream))
    return found


def finish_for(*, enhance: bool, stream: bool) -> finish_pb2.Finish:
    """Return what `enhance_quality` and `optimize_streaming` ask to be done with the pictures."""
    return finish_pb2.Finish(
        denoise=enhance, sharpen=enhance, bits_per_second=STREAMING_BITS_PER_SECOND * stream
    )


def preset_for(quality: str, engine: system_service_pb2.Engine) -> str:
    """Return the engine's preset for a quality: of that name, or of what is nearest to it.

    Raises:
        InvalidInput: PRESET_UNKNOWN, it is neither a quality nor a preset of the engine's.
    """
    presets = [preset.name for preset in engine.presets]
    for name in (quality, _ALIKE.get(quality, "")):
        if name in presets:
            return name
    if quality in QUALITIES:
        return presets[0] if presets else ""
    known = ", ".join(dict.fromkeys((*QUALITIES, *presets)))
    raise InvalidInput(
        Reason.PRESET_UNKNOWN,
        f"there is no quality {quality!r}; use one of: {known}",
        field="quality",
    )


def without_directions(spec: job_pb2.JobSpec, engine: system_service_pb2.Engine) -> list[str]:
    """Take out of a spec what only directed engines take, where this is none; say what."""
    if engine.directed:
        return []
    name = engine.name.partition("/")[2]
    given = {"prompt": spec.prompt, "negative_prompt": spec.negative_prompt}
    left = [word.replace("_", " ") for word, value in given.items() if value]
    if spec.sampling != sampling_pb2.Sampling():
        left.append("guidance or steps")
    for word in (*given, "sampling"):
        spec.ClearField(word)
    return [f"the engine {name} takes no {word}; it is left out" for word in left]


def _direct(wishes: Wishes, engine: system_service_pb2.Engine, found: FittedSpec) -> None:
    sampling = sampling_pb2.Sampling(
        steps=wishes.num_inference_steps, guidance=wishes.guidance_scale
    )
    spec = job_pb2.JobSpec(prompt=wishes.prompt, negative_prompt=wishes.negative_prompt)
    _set(spec.sampling, sampling)
    found.notices += without_directions(spec, engine)
    found.spec.MergeFrom(spec)


def _set(field: Message, value: Message) -> None:
    """Put into a field of a message what a value says; nothing where it says nothing."""
    if value.ByteSize():
        field.MergeFrom(value)


def size_for(
    quality: str,
    engine: system_service_pb2.Engine,
    qualities: Mapping[str, Mapping[str, Any]],
) -> tuple[int, int]:
    """Return the width and height of a quality; 0 and 0 leave them to the engine's preset.

    A directed engine's preset of that very name has a size of its own, and keeps the portrait's
    shape, unless the quality is for smaller films than the engine renders.
    """
    match = _SIZE.fullmatch(str(qualities.get(quality, {}).get("target_resolution", "")))
    if not match:
        return 0, 0
    width, height = int(match[1]), int(match[2])
    is_own = engine.directed and any(preset.name == quality for preset in engine.presets)
    return (0, 0) if is_own and width * height >= engine.least_area_pixels else (width, height)


def put_size(
    spec: job_pb2.JobSpec, width: int, height: int, engine: system_service_pb2.Engine
) -> list[str]:
    """Ask for a film of a size; return what it will not have of that, in sentences.

    Where an engine's pictures have a least area, what is smaller, or out of its steps, is rendered
    in a larger size and scaled down at the film's end. 0 and 0 leave it to the engine's preset.
    """
    notices: list[str] = []
    step = 2 if engine.least_area_pixels else engine.side_step_pixels or 1
    width, height = _side(width, "width", step, notices), _side(height, "height", step, notices)
    spec.width_pixels, spec.height_pixels = rendered = _rendered(width, height, engine)
    if rendered != (width, height):
        spec.finish.width_pixels, spec.finish.height_pixels = width, height
    return notices


def _rendered(width: int, height: int, engine: system_service_pb2.Engine) -> tuple[int, int]:
    """Return in which size an engine renders a film that is scaled to another one."""
    least = engine.least_area_pixels
    if not (least and width and height):
        return width, height
    scale, step = max(1.0, math.sqrt(least / (width * height))), engine.side_step_pixels
    return math.ceil(width * scale / step) * step, math.ceil(height * scale / step) * step


def _size(
    wishes: Wishes, engine: system_service_pb2.Engine, qualities: Mapping[str, Mapping[str, Any]]
) -> tuple[int, int]:
    """Return width and height; of one that is given the other follows, by the quality's shape."""
    usual = size_for(wishes.quality or "", engine, qualities)
    width, height = wishes.width, wishes.height
    if width is None and height is None:
        return usual
    across, down = usual if all(usual) else (1, 1)
    if width is None:
        width = round((height or 0) * across / down / 2) * 2
    if height is None:
        height = round(width * down / across / 2) * 2
    return width, height


def _side(pixels: int, what: str, step: int, notices: list[str]) -> int:
    if not pixels or pixels % step == 0:
        return pixels
    near = max(step, round(pixels / step) * step)
    notices.append(
        f"the {what} is {near} pixels in place of {pixels}: the engine needs a multiple of {step}"
    )
    return near


def _rate(fps: int, engine: system_service_pb2.Engine, found: FittedSpec) -> int:
    rates = list(engine.frame_rates)
    if not rates or fps in rates:
        return fps
    near = min(rates, key=lambda rate: abs(rate - fps))
    found.notices.append(f"the film has {near} frames a second in place of {fps}")
    return near
