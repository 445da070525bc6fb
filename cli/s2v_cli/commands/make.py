"""`s2v make`: a film from a text or a sound and a portrait."""

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from s2v.core.errors import InvalidInput, Reason
from s2v_cli.background import Background, call
from s2v_cli.connecting import ServerOption, any_gateway
from s2v_cli.ending import film_facts, require_film, stage_times
from s2v_cli.failing import say
from s2v_cli.files import readable_file, usable_media, writable_file
from s2v_cli.showing import display, follow

_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")


def make(
    image: Annotated[Path, typer.Option(help="Portrait: a JPEG, PNG or WebP file.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the MP4 goes.")],
    text: Annotated[str | None, typer.Option(help="What to say.")] = None,
    script: Annotated[Path | None, typer.Option(help="File with what to say, UTF-8.")] = None,
    audio: Annotated[Path | None, typer.Option(help="File with what was said already.")] = None,
    voice: Annotated[str, typer.Option(help="See `s2v voices`.", show_default=False)] = "",
    engine: Annotated[str, typer.Option(help="See `s2v engines`.", show_default=False)] = "",
    preset: Annotated[str, typer.Option(help="See `s2v engines`.", show_default=False)] = "",
    size: Annotated[
        str,
        typer.Option(
            metavar="WxH", help="Such as 720x1280. [default: the portrait's]", show_default=False
        ),
    ] = "",
    fps: Annotated[int, typer.Option(help="Frames a second.", min=1)] = 25,
    seed: Annotated[
        int, typer.Option(help="Equal seeds move the head alike.", min=-(2**63), max=2**63 - 1)
    ] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace the output file.")] = False,
    server: ServerOption = "",
) -> None:
    """Make a film of somebody speaking.

    Uses the gateway at --server, or the one of `s2v serve` if it runs, or starts the services for
    this film only. Ctrl-C cancels the job; a second Ctrl-C leaves at once.
    """
    started = time.monotonic()
    spec = _spec(text, script, audio)
    spec.voice, spec.engine, spec.preset = voice, engine, preset
    spec.width_pixels, spec.height_pixels = _width_and_height(size)
    spec.frame_rate, spec.seed = fps, seed
    spec.display_name = output.name[:200]
    usable_media(image, "--image", "image")
    writable_file(output, force=force)
    with _sigterm_as_ctrl_c(), any_gateway(server, say) as client:
        reached = time.monotonic()
        created = call(client, lambda: _created(client, spec, image, audio))
        job = _made(client, created.name)
        film = require_film(job)
        call(client, lambda: client.download(film.asset, output))
        print(f"{output}: {film_facts(film)}")
        total = f"total {time.monotonic() - started:.1f} s"
        print(", ".join([f"starting {reached - started:.1f} s", *stage_times(job), total]))


def _created(client: Client, spec: job_pb2.JobSpec, image: Path, audio: Path | None) -> job_pb2.Job:
    spec.reference = client.upload(image).name
    if audio is not None:
        spec.script.audio = client.upload(audio).name
    return client.create_job(spec)


def _made(client: Client, job: str) -> job_pb2.Job:
    with display() as shown:
        watching = Background(lambda: follow(client.watch(job), shown))
        try:
            return watching.result()
        except KeyboardInterrupt:
            shown.line(f"cancelling {job}; Ctrl-C again leaves at once")
            call(client, lambda: client.cancel(job))
            return watching.result()


def _spec(text: str | None, script: Path | None, audio: Path | None) -> job_pb2.JobSpec:
    if sum(source is not None for source in (text, script, audio)) != 1:
        raise InvalidInput(Reason.FIELD_INVALID, "give exactly one of --text, --script and --audio")
    if audio is not None:
        usable_media(audio, "--audio", "audio", "video")
        return job_pb2.JobSpec()
    words = text if script is None else _read_script(script)
    if not words or not words.strip():
        field = "--text" if script is None else "--script"
        raise InvalidInput(Reason.TEXT_EMPTY, "there is nothing to say in it", field=field)
    return job_pb2.JobSpec(script=job_pb2.Script(text=words))


def _read_script(path: Path) -> str:
    readable_file(path, "--script")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8",
            field="--script",
        ) from error


def _width_and_height(size: str) -> tuple[int, int]:
    if not size:
        return 0, 0
    match = _SIZE.fullmatch(size)
    width, height = (int(match[1]), int(match[2])) if match else (0, 0)
    if width <= 0 or height <= 0 or width % 2 or height % 2:
        raise InvalidInput(
            Reason.SIZE_UNSUPPORTED,
            f"must be two even numbers such as 720x1280, not {size!r}",
            field="--size",
        )
    return width, height


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
