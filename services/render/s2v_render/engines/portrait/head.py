"""The head's own coordinates, and how it turns.

Local coordinates have their origin between the corners of the mouth, the distance between the
outer corners of the eyes as unit, x to the picture's right, y down the face, z away from the
camera. A turned face thus opens its mouth along its own axis.
"""

from dataclasses import dataclass

import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Floats
from s2v_render.engines.portrait.motion import Motion

_NECK_BELOW_CHIN = 0.25
_FARTHEST_DEGREES, _EASY_RADIANS = 30.0, 0.035
_LEAST_TURN, _LEAST_TILT = 0.75, 0.3


@dataclass(frozen=True, slots=True)
class Head:
    """How the head of the photo lies in the picture.

    Attributes:
        origin: the local origin in pixels, shape [3].
        axes: the local axes as columns, shape [3, 3].
        eye_distance: the local unit in pixels.
    """

    origin: Floats
    axes: Floats
    eye_distance: float

    def to_local(self, points: Floats) -> Floats:
        """Convert points [n, 3] of the picture to local coordinates."""
        return (points - self.origin) @ self.axes / self.eye_distance

    def to_picture(self, points: Floats) -> Floats:
        """Project local points [n, 3] into the picture, shape [n, 2]."""
        flat = points @ self.axes[:2].T
        return flat * self.eye_distance + self.origin[:2]

    @property
    def yaw_degrees(self) -> float:
        """How far the head is turned to the side."""
        return float(np.degrees(np.arctan2(self.axes[2, 0], self.axes[0, 0])))

    @property
    def tilt_degrees(self) -> float:
        """How far the head leans towards a shoulder, clockwise positive."""
        return float(np.degrees(np.arctan2(self.axes[1, 0], self.axes[0, 0])))


@dataclass(frozen=True, slots=True)
class Pose:
    """A rigid motion of the head about its neck, in local coordinates."""

    turn: Floats
    shift: Floats
    pivot: Floats

    def moved(self, points: Floats, share: float = 1.0) -> Floats:
        """Return points [n, 3] after a share 0..1 of the motion."""
        there = (points - self.pivot) @ self.turn.T + self.pivot + self.shift
        return points + share * (there - points)


def head_of(points: Floats) -> Head:
    """Return the head under landmarks [478, 3]."""
    across = _unit(points[topo.LEFT_EAR] - points[topo.RIGHT_EAR])
    down = points[topo.CHIN_TIP] - points[topo.FOREHEAD]
    down = _unit(down - across * (across @ down))
    eyes = points[topo.LEFT_EYE_OUTER] - points[topo.RIGHT_EYE_OUTER]
    return Head(
        origin=(points[topo.RIGHT_CORNER] + points[topo.LEFT_CORNER]) / 2,
        axes=np.stack([across, down, np.cross(across, down)], axis=1),
        eye_distance=float(np.linalg.norm(eyes)),
    )


def neck_pivot(local: Floats) -> Floats:
    """Return the point that the head turns about, of local landmarks [478, 3]."""
    ear_depth = (local[topo.RIGHT_EAR, 2] + local[topo.LEFT_EAR, 2]) / 2
    return np.array([0.0, local[topo.CHIN_TIP, 1] + _NECK_BELOW_CHIN, ear_depth - 0.05])


def pose_of(motion: Motion, head: Head, *, pivot: Floats, freedom: float = 1.0) -> Pose:
    """Return the head's rigid motion; a face that is turned away turns further away by less.

    A head with no freedom (0..1), as the picture's edge cuts it, hardly tilts and turns by less.
    """
    turn, tilt = (least + (1 - least) * freedom for least in (_LEAST_TURN, _LEAST_TILT))
    yaw, pitch = _within_view(motion.yaw * turn, head.yaw_degrees), motion.pitch * turn
    cy, sy = np.cos(yaw), np.sin(yaw)
    cp, sp = np.cos(pitch), np.sin(pitch)
    cr, sr = np.cos(motion.roll * tilt), np.sin(motion.roll * tilt)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    shift = np.array([motion.shift_x, motion.shift_y, 0.0]) * tilt
    return Pose(about_z @ about_y @ about_x, shift, pivot)


def _within_view(yaw: float, photo_degrees: float) -> float:
    """Return a turn that is given in radians, in which more than `photo_degrees` is not hidden."""
    away = -yaw * np.sign(photo_degrees)
    if away <= 0:
        return yaw
    lost = min(abs(photo_degrees) / _FARTHEST_DEGREES, 1.0)
    return float(yaw * (1 - lost * away / (away + _EASY_RADIANS)))


def _unit(vector: Floats) -> Floats:
    return vector / np.linalg.norm(vector)
