"""What a child does in its short life: confine itself, read one file, say what it found."""

import errno
import gc
import os
import signal
from typing import Any, BinaryIO, NoReturn, Protocol

from s2v.core.errors import S2VError
from s2v.media.confined.kernel import Allowance, confine
from s2v.media.confined.messages import MOST_BYTES, Json, error_to_json, packed

_LINE, _SOURCE, _OUTPUT = 3, 4, 5
_MOST_TOLD = 500


class Work(Protocol):
    """Reads a foreign file; what it returns must be JSON."""

    def __call__(self, source: BinaryIO, output: BinaryIO | None, **arguments: Any) -> Json:
        """Read `source`; what is too long for an answer goes into `output`."""


def live(
    work: Work, arguments: Json, allowance: Allowance, descriptors: list[int], parent: int
) -> NoReturn:
    """Do the work on the open files, answer on the first descriptor, and end the process."""
    try:
        _take_only(descriptors)
        _forget_signals()
        means = confine(allowance)
        if os.getppid() != parent:
            os._exit(1)
        answer = _answer(work, arguments, len(descriptors) > 2) | {"means": means}
        data = packed(answer)
        if len(data) > MOST_BYTES:
            data = packed({"failed": "the answer is too long"})
        os.write(_LINE, data)
    finally:
        os._exit(0)


def _answer(work: Work, arguments: Json, has_output: bool) -> Json:
    try:
        source = os.fdopen(_SOURCE, "rb")
        output = os.fdopen(_OUTPUT, "wb") if has_output else None
        result = work(source, output, **arguments)
        if output is not None:
            output.flush()
    except S2VError as error:
        if _is_want_of_memory(error.__cause__):
            return {"limit": "memory_bytes"}
        return {"error": error_to_json(error)}
    except MemoryError:
        return {"limit": "memory_bytes"}
    except OSError as error:
        return _limit_of(error.errno) | {"failed": repr(error)[:_MOST_TOLD]}
    except Exception as error:  # noqa: BLE001  (this is the edge of a process)
        return {"failed": repr(error)[:_MOST_TOLD]}
    return {"result": result}


def _limit_of(code: int | None) -> Json:
    limits = {errno.ENOMEM: "memory_bytes", errno.EFBIG: "output_bytes", errno.ENOSPC: "disk"}
    return {"limit": limits[code]} if code in limits else {}


def _is_want_of_memory(error: BaseException | None) -> bool:
    return isinstance(error, MemoryError) or (
        isinstance(error, OSError) and error.errno == errno.ENOMEM
    )


def _take_only(descriptors: list[int]) -> None:
    """Have the line, the source and perhaps the output as 3, 4 and 5, and nothing else open."""
    free = max(*descriptors, _OUTPUT) + 1
    spare = [os.dup2(descriptor, free + at) for at, descriptor in enumerate(descriptors)]
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    for at, descriptor in enumerate(spare):
        os.dup2(descriptor, _LINE + at)
    os.closerange(_LINE + len(spare), os.sysconf("SC_OPEN_MAX"))


def _forget_signals() -> None:
    os.setsid()
    gc.disable()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_IGN if number == signal.SIGXFSZ else signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
