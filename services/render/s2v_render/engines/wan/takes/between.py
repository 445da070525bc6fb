"""Pictures between two others, made of both along the way that things moved.

Source: how Super SloMo (Jiang et al., CVPR 2018) gets the movement to a moment between two pictures
from that between them; the movement is found by DIS (Kroeger et al., ECCV 2016) as OpenCV has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.uint8]
_Floats = npt.NDArray[np.float32]

_DOUBT = 12.0
"""Levels by which the two may differ at a pixel before the nearer one alone is believed."""


def between(before: Rgb, after: Rgb, shares: Sequence[float]) -> list[Rgb]:
    """Return the pictures at some shares of the time between two, each [height, width, 3]."""
    if not any(shares) or np.array_equal(before, after):
        return [before for _ in shares]
    there, back = _movement(before, after), _movement(after, before)
    return [_at(share, before, after, there, back) if share else before for share in shares]


def _movement(before: Rgb, after: Rgb) -> _Floats:
    """Return where each pixel goes, in pixels, [height, width, 2]."""
    grey = [cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (before, after)]
    finder: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    found: _Floats = finder.calc(*grey, None)
    return found


def _at(share: float, before: Rgb, after: Rgb, there: _Floats, back: _Floats) -> Rgb:
    rest = 1 - share
    early = _moved(before, share * (share * back - rest * there))
    late = _moved(after, rest * (rest * there - share * back))
    red, green, blue = np.moveaxis(np.abs(early - late), -1, 0)
    doubt = np.maximum(np.maximum(red, green), blue)[..., None] / _DOUBT
    nearer = float(share > 0.5) if share != 0.5 else 0.5
    weight = share + (nearer - share) * np.clip(doubt - 1, 0, 1)
    late -= early
    late *= weight
    late += early
    late += 0.5
    mixed: Rgb = np.clip(late, 0, 255, out=late).astype(np.uint8)
    return mixed


def _moved(picture: Rgb, way: npt.NDArray[np.floating]) -> _Floats:
    """Return a picture whose pixels are those that lie some way off in another; ruins the way."""
    height, width = way.shape[:2]
    way[..., 0] += np.arange(width, dtype=np.float32)
    way[..., 1] += np.arange(height, dtype=np.float32)[:, None]
    moved: Any = cv2.remap(picture, way, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    floats: _Floats = moved.astype(np.float32)
    return floats
