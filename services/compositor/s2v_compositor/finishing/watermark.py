"""Draw a watermark that everybody sees: a text or an image in a corner."""

from dataclasses import replace

import numpy as np
from PIL import Image

from s2v.captions.lettering import Letterer, Stamp
from s2v.core.finishing import Corner, Watermark
from s2v.core.ports import Size
from s2v.media.colour import Rgb
from s2v.media.photo import Opacity

_LETTERS = 0.6
"""Size of its letters over that of captions."""
_IMAGE_SHARE = 0.2
"""Of width and height that an image takes at most."""
_MARGIN = 0.035
"""Of the shorter side."""
_LEFT, _MIDDLE, _RIGHT = 0.0, 0.5, 1.0
_PLACES = {
    Corner.TOP_LEFT: (_LEFT, 0.0),
    Corner.TOP_RIGHT: (_RIGHT, 0.0),
    Corner.BOTTOM_LEFT: (_LEFT, 1.0),
    Corner.BOTTOM_RIGHT: (_RIGHT, 1.0),
    Corner.CENTRE: (_MIDDLE, 0.5),
}


def text_stamp(text: str, size: Size) -> Stamp | None:
    """Draw the text of a watermark for films of a size; None where no letter of it can be drawn."""
    return Letterer(size.width, size.height, scale=_LETTERS).stamp([text])


def image_stamp(rgb: Rgb, opacity: Opacity, size: Size) -> Stamp:
    """Draw the image of a watermark for films of a size; a small one stays as it is."""
    image = Image.fromarray(np.dstack([rgb, opacity]), "RGBA")
    box = (max(1, round(size.width * _IMAGE_SHARE)), max(1, round(size.height * _IMAGE_SHARE)))
    image.thumbnail(box, Image.Resampling.LANCZOS)
    pixels = np.asarray(image)
    return Stamp(pixels[..., :3].copy(), pixels[..., 3].copy(), 0, 0)


def placed(stamp: Stamp, mark: Watermark, size: Size) -> Stamp:
    """Return a drawn watermark where, and as faint as, it shall be."""
    height, width = stamp.opacity.shape
    margin = round(_MARGIN * min(size.width, size.height))
    across, down = _PLACES[mark.corner]
    opacity = np.rint(stamp.opacity * mark.opacity).astype(np.uint8)
    left = margin + across * (size.width - width - 2 * margin)
    top = margin + down * (size.height - height - 2 * margin)
    return replace(stamp, opacity=opacity, left=max(0, round(left)), top=max(0, round(top)))
