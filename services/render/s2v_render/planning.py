"""Decide what a take shall look like: engine, preset, size and rate, refused where impossible."""

from collections.abc import Mapping
from dataclasses import dataclass

from s2v.core.choices import check_side, chosen_preset, side_unsupported
from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Capabilities, Preset, Size, Sizing
from s2v_render.areas import own_area_size


def find_engine(
    name: str,
    capabilities: Mapping[str, Capabilities],
    *,
    default: str,
    withheld: Mapping[str, str],
) -> tuple[str, Capabilities]:
    """Return an engine's name and what it can do; an empty name is the default engine.

    Args:
        name: as requested.
        capabilities: of the engines that are offered.
        default: name of the default engine.
        withheld: engines that are not offered, and what would change that.

    Raises:
        InvalidInput: there is no such engine here (ENGINE_UNKNOWN).
    """
    found = name or default
    if found not in capabilities:
        remedy = f"; {withheld[found]}" if found in withheld else ""
        raise InvalidInput(
            Reason.ENGINE_UNKNOWN,
            f"there is no engine {name!r} here; use one of: {', '.join(capabilities)}{remedy}",
            field="spec.engine",
        )
    return found, capabilities[found]


def find_preset(name: str, capabilities: Capabilities, *, engine: str) -> Preset:
    """Return one of an engine's presets; an empty name is its default one.

    Raises:
        InvalidInput: there is no such preset (PRESET_UNKNOWN).
    """
    presets = {preset.name: preset for preset in capabilities.presets}
    chosen = chosen_preset(
        name, list(presets), engine=engine, withheld=capabilities.withheld_presets
    )
    return presets[chosen]


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


def plan_size(
    reference: Size,
    requested: Size,
    preset: Preset,
    capabilities: Capabilities,
    *,
    engine: str,
) -> Size:
    """Return the film's size in pixels, in whole steps and within what the engine can do.

    What is requested wins; a requested side of 0 follows from the other one and the reference's
    aspect ratio. For two zeros the preset's sizing decides: the reference's own size, made smaller
    where the preset or the engine wants it, or its aspect ratio within the preset's area.

    Args:
        reference: as shown, turned upright.
        requested: sides in pixels, 0 where not given.
        preset: bounds the size where none is requested.
        capabilities: bounds every size.
        engine: what the capabilities are of.

    Raises:
        InvalidInput: a requested side is out of step or range (SIZE_UNSUPPORTED), or the
            reference is too small or too narrow to be rendered (IMAGE_SIZE_UNSUPPORTED).
    """
    if requested == Size(0, 0):
        return _own_size(reference, preset, capabilities)
    sides = _Sides(capabilities, engine)
    sides.check("width", requested.width)
    sides.check("height", requested.height)
    if not requested.height:
        height = _stepped(requested.width * reference.height / reference.width, capabilities)
        sides.check_derived("height", height, given="width")
        return Size(requested.width, height)
    if not requested.width:
        width = _stepped(requested.height * reference.width / reference.height, capabilities)
        sides.check_derived("width", width, given="height")
        return Size(width, requested.height)
    return requested


def _own_size(reference: Size, preset: Preset, capabilities: Capabilities) -> Size:
    if preset.sizing is Sizing.FREE:
        size = _scaled_down(reference, preset, capabilities)
    else:
        size = own_area_size(reference, preset, capabilities)
    least, most = capabilities.min_size, capabilities.max_size
    if size.width < least.width or size.height < least.height:
        raise _unsuitable(
            reference,
            size,
            f"at least {least.width}x{least.height} is needed: use a larger picture",
        )
    if size.width > most.width or size.height > most.height:
        raise _unsuitable(reference, size, f"{most.width}x{most.height} is the most")
    return size


def _scaled_down(reference: Size, preset: Preset, capabilities: Capabilities) -> Size:
    long_side = max(reference.width, reference.height)
    short_side = min(reference.width, reference.height)
    scale = min(
        1.0,
        preset.max_long_side / long_side,
        preset.max_short_side / short_side,
        capabilities.max_size.width / reference.width,
        capabilities.max_size.height / reference.height,
    )
    return Size(
        _stepped(reference.width * scale, capabilities),
        _stepped(reference.height * scale, capabilities),
    )


def _unsuitable(reference: Size, size: Size, bound: str) -> InvalidInput:
    return InvalidInput(
        Reason.IMAGE_SIZE_UNSUPPORTED,
        f"the portrait of {reference.width}x{reference.height} pixels would make a film of "
        f"{size.width}x{size.height}; {bound}, or crop it if it is very long",
        field="spec.reference",
    )


@dataclass(frozen=True, slots=True)
class _Sides:
    """The sides that an engine can render."""

    capabilities: Capabilities
    engine: str

    def check(self, side: str, pixels: int) -> None:
        """Refuse a requested side."""
        check_side(side, pixels, engine=self.engine, **self._bounds(side))

    def check_derived(self, side: str, pixels: int, *, given: str) -> None:
        """Refuse a side that follows from the given one."""
        bounds = self._bounds(side)
        if not bounds["least"] <= pixels <= bounds["most"]:
            what = f"with this {given} the portrait's aspect ratio makes the {side} {pixels}"
            raise side_unsupported(given, what, engine=self.engine, **self._bounds(given))

    def _bounds(self, side: str) -> dict[str, int]:
        return {
            "least": getattr(self.capabilities.min_size, side),
            "most": getattr(self.capabilities.max_size, side),
            "step": self.capabilities.size_step_pixels,
        }


def _stepped(pixels: float, capabilities: Capabilities) -> int:
    """Return the nearest number of pixels in whole steps, the lower one of two that are as near."""
    step = capabilities.size_step_pixels
    return max(step, (round(pixels) + step // 2 - 1) // step * step)
