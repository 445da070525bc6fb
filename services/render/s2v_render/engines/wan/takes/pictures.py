"""How pictures are fitted into a film's size.

Source: reference facts of the official pipeline; `official_fit` reproduces it with its oddities,
proved by the fixtures; `fit` is what this engine does of its own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor


def fit(picture: Image.Image, *, height: int, width: int) -> Image.Image:
    """Return the picture scaled until it fills height by width, the rest cut off on both sides."""
    scale = max(height / picture.height, width / picture.width)
    size = (max(width, round(picture.width * scale)), max(height, round(picture.height * scale)))
    return _cropped(picture.resize(size, Image.Resampling.BILINEAR), height=height, width=width)


def official_fit(picture: Image.Image, *, height: int, width: int) -> Image.Image:
    """Return the picture as the official code fits it.

    Its shorter side becomes the film's shorter side, which leaves black bars where the film's
    longer side is not filled.
    """
    rows, columns = _short_side_to(picture.height, picture.width, pixels=min(height, width))
    scaled = picture.resize((columns, rows), Image.Resampling.BILINEAR)
    return _cropped(scaled, height=height, width=width)


def official_pose_fit(frames: npt.NDArray[np.uint8], *, height: int, width: int) -> Tensor:
    """Return pose frames as the official code fits them: fp32, -1..1, shape [3, frames, H, W].

    Bars are grey here, since it pads after it scales the values.

    Args:
        frames: RGB, shape [frames, rows, columns, 3].
        height: of the film, pixels.
        width: of the film, pixels.
    """
    values = torch.from_numpy(frames).permute(0, 3, 1, 2) / 255.0 * 2 - 1.0
    size = _short_side_to(values.shape[2], values.shape[3], pixels=min(height, width))
    scaled = F.interpolate(values, size, mode="bilinear", antialias=True)
    top, bottom, left, right = _margins(*size, height=height, width=width)
    padded = F.pad(scaled, (max(0, left), max(0, right), max(0, top), max(0, bottom)))
    cut_top, cut_left = max(0, -top), max(0, -left)
    cropped = padded[:, :, cut_top : cut_top + height, cut_left : cut_left + width]
    return cropped.transpose(0, 1)


def pixels_of(picture: Image.Image) -> Tensor:
    """Return a picture as a video of one frame: fp32, -1..1, shape [1, 3, 1, height, width]."""
    values = torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)
    return (values.float() / 255 * 2 - 1)[None, :, None]


def _short_side_to(rows: int, columns: int, *, pixels: int) -> tuple[int, int]:
    if rows <= columns:
        return pixels, int(pixels * columns / rows)
    return int(pixels * rows / columns), pixels


def _cropped(picture: Image.Image, *, height: int, width: int) -> Image.Image:
    top, bottom, left, right = _margins(picture.height, picture.width, height=height, width=width)
    # PIL fills what lies outside the picture with black.
    return picture.crop((-left, -top, picture.width + right, picture.height + bottom))


def _margins(rows: int, columns: int, *, height: int, width: int) -> tuple[int, int, int, int]:
    """Return what to add at top, bottom, left and right; negative where to cut."""
    top, left = _first_margin(height - rows), _first_margin(width - columns)
    return top, height - rows - top, left, width - columns - left


def _first_margin(missing: int) -> int:
    return missing // 2 if missing > 0 else -round(-missing / 2)
