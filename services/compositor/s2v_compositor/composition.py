"""One film in the making, as the messages of its call come in and go out."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO

from s2v.api.common.v1 import artifact_pb2, media_pb2
from s2v.api.compositor.v1 import compositor_service_pb2
from s2v.captions.languages import three_letters
from s2v.core.artifact import HLS, JPEG, MP4
from s2v.core.captions import WEBVTT
from s2v.core.errors import InvalidInput, Reason
from s2v.core.finishing import Finish, check_finish
from s2v.core.ports import ArtifactStore, DigitalSourceType
from s2v.media.credentials import FilmSigner
from s2v.media.film import Fragment
from s2v.rpc.convert import (
    artifact_from_proto,
    artifact_to_proto,
    caption_from_proto,
    reel_from_proto,
    source_type_from_proto,
)
from s2v.rpc.convert_finish import finish_from_proto
from s2v.rpc.metrics import FILM_BYTES, FILMS_COMPOSED
from s2v.store.space import full_disk_named
from s2v_compositor.composing import PLACE, FilmWriter
from s2v_compositor.finishing.playlist import FRAGMENTS_NAME, Playlist
from s2v_compositor.finishing.stills import Stills

if TYPE_CHECKING:
    from s2v_compositor.finishing.faces import Restores
    from s2v_compositor.finishing.pictures import Finisher

Request = compositor_service_pb2.ComposeRequest
Response = compositor_service_pb2.ComposeResponse

WORKING = Response(working=compositor_service_pb2.Working())
_CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Provenance:
    """What films of this compositor say of themselves: `mark` says it, `signer` vouches for it."""

    mark: bool = True
    signer: FilmSigner | None = None


UNSIGNED = Provenance()


class Composition:
    """One film in the making; every method blocks."""

    def __init__(
        self,
        store: ArtifactStore,
        work_dir: Path,
        config: compositor_service_pb2.ComposeConfig,
        provenance: Provenance,
        restorer: "Restores | None",
    ) -> None:
        finish = finish_from_proto(config.finish, field="config.finish")
        check_finish(finish, field="config.finish")
        self._finisher = _finisher(finish, config, store, restorer)
        self._store = store
        self._live = config.live
        self._open = ExitStack()
        self._under_way = ExitStack()
        film_audio = self._film_audio(config)
        self._folder = TemporaryDirectory(prefix="s2v-film-", dir=work_dir)
        self._marking = _source_type(config) if provenance.mark else None
        self._signer = provenance.signer
        language = three_letters(config.caption_language) if config.caption_track else None
        self._writer = FilmWriter(
            Path(self._folder.name, "film.mp4"),
            config.frame_rate,
            marking=self._marking,
            caption_language=language,
            fragment_seconds=finish.fragment_seconds or 1,
            film_audio=film_audio,
        )
        self._stills = Stills(finish, config.frame_rate)
        fragments = Path(self._folder.name, FRAGMENTS_NAME)
        self._playlist = Playlist(fragments, config.frame_rate) if finish.hls else None
        self._segments = 0
        self._media_bytes = 0

    def add(self, request: Request) -> Iterator[Response]:
        """Join one segment or a reel of it, yielding media."""
        match request.WhichOneof("input"):
            case "segment":
                yield from self._add_segment(request.segment)
            case "reel":
                yield from self._add_reel(request.reel)
            case _:
                message = "only the first message may be the config"
                raise InvalidInput(Reason.CONFIG_EXPECTED, message, field="config")

    def _add_segment(self, segment: compositor_service_pb2.ComposeSegment) -> Iterator[Response]:
        self._check_index(segment.index, field="segment.index")
        field = f"segments[{segment.index}]"
        video = artifact_from_proto(segment.clip.video, field=f"{field}.clip.video")
        audio = artifact_from_proto(segment.audio, field=f"{field}.audio")
        captions = [caption_from_proto(caption) for caption in segment.captions]
        with self._store.local(video) as clip, self._store.open(audio) as sound:
            first_frame = self._writer.frames
            if self._finisher:
                target = Path(self._folder.name, "finished.mp4")
                for _ in self._finisher.finished(
                    clip, target, captions, first_frame=first_frame, field=f"{field}.clip"
                ):
                    yield WORKING
                clip = target
            for fragment in self._writer.add(clip, sound, segment.clip.frames, captions):
                yield from self._take(fragment)
            self._stills.add(clip, first_frame=first_frame)
        self._segments += 1
        self._under_way.close()

    def _add_reel(self, message: compositor_service_pb2.ComposeReel) -> Iterator[Response]:
        self._check_index(message.index, field="reel.index")
        if self._finisher:
            return
        field = f"segments[{message.index}]"
        reel = reel_from_proto(message.reel, field=f"{field}.reel")
        audio = artifact_from_proto(message.audio, field=f"{field}.audio")
        captions = [caption_from_proto(caption) for caption in message.captions]
        # The sound that the first reel comes with goes on to be read until the segment ends.
        sound = self._under_way.enter_context(self._store.open(audio))
        with self._store.local(reel.video) as video:
            for fragment in self._writer.add_reel(video, sound, reel, captions):
                yield from self._take(fragment)

    def finish(self) -> Iterator[Response]:
        """Write the end of the film, store it, yield it."""
        for fragment in self._writer.finish():
            yield from self._take(fragment)
        film = self._writer.film
        video = self._store.put(self._signed(film.path), MP4)
        FILMS_COMPOSED.inc()
        FILM_BYTES.inc(video.size_bytes)
        thumbnail = self._stills.thumbnail
        sheet, index = self._stills.sprites(frames=film.frames) or (None, None)
        yield Response(
            film=compositor_service_pb2.Film(
                video=artifact_to_proto(video),
                frames=film.frames,
                samples=film.samples,
                width_pixels=film.width,
                height_pixels=film.height,
                frame_rate=film.frame_rate,
                thumbnail=self._kept(thumbnail, JPEG),
                sprites=self._kept(sheet, JPEG),
                sprites_index=self._kept(index, WEBVTT),
                **self._pieces(),
            )
        )

    def close(self) -> None:
        """Delete what is left on the disk."""
        self._writer.close()
        self._under_way.close()
        self._open.close()
        self._folder.cleanup()

    def _film_audio(self, config: compositor_service_pb2.ComposeConfig) -> BinaryIO | None:
        if not config.HasField("film_audio"):
            return None
        audio = artifact_from_proto(config.film_audio, field="config.film_audio")
        return self._open.enter_context(self._store.open(audio))

    def _signed(self, film: Path) -> Path:
        """Return the film with its signature, if films are signed."""
        if self._signer is None or self._marking is None:
            return film
        target = Path(self._folder.name, "signed.mp4")
        with full_disk_named(PLACE):
            self._signer.sign(film, target, self._marking)
        return target

    def _pieces(self) -> dict[str, artifact_pb2.Artifact]:
        """Put the pieces for HLS into the store, if they are asked for."""
        if not self._playlist:
            return {}
        listed = self._store.put([self._playlist.text().encode()], HLS)
        fragments = self._store.put(self._playlist.path, MP4)
        return {"playlist": artifact_to_proto(listed), "fragments": artifact_to_proto(fragments)}

    def _kept(self, data: bytes | None, media_type: str) -> artifact_pb2.Artifact | None:
        """Put a small file into the store, if there is one."""
        return artifact_to_proto(self._store.put([data], media_type)) if data else None

    def _take(self, fragment: Fragment) -> Iterator[Response]:
        """Keep a fragment for HLS, if that is asked for, and yield it as media."""
        if self._playlist:
            with full_disk_named(PLACE):
                self._playlist.add(fragment)
        yield from self._media(fragment.data)

    def _media(self, data: bytes) -> Iterator[Response]:
        if not self._live:
            return
        for start in range(0, len(data), _CHUNK_BYTES):
            piece = data[start : start + _CHUNK_BYTES]
            yield Response(media=media_pb2.MediaChunk(offset=self._media_bytes, data=piece))
            self._media_bytes += len(piece)

    def _check_index(self, index: int, *, field: str) -> None:
        if index != self._segments:
            problem = f"segment {index} came where {self._segments} was expected; "
            raise InvalidInput(Reason.FIELD_INVALID, f"{problem}send them in order", field=field)


def _finisher(
    finish: Finish,
    config: compositor_service_pb2.ComposeConfig,
    store: ArtifactStore,
    restorer: "Restores | None",
) -> "Finisher | None":
    """Return what changes the pictures; None where nothing does."""
    if not (finish.changes_pictures or config.captions_burnt_in):
        return None
    # Loads onnxruntime and OpenCV, which most films never need.
    from s2v_compositor.finishing.pictures import Finisher, Images

    names = ("watermark_image", "background_image")
    images = (
        artifact_from_proto(getattr(config, name), field=f"config.{name}")
        if config.HasField(name)
        else None
        for name in names
    )
    return Finisher(
        finish,
        Images(store, *images),
        captions_burnt_in=config.captions_burnt_in,
        frame_rate=config.frame_rate,
        restorer=restorer,
    )


def _source_type(config: compositor_service_pb2.ComposeConfig) -> DigitalSourceType:
    """Return what the config says; where it does not say, what holds for every film."""
    stated = source_type_from_proto(config.digital_source_type)
    return stated or DigitalSourceType.COMPOSITE_SYNTHETIC
