"""Look for the face of a picture that is to be cropped."""

from dataclasses import replace

from s2v.face.arrays import Rgb
from s2v.face.detector import FaceDetector
from s2v.face.search import clearest
from s2v_render.engines.reference.fitting import FaceBox

_EYES_OF_FACE = 0.4
"""Of a face's width, what is between its outer corners of the eyes."""
_HAIR = 0.6
"""Of a face's height, what may be above it."""


def face_in(picture: Rgb, detector: FaceDetector) -> FaceBox | None:
    """Return where the largest face of a picture is, roughly; None where there is none."""
    face = clearest(picture, detector)
    if face is None:
        return None
    (x, y), half = face.centre, face.size / 2
    return FaceBox((x - half, y - half), (x + half, y + half), _EYES_OF_FACE * face.size)


def head_in(picture: Rgb, detector: FaceDetector, *, rows: int) -> FaceBox | None:
    """Return where the largest head is, with its hair where that has room in so many rows."""
    face = face_in(picture, detector)
    if face is None:
        return None
    (left, top), bottom = face.low, face.high[1]
    crown = max(0.0, top - _HAIR * (bottom - top))
    return replace(face, low=(left, crown)) if bottom - crown <= rows else face
