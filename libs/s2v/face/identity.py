"""Tell persons apart: dlib's face recognition network, where the extra `identity` is installed."""

from importlib.util import find_spec
from typing import Any, Self

import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v.face.mesh import Landmarks

_MODULES = ("dlib", "face_recognition_models")
_NOSE_BASE = 2


class FaceRecogniser:
    """Describes faces by 128 numbers; two of one person are nearer to each other than 0.6.

    The network is dlib's ResNet of 2017 (public domain). Its five landmarks come from our own
    mesh, so none of dlib's landmark models is loaded.
    """

    def __init__(self) -> None:
        """Load the network.

        Raises:
            ModuleNotFoundError: the extra `identity` is not installed.
        """
        import dlib
        import face_recognition_models

        self._dlib: Any = dlib
        path = face_recognition_models.face_recognition_model_location()
        self._network: Any = dlib.face_recognition_model_v1(path)

    @classmethod
    def if_installed(cls) -> Self | None:
        """Load the network, or return None where the extra `identity` is not installed."""
        return cls() if all(map(find_spec, _MODULES)) else None

    def describe(self, picture: Rgb, found: Landmarks) -> Floats:
        """Return what the face at the landmarks looks like, shape [128]; takes about 0.3 s."""
        points = found.points[:, :2]
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        box = self._dlib.rectangle(int(left), int(top), int(right), int(bottom))
        # The order of dlib's five-point model: its left eye is the one on the right.
        places = points[
            [
                topo.LEFT_EYE_OUTER,
                topo.LEFT_EYE_UPPER[0],
                topo.RIGHT_EYE_OUTER,
                topo.RIGHT_EYE_UPPER[-1],
                _NOSE_BASE,
            ]
        ]
        shape = self._dlib.full_object_detection(
            box, [self._dlib.point(round(float(x)), round(float(y))) for x, y in places]
        )
        described = self._network.compute_face_descriptor(np.ascontiguousarray(picture), shape)
        return np.array(described)
