"""Look into files that strangers sent: as probe, pcm, still and playback do, but in a child."""

import logging
import os
import socket
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from s2v.core.errors import Exhausted, InvalidInput, Reason, S2VError
from s2v.core.steps import Steps
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.colour import Rgb
from s2v.media.confined import works
from s2v.media.confined.children import Broken, ConfinedChild, shared_children
from s2v.media.confined.footage import ConfinedFootage
from s2v.media.confined.kernel import Allowance
from s2v.media.confined.messages import Json
from s2v.media.confined.pictures import receive
from s2v.media.limits import DEFAULT_LIMITS, MAX_AUDIO_SECONDS, FileLimits
from s2v.media.opening import first_bytes
from s2v.media.pcm import Pcm, WrittenSound, read_wav
from s2v.media.photo import Opacity
from s2v.media.probe import MediaInfo
from s2v.media.proving import WholeVideo
from s2v.media.sniffing import HEAD_BYTES, sniff

_LOG = logging.getLogger(__name__)
_REASONS = {"image": Reason.IMAGE_UNREADABLE, "audio": Reason.AUDIO_UNREADABLE}
_EXCEEDED = {
    "memory_bytes": "more than {:,} bytes of memory",
    "cpu_seconds": "more than {:g} s of computing",
    "seconds": "more than {:g} s",
    "output_bytes": "more than {:,} bytes of room",
}
_POLL_SECONDS = 0.25

LOOKING = Allowance(memory_bytes=1 << 30, cpu_seconds=20, seconds=40.0)
"""For a look into a file: a picture of 50 megapixels is decoded, a video's first picture."""
DECODING = Allowance(
    memory_bytes=1 << 29,
    cpu_seconds=600,
    seconds=900.0,
    output_bytes=2 * SAMPLE_RATE * round(MAX_AUDIO_SECONDS + 60),
)
"""For an hour of mono sound; of more channels, the more output."""
PLAYING = Allowance(memory_bytes=1 << 30, cpu_seconds=3600, seconds=86_400.0, output_bytes=1 << 40)
"""For a video as it is watched, picture by picture."""


class Reader:
    """Reads foreign files in children of its own; may be used from several threads.

    A file whose child dies is tried a second time; whoever wants to know finds a `Broken` that
    `died` as the cause of the error. Every method raises InvalidInput, with the
    limit's name and value in the metadata, for a file that takes more than it may; what the
    functions of the same names raise, it raises, too.
    """

    def __init__(
        self,
        *,
        looking: Allowance = LOOKING,
        decoding: Allowance = DECODING,
        limits: FileLimits = DEFAULT_LIMITS,
    ) -> None:
        self._children = shared_children()
        self._looking = looking
        self._decoding = decoding
        self._limits = limits

    def probe(self, path: Path, media_type: str = "", *, field: str = "asset") -> MediaInfo:
        """Tell what a file holds, as `s2v.media.probe.probe`."""
        arguments = {"media_type": media_type, "field": field, "limits": asdict(self._limits)}
        found = self._twice(works.look, path, arguments, media_type=media_type, field=field)
        return MediaInfo(**found)

    def prove(self, path: Path, *, field: str = "film") -> WholeVideo:
        """Tell what a video holds if it is whole, as `s2v.media.proving.prove`."""
        return WholeVideo(**self._twice(works.proof, path, {"field": field}, field=field))

    def average_rate(self, path: Path, *, field: str = "film") -> float:
        """Return a video's rate, as `s2v.media.playback.average_rate`."""
        found = self._twice(works.rate, path, {"field": field}, field=field)
        return float(found["rate"])

    def decode_audio(self, path: Path, *, max_seconds: float, field: str) -> Pcm:
        """Return the sound of a file, as `s2v.media.pcm.decode_audio`."""
        with tempfile.TemporaryDirectory(prefix="s2v-sound-") as folder:
            target = Path(folder) / "sound.wav"
            for _ in self.decoding(path, target, max_seconds=max_seconds, field=field):
                pass
            with target.open("rb") as file:
                return read_wav(file)

    def decoding(
        self,
        path: Path,
        target: Path,
        *,
        max_seconds: float,
        field: str = "spec.script.audio",
        channels: int = 1,
    ) -> Steps[WrittenSound]:
        """Write the sound of a file as a WAV, as `s2v.media.pcm.decode_to_wav`.

        Yields now and then; closing the generator stops the work.

        Raises:
            Exhausted: there is no room for the target (STORAGE_FULL).
        """
        arguments = {"max_seconds": max_seconds, "field": field, "channels": channels}
        most_bytes = self._decoding.output_bytes * channels
        allowance = replace(self._decoding, output_bytes=most_bytes)
        for is_last in (False, True):
            try:
                with path.open("rb") as source, target.open("wb") as output:
                    child = self._children.start(
                        works.sound,
                        source,
                        arguments=arguments,
                        allowance=allowance,
                        output=output,
                    )
                with child:
                    while not child.wait(_POLL_SECONDS):
                        yield
                    return WrittenSound(**child.result())
            except Broken as broken:
                if not broken.died or is_last:
                    reason = Reason.AUDIO_UNREADABLE
                    raise _refusal(broken, reason, field, allowance) from broken
        raise RuntimeError("unreachable")

    def still(self, path: Path, media_type: str, *, field: str = "reference") -> Rgb:
        """Return one picture of a file, as `s2v.media.still.still`."""
        arguments = {"media_type": media_type, "field": field}
        with closing(self._pictures(works.picture, path, arguments, field=field)) as pictures:
            return next(pictures)

    def layer(self, path: Path, *, field: str) -> tuple[Rgb, Opacity]:
        """Return an image that is laid over others, as `s2v.media.photo.read_layer`."""
        pictures = self._pictures(works.layer, path, {"field": field}, field=field)
        with closing(pictures):
            return next(pictures), next(pictures)[..., 0]

    def played(
        self, path: Path, frame_rate: int, *, frames: int | None = None, field: str = "film"
    ) -> Generator[Rgb]:
        """Yield a video's pictures, as `s2v.media.playback.played`, the first `frames` of them."""
        arguments = {"frame_rate": frame_rate, "frames": frames, "field": field}
        return self._pictures(works.pictures, path, arguments, field=field)

    def frames(self, path: Path, stride: int, *, field: str = "film") -> Generator[Rgb]:
        """Yield every so-manieth picture of a video as it was coded, neither turned nor scaled."""
        return self._pictures(works.frames, path, {"stride": stride}, field=field)

    @contextmanager
    def footage(self, path: Path, *, field: str = "asset") -> Iterator[ConfinedFootage]:
        """Open a video whose pictures are wanted in any order, as `s2v.media.footage.Footage`."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs, path.open("rb") as source:
                child = self._children.start(
                    works.footage,
                    source,
                    arguments={"field": field},
                    allowance=PLAYING,
                    output=theirs.fileno(),
                )
            with child:
                yield from self._footage(child, ours, field)

    def _footage(
        self, child: ConfinedChild, line: socket.socket, field: str
    ) -> Iterator[ConfinedFootage]:
        try:
            yield ConfinedFootage(
                child,
                line,
                most_pictures=self._limits.max_index_entries,
                most_pixels=2 * self._limits.max_pixels,
            )
        except Broken as broken:
            raise _refusal(broken, Reason.VIDEO_UNREADABLE, field, PLAYING) from broken

    def _twice(
        self,
        work: Callable[..., Json],
        path: Path,
        arguments: Json,
        *,
        field: str,
        media_type: str = "",
    ) -> Json:
        for is_last in (False, True):
            try:
                with path.open("rb") as source:
                    child = self._children.start(
                        work, source, arguments=arguments, allowance=self._looking
                    )
                with child:
                    return child.result()
            except Broken as broken:
                if not broken.died or is_last:
                    reason = _reason(path, media_type)
                    raise _refusal(broken, reason, field, self._looking) from broken
        raise RuntimeError("unreachable")

    def _pictures(
        self, work: Callable[..., Json], path: Path, arguments: Json, *, field: str
    ) -> Generator[Rgb]:
        reading, writing = os.pipe()
        most = 2 * self._limits.max_pixels
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            with path.open("rb") as source, os.fdopen(writing, "wb") as output:
                child = self._children.start(
                    work, source, arguments=arguments, allowance=PLAYING, output=output
                )
            with child:
                try:
                    while (got := receive(pipe.fileno(), most_pixels=most)) is not None:
                        yield got
                    child.result()
                except Broken as broken:
                    raise _refusal(broken, _reason(path, ""), field, PLAYING) from broken


def _reason(path: Path, media_type: str) -> Reason:
    kind = (sniff(first_bytes(path, HEAD_BYTES)) or media_type).partition("/")[0]
    return _REASONS.get(kind, Reason.VIDEO_UNREADABLE)


def _refusal(broken: Broken, reason: Reason, field: str, allowance: Allowance) -> S2VError:
    _LOG.warning("a file could not be read: %s %s", broken.limit, broken.detail)
    if broken.limit == "disk":
        return Exhausted(
            Reason.STORAGE_FULL, "there is no room for the decoded sound; free space", field=field
        )
    if broken.limit in _EXCEEDED:
        most = getattr(allowance, broken.limit)
        return InvalidInput(
            reason,
            f"The file cannot be read: it takes {_EXCEEDED[broken.limit].format(most)}. "
            "Export it again with a common program, or make it smaller, and send that.",
            field=field,
            metadata={f"limit_{broken.limit}": str(most)},
        )
    what = "the decoder crashed on it" if broken.died else "it is damaged"
    return InvalidInput(
        reason,
        f"The file cannot be read: {what}. Export it again with a common program and send that.",
        field=field,
    )
