"""The size of a film whose area is bounded and whose sides come in steps.

Source of `official_size`: the size rule of Wan2.2's official speech-to-video code, with its
oddities; proved by the fixtures in `tests/data/wan_s2v/7_size_selection`.
"""

import math

from s2v.core.ports import Capabilities, Preset, Size, Sizing

_OFFICIAL_STEP_PIXELS = 64
LEAST_SHARE = 0.9
"""Of the area, that may be given up for a size that is nearer to the picture's shape."""
_TRIES = 100
_SMALLEST_SCALE = 0.1


def own_area_size(picture: Size, preset: Preset, capabilities: Capabilities) -> Size:
    """Return the size of a film that nobody asked a size for, by a preset that bounds its area.

    A side is 0 where the picture is so long and thin that nothing fits.
    """
    if preset.sizing is Sizing.OFFICIAL:
        return official_size(
            picture, area_pixels=preset.max_area_pixels, step_pixels=_OFFICIAL_STEP_PIXELS
        )
    return size_in_area(
        picture,
        least_pixels=capabilities.least_area_pixels,
        area_pixels=preset.max_area_pixels,
        step_pixels=capabilities.size_step_pixels,
    )


def size_in_area(picture: Size, *, least_pixels: int, area_pixels: int, step_pixels: int) -> Size:
    """Return the size, in whole steps, that a picture is rendered at; 0 where there is none.

    It has the picture's area, or the bound that this is beyond, and of all sizes of nearly that
    area it is the one that the least of the picture has to be cut off for.

    Args:
        picture: any.
        least_pixels: to which area a smaller picture is enlarged.
        area_pixels: the largest area.
        step_pixels: what both sides are multiples of.
    """
    area = min(max(picture.width * picture.height, least_pixels), area_pixels)
    shape = picture.width / picture.height
    tallest = int(math.sqrt(area / shape)) // step_pixels + 1
    found = [
        size
        for steps in range(tallest, 0, -1)
        for size in (_shaped(steps * step_pixels, shape, step_pixels),)
        if LEAST_SHARE * area <= size.width * size.height <= area
    ]
    return min(found, key=lambda size: _cut_share(size, shape), default=Size(0, 0))


def _shaped(height: int, shape: float, step_pixels: int) -> Size:
    return Size(round(height * shape / step_pixels) * step_pixels, height)


def _cut_share(size: Size, shape: float) -> float:
    """Return how much of a picture of some shape is cut off where it fills a size."""
    ratio = size.width / size.height / shape
    return 1 - min(ratio, 1 / ratio)


def official_size(picture: Size, *, area_pixels: int, step_pixels: int) -> Size:
    """Return the size that the official code renders a picture at.

    The largest scale at which both sides, rounded up to whole steps, hold at most `area_pixels`;
    a picture is not enlarged beyond the rounding. A side is 0 where the picture is so long and
    thin, or the area so small, that nothing fits.
    """
    largest, smallest = _scales(picture, area_pixels=area_pixels, step_pixels=step_pixels)
    for attempt in range(_TRIES):
        scale = largest - (largest - smallest) * attempt / _TRIES
        rows = _rounded_up(int(picture.height * scale), step_pixels)
        columns = _rounded_up(int(picture.width * scale), step_pixels)
        if rows * columns <= area_pixels:
            return Size(columns, rows)
    return _rounded_down_size(picture, area_pixels=area_pixels, step_pixels=step_pixels)


def _scales(picture: Size, *, area_pixels: int, step_pixels: int) -> tuple[float, float]:
    a = picture.height * picture.width
    if a <= area_pixels:
        return 1.0, _SMALLEST_SCALE
    b = (step_pixels - 1) * (picture.height + picture.width)
    c = (step_pixels - 1) ** 2 - area_pixels
    # The formula for roots wants 4 here; the official code has 2, and sizes depend on it.
    return math.sqrt(area_pixels / a), (math.sqrt(b * b - 2 * a * c) - b) / (2 * a)


def _rounded_up(pixels: int, step_pixels: int) -> int:
    return -(-pixels // step_pixels) * step_pixels


def _rounded_down_size(picture: Size, *, area_pixels: int, step_pixels: int) -> Size:
    height, width = picture.height, picture.width
    rows = int(math.sqrt(area_pixels * height / width) // step_pixels) * step_pixels
    columns = int(math.sqrt(area_pixels * width / height) // step_pixels) * step_pixels
    if rows >= height or columns >= width:
        return Size(width // step_pixels * step_pixels, height // step_pixels * step_pixels)
    return Size(columns, rows)
