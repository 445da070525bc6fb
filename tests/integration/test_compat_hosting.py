"""Services that a program has for itself end with it, however it ends."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from s2v.compat.hosting import OwnServices
from s2v.core.errors import Reason, Unavailable
from s2v_cli.child import Child, ServiceSpec

OWNER = """
from s2v.compat.hosting import OwnServices
own = OwnServices("tts")
print(own._process.pid, own.addresses["store"], flush=True)
input()
"""


def serves(address: str) -> bool:
    child = Child(ServiceSpec("tts", (), address, {}), sys.stderr)
    try:
        return child.check()
    finally:
        child.close()


def test_a_service_serves_until_it_is_let_go() -> None:
    own = OwnServices("tts")
    assert set(own.addresses) == {"tts", "store"}
    assert serves(own.addresses["tts"])
    own.close()
    own.close()
    assert not serves(own.addresses["tts"])
    assert not Path(own.addresses["store"]).parent.exists()


def test_services_end_with_an_owner_that_is_killed() -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with owner:
        number, folder = owner.stdout.readline().split()
        ended = os.pidfd_open(int(number))
        owner.send_signal(signal.SIGKILL)
    try:
        assert select.select([ended], [], [], 60)[0] == [ended]
    finally:
        os.close(ended)
    assert not Path(folder).parent.exists()


def test_a_service_that_cannot_start_says_why() -> None:
    with pytest.raises(Unavailable, match="unknown setting S2V_TTS_NONE") as caught:
        OwnServices("tts", settings={"S2V_TTS_NONE": "1"})
    assert caught.value.reason is Reason.SERVICE_UNAVAILABLE
