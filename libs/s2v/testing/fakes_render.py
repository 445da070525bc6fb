"""A render engine that paints flat colours, for tests: each frame's colour tells its number."""

import io
import json
import os
import threading
import time
from collections.abc import Generator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import (
    Capabilities,
    Continuity,
    DigitalSourceType,
    Frames,
    Notice,
    NoticeCode,
    Preset,
    Size,
    State,
    Take,
    Working,
)
from s2v.core.shards import Shard
from s2v.core.timebase import samples_per_frame

PRESETS = (
    Preset("standard", "Small and quick.", max_long_side=256, max_short_side=256, crf=26),
    Preset("draft", "Smaller.", max_long_side=128, max_short_side=128, crf=28),
)
COLOURS = 64
"""Frame numbers come back modulo this."""

BATCH_FRAMES = 4
_LEVELS = 4
_STEP = 256 // _LEVELS
_MARKER = b"s2v-fake-script:"
_LOOK_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class FakeScript:
    """How the fake shall behave; it travels behind the last byte of the reference.

    Attributes:
        folder: where the fake leaves files for the test: `begun` holds its process id after the
            first batch, `closed` is there once a take was closed early, `threads` holds a line for
            the thread of each take.
        seconds_per_batch: how long each batch but the first takes, until a file `go` is in
            `folder`.
        refuse: refuse the reference as one without a face.
        die: end the process after the first batch, as long as there is no file `go`.
    """

    folder: str = ""
    seconds_per_batch: float = 0.0
    refuse: bool = False
    die: bool = False


def fake_reference(width: int = 64, height: int = 64, script: FakeScript | None = None) -> bytes:
    """Return a grey PNG that carries a script for the fake."""
    target = io.BytesIO()
    Image.new("RGB", (width, height), (128, 128, 128)).save(target, "PNG")
    return target.getvalue() + _MARKER + json.dumps(asdict(script or FakeScript())).encode()


def colour_of(frame: int) -> tuple[int, int, int]:
    """Return the colour that the fake paints a frame with."""
    digits = (frame % _LEVELS, frame // _LEVELS % _LEVELS, frame // _LEVELS**2 % _LEVELS)
    red, green, blue = (digit * _STEP + _STEP // 2 for digit in digits)
    return red, green, blue


def frame_of(rgb: npt.NDArray[np.uint8]) -> int:
    """Return the number, modulo COLOURS, of a frame [height, width, 3] that was encoded since."""
    red, green, blue = (int(level) // _STEP for level in rgb.mean(axis=(0, 1)))
    return red + green * _LEVELS + blue * _LEVELS**2


class FakeEngine:
    """An `Engine` that paints frame `first_frame + index + seed` in that number's colour."""

    def __init__(self, continuity: Continuity = Continuity.INDEPENDENT) -> None:
        self._continuity = continuity

    @property
    def capabilities(self) -> Capabilities:
        """Small and few."""
        return Capabilities(
            continuity=self._continuity,
            frame_rates=(10, 25, 30),
            min_size=Size(32, 32),
            max_size=Size(512, 512),
            reference_media_types=("image/jpeg", "image/png"),
            digital_source_type=DigitalSourceType.COMPOSITE_SYNTHETIC,
            presets=PRESETS,
            description="Paints flat colours.",
        )

    def render(self, take: Take) -> Generator[Frames | Notice | Working | State]:
        """Render one take as the reference's script says.

        Raises:
            InvalidInput: the script says so (FACE_NOT_FOUND).
        """
        script = self._script(take)
        if script.refuse:
            raise InvalidInput(Reason.FACE_NOT_FOUND, "no face here", field="spec.reference")
        yield Notice(NoticeCode.RANDOM_WEIGHTS, "these are only colours")
        first = take.first_frame + take.seed
        total = len(take.pcm) // samples_per_frame(take.frame_rate)
        try:
            for start in range(0, total, BATCH_FRAMES):
                end = min(start + BATCH_FRAMES, total)
                yield Frames(_paint(range(first + start, first + end), take.size or Size(64, 64)))
                _act(script, first_batch=start == 0)
        except GeneratorExit:
            if script.folder:
                (Path(script.folder) / "closed").touch()
            raise
        if self._continuity == Continuity.SEQUENTIAL:
            yield State(f"{first + total}".encode())

    def _script(self, take: Take) -> FakeScript:
        return _script(take.reference)


class SharedFakeEngine(FakeEngine):
    """A `FakeEngine` that several ranks share; the first of them does what the script says.

    Each leaves a file `rank-N` that holds its process id in the script's folder, if there is one,
    as often as it begins a take.
    """

    def __init__(self) -> None:
        super().__init__()
        self._shard: Shard | None = None

    def join(self, shard: Shard) -> None:
        """Be one of the ranks."""
        self._shard = shard

    def _script(self, take: Take) -> FakeScript:
        script = super()._script(take)
        if self._shard is None:
            return script
        if script.folder:
            file = Path(script.folder) / f"rank-{self._shard.rank}"
            file.write_text(f"{os.getpid()}")
        return FakeScript(refuse=script.refuse) if self._shard.rank else script


class DirectedFakeEngine(FakeEngine):
    """A `FakeEngine` of sequential continuity that says in a notice how it was directed."""

    def __init__(self) -> None:
        super().__init__(Continuity.SEQUENTIAL)

    @property
    def capabilities(self) -> Capabilities:
        """Directed, with sides of whole steps of 32 pixels."""
        return replace(super().capabilities, directed=True, size_step_pixels=32)

    def render(self, take: Take) -> Generator[Frames | Notice | Working | State]:
        """Render one take as the reference's script says, with a pause before the first frame."""
        yield Notice(NoticeCode.FACE_ENLARGED, directions(take))
        yield Working()
        yield from super().render(take)


class ImpatientFakeEngine(FakeEngine):
    """A `FakeEngine` that is taken for stuck after a second without a batch."""

    @property
    def capabilities(self) -> Capabilities:
        """Those of the other, with less patience."""
        return replace(super().capabilities, patience_seconds=1.0)


def directions(take: Take) -> str:
    """Spell all that a take tells to a directed engine alone."""
    pose = take.pose.read_bytes().decode() if take.pose else ""
    return f"{take.preset}, {take.prompt!r}, {take.negative_prompt!r}, {take.sampling}, {pose!r}"


def _script(reference: Path) -> FakeScript:
    _, marker, text = reference.read_bytes().rpartition(_MARKER)
    return FakeScript(**json.loads(text)) if marker else FakeScript()


def _act(script: FakeScript, *, first_batch: bool) -> None:
    if not script.folder:
        return
    folder = Path(script.folder)
    if first_batch:
        with (folder / "threads").open("a") as threads:
            threads.write(f"{threading.get_native_id()}\n")
        (folder / "pid").write_text(f"{os.getpid()}")
        (folder / "pid").rename(folder / "begun")
    if script.die and not (folder / "go").exists():
        os._exit(1)
    deadline = time.monotonic() + script.seconds_per_batch
    while time.monotonic() < deadline and not (folder / "go").exists():
        time.sleep(_LOOK_SECONDS)


def _paint(frames: range, size: Size) -> npt.NDArray[np.uint8]:
    rgb = np.empty((len(frames), size.height, size.width, 3), np.uint8)
    for picture, frame in zip(rgb, frames, strict=True):
        picture[:] = colour_of(frame)
    return rgb
