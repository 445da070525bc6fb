"""Look for the face of a picture that is to be cropped."""

from s2v.face.arrays import Rgb
from s2v.face.detector import FaceDetector
from s2v_render.engines.reference.fitting import FaceBox

_EYES_OF_FACE = 0.4
"""Of a face's width, what is between its outer corners of the eyes."""


def face_in(picture: Rgb, detector: FaceDetector) -> FaceBox | None:
    """Return where the largest face of a picture is, roughly; None where there is none."""
    faces = detector.find(picture)
    if not faces:
        return None
    (x, y), half = faces[0].centre, faces[0].size / 2
    return FaceBox((x - half, y - half), (x + half, y + half), _EYES_OF_FACE * faces[0].size)
