"""Lists of films to make: CSV with a line of names first, or JSON lines."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, model_validator

from s2v.core.directing import MAX_LIVELINESS
from s2v.core.errors import InvalidInput, Reason
from s2v_cli.files import readable_file

_OPTION = "--manifest"
_JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
_MOST_ROWS = 100_000


class Row(BaseModel):
    """One film of a list; the names are those of the options of `s2v make`, with `_` for `-`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reference: Path = Field(validation_alias=AliasChoices("reference", "image"))
    text: str = ""
    script: Path | None = None
    audio: Path | None = None
    transcript: str = ""
    output: str = ""
    voice: str = ""
    language: str = ""
    engine: str = ""
    preset: str = ""
    quality: str = ""
    width: int = Field(default=0, ge=0)
    height: int = Field(default=0, ge=0)
    fps: int | None = Field(default=None, ge=1)
    seed: int | None = None
    liveliness: float | None = Field(default=None, ge=0, le=MAX_LIVELINESS)
    face: str = Field(default="", coerce_numbers_to_str=True)
    prompt: str = ""
    negative_prompt: str = ""
    steps: int = Field(default=0, ge=0)
    guidance: float | None = None
    speed: float | None = None
    enhance_quality: bool = False
    optimize_streaming: bool = False
    priority: Literal["low", "normal", "high"] = "normal"
    timeout: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Row":
        if sum(map(bool, (self.text.strip(), self.script, self.audio))) != 1:
            raise ValueError("give exactly one of text, script and audio")
        if self.transcript and not self.audio:
            raise ValueError("a transcript tells what is said in audio, and there is none")
        return self


def read_manifest(path: Path) -> list[Row]:
    """Return the films of a list, their files as they are found from the list's own folder.

    Raises:
        InvalidInput: FIELD_INVALID, it cannot be read, is empty, or has a row that says nothing
            that can be made; `field` is the option, the message names the row.
    """
    readable_file(path, _OPTION)
    rows = []
    for number, fields in enumerate(_fields(path), 1):
        if number > _MOST_ROWS:
            raise _refused(f"{path} has more than {_MOST_ROWS} rows; part it")
        try:
            row = Row.model_validate(fields)
        except ValidationError as error:
            raise _refused(f"row {number} of {path}: {_problem(error)}") from error
        rows.append(_placed(row, path.parent))
    if not rows:
        raise _refused(f"there are no films in {path}")
    return rows


def _fields(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix.lower() in _JSON_ENDINGS:
                yield from (json.loads(line) for line in file if line.strip())
                return
            reader = csv.DictReader(file, strict=True, restkey="more cells than names")
            for cells in reader:
                yield {name: cell for name, cell in cells.items() if cell not in ("", None)}
    except UnicodeDecodeError as error:
        raise _refused(f"{path} is not UTF-8 text; save it as UTF-8") from error
    except (csv.Error, json.JSONDecodeError) as error:
        raise _refused(f"{path} cannot be read: {error}") from error


def _placed(row: Row, folder: Path) -> Row:
    named = {"reference": row.reference, "script": row.script, "audio": row.audio}
    return row.model_copy(update={key: folder / path for key, path in named.items() if path})


def _problem(error: ValidationError) -> str:
    first = error.errors()[0]
    what = first["msg"].removeprefix("Value error, ")
    column = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        return f"there is no column {column}; known are: {', '.join(Row.model_fields)}"
    return f"{column}: {what}" if column else what


def _refused(problem: str) -> InvalidInput:
    return InvalidInput(Reason.FIELD_INVALID, problem, field=_OPTION)
