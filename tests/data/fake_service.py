"""A service that says SERVING: `fake_service.py ADDRESS [WHAT]`.

A `mortal` one cuts scripts at blanks, and dies of those with the word poison.

`late` and `killed` end it at once, the latter by SIGKILL and only once, while a file `late` is
beside its socket; `doomed` does so always. `fail`, `deaf` and `grandchild` are what they say.
"""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from s2v.api.tts.v1 import speech_service_pb2, speech_service_pb2_grpc
from s2v.rpc.interceptor import Context
from s2v.rpc.logs import configure_logs
from s2v.rpc.server import Server


def main() -> None:
    address, *what = sys.argv[1:]
    if "fail" in what:
        sys.exit("bad setting S2V_FAKE_COLOUR: green is none")
    late = Path(address.removeprefix("unix:")).with_name("late")
    if "late" in what and late.exists():
        sys.exit("ending at once")
    if "doomed" in what:
        os.kill(os.getpid(), signal.SIGKILL)
    if "killed" in what and late.exists():
        late.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    configure_logs("fake")
    print("a line of its log", file=sys.stderr, flush=True)
    if "deaf" in what:
        stay_whatever_happens()
    if "grandchild" in what:
        grandchild = subprocess.Popen(["sleep", "600"])
        print(f"grandchild {grandchild.pid}", file=sys.stderr, flush=True)
    asyncio.run(serve(address, mortal="mortal" in what))


def stay_whatever_happens() -> None:
    signal.signal(signal.SIGTERM, lambda *_: print("heard SIGTERM", file=sys.stderr, flush=True))
    print("going on for ever", file=sys.stderr, flush=True)
    while True:
        signal.pause()


class Mortal(speech_service_pb2_grpc.SpeechServiceServicer):
    """Cuts at blanks."""

    async def CutScript(
        self, request: speech_service_pb2.CutScriptRequest, context: Context
    ) -> speech_service_pb2.CutScriptResponse:
        print(f"cuts {request.text}", file=sys.stderr, flush=True)
        if "poison" in request.text:
            os.kill(os.getpid(), signal.SIGKILL)
        words = request.text.split()
        return speech_service_pb2.CutScriptResponse(
            segments=[speech_service_pb2.Segment(index=i, text=w) for i, w in enumerate(words)]
        )


async def serve(address: str, *, mortal: bool) -> None:
    server = Server(address, [], reflection_enabled=False)
    if mortal:
        speech_service_pb2_grpc.add_SpeechServiceServicer_to_server(Mortal(), server.grpc)
    await server.run(grace_seconds=1)


if __name__ == "__main__":
    main()
