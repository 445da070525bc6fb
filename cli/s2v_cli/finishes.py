"""What a user asks for at a film's end on the command line, and where what comes beside it goes."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from s2v.api.common.v1 import finish_pb2
from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from s2v.core.errors import InvalidInput, Reason
from s2v.core.finishing import (
    MOST_FRAGMENT_SECONDS,
    Aspect,
    Backdrop,
    Corner,
    Finish,
    Watermark,
    check_finish,
)
from s2v.media.photo import PHOTO_TYPES
from s2v.rpc.convert_finish import finish_to_proto
from s2v_cli.destination import STILLS, Destination, destination
from s2v_cli.files import usable_media

SharpenOption = Annotated[bool, typer.Option("--sharpen", help="Make edges sharper.")]
DenoiseOption = Annotated[bool, typer.Option("--denoise", help="Take noise out of the pictures.")]
RestoreFacesOption = Annotated[
    bool, typer.Option("--restore-faces", help="Restore the face, where the server can.")
]
AspectOption = Annotated[
    Aspect, typer.Option(help="Cut the film to this shape, the face in it.", show_default=False)
]
ScaleOption = Annotated[
    str,
    typer.Option(
        metavar="WxH", help="Scale the film, such as 1080x1920, 1280x or x720.", show_default=False
    ),
]
BitrateOption = Annotated[
    str,
    typer.Option(
        metavar="BITS", help="Of the pictures a second, such as 800k or 2M.", show_default=False
    ),
]
FragmentsOption = Annotated[
    int,
    typer.Option(
        metavar="SECONDS",
        help="Length of the live media's fragments. [default: 1]",
        min=0,
        max=MOST_FRAGMENT_SECONDS,
        show_default=False,
    ),
]
ThumbnailOption = Annotated[
    str, typer.Option(metavar="FILE", help="A picture of the film, a JPEG.", show_default=False)
]
ThumbnailAtOption = Annotated[
    float, typer.Option(metavar="SECONDS", help="Which picture that is.", min=0)
]
SpritesOption = Annotated[
    str,
    typer.Option(
        metavar="FILE",
        help="Small pictures of the film in one JPEG, beside it their index as .vtt.",
        show_default=False,
    ),
]
HlsOption = Annotated[
    str,
    typer.Option(
        metavar="FOLDER",
        help="The film in pieces for HTTP Live Streaming, and index.m3u8.",
        show_default=False,
    ),
]
WatermarkOption = Annotated[
    str,
    typer.Option(
        metavar="TEXT|FILE", help="Draw a line or an image over the film.", show_default=False
    ),
]
CornerOption = Annotated[Corner, typer.Option(help="Where --watermark stands.")]
OpacityOption = Annotated[
    float, typer.Option(help="How much --watermark hides, over 0, to 1.", min=0, max=1)
]
BackgroundOption = Annotated[
    str,
    typer.Option(
        metavar="COLOUR|blur|FILE",
        help="Put a colour such as #20407f, a blur or an image behind the person.",
        show_default=False,
    ),
]

_BLUR = "blur"
_SIZE = re.compile(r"(\d{0,5})x(\d{0,5})")
_BITS = re.compile(r"(\d+(?:\.\d+)?)([kM]?)")
_UNITS = {"": 1, "k": 1_000, "M": 1_000_000}
_IMAGE_ENDINGS = {f".{kind.partition('/')[2]}" for kind in PHOTO_TYPES} | {".jpg", ".tif"}
_FRAGMENTS = "fragments.mp4"
_SPRITES = "sprites.jpg"
"""What the index calls the image when it comes."""


@dataclass(frozen=True, slots=True)
class WantedFinish:
    """What is asked for, the images to upload for it, and where its files go."""

    finish: Finish
    watermark: Path | None
    background: Path | None
    thumbnail: Destination | None
    sprites: Destination | None
    index: Destination | None
    playlist: Destination | None
    fragments: Destination | None

    def message(self, uploaded: Callable[[Path, str], str]) -> finish_pb2.Finish | None:
        """Spell it as a message, once its images are uploaded; None where nothing is asked for."""
        finish = self.finish
        if finish.watermark and self.watermark:
            name = uploaded(self.watermark, "--watermark")
            finish = replace(finish, watermark=replace(finish.watermark, image=name))
        if finish.backdrop and self.background:
            name = uploaded(self.background, "--background")
            finish = replace(finish, backdrop=replace(finish.backdrop, image=name))
        return finish_to_proto(finish)

    def fetch(self, client: Client, job: job_pb2.Job, *, lasting: bool, server: str) -> list[str]:
        """Put the files where they belong; return what to tell of each.

        Raises:
            OSError: they cannot be put there.
        """
        told = []
        what = {
            "a picture of it": self.thumbnail,
            "small pictures of it": self.sprites,
            "where in them each lies": self.index,
            "its pieces": self.fragments,
            "the list of them": self.playlist,
        }
        for kind, to in what.items():
            if to:
                to.fetch(client, job, lasting=lasting, server=server)
                told.append(f"{to.path}: {kind}")
        if self.sprites and self.index and self.sprites.path and self.index.path:
            text = self.index.path.read_text(encoding="utf-8")
            renamed = text.replace(f"{_SPRITES}#", f"{self.sprites.path.name}#")
            self.index.path.write_text(renamed, encoding="utf-8")
        return told


def wanted_finish(
    *,
    sharpen: bool,
    denoise: bool,
    restore_faces: bool,
    aspect: Aspect,
    scale: str,
    bitrate: str,
    fragments: int,
    thumbnail: str,
    thumbnail_at: float,
    sprites: str,
    hls: str,
    watermark: str,
    corner: Corner,
    opacity: float,
    background: str,
    force: bool,
    inputs: Mapping[str, Path | None],
) -> WantedFinish:
    """Read the options, and make sure that the files can be put where they shall go.

    Raises:
        InvalidInput: FIELD_INVALID, SIZE_UNSUPPORTED or what is wrong with an image; `field` is
            the option.
    """
    mark = _image_file(watermark, "--watermark")
    behind = None if background.startswith("#") else _image_file(background, "--background")
    width, height = _scaled(scale)
    finish = Finish(
        denoise=denoise,
        sharpen=sharpen,
        aspect=aspect,
        width_pixels=width,
        height_pixels=height,
        bits_per_second=_bits(bitrate),
        watermark=_mark(watermark, mark, corner, opacity) if watermark else None,
        backdrop=_backdrop(background, behind) if background else None,
        fragment_seconds=fragments,
        thumbnail_seconds=thumbnail_at if thumbnail else None,
        sprites=bool(sprites),
        hls=bool(hls),
        restore_faces=restore_faces,
    )
    check_finish(finish, field="spec.finish")

    kept = {**inputs, "--watermark": mark, "--background": behind}

    def going(name: str, asset: str, option: str, endings: tuple[str, ...]) -> Destination | None:
        if not name:
            return None
        if not name.lower().endswith(endings):
            problem = f"it is a JPEG; give a file.jpg, not {name!r}"
            raise InvalidInput(Reason.FIELD_INVALID, problem, field=option)
        to = destination(name, force=force, inputs=kept, option=option, endings=endings)
        return replace(to, asset_field=asset)

    to_thumbnail = going(thumbnail, "thumbnail_asset", "--thumbnail", STILLS)
    to_sprites = going(sprites, "sprites_asset", "--sprites", STILLS)
    index = str(Path(sprites).with_suffix(".vtt")) if sprites else ""
    return WantedFinish(
        finish,
        mark,
        behind,
        to_thumbnail,
        to_sprites,
        going(index, "sprites_index_asset", "--sprites", (".vtt",)),
        going(hls and f"{hls}/index.m3u8", "playlist_asset", "--hls", (".m3u8",)),
        going(hls and f"{hls}/{_FRAGMENTS}", "fragments_asset", "--hls", (".mp4",)),
    )


def _mark(value: str, file: Path | None, corner: Corner, opacity: float) -> Watermark:
    if file:
        return Watermark(image=str(file), corner=corner, opacity=opacity)
    return Watermark(text=value, corner=corner, opacity=opacity)


def _backdrop(value: str, file: Path | None) -> Backdrop:
    if file:
        return Backdrop(image=str(file))
    return Backdrop(blur=True) if value == _BLUR else Backdrop(colour=value)


def _image_file(value: str, option: str) -> Path | None:
    """Return the image that an option names; None where it says something else."""
    path = Path(value)
    if not value or (path.suffix.lower() not in _IMAGE_ENDINGS and not path.is_file()):
        return None
    usable_media(path, option, "image")
    return path


def _scaled(scale: str) -> tuple[int, int]:
    match = _SIZE.fullmatch(scale)
    if not scale:
        return 0, 0
    if match is None or not (match[1] or match[2]):
        raise InvalidInput(
            Reason.SIZE_UNSUPPORTED,
            f"must be such as 1080x1920, 1280x or x720, not {scale!r}",
            field="--scale",
        )
    return int(match[1] or 0), int(match[2] or 0)


def _bits(bitrate: str) -> int:
    match = _BITS.fullmatch(bitrate)
    if not bitrate:
        return 0
    if match is None:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"must be bits a second such as 800k or 2M, not {bitrate!r}",
            field="--bitrate",
        )
    return round(float(match[1]) * _UNITS[match[2]])
