"""Draw captions: white letters with a black edge, at the bottom of the title-safe area."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from s2v.captions import fonts
from s2v.captions.words import WrittenWord, joined, words_of

SAFE = 0.9
"""Share of width and height in which titles are safe (EBU R 95, SMPTE ST 2046-1)."""
_OF_HEIGHT, _OF_WIDTH, _OF_TALL_WIDTH = 0.05, 0.038, 0.055
"""Size of the letters: 42 of them fill a line of a wide film, fewer a line of a tall one."""
_TALL = 1.2
_LEADING = 1.25
_EDGE = 0.08
_LEAST_SIZE_PIXELS = 8


def undrawable(text: str) -> str:
    """Return the letters and digits of a text that no font has, each once; "" for none."""
    return "".join(dict.fromkeys(c for c in text if c.isalnum() and not _is_covered(c)))


@dataclass(frozen=True, slots=True)
class Stamp:
    """A drawn caption: colours uint8 [height, width, 3], opacity uint8 [height, width], place."""

    rgb: npt.NDArray[np.uint8]
    opacity: npt.NDArray[np.uint8]
    left: int
    top: int

    def onto(self, picture: npt.NDArray[np.uint8]) -> None:
        """Draw it onto a picture, uint8 [height, width, 3]."""
        height, width = self.opacity.shape
        area = picture[self.top : self.top + height, self.left : self.left + width]
        opaque = self.opacity[..., None].astype(np.uint16)
        mixed = area * (255 - opaque) + self.rgb * opaque
        area[:] = (mixed + 127) // 255


class Letterer:
    """Draws the captions of one film, `width` by `height` pixels.

    Args:
        width: of the film.
        height: of the film.
        scale: size of the letters over that of captions.
    """

    def __init__(self, width: int, height: int, *, scale: float = 1.0) -> None:
        self._width = width
        self._height = height
        tall = height > _TALL * width
        size = _OF_TALL_WIDTH * width if tall else min(_OF_HEIGHT * height, _OF_WIDTH * width)
        self._size = max(round(scale * size), _LEAST_SIZE_PIXELS)
        self._edge = max(round(_EDGE * self._size), 1)

    def stamp(self, lines: Sequence[str]) -> Stamp | None:
        """Draw a caption, its lines broken anew where they are too wide; None of nothing."""
        fitting = [line for line in self._fitting(lines) if line.strip()]
        if not fitting:
            return None
        picture = Image.new("RGBA", (self._width, self._height), (0, 0, 0, 0))
        draw = ImageDraw.Draw(picture)
        bottom = self._height * (1 + SAFE) / 2 - self._edge - self._size * 0.3
        for number, line in enumerate(reversed(fitting)):
            draw.text(
                (self._width / 2, bottom - number * self._size * _LEADING),
                line,
                font=self._font(line),
                anchor="ms",
                fill="white",
                stroke_width=self._edge,
                stroke_fill="black",
            )
        return _cropped(picture)

    def _fitting(self, lines: Sequence[str]) -> list[str]:
        drawn = [_drawn(line) for line in lines]
        if all(self.length(line) <= self.room for line in drawn):
            return drawn
        words = words_of(" ".join(drawn))
        return list(_evenly(words, self)) or drawn

    @property
    def room(self) -> float:
        """How wide a line may be, in pixels."""
        return self._width * SAFE - 2 * self._edge

    def length(self, line: str) -> float:
        """Return how wide a line is, in pixels."""
        return self._font(line).getlength(line)

    def _font(self, line: str) -> ImageFont.FreeTypeFont:
        missing = {
            name: sum(ord(c) not in points for c in line if not c.isspace())
            for name, points in fonts.coverage().items()
        }
        return self._fonts[min(fonts.NAMES, key=missing.__getitem__)]

    @cached_property
    def _fonts(self) -> dict[str, ImageFont.FreeTypeFont]:
        return {name: fonts.font(name, self._size) for name in fonts.NAMES}


def _is_covered(character: str) -> bool:
    return any(ord(character) in points for points in fonts.coverage().values())


def _drawn(line: str) -> str:
    """Return a line without signs that no font has, such as emoji."""
    kept = "".join(c for c in line if c.isalnum() or c.isspace() or _is_covered(c))
    return " ".join(kept.split())


def _evenly(words: Sequence[WrittenWord], letterer: Letterer) -> Iterator[str]:
    """Yield the words in as few lines as hold them, about equally wide."""
    least = len(list(_wrapped(words, letterer, letterer.room)))
    narrow, wide = letterer.room / max(least, 1) / 2, letterer.room
    for _ in range(10):
        middle = (narrow + wide) / 2
        if len(list(_wrapped(words, letterer, middle))) > least:
            narrow = middle
        else:
            wide = middle
    yield from _wrapped(words, letterer, wide)


def _wrapped(words: Sequence[WrittenWord], letterer: Letterer, room: float) -> Iterator[str]:
    line: list[WrittenWord] = []
    for word in words:
        if line and letterer.length(joined([*line, word])) > room:
            yield joined(line)
            line = []
        line.append(word)
    if line:
        yield joined(line)


def _cropped(picture: Image.Image) -> Stamp:
    box = picture.getbbox() or (0, 0, 1, 1)
    pixels = np.asarray(picture.crop(box))
    return Stamp(pixels[..., :3].copy(), pixels[..., 3].copy(), box[0], box[1])
