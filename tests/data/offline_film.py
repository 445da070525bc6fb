"""Make a film and check it, in a process that reaches nothing but itself: OUTPUT is its argument.

Whatever looks up a name or connects to another machine fails, and the process with it.
"""

import io
import socket
import sys
from pathlib import Path
from typing import Any

TEXT = "Nobody needs a network for me. Please believe it."
PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
FRAME_RATE = 25
LOOKING_UP = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
REACHING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
NEAR = ("127.", "::1", "localhost")


def refuse_networks(event: str, arguments: tuple[Any, ...]) -> None:
    """Stop what would leave this machine; an audit hook cannot be taken off again."""
    if event in LOOKING_UP:
        host = arguments[0]
    elif event in REACHING and arguments[0].family != socket.AF_UNIX:
        host = arguments[1][0]
    else:
        return
    if not str(host).startswith(NEAR):
        print(f"{event} {arguments[0]!r} {host!r}", file=sys.stderr)
        raise SystemExit(3)


def make_film(film: Path) -> None:
    """Speak, render, encode and compose, importing everything on the way."""
    from s2v.core.ports import DigitalSourceType, Frames, Take
    from s2v.media.pcm import wav_bytes
    from s2v.media.video import ClipEncoder
    from s2v_compositor.composing import FilmWriter
    from s2v_render.engines.portrait.engine import PortraitEngine
    from s2v_tts.backends.embedded import EmbeddedBackend
    from s2v_tts.speaking import SpokenSegment, speak_text

    *_, speech = speak_text(EmbeddedBackend(), TEXT, voice="heart", frame_rate=FRAME_RATE)
    assert isinstance(speech, SpokenSegment)
    take = Take(speech.pcm, speech.phonemes, PORTRAIT, "portrait", "image/jpeg", FRAME_RATE)
    clip = film.with_name("clip.mp4")
    with ClipEncoder(clip, width=512, height=512, frame_rate=FRAME_RATE) as encoder:
        for made in PortraitEngine().render(take):
            if isinstance(made, Frames):
                encoder.write(made.rgb)
    with FilmWriter(film, FRAME_RATE, marking=DigitalSourceType.COMPOSITE_SYNTHETIC) as writer:
        list(writer.add(clip, io.BytesIO(wav_bytes(speech.pcm)), encoder.frames))
        list(writer.finish())


def check(film: Path) -> None:
    """Do what `s2v check` does, and print what it prints."""
    from s2v_cli.main import app

    arguments = ["check", str(film), "--text", TEXT, "--reference", str(PORTRAIT), "--json"]
    app(arguments, standalone_mode=False)


if __name__ == "__main__":
    sys.addaudithook(refuse_networks)
    if sys.argv[2:]:
        socket.create_connection((sys.argv[2], 9))
    make_film(Path(sys.argv[1]))
    check(Path(sys.argv[1]))
