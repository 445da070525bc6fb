"""`s2v make`: a film from a text or a sound and a photo or video of who speaks."""

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from s2v.core.directing import MAX_GUIDANCE, MAX_SHIFT, MAX_STEPS, MAX_WINDOW_FRAMES
from s2v.core.errors import InvalidInput, Reason
from s2v.core.finishing import USUAL_OPACITY, Aspect, Corner
from s2v.core.lengths import LengthPolicy, VideoLonger, VideoShorter
from s2v.core.sampling import Between, Sampling, Solver
from s2v.core.sound import NoiseReduction
from s2v.rpc.convert import sampling_to_proto
from s2v.rpc.convert_lengths import lengths_to_proto
from s2v_cli.background import Background, call, interrupted_only_while_waiting, signals_as_ctrl_c
from s2v_cli.captions import CaptionsOption, LanguageOption, wanted_captions
from s2v_cli.choosing import CheckpointOption, engine_settings
from s2v_cli.connecting import ServerOption, any_gateway
from s2v_cli.destination import ForceOption, OutputOption, destination
from s2v_cli.ending import film_facts, require_film, stage_times
from s2v_cli.faces import FaceOption, face_wanted
from s2v_cli.failing import say
from s2v_cli.files import as_file, usable_media
from s2v_cli.finishes import (
    AspectOption,
    BackgroundOption,
    BitrateOption,
    CornerOption,
    DenoiseOption,
    FragmentsOption,
    HlsOption,
    OpacityOption,
    RestoreFacesOption,
    ScaleOption,
    SharpenOption,
    SpritesOption,
    ThumbnailAtOption,
    ThumbnailOption,
    WantedFinish,
    WatermarkOption,
    wanted_finish,
)
from s2v_cli.founding import (
    EnhanceQualityOption,
    Founding,
    GpusOption,
    HeightOption,
    LogLevelOption,
    OutputDirOption,
    QualityOption,
    SaveStatsOption,
    StreamingOption,
    WidthOption,
    output_named,
    save_statistics,
)
from s2v_cli.lexicons import LexiconOption, SayOption, wanted_lexicon
from s2v_cli.queueing import PriorityName, PriorityOption, TimeoutOption, turn_wanted
from s2v_cli.scripts import wanted_script
from s2v_cli.showing import display, follow
from s2v_cli.sounds import (
    EnhanceOption,
    LivelinessOption,
    LongerOption,
    LoudnessOption,
    ShorterOption,
    SpeedOption,
    TrimOption,
    wished,
)

_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")


def make(
    context: typer.Context,
    reference: Annotated[
        Path,
        typer.Option(
            "--reference", "--image", help="Who speaks: a photo, or a video in MP4, MOV or WebM."
        ),
    ],
    output: OutputOption = None,
    text: Annotated[str | None, typer.Option(help="What to say.")] = None,
    script: Annotated[
        Path | None, typer.Option(help="File with what to say, UTF-8; - is standard input.")
    ] = None,
    audio: Annotated[Path | None, typer.Option(help="File with what was said already.")] = None,
    transcript: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|TEXT", help="What is said in --audio, word for word: lips fit better."
        ),
    ] = None,
    enhance: EnhanceOption = NoiseReduction.OFF,
    loudness: LoudnessOption = None,
    trim_silences: TrimOption = False,
    speed: SpeedOption = None,
    lexicon: LexiconOption = None,
    entries: SayOption = [],  # noqa: B006 - typer's, which makes a new one
    video_shorter: ShorterOption = VideoShorter.PING_PONG,
    video_longer: LongerOption = VideoLonger.TRIM,
    voice: Annotated[str, typer.Option(help="See `s2v voices`.", show_default=False)] = "",
    language: Annotated[
        str,
        typer.Option(
            metavar="TAG", help="Such as de or en-GB. [default: the text's]", show_default=False
        ),
    ] = "",
    engine: Annotated[str, typer.Option(help="See `s2v engines`.", show_default=False)] = "",
    preset: Annotated[str, typer.Option(help="See `s2v engines`.", show_default=False)] = "",
    size: Annotated[
        str,
        typer.Option(
            metavar="WxH", help="Such as 720x1280. [default: the portrait's]", show_default=False
        ),
    ] = "",
    fps: Annotated[
        int | None,
        typer.Option(help="Frames a second. [default: 25; engine wan: 16]", min=1),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Equal seeds give equal pictures. [default: 0]",
            min=-(2**63),
            max=2**63 - 1,
            show_default=False,
        ),
    ] = None,
    liveliness: LivelinessOption = None,
    face: FaceOption = "",
    prompt: Annotated[
        str, typer.Option(help="What the film shall show; engine wan.", show_default=False)
    ] = "",
    negative_prompt: Annotated[
        str, typer.Option(help="What it shall not show; engine wan.", show_default=False)
    ] = "",
    steps: Annotated[
        int,
        typer.Option(
            help="Denoising steps. [default: the preset's]",
            min=0,
            max=MAX_STEPS,
            show_default=False,
        ),
    ] = 0,
    guidance: Annotated[
        float | None,
        typer.Option(
            help="How much the prompt counts. [default: the preset's]", min=0, max=MAX_GUIDANCE
        ),
    ] = None,
    shift: Annotated[
        float | None,
        typer.Option(help="Where the steps lie. [default: the preset's]", min=0, max=MAX_SHIFT),
    ] = None,
    solver: Annotated[
        Solver | None, typer.Option(help="How a step is made. [default: the preset's]")
    ] = None,
    window_frames: Annotated[
        int,
        typer.Option(
            help="Pictures made at once, 32 to 120. [default: the preset's]",
            min=0,
            max=MAX_WINDOW_FRAMES,
            show_default=False,
        ),
    ] = 0,
    between: Annotated[
        Between | None,
        typer.Option(help="What is shown between them. [default: the preset's]"),
    ] = None,
    pose: Annotated[
        Path | None, typer.Option(help="Video whose poses are followed; engine wan.")
    ] = None,
    captions: CaptionsOption = [],  # noqa: B006 - typer's, which makes a new one
    captions_language: LanguageOption = "",
    priority: PriorityOption = PriorityName.NORMAL,
    timeout: TimeoutOption = None,
    sharpen: SharpenOption = False,
    denoise: DenoiseOption = False,
    restore_faces: RestoreFacesOption = False,
    aspect: AspectOption = Aspect.AS_RENDERED,
    scale: ScaleOption = "",
    bitrate: BitrateOption = "",
    fragments: FragmentsOption = 0,
    watermark: WatermarkOption = "",
    watermark_corner: CornerOption = Corner.BOTTOM_RIGHT,
    watermark_opacity: OpacityOption = USUAL_OPACITY,
    background: BackgroundOption = "",
    thumbnail: ThumbnailOption = "",
    thumbnail_at: ThumbnailAtOption = 0.0,
    sprites: SpritesOption = "",
    hls: HlsOption = "",
    checkpoint: CheckpointOption = "",
    quality: QualityOption = "",
    width: WidthOption = 0,
    height: HeightOption = 0,
    enhance_quality: EnhanceQualityOption = False,
    optimize_streaming: StreamingOption = False,
    gpus: GpusOption = None,
    output_dir: OutputDirOption = "",
    log_level: LogLevelOption = None,
    save_stats: SaveStatsOption = False,
    force: ForceOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    server: ServerOption = "",
) -> None:
    """Make a film of somebody speaking.

    Uses the gateway at --server, or the one of `s2v serve` if it runs, or starts the services for
    this film only, as it does for a --checkpoint. Ctrl-C cancels the job; a second Ctrl-C leaves
    at once.
    """
    started = time.monotonic()
    founding = Founding(quality, width, height, gpus, log_level)
    output = output_named(output, output_dir, reference)
    inputs = _inputs(
        reference=reference,
        script=script,
        audio=audio,
        pose=pose,
        transcript=transcript,
        lexicon=lexicon,
    )
    if audio is not None and text is None and script is None:
        audio = as_file(context, audio, "--audio")
    spec = wanted_script(text=text, script=script, audio=audio, transcript=transcript)
    wished(
        spec.script,
        given=audio is not None,
        enhance=enhance,
        loudness=loudness,
        trim_silences=trim_silences,
        speed=speed,
        lexicon=wanted_lexicon(lexicon, entries),
    )
    lengths = lengths_to_proto(LengthPolicy(video_shorter, video_longer))
    spec.MergeFrom(job_pb2.JobSpec(lengths=lengths))
    # Whoever gives a checkpoint wants the engine that it is for.
    spec.voice, spec.engine, spec.preset = voice, engine or ("wan" if checkpoint else ""), preset
    spec.language = language
    spec.width_pixels, spec.height_pixels = _width_and_height(founding.size(size, preset))
    spec.frame_rate = fps or 0
    if seed is not None:
        spec.seed = seed
    sampling = sampling_to_proto(
        Sampling(steps, guidance, shift, solver, window_frames=window_frames, between=between)
    )
    spec.prompt, spec.negative_prompt = prompt, negative_prompt
    wish = job_pb2.JobSpec(liveliness=liveliness, face=face_wanted(face), sampling=sampling)
    spec.MergeFrom(wish)
    reference = as_file(context, reference, "--reference")
    usable_media(reference, "--reference", "image", "video")
    if pose is not None:
        pose = as_file(context, pose, "--pose")
        usable_media(pose, "--pose", "video")
    settings = _settings(checkpoint, server)
    to = destination(output, force=force, inputs=inputs)
    wanted = wanted_captions(captions, captions_language, force=force, inputs=inputs)
    spec.MergeFrom(job_pb2.JobSpec(captions=wanted.message))
    spec.MergeFrom(turn_wanted(priority, timeout))
    finish = wanted_finish(
        sharpen=sharpen or enhance_quality,
        denoise=denoise or enhance_quality,
        restore_faces=restore_faces,
        aspect=aspect,
        scale=scale,
        bitrate=bitrate or ("2M" if optimize_streaming else ""),
        fragments=fragments,
        thumbnail=thumbnail,
        thumbnail_at=thumbnail_at,
        sprites=sprites,
        hls=hls,
        watermark=watermark,
        corner=watermark_corner,
        opacity=watermark_opacity,
        background=background,
        force=force,
        inputs=inputs,
    )
    spec.display_name = to.title[:200]
    tell = _silent if quiet else say
    own = founding.settings(tell)
    with signals_as_ctrl_c(), any_gateway(server, tell, settings=settings, wishes=own) as reached:
        client, ready = reached.client, time.monotonic()
        notices = [*founding.unheard(lasting=reached.lasting), *founding.settle(client, spec)]
        for notice in notices:
            tell(f"note: {notice}")
        with interrupted_only_while_waiting():
            created = call(
                client,
                lambda: _created(client, spec, finish, reference=reference, audio=audio, pose=pose),
            )
            job = _made(client, created.name, quiet=quiet)
        film = require_film(job)
        to.fetch(client, job, lasting=reached.lasting, server=server)
        told = wanted.fetch(client, job, lasting=reached.lasting, server=server)
        told += finish.fetch(client, job, lasting=reached.lasting, server=server)
        if save_stats:
            seconds = time.monotonic() - started
            told += [save_statistics(client, job, seconds=seconds, output=output, notices=notices)]
        if quiet:
            return
        for line in (f"{output}: {film_facts(film)}", *told):
            to.tell(line)
        total = f"total {time.monotonic() - started:.1f} s"
        to.tell(", ".join([f"starting {ready - started:.1f} s", *stage_times(job), total]))


def _inputs(
    *,
    reference: Path,
    script: Path | None,
    audio: Path | None,
    pose: Path | None,
    transcript: str | None,
    lexicon: Path | None,
) -> Mapping[str, Path | None]:
    """Return the files that the film is made of, by their options."""
    return {
        "--reference": reference,
        "--script": script,
        "--audio": audio,
        "--pose": pose,
        "--transcript": None if transcript is None else Path(transcript),
        "--lexicon": lexicon,
    }


def _created(
    client: Client,
    spec: job_pb2.JobSpec,
    finish: WantedFinish,
    *,
    reference: Path,
    audio: Path | None,
    pose: Path | None,
) -> job_pb2.Job:
    spec.reference = _uploaded(client, reference, "--reference")
    if audio is not None:
        spec.script.audio = _uploaded(client, audio, "--audio")
    if pose is not None:
        spec.pose = _uploaded(client, pose, "--pose")
    message = finish.message(lambda path, option: _uploaded(client, path, option))
    spec.MergeFrom(job_pb2.JobSpec(finish=message))
    return client.create_job(spec)


def _uploaded(client: Client, path: Path, option: str) -> str:
    try:
        return client.upload(path).name
    except InvalidInput as error:
        error.field = option
        raise


def _settings(checkpoint: str, server: str) -> Mapping[str, str]:
    """Return what services that we start have to be told."""
    if checkpoint and server:
        problem = f"the gateway at {server} has its own; leave this out, or --server and S2V_SERVER"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="--checkpoint")
    return engine_settings("", checkpoint)


def _silent(_: str) -> None:
    """Keep from the user how things go."""


def _made(client: Client, job: str, *, quiet: bool) -> job_pb2.Job:
    with display(quiet=quiet) as shown:
        watching = Background(lambda: follow(client.watch(job), shown))
        try:
            return watching.result()
        except KeyboardInterrupt:
            shown.line(f"cancelling {job}; Ctrl-C again leaves at once")
            call(client, lambda: client.cancel(job))
            return watching.result()


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
