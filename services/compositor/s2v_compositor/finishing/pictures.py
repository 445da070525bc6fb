"""The one place where pictures of clips are changed: decoded, changed, encoded once more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from s2v.captions.lettering import Letterer, Stamp
from s2v.core.artifact import Artifact
from s2v.core.captions import Caption
from s2v.core.errors import InvalidInput, Reason
from s2v.core.finishing import Finish, check_restores, finished_size
from s2v.core.ports import ArtifactStore, Size
from s2v.core.timebase import samples_per_frame
from s2v.media.colour import Rgb
from s2v.media.confined.reading import Reader
from s2v.media.film import read_clip
from s2v.media.photo import Opacity
from s2v.media.picture_chain import PictureChain
from s2v.media.video import H264, ClipEncoder, decode_frames, decode_keyframes
from s2v.store.space import full_disk_named
from s2v_compositor.composing import PLACE, unusable
from s2v_compositor.finishing.backdrop import Parting
from s2v_compositor.finishing.captions import captioned
from s2v_compositor.finishing.faces import Restores, Restoring
from s2v_compositor.finishing.view import View, face_bounds, shown, view_of
from s2v_compositor.finishing.watermark import image_stamp, placed, text_stamp

CRF = 14
"""Little is lost once more."""
_PRESET = "veryfast"
_STEP_FRAMES = 25
_DENOISE = ("atadenoise", "0a=0.05:0b=0.1:1a=0.05:1b=0.1:2a=0.05:2b=0.1:s=9")
_SHARPEN = ("unsharp", "5:5:0.7:5:5:0.7")


@dataclass(frozen=True, slots=True)
class Images:
    """The images that a finish names: foreign files, read when they are needed."""

    store: ArtifactStore
    watermark: Artifact | None = None
    backdrop: Artifact | None = None

    def layer(self) -> tuple[Rgb, Opacity]:
        """Return the image of the watermark."""
        field = "spec.finish.watermark.image"
        with self.store.local(_needed(self.watermark, field)) as path:
            return Reader().layer(path, field=field)

    def plate(self) -> Rgb:
        """Return the image of the background."""
        field = "spec.finish.background.image"
        image = _needed(self.backdrop, field)
        with self.store.local(image) as path:
            return Reader().still(path, image.media_type, field=field)


@dataclass(frozen=True, slots=True)
class _Setup:
    """What a film's size decides; `size` is the finished film's."""

    size: Size
    view: View | None
    stamp: Stamp | None
    parting: Parting | None
    restoring: Restoring | None
    letterer: Letterer


class Finisher:
    """Changes the clips of one film, in order, each into one that joins the others.

    Args:
        finish: what to do.
        images: what it names.
        captions_burnt_in: whether captions are drawn, too.
        frame_rate: of the film.
        restorer: what restores faces, if anything does.

    Raises:
        InvalidInput: FIELD_INVALID, faces shall be restored, and nothing does.
    """

    def __init__(
        self,
        finish: Finish,
        images: Images,
        *,
        captions_burnt_in: bool,
        frame_rate: int,
        restorer: Restores | None = None,
    ) -> None:
        check_restores(finish, able=restorer is not None)
        self._restorer = restorer
        self._finish = finish
        self._images = images
        self._captions_burnt_in = captions_burnt_in
        self._frame_rate = frame_rate
        self._frame_samples = samples_per_frame(frame_rate)
        self._quality = H264(_PRESET, CRF, finish.bits_per_second)
        self._setup: _Setup | None = None

    def finished(
        self,
        clip: Path,
        target: Path,
        captions: Sequence[Caption],
        *,
        first_frame: int,
        field: str,
    ) -> Iterator[None]:
        """Write a clip as it shall be; it is written when the iterator has ended.

        It yields now and then, so that it can be given up; then nothing is left.

        Args:
            clip: what was rendered.
            target: where the new clip goes.
            captions: of the clip, counted from the film's start.
            first_frame: where the clip begins in the film.
            field: that names the clip in errors.

        Raises:
            InvalidInput: FIELD_INVALID, the clip cannot be decoded; or an image cannot be used.
            Exhausted: the disk is full (STORAGE_FULL).
        """
        try:
            setup = self._setup = self._setup or self._set_up(clip)
            with (
                full_disk_named(PLACE),
                ClipEncoder(
                    target,
                    width=setup.size.width,
                    height=setup.size.height,
                    frame_rate=self._frame_rate,
                    quality=self._quality,
                ) as encoder,
            ):
                pictures = self._changed(decode_frames(clip), setup, captions, first_frame)
                step = 1 if setup.restoring else _STEP_FRAMES
                for number, picture in enumerate(pictures):
                    encoder.write(picture[None])
                    if number % step == 0:
                        yield
        except ValueError as error:
            raise unusable(error, field=field) from error

    def _changed(
        self, pictures: Iterator[Rgb], setup: _Setup, captions: Sequence[Caption], first_frame: int
    ) -> Iterator[Rgb]:
        """Change pictures, one thing after the other."""
        if setup.parting:
            pictures = setup.parting.parted(pictures)
        if self._finish.denoise:
            pictures = _filtered(pictures, _DENOISE)
        # As large as it gets, but before a second, blurred face is behind it.
        late = setup.view is not None and not setup.view.whole
        if setup.restoring and not late:
            pictures = setup.restoring.restored(pictures)
        if setup.view:
            pictures = shown(pictures, setup.view)
        if setup.restoring and late:
            pictures = setup.restoring.restored(pictures)
        if self._finish.sharpen:
            pictures = _filtered(pictures, _SHARPEN)
        if setup.stamp:
            pictures = _stamped(pictures, setup.stamp)
        if self._captions_burnt_in:
            pictures = captioned(
                pictures,
                captions,
                setup.letterer,
                first_sample=first_frame * self._frame_samples,
                frame_samples=self._frame_samples,
            )
        return pictures

    def _set_up(self, first_clip: Path) -> _Setup:
        found, _ = read_clip(first_clip)
        rendered = Size(found.width, found.height)
        size = finished_size(rendered, self._finish)
        backdrop = self._finish.backdrop
        return _Setup(
            size,
            self._view(first_clip, rendered, size) if size != rendered else None,
            self._stamp(size),
            Parting(backdrop, rendered, self._images.plate) if backdrop else None,
            Restoring(self._restorer) if self._restorer and self._finish.restore_faces else None,
            Letterer(size.width, size.height),
        )

    def _view(self, first_clip: Path, rendered: Size, size: Size) -> View:
        if not self._finish.cuts:
            return View((0, 0, rendered.width, rendered.height), size)
        pictures = (picture for _, picture in decode_keyframes(first_clip, self._frame_rate))
        return view_of(rendered, size, face_bounds(pictures))

    def _stamp(self, size: Size) -> Stamp | None:
        mark = self._finish.watermark
        if mark is None:
            return None
        drawn = (
            image_stamp(*self._images.layer(), size) if mark.image else text_stamp(mark.text, size)
        )
        return placed(drawn, mark, size) if drawn else None


def _filtered(pictures: Iterator[Rgb], *filters: tuple[str, str]) -> Iterator[Rgb]:
    """Send pictures of one size through FFmpeg's filters."""
    if (first := next(pictures, None)) is None:
        return
    height, width = first.shape[:2]
    chain = PictureChain(filters, width=width, height=height)
    yield from chain.filtered(_again(first, pictures))


def _again(first: Rgb, rest: Iterator[Rgb]) -> Iterator[Rgb]:
    yield first
    yield from rest


def _stamped(pictures: Iterator[Rgb], stamp: Stamp) -> Iterator[Rgb]:
    for picture in pictures:
        stamp.onto(picture)
        yield picture


def _needed(artifact: Artifact | None, field: str) -> Artifact:
    if artifact is None:
        message = "the finish names an image that did not come with it; send it, too"
        raise InvalidInput(Reason.FIELD_INVALID, message, field=field)
    return artifact
