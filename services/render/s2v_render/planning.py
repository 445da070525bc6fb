"""Decide what a take shall look like: engine, preset, size and rate, refused where impossible."""

from collections.abc import Mapping
from dataclasses import dataclass

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Capabilities, Size
from s2v.media.video import H264


@dataclass(frozen=True, slots=True)
class Preset:
    """A named choice between speed and quality.

    Attributes:
        max_long_side: bound in pixels for a size that nobody asked for.
        max_short_side: as `max_long_side`.
        quality: how the clip is encoded.
    """

    name: str
    description: str
    max_long_side: int
    max_short_side: int
    quality: H264


PRESETS = (
    Preset(
        "standard",
        "The portrait's own size up to 1080p, in good quality.",
        max_long_side=1920,
        max_short_side=1080,
        quality=H264(preset="veryfast", crf=22),
    ),
    Preset(
        "draft",
        "A small film, at most 640 pixels long, made quickly.",
        max_long_side=640,
        max_short_side=640,
        quality=H264(preset="superfast", crf=28),
    ),
    Preset(
        "high",
        "The portrait's own size up to 1080p, in the best quality.",
        max_long_side=1920,
        max_short_side=1080,
        quality=H264(preset="medium", crf=18),
    ),
)
"""The presets of every engine, the default one first."""


def find_engine(
    name: str, capabilities: Mapping[str, Capabilities], *, default: str
) -> tuple[str, Capabilities]:
    """Return an engine's name and what it can do; an empty name is the default engine.

    Raises:
        InvalidInput: there is no such engine (ENGINE_UNKNOWN).
    """
    found = name or default
    if found not in capabilities:
        raise InvalidInput(
            Reason.ENGINE_UNKNOWN,
            f"there is no engine {name!r}; use one of: {', '.join(capabilities)}",
            field="spec.engine",
        )
    return found, capabilities[found]


def find_preset(name: str) -> Preset:
    """Return a preset; an empty name is the default one.

    Raises:
        InvalidInput: there is no such preset (PRESET_UNKNOWN).
    """
    presets = {preset.name: preset for preset in PRESETS}
    if not name:
        return PRESETS[0]
    if name not in presets:
        raise InvalidInput(
            Reason.PRESET_UNKNOWN,
            f"there is no preset {name!r}; use one of: {', '.join(presets)}",
            field="spec.preset",
        )
    return presets[name]


def check_frame_rate(frame_rate: int, capabilities: Capabilities) -> None:
    """Refuse a frame rate that the engine cannot render at.

    Raises:
        InvalidInput: FRAME_RATE_UNSUPPORTED.
    """
    if frame_rate not in capabilities.frame_rates:
        rates = ", ".join(map(str, capabilities.frame_rates))
        raise InvalidInput(
            Reason.FRAME_RATE_UNSUPPORTED,
            f"frame rate {frame_rate} is not supported; use one of: {rates}",
            field="spec.frame_rate",
        )


def check_media_type(media_type: str, capabilities: Capabilities) -> None:
    """Refuse a portrait of a kind that the engine cannot animate.

    Raises:
        InvalidInput: MEDIA_TYPE_UNSUPPORTED.
    """
    if media_type not in capabilities.reference_media_types:
        types = ", ".join(capabilities.reference_media_types)
        raise InvalidInput(
            Reason.MEDIA_TYPE_UNSUPPORTED,
            f"a portrait of type {media_type} cannot be used; send one of: {types}",
            field="spec.reference",
        )


def plan_size(reference: Size, requested: Size, preset: Preset, capabilities: Capabilities) -> Size:
    """Return the film's size in pixels, both sides even and within what the engine can do.

    What is requested wins; a requested side of 0 follows from the other one and the reference's
    aspect ratio. Two zeros keep the reference's size, made smaller where the preset or the engine
    wants it.

    Args:
        reference: as shown, turned upright.
        requested: sides in pixels, 0 where not given.
        preset: bounds the size where none is requested.
        capabilities: bounds every size.

    Raises:
        InvalidInput: a requested side is odd or out of range (SIZE_UNSUPPORTED), or the
            reference is too small or too narrow to be rendered (IMAGE_SIZE_UNSUPPORTED).
    """
    if requested == Size(0, 0):
        return _own_size(reference, preset, capabilities)
    if requested.width:
        _check_side("width", requested.width, capabilities)
    if requested.height:
        _check_side("height", requested.height, capabilities)
    if not requested.height:
        height = _even(requested.width * reference.height / reference.width)
        _check_derived("height", height, "width", capabilities)
        return Size(requested.width, height)
    if not requested.width:
        width = _even(requested.height * reference.width / reference.height)
        _check_derived("width", width, "height", capabilities)
        return Size(width, requested.height)
    return requested


def _own_size(reference: Size, preset: Preset, capabilities: Capabilities) -> Size:
    long_side = max(reference.width, reference.height)
    short_side = min(reference.width, reference.height)
    scale = min(
        1.0,
        preset.max_long_side / long_side,
        preset.max_short_side / short_side,
        capabilities.max_size.width / reference.width,
        capabilities.max_size.height / reference.height,
    )
    size = Size(_even(reference.width * scale), _even(reference.height * scale))
    least = capabilities.min_size
    if size.width < least.width or size.height < least.height:
        raise InvalidInput(
            Reason.IMAGE_SIZE_UNSUPPORTED,
            f"the portrait of {reference.width}x{reference.height} pixels would make a film of "
            f"{size.width}x{size.height}; at least {least.width}x{least.height} is needed: "
            "use a larger picture, or crop it if it is very long",
            field="spec.reference",
        )
    return size


def _check_side(side: str, pixels: int, capabilities: Capabilities) -> None:
    least, most = _range(side, capabilities)
    if pixels % 2 or not least <= pixels <= most:
        raise _unsupported(side, f"{side} {pixels} is not supported", least, most)


def _check_derived(side: str, pixels: int, given: str, capabilities: Capabilities) -> None:
    least, most = _range(side, capabilities)
    if not least <= pixels <= most:
        what = f"with this {given} the portrait's aspect ratio makes the {side} {pixels}"
        raise _unsupported(given, what, least, most)


def _range(side: str, capabilities: Capabilities) -> tuple[int, int]:
    least: int = getattr(capabilities.min_size, side)
    most: int = getattr(capabilities.max_size, side)
    return least, most


def _unsupported(side: str, what: str, least: int, most: int) -> InvalidInput:
    return InvalidInput(
        Reason.SIZE_UNSUPPORTED,
        f"{what}; use even numbers of pixels from {least} to {most}",
        field=f"spec.{side}_pixels",
    )


def _even(pixels: float) -> int:
    return max(2, round(pixels) // 2 * 2)
