"""Damaged files of every kind are read or refused, whatever the damage.

S2V_CHAOS_FILES sets how many are tried, S2V_CHAOS_SEED from which number on.
"""

import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from media_kinds import write_kinds
from s2v.core.errors import InvalidInput, Reason
from s2v.media.confined.reading import Reader

FILES = int(os.environ.get("S2V_CHAOS_FILES", "300"))
SEED = int(os.environ.get("S2V_CHAOS_SEED", "1"))
MOST_SECONDS = 90.0
EXPECTED = {
    Reason.IMAGE_UNREADABLE,
    Reason.IMAGE_SIZE_UNSUPPORTED,
    Reason.AUDIO_UNREADABLE,
    Reason.AUDIO_TOO_LONG,
    Reason.VIDEO_UNREADABLE,
    Reason.MEDIA_TYPE_UNSUPPORTED,
}


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Cut a file, change bytes of it, or put a large number where there was another."""
    changed = bytearray(data)
    near = len(changed) if chance.random() < 0.5 else min(len(changed), 1024)
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        at = chance.randrange(near)
        match chance.randrange(5):
            case 0:
                changed[at] ^= 1 << chance.randrange(8)
            case 1:
                changed[at] = chance.randrange(256)
            case 2:
                changed[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff"))
            case 3:
                changed[at : at + chance.randrange(1, 64)] = b""
            case 4:
                changed[at:at] = changed[: chance.randrange(1, 64)]
        near = max(min(near, len(changed)), 1)
        if not changed:
            return b"\0"
    return bytes(changed[: chance.randrange(1, len(changed))] if chance.random() < 0.1 else changed)


@pytest.mark.timeout(60 + FILES)
def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    policy = os.sched_getscheduler(0)
    kinds = write_kinds(tmp_path / "whole")
    reader, ends = Reader(), Counter[str]()
    unexpected = []
    path = tmp_path / "damaged"
    for number in range(SEED, SEED + FILES):
        chance = random.Random(number)
        kind = kinds[number % len(kinds)]
        path.write_bytes(damaged(kind.read_bytes(), chance))
        begun = time.monotonic()
        try:
            found = reader.probe(path)
            if found.has_audio:
                reader.decode_audio(path, max_seconds=60, field="film")
            if found.kind == "video":
                sum(1 for _ in reader.played(path, 25, frames=20))
            ends["read"] += 1
        except InvalidInput as error:
            if error.reason not in EXPECTED:
                unexpected.append((number, kind.name, error))
            died = getattr(error.__cause__, "died", False)
            ends["killed its reader" if died else str(error.reason)] += 1
        assert time.monotonic() - begun < MOST_SECONDS, (number, kind.name)
    print(dict(ends))
    assert not unexpected
    assert ends["read"]
    assert os.sched_getscheduler(0) == policy, "a codec changed how this process is scheduled"
    assert ends.total() == FILES
