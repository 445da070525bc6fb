"""The file that names the containers, and how much is put up with from one of them."""

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from s2v.core.errors import Reason, Unavailable
from s2v.core.urls import server_url

_RETRY_SECONDS = 1.0
_FILE, _NAME = "{file}", "{name}"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Container(_Entry):
    """A container that makes one video at a time.

    Its files get there and back by a folder that both see (`data_dir`), or by three commands, of
    each of which `{name}` becomes the file's name in the container's `/code/data/temp`.

    Attributes:
        name: what messages and logs call it; unique.
        url: of its port 8383.
        group: device group that it belongs to, that of its text-to-speech server; may be empty.
        data_dir: where the container's own `/code/data` is on this machine.
        put: command that copies the file `{file}` there.
        fetch: command that copies one from there to `{file}`.
        remove: command that deletes one there.
    """

    name: str = Field(min_length=1, max_length=60)
    url: Annotated[str, AfterValidator(server_url)]
    group: str = ""
    data_dir: Path | None = None
    put: tuple[str, ...] = ()
    fetch: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_reached_in_one_way(self) -> Self:
        commands = {"put": self.put, "fetch": self.fetch, "remove": self.remove}
        given = [name for name, command in commands.items() if command]
        if self.data_dir is not None and given:
            raise ValueError(f"give either data_dir or {given[0]}, not both")
        if self.data_dir is None and len(given) < len(commands):
            raise ValueError("give data_dir, or the commands put, fetch and remove")
        for name in given:
            for part in (_NAME,) if name == "remove" else (_FILE, _NAME):
                if not any(part in word for word in commands[name]):
                    raise ValueError(f"the command {name} lacks {part}")
        return self


class ContainersFile(_Entry):
    """What the file says: at least one container."""

    containers: tuple[Container, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _are_apart(self) -> Self:
        _require_unique("name", (container.name for container in self.containers))
        _require_unique("url", (container.url for container in self.containers))
        return self


@dataclass(frozen=True, slots=True)
class HeygemLimits:
    """How much is put up with from a container, in seconds.

    Attributes:
        take_seconds: one video in all.
        answer_seconds: one answer; the container has one thread for all of them.
        poll_seconds: between two questions how far it is.
        silent_seconds: of no answer in mid-work; a long one may be at work all the same.
        gone_seconds: as `silent_seconds`, of nobody listening.
        lost_seconds: of not knowing the video that it had taken.
        file_seconds: from its saying that the video is there to its being whole.
        copy_seconds: one of the commands.
    """

    take_seconds: float = 1_800.0
    answer_seconds: float = 15.0
    poll_seconds: float = 2.0
    silent_seconds: float = 90.0
    gone_seconds: float = 10.0
    lost_seconds: float = 10.0
    file_seconds: float = 60.0
    copy_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class HeygemSettings:
    """What an engine is made with: the container that it is for."""

    container: Container
    limits: HeygemLimits = HeygemLimits()


def read_containers(path: Path) -> tuple[Container, ...]:
    """Read the file; paths in it count from its folder, and have to be there.

    Raises:
        ValueError: it cannot be read or says something wrong.
    """
    try:
        file = ContainersFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        problem = first["msg"].removeprefix("Value error, ")
        raise ValueError(f"{path}: {where}: {problem}") from error
    return tuple(_beside(container, path.absolute().parent) for container in file.containers)


def unavailable(container: Container, reason: Reason, problem: str) -> Unavailable:
    """Return the error for a container; the problem goes on from its name."""
    message = f'The HeyGem container "{container.name}" {problem}.'
    return Unavailable(reason, message, retry_after_seconds=_RETRY_SECONDS)


def _beside(container: Container, folder: Path) -> Container:
    if container.data_dir is None:
        return container
    place = folder / container.data_dir.expanduser()
    if not place.is_dir():
        raise ValueError(f"there is no folder {place}, which is data_dir of {container.name}")
    return container.model_copy(update={"data_dir": place})


def _require_unique(what: str, values: Iterable[str]) -> None:
    value, count = Counter(values).most_common(1)[0]
    if count > 1:
        raise ValueError(f"two containers have the {what} {value!r}; each needs its own")
