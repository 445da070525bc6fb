"""Options of `s2v make` that the founding document has, in the words of those that we have."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from s2v.api.gateway.v1 import job_pb2, system_service_pb2
from s2v.client import Client
from s2v.compat.configuring import Configuration
from s2v.compat.planning import gpus_to_use
from s2v.compat.statistics import statistics, write_statistics
from s2v.compat.wishes import preset_for, put_size, size_for, without_directions
from s2v.core.errors import InvalidInput, PermissionDenied, Reason
from s2v_cli.aliases import OUTPUT_DIR, SERVICE_LOGS, LogLevel
from s2v_cli.background import call

QualityOption = Annotated[
    str,
    typer.Option(metavar="low|medium|high|ultra", help="A preset and its size.", hidden=True),
]
WidthOption = Annotated[int, typer.Option(help="As in --size.", min=0, hidden=True)]
HeightOption = Annotated[int, typer.Option(help="As in --size.", min=0, hidden=True)]
EnhanceQualityOption = Annotated[
    bool, typer.Option("--enhance-quality", help="--denoise --sharpen", hidden=True)
]
StreamingOption = Annotated[
    bool, typer.Option("--optimize-streaming", help="--bitrate 2M", hidden=True)
]
GpusOption = Annotated[
    int | None,
    typer.Option(help="As many GPUs for services that we start.", min=0, hidden=True),
]
LogLevelOption = Annotated[
    LogLevel | None, typer.Option(help="Of services that we start.", hidden=True)
]
OutputDirOption = Annotated[
    str,
    typer.Option(
        metavar="FOLDER",
        help="Where --output lies, and what has no --output. [default: OUTPUT_DIR or outputs]",
        show_default=False,
    ),
]
SaveStatsOption = Annotated[
    bool,
    typer.Option("--save-stats", help="Write detailed_stats_JOB.json beside the film, too."),
]
_OUTPUTS = "outputs"
_STDOUT = "-"


@dataclass(frozen=True, slots=True)
class Founding:
    """What was asked for by those options."""

    quality: str = ""
    width: int = 0
    height: int = 0
    gpus: int | None = None
    log_level: LogLevel | None = None

    def size(self, size: str, preset: str) -> str:
        """Return the size as `--size` has it.

        Raises:
            InvalidInput: FIELD_INVALID, the same is asked for in two ways.
        """
        if self.quality and preset:
            raise _twice("--quality", "--preset")
        if not (self.width or self.height):
            return size
        if size:
            raise _twice("--width" if self.width else "--height", "--size")
        if not (self.width and self.height):
            given, missing = ("width", "height") if self.width else ("height", "width")
            problem = f"give --{missing}, too"
            raise InvalidInput(Reason.SIZE_UNSUPPORTED, problem, field=f"--{given}")
        return f"{self.width}x{self.height}"

    def settings(self, tell: Callable[[str], None]) -> Mapping[str, str]:
        """Return what services are told that we start, and tell what cannot be."""
        level = dict.fromkeys(SERVICE_LOGS, self.log_level.value) if self.log_level else {}
        if self.gpus is None:
            return level
        used, notices = gpus_to_use(self.gpus)
        for notice in notices:
            tell(f"note: {notice}")
        names = ("S2V_RENDER_WORKERS", "S2V_RENDER_RANKS")
        return {**level, **dict.fromkeys(names, str(used))} if used else level

    def unheard(self, *, lasting: bool) -> Sequence[str]:
        """Return what a gateway that others started is not told."""
        given = {"--gpus": self.gpus is not None, "--log-level": self.log_level is not None}
        names = " and ".join(name for name, is_given in given.items() if is_given and lasting)
        return [f"{names}: left to the gateway, which runs already"] if names else []

    def settle(self, client: Client, spec: job_pb2.JobSpec) -> Sequence[str]:
        """Put into a spec what depends on the engine; return what had to be left out of it.

        Directions go only where the engine was not named: who names one is told by the gateway.

        Raises:
            InvalidInput: PRESET_UNKNOWN, there is no such quality.
        """
        is_directed = spec.prompt or spec.negative_prompt or spec.HasField("sampling")
        is_wished = self.quality or self.width
        if not is_wished and not (is_directed and not spec.engine):
            return []
        engine = _engine(call(client, client.engines), spec.engine)
        if engine is None:
            return []
        if self.quality:
            try:
                spec.preset = preset_for(self.quality, engine)
            except InvalidInput as error:
                error.field = "--quality"
                raise
        notices = self._put_size(spec, engine)
        return notices if spec.engine else [*notices, *without_directions(spec, engine)]

    def _put_size(self, spec: job_pb2.JobSpec, engine: system_service_pb2.Engine) -> Sequence[str]:
        """Ask for the size of the options or of the quality, unless `--size` tells another."""
        if self.width and self.height and engine.least_area_pixels:
            return put_size(spec, self.width, self.height, engine)
        if spec.width_pixels or spec.height_pixels or not self.quality:
            return []
        presets = Configuration.QUALITY_PRESETS
        return put_size(spec, *size_for(self.quality, engine, presets), engine)


def folder_named(output_dir: str) -> Path:
    """Return the folder for films that are not put elsewhere."""
    return Path(output_dir or os.environ.get(OUTPUT_DIR) or _OUTPUTS)


def output_named(output: str | None, output_dir: str, reference: Path) -> str:
    """Return where the film goes: a name in a folder ends with .mp4, as the film's does."""
    if output == _STDOUT or (output is not None and not output_dir):
        return output
    folder = folder_named(output_dir)
    if output is None:
        return str(_free(folder, reference.stem.strip("-") or "film"))
    return str(folder / (output if Path(output).suffix else f"{output}.mp4"))


def save_statistics(
    client: Client, job: job_pb2.Job, *, seconds: float, output: str, notices: Sequence[str]
) -> str:
    """Write what a film took beside it; return what to tell.

    Raises:
        OSError: it cannot be written.
    """
    try:
        status = call(client, client.system_status)
    except PermissionDenied:
        status = None
    found = statistics(job, status, generation_time=seconds, output_path=output, notices=notices)
    folder = Path() if output == _STDOUT else Path(output).parent
    return f"{write_statistics(found, folder)}: what it took"


def _engine(
    engines: Sequence[system_service_pb2.Engine], name: str
) -> system_service_pb2.Engine | None:
    """Return the engine of a name, or the default one; None where there is none such."""
    if not name:
        return engines[0]
    plain = name.removeprefix("engines/")
    return next((engine for engine in engines if engine.name == f"engines/{plain}"), None)


def _free(folder: Path, stem: str) -> Path:
    """Return a name in the folder that no file has."""
    path, number = folder / f"{stem}.mp4", 1
    while os.path.lexists(path):
        number += 1
        path = folder / f"{stem}-{number}.mp4"
    return path


def _twice(one: str, other: str) -> InvalidInput:
    return InvalidInput(Reason.FIELD_INVALID, f"says the same as {other}; give one", field=one)
