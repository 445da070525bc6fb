"""The size of a film: what is asked for, or the portrait's shape in the area of a preset."""

from s2v.core.choices import check_side
from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Capabilities, Size, Take
from s2v.media.confined.reading import Reader
from s2v_render.areas import own_area_size
from s2v_render.engines.wan.presets import MAX_SIDE_PIXELS, STEP_PIXELS, Recipe

LEAST_SIDE_PIXELS = 64


def film_size(take: Take, recipe: Recipe, capabilities: Capabilities) -> Size:
    """Return the size in which a take is rendered.

    Raises:
        InvalidInput: SIZE_UNSUPPORTED on "spec.width_pixels"; IMAGE_UNREADABLE or
            IMAGE_SIZE_UNSUPPORTED on "spec.reference".
    """
    if take.size is not None:
        _check_size(take.size)
        return take.size
    photo = Reader().still(take.reference, take.reference_media_type, field="spec.reference")
    height, width, _ = photo.shape
    size = own_area_size(Size(width, height), recipe.shown, capabilities)
    if min(size.width, size.height) and max(size.width, size.height) <= MAX_SIDE_PIXELS:
        return size
    raise InvalidInput(
        Reason.IMAGE_SIZE_UNSUPPORTED,
        f"the portrait of {width}x{height} pixels is too long and thin for a film of about "
        f"{recipe.shown.max_area_pixels} pixels; crop it",
        field="spec.reference",
    )


def _check_size(size: Size) -> None:
    for side, pixels in (("width", size.width), ("height", size.height)):
        check_side(
            side,
            pixels,
            least=LEAST_SIDE_PIXELS,
            most=MAX_SIDE_PIXELS,
            step=STEP_PIXELS,
            engine="wan",
        )
