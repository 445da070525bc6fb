"""Fit the head to what does not move on a face, so that speaking does not shake it."""

from dataclasses import dataclass

import numpy as np

from s2v.face.arrays import Floats
from s2v_render.engines.portrait.head import Head, head_of

_BONES = (
    *(168, 6, 197, 195, 5, 4, 1, 2, 98, 327, 8, 9, 151, 10, 109, 338, 67, 297),
    *(33, 133, 362, 263, 127, 356, 162, 389, 116, 345, 117, 346, 123, 352),
)
"""Nose, forehead, temples, cheekbones and the corners of the eyes."""


@dataclass(frozen=True, slots=True)
class Skull:
    """Where the bones of one face lie in its local coordinates, shape [bones, 3]."""

    bones: Floats

    def head(self, points: Floats) -> Head:
        """Return the head of landmarks [478, 3] whose bones best fit these (Umeyama, 1991)."""
        there = points[list(_BONES)]
        middle, own_middle = there.mean(axis=0), self.bones.mean(axis=0)
        own = self.bones - own_middle
        u, singular, vt = np.linalg.svd((there - middle).T @ own)
        sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
        axes = (u * sign) @ vt
        scale = float((singular * sign).sum() / (own**2).sum())
        return Head(middle - scale * axes @ own_middle, axes, scale)


def skull_of(points: Floats) -> Skull:
    """Return the skull under landmarks [478, 3]; their head is the one it defines."""
    return Skull(head_of(points).to_local(points)[list(_BONES)])
