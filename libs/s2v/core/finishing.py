"""What is done with the pictures of a film when they are rendered, and what comes beside it."""

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from s2v.core.artifact import Artifact
from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Size

LEAST_SIDE_PIXELS, MOST_SIDE_PIXELS = 64, 3840
LEAST_BITS_PER_SECOND, MOST_BITS_PER_SECOND = 50_000, 50_000_000
MOST_FRAGMENT_SECONDS = 10
MOST_MARK_CHARACTERS = 100
USUAL_OPACITY = 0.7
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class Aspect(StrEnum):
    """The shape of a film."""

    AS_RENDERED = "as rendered"
    WIDE = "16:9"
    TALL = "9:16"
    SQUARE = "1:1"


_RATIOS = {
    Aspect.WIDE: Fraction(16, 9),
    Aspect.TALL: Fraction(9, 16),
    Aspect.SQUARE: Fraction(1),
}


class Corner(StrEnum):
    """Where in the picture something stands."""

    BOTTOM_RIGHT = "bottom-right"
    BOTTOM_LEFT = "bottom-left"
    TOP_RIGHT = "top-right"
    TOP_LEFT = "top-left"
    CENTRE = "centre"


@dataclass(frozen=True, slots=True)
class Watermark:
    """What is drawn over every picture: a text, or the image in the asset of that name.

    Attributes:
        text: one line; empty where an image is drawn.
        image: name of an asset; empty where a text is drawn.
        corner: where.
        opacity: 1 hides what is behind it, near 0 nobody sees it.
    """

    text: str = ""
    image: str = ""
    corner: Corner = Corner.BOTTOM_RIGHT
    opacity: float = USUAL_OPACITY


@dataclass(frozen=True, slots=True)
class Backdrop:
    """What is seen behind the person: one of a colour, the image in an asset, or a blur.

    Attributes:
        colour: six hex digits after a #, such as "#20407f".
        image: name of an asset.
        blur: whether what is there is blurred.
    """

    colour: str = ""
    image: str = ""
    blur: bool = False


@dataclass(frozen=True, slots=True)
class Finish:
    """What is done at a film's end; as it stands here, nothing: what was rendered is copied.

    Attributes:
        denoise: whether noise is taken out of the pictures.
        sharpen: whether edges are made sharper.
        aspect: the shape that is cut out of what was rendered, around the face.
        width_pixels: of the film, even; 0 follows from the height or from what was rendered.
        height_pixels: as width_pixels.
        bits_per_second: of the pictures, on average; 0 is whatever their quality takes.
        watermark: what is drawn over them.
        backdrop: what is seen behind the person.
        fragment_seconds: length of the fragments of the live media; 0 is one second.
        thumbnail_seconds: time of the picture that becomes a file of its own; None for no file.
        sprites: whether small pictures of the film come as one large one, for players that show
            them where somebody looks for a place.
        hls: whether the film comes in pieces, too, with a list of them.
        restore_faces: whether the speaker's face is restored in every picture, which takes a
            network that not every server has.
    """

    denoise: bool = False
    sharpen: bool = False
    aspect: Aspect = Aspect.AS_RENDERED
    width_pixels: int = 0
    height_pixels: int = 0
    bits_per_second: int = 0
    watermark: Watermark | None = None
    backdrop: Backdrop | None = None
    fragment_seconds: int = 0
    thumbnail_seconds: float | None = None
    sprites: bool = False
    hls: bool = False
    restore_faces: bool = False

    @property
    def assets(self) -> dict[str, str]:
        """The names of the assets that it needs, by the field that names them."""
        named = {
            "spec.finish.watermark.image": self.watermark.image if self.watermark else "",
            "spec.finish.background.image": self.backdrop.image if self.backdrop else "",
        }
        return {field: name for field, name in named.items() if name}

    @property
    def cuts(self) -> bool:
        """Whether the film may have another shape than what was rendered."""
        return self.aspect is not Aspect.AS_RENDERED or bool(
            self.width_pixels and self.height_pixels
        )

    @property
    def changes_pictures(self) -> bool:
        """Whether pictures have to be encoded anew."""
        return bool(
            self.denoise
            or self.sharpen
            or self.cuts
            or self.width_pixels
            or self.height_pixels
            or self.bits_per_second
            or self.watermark
            or self.backdrop
            or self.restore_faces
        )


PLAIN = Finish()
"""Does nothing."""


@dataclass(frozen=True, slots=True)
class SideFiles:
    """What was asked for beside a film; `sprites` and its index together, so are the last two."""

    thumbnail: Artifact | None = None
    sprites: Artifact | None = None
    sprites_index: Artifact | None = None
    playlist: Artifact | None = None
    fragments: Artifact | None = None


NO_SIDE_FILES = SideFiles()


def finished_size(rendered: Size, finish: Finish) -> Size:
    """Return how large a film is whose clips were rendered at a size; its sides are even."""
    width, height = finish.width_pixels, finish.height_pixels
    if width and height:
        return Size(width, height)
    shape = _RATIOS.get(finish.aspect, Fraction(rendered.width, rendered.height))
    if width:
        return Size(width, _even(width / shape))
    if height:
        return Size(_even(height * shape), height)
    if Fraction(rendered.width, rendered.height) > shape:
        return Size(_even(rendered.height * shape), rendered.height)
    return Size(rendered.width, _even(rendered.width / shape))


def check_finish(finish: Finish, *, field: str) -> None:
    """Refuse what no film can have.

    Raises:
        InvalidInput: FIELD_INVALID or SIZE_UNSUPPORTED; `field` is its name within the finish's.
    """
    _check_sizes(finish, field)
    _check_range(
        "bits_per_second",
        finish.bits_per_second,
        (LEAST_BITS_PER_SECOND, MOST_BITS_PER_SECOND),
        field,
    )
    _check_range("fragment_seconds", finish.fragment_seconds, (1, MOST_FRAGMENT_SECONDS), field)
    at = finish.thumbnail_seconds
    if at is not None and not (math.isfinite(at) and at >= 0):
        raise _invalid(f"{field}.thumbnail_seconds", f"it is {at:g}; it must be 0 or more")
    if finish.watermark:
        _check_watermark(finish.watermark, f"{field}.watermark")
    if finish.backdrop:
        _check_backdrop(finish.backdrop, f"{field}.background")


def check_restores(finish: Finish, *, able: bool) -> None:
    """Refuse restored faces where there is no network for them; `able` tells that there is one.

    Raises:
        InvalidInput: FIELD_INVALID.
    """
    if finish.restore_faces and not able:
        raise _invalid(
            "spec.finish.restore_faces",
            "this server has no network that restores faces; leave it out, or have its operator "
            "set S2V_COMPOSITOR_FACE_RESTORER (docs/finishing.md)",
        )


def _check_sizes(finish: Finish, field: str) -> None:
    for side in ("width_pixels", "height_pixels"):
        pixels = getattr(finish, side)
        if pixels and (pixels % 2 or not LEAST_SIDE_PIXELS <= pixels <= MOST_SIDE_PIXELS):
            raise InvalidInput(
                Reason.SIZE_UNSUPPORTED,
                f"{side} is {pixels}; it must be even and from {LEAST_SIDE_PIXELS} to "
                f"{MOST_SIDE_PIXELS}, or 0",
                field=f"{field}.{side}",
            )
    if finish.aspect is not Aspect.AS_RENDERED and finish.width_pixels and finish.height_pixels:
        raise _invalid(
            f"{field}.aspect", "width_pixels and height_pixels tell the shape; leave one out"
        )


def _check_range(name: str, value: int, bounds: tuple[int, int], field: str) -> None:
    least, most = bounds
    if value and not least <= value <= most:
        raise _invalid(f"{field}.{name}", f"it is {value}; it must be from {least} to {most}, or 0")


def _check_watermark(mark: Watermark, field: str) -> None:
    if bool(mark.text.strip()) == bool(mark.image):
        raise _invalid(field, "give a text or an image, one of them")
    if len(mark.text) > MOST_MARK_CHARACTERS or not mark.text.isprintable():
        raise _invalid(
            f"{field}.text", f"it must be one line of at most {MOST_MARK_CHARACTERS} characters"
        )
    if not 0 < mark.opacity <= 1:  # NaN is none either
        raise _invalid(f"{field}.opacity", f"it is {mark.opacity:g}; it must be over 0, to 1")


def _check_backdrop(backdrop: Backdrop, field: str) -> None:
    if sum(map(bool, (backdrop.colour, backdrop.image, backdrop.blur))) != 1:
        raise _invalid(field, "give one of colour, image and blur")
    if backdrop.colour and not _COLOUR.fullmatch(backdrop.colour):
        raise _invalid(
            f"{field}.colour", f"it is {backdrop.colour!r}; write it like #20407f, red green blue"
        )


def _even(length: Fraction | float) -> int:
    return max(2, round(length / 2) * 2)


def _invalid(field: str, message: str) -> InvalidInput:
    return InvalidInput(Reason.FIELD_INVALID, message, field=field)
