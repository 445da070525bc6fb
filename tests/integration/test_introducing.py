"""Services tell the gateway which release they are and what their clock says; strangers nothing."""

import pytest

from s2v.rpc.channel import connect
from s2v.rpc.introducing import introduced
from s2v.rpc.server import Server


@pytest.mark.parametrize("introduces_itself", [True, False])
async def test_who_introduces_itself_tells_its_release_and_its_time(
    introduces_itself: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("s2v.rpc.introducing.RELEASE", "1.2.3")
    server = Server("127.0.0.1:0", [], introduces_itself=introduces_itself)
    await server.start()
    try:
        async with connect(server.address) as channel:
            starting = await introduced(channel, timeout_seconds=30)
            await server.serving()
            serving = await introduced(channel, timeout_seconds=30)
    finally:
        await server.stop(0)
    assert (starting.serving, serving.serving) == (False, True)
    assert serving.version == ("1.2.3" if introduces_itself else "")
    assert (serving.clock_ahead_seconds != 0.0) is introduces_itself
    assert abs(serving.clock_ahead_seconds) < 30
