"""Pictures of a film beside it: one for a list of films, many small ones for its time line."""

import io
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from s2v.captions.files import webvtt
from s2v.core.captions import Caption
from s2v.core.finishing import Finish
from s2v.core.timebase import samples_per_frame
from s2v.media.colour import Rgb
from s2v.media.video import decode_keyframes, jpeg

SPRITES_NAME = "sprites.jpg"
"""What the index calls the image."""
_MOST_TILES = 100
_COLUMNS = 10
_TILE_PIXELS = 160
_QUALITY = 82


@dataclass(slots=True)
class Stills:
    """Collects pictures of one film from its finished clips, whose keyframes are a second apart.

    Of a film of over 100 seconds small pictures are further apart: memory does not grow with it.
    """

    finish: Finish
    frame_rate: int
    _picture: Rgb | None = None
    _every_seconds: int = 1
    _tiles: list[tuple[int, Image.Image]] = field(default_factory=list)

    def add(self, clip: Path, *, first_frame: int) -> None:
        """Look through the next clip, which begins with that frame of the film."""
        at = self.finish.thumbnail_seconds
        if at is None and not self.finish.sprites:
            return
        for number, picture in decode_keyframes(clip, self.frame_rate):
            frame = first_frame + number
            if at is not None and (self._picture is None or frame <= at * self.frame_rate):
                self._picture = picture
            next_frame = len(self._tiles) * self._every_seconds * self.frame_rate
            if self.finish.sprites and frame >= next_frame:
                self._add_tile(frame, Image.fromarray(picture))

    @property
    def thumbnail(self) -> bytes | None:
        """The picture that was asked for, as a JPEG in the film's size; None for none."""
        if self._picture is None:
            return None
        return jpeg(self._picture, max_width_pixels=self._picture.shape[1])

    def sprites(self, *, frames: int) -> tuple[bytes, bytes] | None:
        """Return the small pictures as one JPEG and its index as WebVTT; None for none.

        The film has so many frames.
        """
        if not self._tiles:
            return None
        frame_samples = samples_per_frame(self.frame_rate)
        ends = [first for first, _ in self._tiles[1:]] + [frames]
        width, height = self._tiles[0][1].size
        columns = min(_COLUMNS, len(self._tiles))
        sheet = Image.new("RGB", (columns * width, -(-len(self._tiles) // columns) * height))
        cues = []
        for number, ((first, tile), end) in enumerate(zip(self._tiles, ends, strict=True)):
            left, top = number % columns * width, number // columns * height
            sheet.paste(tile, (left, top))
            place = f"{SPRITES_NAME}#xywh={left},{top},{width},{height}"
            cues.append(Caption((place,), first * frame_samples, end * frame_samples))
        target = io.BytesIO()
        sheet.save(target, "JPEG", quality=_QUALITY)
        return target.getvalue(), webvtt(cues).encode()

    def _add_tile(self, frame: int, tile: Image.Image) -> None:
        tile.thumbnail((_TILE_PIXELS, _TILE_PIXELS), Image.Resampling.LANCZOS)
        self._tiles.append((frame, tile))
        if len(self._tiles) > _MOST_TILES:
            self._tiles = self._tiles[::2]
            self._every_seconds *= 2
