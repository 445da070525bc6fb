"""Poses to follow: the pictures of a video at the model's frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from s2v.core.ports import Size
from s2v.media.colour import Rgb
from s2v.media.confined.reading import Reader
from s2v_render.engines.wan.planning import MODEL_FPS
from s2v_render.engines.wan.takes.pictures import fit, official_pose_fit, pixels_of

_FIELD = "spec.pose"


class PoseVideo:
    """Reads a video forwards, once; only the pictures of one window are held.

    Args:
        path: of the video.
        size: of the film.
        official: whether to take every n-th picture, n as near as whole numbers come to the model's
            rate, and to leave bars, instead of what is seen at each frame's time, cut to fill.
    """

    def __init__(self, path: Path, size: Size, *, official: bool = False) -> None:
        self._size = size
        self._official = official
        self._pictures = _at_stride(path) if official else _in_time(path)
        self._next = 0

    def frames(self, first_frame: int, count: int) -> Tensor:
        """Return model frames: fp32, -1..1, shape [3, count, height, width]; -1 past its end.

        Frames before the video's start show its first picture. Windows are asked for in order.
        """
        deque(islice(self._pictures, max(0, first_frame - self._next)), maxlen=0)
        self._next = first_frame + count
        early = max(0, -first_frame)
        pictures = list(islice(self._pictures, count - early))
        pictures = pictures[:1] * early + pictures
        missing = count - len(pictures)
        blank = torch.full((3, missing, self._size.height, self._size.width), -1.0)
        return torch.cat([self._fitted(pictures), blank], dim=1) if pictures else blank

    def _fitted(self, pictures: list[Rgb]) -> Tensor:
        height, width = self._size.height, self._size.width
        if self._official:
            return official_pose_fit(np.stack(pictures), height=height, width=width)
        fitted = (fit(Image.fromarray(one), height=height, width=width) for one in pictures)
        return torch.cat([pixels_of(one)[0] for one in fitted], dim=1)


def _in_time(path: Path) -> Iterator[Rgb]:
    return Reader().played(path, MODEL_FPS, field=_FIELD)


def _at_stride(path: Path) -> Iterator[Rgb]:
    stride = max(1, round(Reader().average_rate(path, field=_FIELD) / MODEL_FPS))
    return Reader().frames(path, stride, field=_FIELD)
