"""What happens inside a fake container: one video at a time, and what goes wrong with it."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from s2v.testing.fakes_heygem.making import damage, make_video

RUNNING, DONE, FAILED = 1, 2, 3
_AUDIO = "三次获取音频时长失败"
_INSIDE = "/code/data/"


@dataclass
class AskedVideo:
    """A video that was asked for."""

    status: int = RUNNING
    progress: int = 0
    result: str = ""
    said: str = ""


@dataclass
class Inside:
    """A container's memory, which is gone when it is started again.

    Modes, of every video from now on: "held" (stays at 20 until told to go on), "hang" (for ever),
    "fails" (status 3 without a reason), "corrupt" (said to be done; 48 bytes), "cut" (its second
    half is missing), "damaged" (its end is noise), "short" (half as long), "silent_film" (without
    sound), "slow_file" (said to be done before it is there), "growing_file" (its first half is),
    "absolute" (its place is told as a path of the container), "escapes" (as one of the whole
    machine), "restarts" (forgets everything in mid-work), "restarts_late" (when the file is there),
    "busy_for_ever" (says to be busy), and those of `s2v.testing.fakes_heygem.server`.
    """

    folder: Path
    mode: str = ""
    jobs: dict[str, AskedVideo] = field(default_factory=dict)
    submitted: list[dict[str, Any]] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    changed: threading.Condition = field(default_factory=threading.Condition)
    busy: bool = False
    going_on: threading.Event = field(default_factory=threading.Event)
    """Set when what is held shall go on, at the latest with the next mode."""

    @property
    def temp(self) -> Path:
        """Where names without a path are."""
        return self.folder / "temp"

    def tell(self, what: str) -> None:
        """Tell those who wait that something happened."""
        with self.changed:
            self.happened[what] += 1
            self.changed.notify_all()

    def wait_for(self, what: str) -> None:
        """Wait until something has happened, or until it is "idle"."""
        with self.changed:
            self.changed.wait_for(lambda: not self.busy if what == "idle" else self.happened[what])

    def ordered(self, order: Mapping[str, Any]) -> None:
        """Do what a test wants."""
        if "mode" in order:
            self.mode = order["mode"]
            self.going_on.set()
            self.going_on = threading.Event()
            self.submitted.clear()
            with self.changed:
                self.happened.clear()
        if order.get("forget"):
            self.jobs.clear()
        if order.get("go_on"):
            self.going_on.set()
        if what := order.get("wait_for"):
            self.wait_for(what)

    def begin(self, request: Mapping[str, Any]) -> None:
        """Make a video on a thread of its own."""
        job = self.jobs[request["code"]] = AskedVideo()
        self.busy = True
        arguments = (job, request, self.mode, self.going_on)
        threading.Thread(target=self._work, args=arguments, daemon=True).start()
        self.tell("accepted")

    def path(self, inside: str) -> Path:
        """Return where a path of the container is."""
        if inside.startswith(_INSIDE):
            return self.folder / inside.removeprefix(_INSIDE)
        return self.temp / inside

    def _work(
        self, job: AskedVideo, request: Mapping[str, Any], mode: str, go_on: threading.Event
    ) -> None:
        try:
            self._make(job, request, mode, go_on)
        finally:
            self.busy = False
            self.tell("ended")

    def _make(
        self, job: AskedVideo, request: Mapping[str, Any], mode: str, go_on: threading.Event
    ) -> None:
        audio, video = self.path(request["audio_url"]), self.path(request["video_url"])
        if not audio.is_file():
            job.status, job.said = FAILED, _AUDIO
            return
        job.progress = 20
        if mode == "hang":
            threading.Event().wait()
        if mode in ("held", "restarts", "mixed_up", "odd_status"):
            go_on.wait()
        if mode == "restarts":
            self.jobs.clear()
            return
        if mode == "fails":
            job.status, job.said = FAILED, "no final result"
            return
        name = f"{request['code']}-r.mp4"
        (self.temp / f"{request['code']}-t.mp4").write_bytes(b"silent intermediate")
        self._write(self.temp / name, (audio, video), mode, job, go_on)
        prefix = {"absolute": "/code/data/temp/", "escapes": "/../../../../etc/"}.get(mode, "/")
        job.progress, job.result = 100, f"{prefix}{name}"
        if mode == "restarts_late":
            self.jobs.clear()
        job.status = DONE

    def _write(
        self,
        target: Path,
        given: tuple[Path, Path],
        mode: str,
        job: AskedVideo,
        go_on: threading.Event,
    ) -> None:
        whole = target.with_suffix(".whole")
        fraction = 0.5 if mode == "short" else 1.0
        make_video(*given, whole, fraction=fraction, sounds=mode != "silent_film")
        data = whole.read_bytes()
        whole.unlink()
        match mode:
            case "corrupt":
                target.write_bytes(data[:48])
            case "cut":
                target.write_bytes(data[: len(data) // 2])
            case "damaged":
                target.write_bytes(data)
                damage(target)
            case "slow_file" | "growing_file":
                if mode == "growing_file":
                    target.write_bytes(data[: len(data) // 2])
                job.result, job.status = f"/{target.name}", DONE
                go_on.wait()
                target.write_bytes(data)
            case _:
                target.write_bytes(data)
