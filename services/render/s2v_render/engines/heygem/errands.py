"""One video that a container is to make: from the way of its files there to the way of it back."""

import re
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import structlog

from s2v.core.errors import Reason, Unavailable
from s2v.core.ports import Working
from s2v.media.confined.reading import Reader
from s2v_render.engines.heygem.asking import Answer, ContainerLine, NoAnswer, Receipt, Status, Wish
from s2v_render.engines.heygem.containers import Container, HeygemLimits, unavailable
from s2v_render.engines.heygem.delivering import Delivery
from s2v_render.engines.heygem.proving import problem_of

_log = structlog.get_logger()

_SUBMISSIONS = 3
_PLAIN = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class Parcel:
    """The files of an errand on this machine.

    Attributes:
        audio, video: what is sent.
        seconds: how long the sound lasts.
        result: where the video is put that comes back.
    """

    audio: Path
    video: Path
    seconds: float
    result: Path


@dataclass(slots=True)
class Errand:
    """Has a container make a video, believing nothing that it says until the video is proven.

    The container forgets a video as soon as it has said once how it ended, or when it is started
    again; so where it does not know one that it took, its file is looked for. One with the file of
    the same code is gone on with: a worker that died may have asked for it.
    """

    container: Container
    line: ContainerLine
    delivery: Delivery
    reader: Reader
    limits: HeygemLimits
    wish: Wish
    parcel: Parcel
    _began: float = field(default_factory=time.monotonic)
    _silent_since: float | None = None
    _at_work: bool = False
    _problem: str = "it left no video"

    def run(self) -> Generator[Working]:
        """Leave the proven video in the parcel; yield while the container is at work.

        The container cannot be told to stop: closing this lasts until it is free again.

        Raises:
            Unavailable: it is away or busy (SERVICE_UNAVAILABLE), failed or made something else
                (RENDER_FAILED), or came to no end (STAGE_STALLED).
            Exhausted: there is no room for the video here (STORAGE_FULL).
        """
        try:
            answer = yield from self._taken()
            answer = yield from self._ended(answer)
            yield from self._fetched(self._name_of(answer.result))
        except GeneratorExit:
            self._wait_until_free()
            raise
        finally:
            self._tidy()

    def _taken(self) -> Generator[Working, None, Answer]:
        """Ask for the video until it is being made; or find that it is, or has been."""
        said, delivered = "", False
        for attempt in range(_SUBMISSIONS):
            answer = (yield from self._heard()) if attempt else self._first_heard()
            if answer.status in (Status.RUNNING, Status.DONE):
                self._at_work = True
                return answer
            if answer.status is Status.UNKNOWN and self._is_there(self._usual_name):
                return Answer(Status.DONE)
            if not delivered:
                self.delivery.remove(self._usual_name)
                self.delivery.put(self.parcel.audio, self.wish.audio)
                self.delivery.put(self.parcel.video, self.wish.video)
                delivered = True
                yield Working()
            received, said = self._submitted()
            if received is Receipt.ACCEPTED:
                return Answer(Status.RUNNING)
            yield from self._pause()
        raise self._failed(f"does not take the video ({said})")

    def _submitted(self) -> tuple[Receipt, str]:
        self._at_work = True
        try:
            received, said = self.line.submit(self.wish)
        except NoAnswer as missing:  # whether it was taken, the next question tells
            return Receipt.FAILED, str(missing)
        self._at_work = received is Receipt.ACCEPTED
        if received is Receipt.BUSY:
            raise self._away(
                "makes another video; if nobody else uses it, it hangs: start it again"
            )
        if received is Receipt.REFUSED:
            raise self._failed(f"refuses the request ({said})")
        return received, said

    def _ended(self, answer: Answer) -> Generator[Working, None, Answer]:
        """Wait until the video is done, or is there though nobody knows of it."""
        lost_since: float | None = None
        while answer.status is not Status.DONE:
            if answer.status is Status.FAILED:
                self._at_work = False
                raise self._failed(f"failed at it ({answer.said})")
            if answer.status is Status.RUNNING:
                lost_since = None
            elif self._is_there(self._usual_name):
                return Answer(Status.DONE)
            else:
                lost_since = lost_since or time.monotonic()
                if time.monotonic() - lost_since >= self.limits.lost_seconds:
                    raise self._failed("knows nothing of the video that it took")
            yield from self._pause()
            answer = yield from self._heard()
        self._at_work = False
        return answer

    def _fetched(self, name: str) -> Generator[Working]:
        """Wait until the video is there and whole: it may be said to be before it is."""
        until = time.monotonic() + self.limits.file_seconds
        while not self._is_there(name):
            if time.monotonic() >= until:
                raise self._failed(f"says that the video is done, but {self._problem}")
            yield from self._pause()

    def _is_there(self, name: str) -> bool:
        """Tell whether the video is there, fetched, and what it shall be."""
        if not self.delivery.fetch(name, self.parcel.result):
            return False
        self._problem = problem_of(self.parcel.result, self.parcel.seconds, self.reader)
        if self._problem:
            _log.info("video not whole", container=self.container.name, problem=self._problem)
        return not self._problem

    def _first_heard(self) -> Answer:
        try:
            return self.line.query(self.wish.code)
        except NoAnswer as missing:
            raise self._away(f"cannot be asked for anything: {missing}") from missing

    def _heard(self) -> Generator[Working, None, Answer]:
        """Ask how far it is, until there is an answer."""
        while True:
            try:
                answer = self.line.query(self.wish.code)
            except NoAnswer as missing:
                self._bear(missing)
            else:
                self._silent_since = None
                return answer
            yield from self._pause()

    def _bear(self, missing: NoAnswer) -> None:
        """Put up with a missing answer, for so long."""
        now = time.monotonic()
        self._silent_since = self._silent_since or now
        most = self.limits.gone_seconds if missing.is_gone else self.limits.silent_seconds
        if now - self._silent_since >= most:
            self._at_work = False
            raise self._away(f"gave no answer for {now - self._silent_since:.0f} s: {missing}")

    def _pause(self) -> Generator[Working]:
        if time.monotonic() - self._began >= self.limits.take_seconds:
            self._at_work = False
            problem = f"was not done within {self.limits.take_seconds:g} s; start it again"
            raise unavailable(self.container, Reason.STAGE_STALLED, problem)
        yield Working()
        time.sleep(self.limits.poll_seconds)

    def _wait_until_free(self) -> None:
        try:
            while self._at_work:
                try:
                    self._at_work = self.line.query(self.wish.code).status is Status.RUNNING
                except NoAnswer as missing:
                    self._bear(missing)
                else:
                    self._silent_since = None
                for _ in self._pause():
                    pass
        except Unavailable as error:
            _log.warning("container not free", cause=error.message)

    def _tidy(self) -> None:
        names = (self.wish.audio, self.wish.video, self._usual_name, f"{self.wish.code}-t.mp4")
        for name in names:
            self.delivery.remove(name)

    @property
    def _usual_name(self) -> str:
        return f"{self.wish.code}-r.mp4"

    def _name_of(self, result: str) -> str:
        """Return the name of the file below `temp`; what it says may be any path."""
        name = PurePosixPath(result).name
        is_ours = name.startswith(self.wish.code) and _PLAIN.fullmatch(name)
        return name if is_ours else self._usual_name

    def _failed(self, problem: str) -> Unavailable:
        return unavailable(self.container, Reason.RENDER_FAILED, f"{problem}; its log may say why")

    def _away(self, problem: str) -> Unavailable:
        return unavailable(self.container, Reason.SERVICE_UNAVAILABLE, problem)
