"""Compose a film: join clips as they come and encode their speech once, from end to end."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np

from s2v.core.captions import Caption
from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import Reel
from s2v.core.ports import DigitalSourceType
from s2v.core.timebase import SAMPLE_RATE, samples_per_frame
from s2v.media.film import ClipFormat, FilmMuxer, Fragment, read_clip
from s2v.media.pcm import Pcm, read_wav, wav_samples
from s2v.store.space import full_disk_named

_PIECE_SAMPLES = SAMPLE_RATE
PLACE = "the folder where films are made"


@dataclass(frozen=True, slots=True)
class WrittenFilm:
    """A finished film: an MP4 whose index comes first; `samples` of sound at 48 kHz."""

    path: Path
    width: int
    height: int
    frame_rate: int
    frames: int
    samples: int


class FilmWriter:
    """Writes one film from segments that come one after the other, in order, or reel by reel.

    Each segment's pictures and sound are of equal length, so the film's stay together however
    many segments there are. The same segments give the same bytes, film and fragments, so a
    composition that was cut off can be done again and its watchers go on where they were.
    Memory does not grow with the film. As a context manager it deletes a film that is not
    finished.
    """

    def __init__(
        self,
        path: Path,
        frame_rate: int,
        *,
        marking: DigitalSourceType | None = None,
        caption_language: str | None = None,
        fragment_seconds: int = 1,
        film_audio: BinaryIO | None = None,
    ) -> None:
        """Open the file for writing.

        Args:
            path: of the file.
            frame_rate: of the film.
            marking: what it shall say of how its pictures came to be.
            caption_language: of the captions (ISO 639-2), which become a track; None for no track.
            fragment_seconds: how long a fragment lasts, unless its segment ends sooner.
            film_audio: a 16-bit stereo 48 kHz WAV, read in pieces, which the film carries from its
                start in place of the segments' speech; silence follows its end.

        Raises:
            ValueError: the frame rate is not in FRAME_RATES.
            InvalidInput: `film_audio` is not such a WAV (AUDIO_UNREADABLE).
        """
        if film_audio is not None:
            wav_samples(film_audio, channels=2)
        self._path = path
        self._frame_rate = frame_rate
        self._frame_samples = samples_per_frame(frame_rate)
        self._format: ClipFormat | None = None
        self._segments = 0
        self._frames = 0
        self._reel_frames = 0
        self._is_appending = False
        self._film: WrittenFilm | None = None
        self._film_audio = film_audio
        with full_disk_named(PLACE):
            self._muxer = FilmMuxer(
                path,
                frame_rate,
                marking=marking,
                caption_language=caption_language,
                fragment_seconds=fragment_seconds,
                channels=2 if film_audio else 1,
            )

    def add(
        self, clip: Path, speech: BinaryIO, frames: int, captions: Iterable[Caption] = ()
    ) -> Generator[Fragment]:
        """Check a segment, then append what its reels have not, while its fragments are taken.

        The segment is in the film when the iterator has ended. `speech` is a 16-bit mono 48 kHz
        WAV, read in pieces; `frames` is how long the segment shall last; `captions` are of what is
        said in it.

        Raises:
            InvalidInput: the clip cannot be read or differs from the first one in size, frame
                rate or encoding, or the clip's or the speech's length is not `frames`; `field`
                names the segment. The film is as it was before.
            Exhausted: the disk is full (STORAGE_FULL).
            RuntimeError: the segment before this one is not in the film yet.
        """
        self._require_appended()
        field = f"segments[{self._segments}]"
        found = self._checked_clip(clip, frames, field=f"{field}.clip")
        self._check_speech(speech, frames, field=f"{field}.speech")
        if not self._reel_frames:
            self._muxer.begin(self._sound(speech, frames), captions)
        skip_frames, self._reel_frames = self._reel_frames, 0
        self._format = found
        self._segments += 1
        self._frames += frames
        self._is_appending = True
        return self._append_last(clip, skip_frames, field=f"{field}.clip")

    def add_reel(
        self, video: Path, speech: BinaryIO, reel: Reel, captions: Iterable[Caption] = ()
    ) -> Generator[Fragment]:
        """Check the next reel of the next segment, then append it while its fragments are taken.

        `speech`, which stays open until the segment is in the film, and `captions` are of the
        whole segment, whose clip has the same pictures again and more.

        Raises:
            InvalidInput: as `add`; or it begins elsewhere than where the reel before it ends.
            Exhausted: the disk is full (STORAGE_FULL).
            RuntimeError: what was added before is not in the film yet.
        """
        self._require_appended()
        field = f"segments[{self._segments}].reel"
        self._format = self._checked_clip(video, reel.frames, field=field)
        if reel.first_frame != self._reel_frames:
            _refuse(field, "first frame", found=reel.first_frame, expected=self._reel_frames)
        if not self._reel_frames:
            samples = wav_samples(speech)
            frames = -(-samples // self._frame_samples)
            self._muxer.begin(self._sound(speech, frames), captions)
        self._reel_frames = reel.end_frame
        self._is_appending = True
        return self._append(self._muxer.go_on(video))

    def finish(self) -> Generator[Fragment]:
        """Write the end of the film, yielding the last fragment if sound is left for one.

        The film is finished, and `film` is there, when the iterator has ended.

        Raises:
            InvalidInput: there is no segment.
            Exhausted: the disk is full (STORAGE_FULL).
            RuntimeError: the last segment is not in the film yet.
        """
        if self._format is None:
            message = "A film needs at least one segment; send one before finishing."
            raise InvalidInput(Reason.FIELD_INVALID, message, field="segments")
        self._require_appended()
        if self._reel_frames:
            message = "The last segment has reels and no clip; send its clip before finishing."
            raise InvalidInput(Reason.FIELD_INVALID, message, field="segments")
        with full_disk_named(PLACE):
            yield from self._muxer.finish()
        self._film = WrittenFilm(
            self._path,
            self._format.width,
            self._format.height,
            self._frame_rate,
            self._muxer.frames,
            self._muxer.samples,
        )

    @property
    def frames(self) -> int:
        """How many frames the segments have that were added."""
        return self._frames

    @property
    def film(self) -> WrittenFilm:
        """The finished film.

        Raises:
            RuntimeError: it is not finished.
        """
        if self._film is None:
            raise RuntimeError("the film is not finished")
        return self._film

    def close(self) -> None:
        """Delete the file unless the film is finished; harmless when called again."""
        if self._film is not None:
            return
        try:
            self._muxer.close()
        finally:
            self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _sound(self, speech: BinaryIO, frames: int) -> Iterator[Pcm]:
        """Return what is heard in so many frames more."""
        if self._film_audio is None:
            return _speech_pieces(speech)
        first, samples = self._frames * self._frame_samples, frames * self._frame_samples
        return _given_pieces(self._film_audio, first, first + samples)

    def _append(self, fragments: Iterable[Fragment]) -> Generator[Fragment]:
        with full_disk_named(PLACE):
            yield from fragments
        self._is_appending = False

    def _append_last(self, clip: Path, skip_frames: int, *, field: str) -> Generator[Fragment]:
        fragments = chain(self._muxer.go_on(clip, skip_frames=skip_frames), self._muxer.end())
        yield from self._append(fragments)
        if self._muxer.frames != self._frames:
            _refuse(
                field, "film's number of frames", found=self._muxer.frames, expected=self._frames
            )

    def _require_appended(self) -> None:
        if self._is_appending:
            raise RuntimeError("take every fragment of a segment before going on")

    def _checked_clip(self, clip: Path, frames: int, *, field: str) -> ClipFormat:
        try:
            found, clip_frames = read_clip(clip)
        except ValueError as error:
            raise unusable(error, field=field) from error
        expected = self._format or found
        if found.frame_rate != self._frame_rate:
            _refuse(field, "frame rate", found=found.frame_rate, expected=self._frame_rate)
        if (found.width, found.height) != (expected.width, expected.height):
            _refuse(
                field,
                "size",
                found=f"{found.width}x{found.height}",
                expected=f"{expected.width}x{expected.height}",
            )
        if found.setup != expected.setup:
            _refuse(field, "H.264 setup", found=found.setup.hex(), expected=expected.setup.hex())
        if clip_frames != frames:
            _refuse(field, "number of frames", found=clip_frames, expected=frames)
        return found

    def _check_speech(self, speech: BinaryIO, frames: int, *, field: str) -> None:
        samples = wav_samples(speech)
        if samples != frames * self._frame_samples:
            _refuse(
                field, "number of samples", found=samples, expected=frames * self._frame_samples
            )


def unusable(error: ValueError, *, field: str) -> InvalidInput:
    """Return the error for a clip that cannot be read."""
    message = f"The clip is not usable: {error}; render it again."
    return InvalidInput(Reason.FIELD_INVALID, message, field=field)


def _speech_pieces(speech: BinaryIO) -> Iterator[Pcm]:
    """Yield all of a 16-bit mono 48 kHz WAV."""
    first = 0
    while len(piece := read_wav(speech, first, first + _PIECE_SAMPLES)):
        yield piece
        first += len(piece)


def _given_pieces(audio: BinaryIO, first_sample: int, end_sample: int) -> Iterator[Pcm]:
    """Yield the half-open range of samples of a 16-bit stereo 48 kHz WAV, silent after its end."""
    for first in range(first_sample, end_sample, _PIECE_SAMPLES):
        end = min(first + _PIECE_SAMPLES, end_sample)
        piece = read_wav(audio, first, end, channels=2)
        yield np.pad(piece, ((0, end - first - len(piece)), (0, 0)))


def _refuse(field: str, what: str, *, found: object, expected: object) -> None:
    message = (
        f"The {what} is {found} where {expected} is needed; "
        "make every segment of a film with the same settings."
    )
    raise InvalidInput(Reason.FIELD_INVALID, message, field=field)
