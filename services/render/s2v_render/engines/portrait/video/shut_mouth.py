"""Lend pictures in which the mouth is torn open the lips and chin of one in which it is shut.

A mesh follows such a mouth only roughly: what is left of its lips when they are drawn together
would be a red stain on the chin, what was between them a dark one above the upper lip, and what was
stretched a smear.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Pixels, Rgb
from s2v_render.engines.portrait.head import Head

_FROM, _WHOLLY = 0.07, 0.15
"""From how much more open a mouth is, in eye distances, and from how much on nothing else shows."""
_FEATHER, _EDGE = 0.05, 0.08
"""How soft edges are, and how far from the face's own one skin is looked at, in eye distances."""
_LEAST_GAIN, _MOST_GAIN = 0.6, 1.6
_LEAST_SEEN = 0.002
"""What less of the other face is seen changes no pixel."""
_UNIT_PIXELS = 80.0
"""The eye distance in which edges and light are looked at: they are soft."""
_UPPER_LIP = (*topo.UPPER_RINGS[0], *topo.UPPER_RINGS[-1])
_LOWER_LIP = (*topo.LOWER_RINGS[0], *topo.LOWER_RINGS[-1])
_CHIN = (*topo.UPPER_RINGS[1], *topo.LOWER_RINGS[-1], *topo.CHIN)
_FACE = (*topo.JAWLINE[2:-2], *topo.CHEEKS)


@dataclass(frozen=True, slots=True)
class ShutMouth:
    """A picture in which the mouth is as shut as it ever was while the speaker was studied.

    Attributes:
        picture: of the film.
        points: its landmarks, pixels, [478, 3].
        head: there.
        gap: how far the mouth is open, in eye distances.
    """

    picture: Rgb
    points: Floats
    head: Head
    gap: float

    def share(self, gap: float) -> float:
        """Return how much of it shall be seen, 0..1, where a mouth is open so far."""
        return float(np.clip((gap - self.gap - _FROM) / (_WHOLLY - _FROM), 0, 1))


@dataclass(frozen=True, slots=True)
class Lent:
    """What is lent: the points around it, those around its lip, and how far it goes beyond them.

    `beyond` is in eye distances.
    """

    whole: tuple[int, ...]
    lip: tuple[int, ...]
    beyond: float = 0.0

    @property
    def margin(self) -> float:
        """How far around the points it is seen, in eye distances."""
        return self.beyond + 3 * _FEATHER


LENT_ABOVE = Lent(_UPPER_LIP, (), 0.06)
LENT_BELOW = Lent(_CHIN, _LOWER_LIP)


def lent(own: Rgb, other: Rgb, mesh: Floats, share: float, part: Lent, *, unit: float) -> Rgb:
    """Return part of a face with the lip of another one in the same place, in its light.

    Args:
        own: the face, uint8 RGB.
        other: what is lent, of the same shape.
        mesh: where it lies in them, pixels, [468, 2].
        share: of the other one, 0..1.
        part: what is lent.
        unit: the eye distance, pixels.
    """
    height, width = own.shape[:2]
    scale = min(1.0, _UNIT_PIXELS / unit)
    small = (max(1, round(width * scale)), max(1, round(height * scale)))
    mine, theirs = (cv2.resize(face, small, interpolation=cv2.INTER_AREA) for face in (own, other))
    whole, face = (_filled(mine, mesh[list(points)] * scale) for points in (part.whole, _FACE))
    whole = cv2.dilate(whole, _disc(part.beyond * unit * scale)) if part.beyond else whole
    around = cv2.erode(face, _disc(_EDGE * unit * scale)) * (1 - whole)
    gain = np.broadcast_to(_gain(mine, theirs, around), mine.shape)
    if part.lip:
        lip = _filled(mine, mesh[list(part.lip)] * scale)
        red = _soft(lip, unit * scale)
        gain = gain * (1 - red) + _gain(mine, theirs, lip) * red
    weight = share * _soft(whole, unit * scale)[..., 0]
    rows, columns = _where(weight, scale)
    gain, weight = (
        cv2.resize(each, (width, height))[rows, columns] for each in (np.float32(gain), weight)
    )
    there = own[rows, columns]
    mixed = there + weight[..., None] * (other[rows, columns] * gain - there)
    drawn = own.copy()
    drawn[rows, columns] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
    return drawn


def _where(weight: Floats, scale: float) -> tuple[slice, slice]:
    """Return rows and columns outside of which nothing is seen, in the unscaled picture."""
    seen = weight > _LEAST_SEEN
    sides = (np.flatnonzero(seen.any(axis=axis)) / scale for axis in (1, 0))
    rows, columns = (
        slice(max(0, int(side[0]) - 1), int(side[-1] + 2 / scale)) if len(side) else slice(0, 0)
        for side in sides
    )
    return rows, columns


def _gain(own: Rgb, other: Rgb, part: Pixels) -> Floats:
    """Return by how much a part of the other face is to be brighter, for each channel."""
    bright, there = (np.array(cv2.mean(face, part)[:3]) for face in (own, other))
    gain: Floats = np.clip((bright + 1) / (there + 1), _LEAST_GAIN, _MOST_GAIN).astype(np.float32)
    return gain


def _filled(like: Rgb, points: Floats) -> Pixels:
    """Return 1 inside of the hull of points and 0 outside, [height, width]."""
    mask: Pixels = np.zeros(like.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(points.round().astype(np.int32)), 1)
    return mask


def _soft(mask: Pixels, unit: float) -> Floats:
    spread = max(_FEATHER * unit, 0.5)
    soft: Floats = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), spread)[..., None]
    return soft


def _disc(radius: float) -> Pixels:
    size = 2 * max(1, round(radius)) + 1
    disc: Pixels = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return disc
