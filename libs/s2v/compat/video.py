"""The founding document's video compiler: films joined, given sound, made fit for slow lines."""

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from s2v.client.publishing import partial_path, publish
from s2v.core.errors import InvalidInput, Reason
from s2v.core.timebase import FRAME_RATES, SAMPLE_RATE, samples_per_frame
from s2v.media.colour import Rgb
from s2v.media.confined.reading import Reader
from s2v.media.film import FilmMuxer
from s2v.media.limits import MAX_AUDIO_SECONDS
from s2v.media.pcm import Pcm, read_wav, wav_samples
from s2v.media.picture_chain import PictureChain
from s2v.media.provenance import read_marking
from s2v.media.video import H264, ClipEncoder

_ENHANCING = (
    ("atadenoise", "0a=0.05:0b=0.1:1a=0.05:1b=0.1:2a=0.05:2b=0.1:s=9"),
    ("unsharp", "5:5:0.7:5:5:0.7"),
)
"""As `JobSpec.finish` has it where both are asked for."""
_LITTLE_IS_LOST = H264(crf=14)
_CHANNELS = 2
_BITS = re.compile(r"(\d+(?:\.\d+)?)([kKmM]?)")
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000}


@dataclass(frozen=True, slots=True)
class _Excerpt:
    """A part of a film: the pictures of one file, and the sound of one, or silence."""

    pictures: Path
    sound: Path | None


class VideoCompiler:
    """Works on video files of this machine; no service is needed.

    Pictures are encoded anew (H.264). What a film says of its being synthetic goes on into what is
    made of it; a signature (C2PA) does not.
    """

    def __init__(self) -> None:
        self._reader = Reader()

    def compile_chunks(
        self,
        chunk_results: Sequence[Any],
        output_path: str | Path,
        fps: int = 30,
        enhance_quality: bool = True,
    ) -> str:
        """Join videos of one size, in order, with their sound, or silence where one has none.

        Args:
            chunk_results: at least one: paths, or results of `generate_video`.
            output_path: where the MP4 goes; a file there is replaced.
            fps: frames a second, one of `s2v.core.timebase.FRAME_RATES`.
            enhance_quality: whether noise is taken out and edges are made sharper.

        Returns:
            Where it is.

        Raises:
            InvalidInput: VIDEO_UNREADABLE, SIZE_UNSUPPORTED (they have several sizes),
                FRAME_RATE_UNSUPPORTED, or FIELD_INVALID (there are none).
            OSError: a file cannot be read or written.
        """
        videos = [_path_of(result) for result in chunk_results]
        if not videos:
            raise InvalidInput(Reason.FIELD_INVALID, "there are none", field="chunk_results")
        if fps not in FRAME_RATES:
            known = ", ".join(map(str, FRAME_RATES))
            problem = f"is {fps}; use one of {known}"
            raise InvalidInput(Reason.FRAME_RATE_UNSUPPORTED, problem, field="fps")
        parts = [_Excerpt(video, self._sound_of(video)) for video in videos]
        filters = _ENHANCING if enhance_quality else ()
        return self._film(parts, Path(output_path), fps, _LITTLE_IS_LOST, filters)

    def add_audio(
        self, video_path: str | Path, audio_path: str | Path, output_path: str | Path | None = None
    ) -> str:
        """Give a video another sound, which ends, or falls silent, with the pictures.

        Args:
            video_path: whose pictures are taken.
            audio_path: whose sound is taken.
            output_path: where the MP4 goes; a file there is replaced. By default beside the video,
                with `_with_audio` in its name.

        Returns:
            Where it is.

        Raises:
            InvalidInput: VIDEO_UNREADABLE or AUDIO_UNREADABLE.
            OSError: a file cannot be read or written.
        """
        video, sound = Path(video_path), Path(audio_path)
        target = Path(output_path or video.with_name(f"{video.stem}_with_audio.mp4"))
        return self._film([_Excerpt(video, sound)], target, self._rate(video), _LITTLE_IS_LOST, ())

    def optimize_for_streaming(
        self, video_path: str | Path, output_path: str | Path | None = None, bitrate: str = "2M"
    ) -> str:
        """Make a video of no more bits a second that plays while it arrives (its index first).

        Args:
            video_path: of the video.
            output_path: where the MP4 goes; a file there is replaced. By default beside the video,
                with `_streaming` in its name.
            bitrate: of the pictures, such as "800k" or "2M".

        Returns:
            Where it is.

        Raises:
            InvalidInput: VIDEO_UNREADABLE, or FIELD_INVALID (the bitrate).
            OSError: a file cannot be read or written.
        """
        video = Path(video_path)
        target = Path(output_path or video.with_name(f"{video.stem}_streaming.mp4"))
        quality = H264(bits_per_second=_bits(bitrate))
        part = _Excerpt(video, self._sound_of(video))
        return self._film([part], target, self._rate(video), quality, ())

    def _film(
        self,
        parts: Sequence[_Excerpt],
        target: Path,
        fps: int,
        quality: H264,
        filters: Sequence[tuple[str, str]],
    ) -> str:
        partial = partial_path(target)
        marking = read_marking(parts[0].pictures)
        try:
            with (
                tempfile.TemporaryDirectory(prefix="s2v-film-") as folder,
                closing(FilmMuxer(partial, fps, marking=marking, channels=_CHANNELS)) as muxer,
            ):
                size: tuple[int, int] | None = None
                for number, part in enumerate(parts):
                    clip = Path(folder) / f"{number}.mp4"
                    frames, size = self._clip(part.pictures, clip, fps, quality, filters, size)
                    sound = self._sound(part.sound, frames * samples_per_frame(fps), Path(folder))
                    _run(muxer.append(clip, sound))
                    clip.unlink()
                _run(muxer.finish())
            publish(partial, target, replace=True)
        finally:
            partial.unlink(missing_ok=True)
        return str(target)

    def _clip(
        self,
        video: Path,
        clip: Path,
        fps: int,
        quality: H264,
        filters: Sequence[tuple[str, str]],
        size: tuple[int, int] | None,
    ) -> tuple[int, tuple[int, int]]:
        """Encode a video's pictures; return how many there are, and their width and height."""
        with closing(self._reader.played(video, fps, field="video_path")) as played:
            pictures = map(_even, played)
            first = next(pictures, None)
            if first is None:
                problem = f"there are no pictures in {video}"
                raise InvalidInput(Reason.VIDEO_UNREADABLE, problem, field="video_path")
            height, width = first.shape[:2]
            if size not in (None, (width, height)):
                problem = f"{video} has {width}x{height} pixels, those before it another size"
                raise InvalidInput(Reason.SIZE_UNSUPPORTED, problem, field="chunk_results")
            every: Iterator[Rgb] = chain((first,), pictures)
            if filters:
                every = PictureChain(filters, width=width, height=height).filtered(every)
            with ClipEncoder(
                clip, width=width, height=height, frame_rate=fps, quality=quality
            ) as encoder:
                for picture in every:
                    encoder.write(picture[np.newaxis])
        return encoder.frames, (width, height)

    def _sound(self, source: Path | None, samples: int, folder: Path) -> Iterator[Pcm]:
        """Yield so many samples of a file's sound, or of silence."""
        given = 0
        if source is not None:
            wav = folder / "sound.wav"
            _run(
                self._reader.decoding(
                    source,
                    wav,
                    max_seconds=MAX_AUDIO_SECONDS,
                    field="audio_path",
                    channels=_CHANNELS,
                )
            )
            with wav.open("rb") as file:
                given = min(samples, wav_samples(file, channels=_CHANNELS))
            for first in range(0, given, SAMPLE_RATE):
                with wav.open("rb") as file:
                    yield read_wav(file, first, min(given, first + SAMPLE_RATE), channels=_CHANNELS)
        for first in range(given, samples, SAMPLE_RATE):
            yield np.zeros((min(SAMPLE_RATE, samples - first), _CHANNELS), np.int16)

    def _sound_of(self, video: Path) -> Path | None:
        return video if self._reader.probe(video, field="video_path").has_audio else None

    def _rate(self, video: Path) -> int:
        rate = self._reader.average_rate(video, field="video_path")
        return min(FRAME_RATES, key=lambda known: abs(known - rate))


def _path_of(result: Any) -> Path:
    return Path(result["output_path"] if isinstance(result, Mapping) else result)


def _even(picture: Rgb) -> Rgb:
    height, width = (side // 2 * 2 for side in picture.shape[:2])
    return picture[:height, :width]


def _run(steps: Iterable[Any]) -> None:
    for _ in steps:
        pass


def _bits(bitrate: str) -> int:
    match = _BITS.fullmatch(bitrate)
    if match is None:
        problem = f"must be bits a second such as 800k or 2M, not {bitrate!r}"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="bitrate")
    return round(float(match[1]) * _UNITS[match[2].lower()])
