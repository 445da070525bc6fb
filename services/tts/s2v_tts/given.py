"""Decode sound that a client sent, in processes that it may kill, and remember which it killed."""

import shutil
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from s2v.core.errors import InvalidInput, Reason
from s2v.core.steps import Steps
from s2v.media.confined.children import Broken
from s2v.media.confined.reading import Reader
from s2v.media.limits import MAX_AUDIO_SECONDS

_FIELD = "spec.script.audio"
_REMEMBERED_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Decoded:
    """Given sound in a WAV file, and how many channels it was given in."""

    wav: Path
    found_channels: int


class GivenSounds:
    """Decodes given sounds.

    A file that has killed its reader twice is refused for a day without being tried again, also by
    the process that takes over when this one ends.

    Args:
        reader: decodes.
        folder: for decoded sound on its way and for what is remembered.

    Attributes:
        folder: where decoded sound is on its way.
    """

    def __init__(self, reader: Reader, folder: Path) -> None:
        self._reader = reader
        self._deaths = folder / "deaths"
        self.folder = folder / "decoded"
        shutil.rmtree(self.folder, ignore_errors=True)  # what a killed process left
        for made in (self._deaths, self.folder):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)

    def decoding(
        self,
        path: Path,
        sha256: str,
        *,
        max_seconds: float = MAX_AUDIO_SECONDS,
        field: str = _FIELD,
        channels: int = 1,
    ) -> Steps[Decoded]:
        """Decode a file of that digest into a WAV of int16 at 48 kHz, of one or two channels.

        Yields now and then; closing the generator stops the work. The caller removes the WAV.

        Raises:
            InvalidInput: AUDIO_UNREADABLE or AUDIO_TOO_LONG, as `s2v.media.pcm.decode_audio`; or
                it took more memory or time than it may, or killed its reader (AUDIO_UNREADABLE).
            Exhausted: there is no room for it (STORAGE_FULL).
        """
        target = self.folder / f"{uuid.uuid4().hex}.wav"
        try:
            self._refuse_killer(sha256, field)
            written = yield from self._reader.decoding(
                path, target, max_seconds=max_seconds, field=field, channels=channels
            )
            return Decoded(target, written.found_channels)
        except BaseException as error:
            target.unlink(missing_ok=True)
            if isinstance(error.__cause__, Broken) and error.__cause__.died:
                (self._deaths / sha256).touch()
            raise

    def _refuse_killer(self, sha256: str, field: str) -> None:
        oldest = time.time() - _REMEMBERED_SECONDS
        for death in self._deaths.iterdir():
            with suppress(FileNotFoundError):
                if death.stat().st_mtime < oldest:
                    death.unlink()
        if (self._deaths / sha256).exists():
            raise InvalidInput(
                Reason.AUDIO_UNREADABLE,
                "The sound cannot be decoded: the decoder crashed on this file before. Export it "
                "again with a common program and send that.",
                field=field,
            )
