"""The size of a film whose area is bounded and whose sides come in large steps.

Source: the size rule of Wan2.2's official speech-to-video code, with its oddities; proved by the
fixtures in `tests/data/wan_s2v/7_size_selection`.
"""

import math

from s2v.core.ports import Size

_TRIES = 100
_SMALLEST_SCALE = 0.1


def size_in_area(picture: Size, *, area_pixels: int, step_pixels: int) -> Size:
    """Return the size that a picture is rendered at.

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
