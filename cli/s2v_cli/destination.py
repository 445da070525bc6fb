"""Where a film or what comes beside it goes: a file, new or replaced, or standard output."""

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from s2v.client.publishing import special_kind
from s2v.core.errors import InvalidInput, Reason
from s2v_cli.background import call, interrupted_only_while_waiting
from s2v_cli.failing import say

OutputOption = Annotated[
    str | None,
    typer.Option(
        "--output", "-o", help="Where the MP4 goes; - is standard output.", show_default=False
    ),
]
RequiredOutputOption = Annotated[
    str, typer.Option("--output", "-o", help="Where the MP4 goes; - is standard output.")
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Replace the output file, if it is an ordinary one.")
]
_STDOUT = "-"
FILM = ("", ".mp4", ".m4v")
CAPTIONS = (".srt", ".vtt")
STILLS = (".jpg", ".jpeg")
"""What names of files end with."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a film, its captions or a picture of it, as the file's name ends, shall go.

    Attributes:
        path: of the file; None is standard output.
        force: whether an ordinary file that is there is replaced.
        asset_field: which of the film's assets goes there; "" follows from the name's ending.
    """

    path: Path | None
    force: bool = False
    asset_field: str = ""

    @property
    def title(self) -> str:
        """What the film is called."""
        return self.path.name if self.path else "film.mp4"

    def asset(self, film: job_pb2.Film) -> str:
        """Return the name of the asset that goes there; "" where the film has none such."""
        if self.asset_field:
            return str(getattr(film, self.asset_field))
        match self.path.suffix.lower() if self.path else "":
            case ".srt":
                return film.subrip_asset
            case ".vtt":
                return film.webvtt_asset
            case ".jpg" | ".jpeg":
                return film.thumbnail_asset
        return film.asset

    def tell(self, line: str) -> None:
        """Print a result, or keep it out of the film that is printed."""
        if self.path is None:
            say(line)
        else:
            print(line)

    def fetch(self, client: Client, job: job_pb2.Job, *, lasting: bool, server: str = "") -> None:
        """Put the film of a job, or its captions, there.

        Args:
            client: of the gateway that has the film.
            job: that made it.
            lasting: whether the gateway has it for longer than this command runs.
            server: how the user named the gateway.

        Raises:
            OSError: it cannot be put there; the message says where the film is instead.
        """
        try:
            self._fetch(client, self.asset(job.film))
        except BrokenPipeError:
            raise
        except OSError as error:
            where = f"{self.path or 'standard output'}: {_problem(error)}"
            kept = self._command(job, server) if lasting else self._rescued(client, job)
            raise OSError(f"{where}; {kept}") from error

    def _fetch(self, client: Client, asset: str) -> None:
        if self.path is not None:
            _downloaded(client, asset, self.path, replace=self.force)
            return
        with tempfile.TemporaryDirectory(prefix="s2v-") as folder:
            copy = Path(folder) / self.title
            _downloaded(client, asset, copy, replace=False)
            with copy.open("rb") as film:
                shutil.copyfileobj(film, sys.stdout.buffer)
            sys.stdout.buffer.flush()

    def _command(self, job: job_pb2.Job, server: str) -> str:
        at = f" --server {server}" if server else ""
        other = f"OTHER{Path(self.title).suffix or '.mp4'}"
        return f"the film is kept: fetch it with `s2v download {job.name} -o {other}{at}`"

    def _rescued(self, client: Client, job: job_pb2.Job) -> str:
        """Save a film that would be gone with the services, and say where it is."""
        try:
            path = Path(tempfile.mkdtemp(prefix="s2v-film-")) / self.title
            _downloaded(client, self.asset(job.film), path, replace=False)
        except OSError as error:
            return f"nor could it be saved elsewhere ({_problem(error)})"
        return f"the film is in {path} instead"


def destination(
    name: str,
    *,
    force: bool,
    inputs: Mapping[str, Path | None],
    option: str = "--output",
    endings: Sequence[str] = FILM,
) -> Destination:
    """Make sure that a film or its captions can be put somewhere, and make its folder.

    Args:
        name: of a file, or `-`.
        force: whether an ordinary file that is there is replaced.
        inputs: files that are never replaced, by the options that gave them.
        option: that named it.
        endings: what the name may end with.

    Raises:
        InvalidInput: FIELD_INVALID; `field` is the option.
    """
    if name == _STDOUT:
        if sys.stdout is None or sys.stdout.isatty():
            problem = "a film cannot be shown here; name a file, or redirect standard output"
            raise _refused(problem, option)
        return Destination(None)
    path = Path(name)
    try:
        problem = _name_problem(name, endings) or _input_problem(path, inputs)
        problem = problem or _taken(path, force=force)
        if not problem:
            problem = _folder_problem(path.parent)
    except OSError as error:
        problem = f"{name} cannot be used: {_problem(error)}; name another file"
    except ValueError:
        problem = f"{name!r} is no name for a file"
    if problem:
        raise _refused(problem, option)
    return Destination(path, force)


def _downloaded(client: Client, asset: str, path: Path, *, replace: bool) -> None:
    with interrupted_only_while_waiting():
        call(client, lambda: client.download(asset, path, replace=replace))


def _name_problem(name: str, endings: Sequence[str]) -> str:
    path = Path(name)
    if not name or name.endswith("/") or path.is_dir():
        return f"{name or 'nothing'} is a folder; name a file in it, such as {path / 'film.mp4'}"
    if path.suffix.lower() not in endings:
        return f"a film is an MP4; name it {path.with_suffix('.mp4')}"
    return ""


def _input_problem(path: Path, inputs: Mapping[str, Path | None]) -> str:
    for option, given in inputs.items():
        if given is not None and _is_same(path, given):
            return f"{path} is what {option} names and would be lost; name another file"
    return ""


def _is_same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):  # a transcript need not be the name of a file
        return False


def _taken(path: Path, *, force: bool) -> str:
    if kind := special_kind(path):
        return f"{path} is {kind}, which is never replaced; name another file"
    if os.path.lexists(path) and not force:
        return f"{path} exists; replace it with --force or name another file"
    return ""


def _folder_problem(folder: Path) -> str:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"cannot make the folder {folder}: {error.strerror}; choose another"
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return f"cannot write into {folder}: {error.strerror}; choose another folder"


def _problem(error: OSError) -> str:
    if isinstance(error, FileExistsError):
        return "a file of this name came meanwhile and stays as it is"
    return error.strerror or str(error)


def _refused(problem: str, option: str) -> InvalidInput:
    return InvalidInput(Reason.FIELD_INVALID, problem, field=option)
