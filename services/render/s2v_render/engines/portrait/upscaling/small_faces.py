"""Enlarge a photo whose face is small, where the extra `sr` is installed.

A face whose eyes are 20 to 48 pixels apart in the photo is enlarged by super-resolution if the
film shows it larger than the photo does. If no size is asked for and the face is too small for a
film of the photo's own size, the film is made larger, up to four times, until the eyes are 90
pixels apart. Of smaller faces a stranger would be made; larger ones gain little, and the time grows
with the square.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from s2v.core.ports import Size
from s2v.face.arrays import Floats, Rgb
from s2v_render.engines.portrait.upscaling.enlarging import ENLARGEMENT
from s2v_render.engines.reference.fitting import FaceBox, covering, own_size

_SMALLEST, _LARGEST = 20.0, 48.0
"""Eye distances in the photo, in pixels."""
_AIM = 90.0
_LEAST_GAIN = 1.2
_ABOVE, _BESIDE, _BELOW, _FADE = 0.9, 0.6, 0.4, 0.3
"""How much more than the face is enlarged, and over what its edge fades, in eye distances."""


@dataclass(frozen=True, slots=True)
class Enlarged:
    """A photo as large as the film needs it, and what to tell the user."""

    photo: Rgb
    notice: str


def with_larger_face(
    photo: Rgb,
    size: Size | None,
    face: FaceBox | None,
    enlarge: Callable[[Rgb], Rgb],
    *,
    least_eye_distance: float,
) -> Enlarged | None:
    """Return the photo enlarged for a film of a size (None: its own), None where that is no use.

    `enlarge` makes a picture four times as large. `least_eye_distance` is what a film needs, in
    pixels.
    """
    if face is None or not _SMALLEST <= face.eye_distance <= _LARGEST:
        return None
    shown = Size(photo.shape[1], photo.shape[0])
    target = covering(
        shown, size or _film_size(shown, eye_distance=face.eye_distance, least=least_eye_distance)
    )
    if target.width < _LEAST_GAIN * shown.width:
        return None
    large: Rgb = cv2.resize(photo, (target.width, target.height), interpolation=cv2.INTER_LANCZOS4)
    _lay_face(large, photo, face, enlarge)
    made = "" if size else f" and the film made {target.width}x{target.height} pixels"
    return Enlarged(
        large,
        f"the face in the reference is small, its eyes are {face.eye_distance:.0f} pixels apart; "
        f"it was enlarged by super-resolution, which guesses what cannot be seen{made}; a larger "
        "photo looks more like the person",
    )


def _film_size(shown: Size, *, eye_distance: float, least: float) -> Size:
    own = own_size(shown)
    if eye_distance * own.width / shown.width >= least:
        return own
    factor = min(ENLARGEMENT, _AIM / eye_distance)
    return own_size(Size(round(shown.width * factor), round(shown.height * factor)))


def _lay_face(large: Rgb, photo: Rgb, face: FaceBox, enlarge: Callable[[Rgb], Rgb]) -> None:
    """Enlarge the face and lay it over the photo that was enlarged otherwise, in place."""
    unit, (height, width) = face.eye_distance, photo.shape[:2]
    left = max(0, int(face.low[0] - _BESIDE * unit))
    top = max(0, int(face.low[1] - _ABOVE * unit))
    right = min(width, int(face.high[0] + _BESIDE * unit) + 1)
    bottom = min(height, int(face.high[1] + _BELOW * unit) + 1)
    across, down = large.shape[1] / width, large.shape[0] / height
    columns = slice(round(left * across), round(right * across))
    rows = slice(round(top * down), round(bottom * down))
    size = (columns.stop - columns.start, rows.stop - rows.start)
    part = enlarge(np.ascontiguousarray(photo[top:bottom, left:right]))
    sharp = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    weight = _fading(size, _FADE * unit * across)
    soft = large[rows, columns]
    large[rows, columns] = np.clip(soft + (sharp.astype(np.float32) - soft) * weight + 0.5, 0, 255)


def _fading(size: tuple[int, int], reach: float) -> Floats:
    """Return weights [height, width, 1] that rise from 0 at the edge to 1."""
    rises = [
        np.clip(np.minimum(np.arange(length), np.arange(length)[::-1]) / reach, 0, 1)
        for length in size
    ]
    weights: Floats = np.outer(rises[1], rises[0]).astype(np.float32)[..., None]
    return weights
