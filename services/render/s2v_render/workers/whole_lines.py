"""What workers log, in whole lines: Ray reads their files while they write, and tears lines."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

_HANDLER = "ray_print_logs"
"""Ray's own, which prints."""
_LONGEST_LINE = 2**20
"""Characters; what is longer and no event yet will never be one."""

Batch = Mapping[str, Any]
"""What Ray tells of a worker's file: `lines`, and `ip`, `pid` and `is_err`, which say whose."""


class WholeLines:
    """Puts torn events together again, by file.

    A line that begins as an event of ours does and is none yet goes on with the next one.

    Args:
        give: takes batches of whole lines.
    """

    def __init__(self, give: Callable[[Batch], None]) -> None:
        self._give = give
        self._torn: dict[tuple[object, ...], str] = {}

    def __call__(self, batch: Batch) -> None:
        """Give what is whole; keep what is not until the rest comes."""
        file = tuple(batch.get(key) for key in ("ip", "pid", "is_err"))
        if lines := list(self._whole(file, batch.get("lines", ()))):
            self._give({**batch, "lines": lines})

    def _whole(self, file: tuple[object, ...], lines: Sequence[str]) -> Iterator[str]:
        for line in lines:
            before = self._torn.pop(file, "")
            if before and _is_event(line):  # whoever wrote the first piece has died
                yield before
                before = ""
            joined = before + line
            begins = joined == "{" or joined.startswith('{"')
            if begins and len(joined) <= _LONGEST_LINE and not _is_event(joined):
                self._torn[file] = joined
            else:
                yield joined


def print_whole_lines() -> None:
    """Have Ray, which has been started, print what workers log in whole lines."""
    from ray._private.ray_logging import global_worker_stdstream_dispatcher as dispatcher

    for name, handle in list(dispatcher.handlers):
        if name == _HANDLER and not isinstance(handle, WholeLines):
            dispatcher.remove_handler(name)
            dispatcher.add_handler(name, WholeLines(handle))


def _is_event(line: str) -> bool:
    if not line.startswith("{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
