"""The file that names the speech servers and the voices that they speak with."""

import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from s2v.core.errors import InvalidInput, Reason
from s2v.core.urls import server_url

SETTING = "S2V_TTS_VOICES_FILE"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SpeechServer(_Table):
    """A server that speaks.

    Attributes:
        name: what messages and logs call it; unique.
        url: without a path, unless the server is behind one.
        group: device group that it belongs to; empty if to none.
        key_file: holds the key that it asks for; read anew for every call.
        data_dir: where the server's own `/code/data` is on this machine (`ziming`).
    """

    name: str = Field(min_length=1, max_length=60)
    url: Annotated[str, AfterValidator(server_url)]
    group: str = ""
    key_file: Path | None = None
    data_dir: Path | None = None


class HttpVoice(_Table):
    """A voice as the file tells of it.

    Attributes:
        name: to use in requests; unique.
        language: BCP 47, such as "en-US".
        description: one sentence about how it sounds.
        sample: a recording that it shall sound like.
        transcript: what is said in the sample, word for word.
        reference: how the server itself calls the voice: an id of `fish`, a path in the container
            of `ziming`, a voice of `openai_http` (its own name if empty).
        model: of `openai_http`.
        options: further fields of the request to the server, such as `speed`.
    """

    name: str = Field(pattern=r"^[\w-]{1,60}$")
    language: str = Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    description: str = ""
    sample: Path | None = None
    transcript: str = ""
    reference: str = ""
    model: str = "tts-1"
    options: dict[str, bool | int | float | str] = {}


class LentVoice(HttpVoice):
    """A voice of somebody's, lent for one text: nothing that is made of its sample is kept."""


class VoicesFile(_Table):
    """What the file says.

    Attributes:
        servers: at least one; all of one kind, and each can speak with every voice.
        voices: at least one; the first is the default.
        streaming: whether sound is taken while it is made (`fish`).
        encoding: of requests to `fish`.
        format: of the sound that `openai_http` asks for.
        pcm_rate: samples a second of sound that comes without a header from `openai_http`.
        voice_list: path at which `openai_http` lists its voices, such as `/v1/audio/voices`; each
            voice must be in it. Empty where it has no such list.
    """

    servers: tuple[SpeechServer, ...] = Field(min_length=1)
    voices: tuple[HttpVoice, ...] = Field(min_length=1)
    streaming: bool = True
    encoding: Literal["msgpack", "json"] = "msgpack"
    format: Literal["wav", "pcm"] = "wav"
    pcm_rate: int = Field(default=24_000, ge=8_000, le=192_000)
    voice_list: str = Field(default="", pattern=r"^(/[^?#\s]*)?$")

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        _require_unique("servers", (server.name for server in self.servers))
        _require_unique("voices", (voice.name for voice in self.voices))
        return self


def read_voices_file(path: Path) -> VoicesFile:
    """Read the file; paths in it count from its folder, and have to be there.

    Raises:
        InvalidInput: it cannot be read or says something wrong; `field` is the setting.
    """
    try:
        file = VoicesFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise bad_file(f"{path} cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        problem = first["msg"].removeprefix("Value error, ")
        raise bad_file(f"{path}: {where}: {problem}") from error
    return _beside(file, path.absolute().parent)


def bad_file(problem: str) -> InvalidInput:
    """Return the error that tells what is wrong with the file."""
    return InvalidInput(Reason.FIELD_INVALID, problem, field=SETTING)


def check_options(voices: Iterable[HttpVoice], ours: frozenset[str]) -> None:
    """Refuse options that would replace what the backend itself says.

    Raises:
        InvalidInput: there are some; `field` is the setting.
    """
    for voice in voices:
        if taken := sorted(ours & voice.options.keys()):
            raise bad_file(f"voice {voice.name}: {taken[0]} is no option; the backend sets it")


def _require_unique(what: str, names: Iterable[str]) -> None:
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise ValueError(f"two {what} have the name {name!r}; give each a name of its own")


def _beside(file: VoicesFile, folder: Path) -> VoicesFile:
    def placed(path: Path | None) -> Path | None:
        if path is None:
            return None
        path = folder / path.expanduser()
        if not path.exists():
            raise bad_file(f"there is no {path}; the voices file names it")
        return path

    servers = tuple(
        server.model_copy(
            update={"key_file": placed(server.key_file), "data_dir": placed(server.data_dir)}
        )
        for server in file.servers
    )
    voices = tuple(
        voice.model_copy(update={"sample": placed(voice.sample)}) for voice in file.voices
    )
    return file.model_copy(update={"servers": servers, "voices": voices})
