"""The founding document's main class: films in a call, over a gateway or services of its own."""

import os
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from s2v.api.gateway.v1 import job_pb2, system_service_pb2
from s2v.client import Client
from s2v.client.making import OnProgress, SpecFields
from s2v.compat.configuring import Configuration
from s2v.compat.hosting import OwnServices
from s2v.compat.machine import gpus, host
from s2v.compat.planning import Start, planned_start
from s2v.compat.statistics import statistics, system_stats, write_statistics
from s2v.compat.wishes import Wishes, fitted, wishes_of
from s2v.core.errors import InvalidInput, PermissionDenied, Reason

_CONFIG_KEYS = ("custom_quality_preset", "model_name")
_MODELS = {"s2v-14B": "wan"}
"""The founding document's names of models, and the engines that have them."""


class IntegratedS2VSystem:
    """Makes films of a portrait and speech; use it as a context manager, or call `cleanup`.

    Over the gateway at `server`, or else over services of its own, which start here, live as long
    as it does, and serve every film.

    Args:
        config: `model_name`, an engine or "s2v-14B", and `custom_quality_preset`, parameters of
            `generate_video` that hold for every film that says nothing else.
        num_gpus: how many GPUs may work. Where there are fewer, as many as there are; where there
            is none, films are made by the engine `portrait`, on the processors.
        checkpoint_dir: folder of a Wan2.2-S2V checkpoint, or one that holds such a folder; by
            default WAN_CHECKPOINT_DIR. Without one, or without a GPU, films are made by the engine
            `portrait`.
        output_dir: where films go; by default OUTPUT_DIR or ./outputs. It is made.
        server: address of a gateway, which has GPUs and a checkpoint of its own or none; by
            default S2V_SERVER, or none.
        api_key: to show to it; by default S2V_API_KEY.

    Attributes:
        notices: what is otherwise than was asked for, in sentences.

    Raises:
        InvalidInput: FIELD_INVALID, the configuration has a key that is not known.
        Unavailable: the services cannot start, or no gateway answers.
        OSError: the folder for films cannot be made.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        num_gpus: int | None = None,
        checkpoint_dir: str | Path | None = None,
        output_dir: str | Path | None = None,
        *,
        server: str | None = None,
        api_key: str | None = None,
    ) -> None:
        self._config = _checked(config or {})
        self.output_dir = Path(output_dir or os.environ.get("OUTPUT_DIR") or "outputs")
        self.output_dir.mkdir(parents=True, exist_ok=True)
        self._jobs: list[job_pb2.Job] = []
        self._seconds: list[float] = []
        self._failures = 0
        address = server or os.environ.get("S2V_SERVER", "")
        start = _elsewhere(address) if address else planned_start(num_gpus, checkpoint_dir)
        self.notices = list(start.notices)
        self._own = None if address else OwnServices(settings=start.settings)
        if self._own is not None:
            self._client = Client(self._own.addresses["gateway"])
        else:
            key = api_key or os.environ.get("S2V_API_KEY", "").strip()
            self._client = Client(address, api_key=key)
        try:
            self._engine = self._chosen_engine()
        except BaseException:
            self.cleanup()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cleanup()

    def generate_video(
        self,
        image_path: str | Path,
        audio_path: str | Path,
        prompt: str = "",
        output_name: str | None = None,
        *,
        on_progress: OnProgress | None = None,
        save_stats: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Make a film and write it into the folder for films.

        Args:
            image_path: a photo or a video of who speaks.
            audio_path: what is said.
            prompt: what the film shall show; engines that take none leave it out and say so.
            output_name: of the file; one of that name is replaced. By default the portrait's name
                and eight characters that no other film has.
            on_progress: told how far it is.
            save_stats: whether `detailed_stats_<id>.json` is written beside the film.
            **params: `quality`, `width`, `height`, `fps`, `enhance_quality` (`enhance_frames` is
                the same), `optimize_streaming`, `guidance_scale`, `num_inference_steps`,
                `negative_prompt` and `seed`; by default those of the configuration and then of
                `S2VConfig.DEFAULT_VIDEO_PARAMS`.

        Returns:
            `output_path`, `generation_time` in seconds, `notices`, and all else that
            `detailed_stats_<id>.json` has; `stats_path` where that was written.

        Raises:
            InvalidInput: FIELD_INVALID, a parameter that is not known, or what the gateway says.
            S2VError: the job's error.
            OSError: a file cannot be read or written.
        """
        started = time.monotonic()
        try:
            image, audio = _file(image_path, "image_path"), _file(audio_path, "audio_path")
            own = {**self._config.get("custom_quality_preset", {}), **params}
            wishes = wishes_of(prompt, own, Configuration.DEFAULT_VIDEO_PARAMS)
            film = self.output_dir / _file_name(
                output_name or f"{image.stem}_{uuid.uuid4().hex[:8]}"
            )
            job, notices = self._made(image, audio, film, wishes, on_progress)
        except Exception:
            self._failures += 1
            raise
        self._jobs.append(job)
        self._seconds.append(time.monotonic() - started)
        result = statistics(
            job,
            self._status(),
            generation_time=self._seconds[-1],
            output_path=str(film),
            notices=[*self.notices, *notices],
        )
        if save_stats:
            result["stats_path"] = str(write_statistics(result, self.output_dir))
        return result

    def get_system_status(self) -> dict[str, Any]:
        """Return how the system is, in JSON's own types.

        Over a gateway with keys `system_stats` takes the role admin; it is empty without.
        """
        seconds = sum(self._seconds)
        return {
            "server": {
                "address": self._client.address,
                "version": self._client.server_info().version,
                "own_services": self._own is not None,
            },
            "engine": _plain(self._engine.name),
            "gpus": gpus(),
            "host": host(),
            "system_stats": system_stats(self._status(), self._jobs),
            "generations": {
                "succeeded": len(self._jobs),
                "failed": self._failures,
                "total_time": seconds,
                "average_time": seconds / len(self._jobs) if self._jobs else None,
            },
            "output_dir": str(self.output_dir),
            "notices": list(self.notices),
        }

    def cleanup(self) -> None:
        """End the connection, and the services if they are its own; harmless when repeated."""
        self._client.close()
        if self._own is not None:
            self._own.close()

    def _made(
        self,
        image: Path,
        audio: Path,
        film: Path,
        wishes: Wishes,
        on_progress: OnProgress | None,
    ) -> tuple[job_pb2.Job, list[str]]:
        found = fitted(wishes, self._engine, Configuration.QUALITY_PRESETS)
        fields = {field.name: value for field, value in found.spec.ListFields()}
        fields["display_name"] = film.name[:200]
        job = self._client.make(
            reference=image,
            audio=audio,
            output=film,
            on_progress=on_progress,
            **cast(SpecFields, fields),
        )
        return job, found.notices

    def _chosen_engine(self) -> system_service_pb2.Engine:
        """Return the engine that the configuration names, or else the default one."""
        engines = self._client.engines()
        model = str(self._config.get("model_name", ""))
        wanted = _MODELS.get(model, model)
        named = {_plain(engine.name): engine for engine in engines}
        if not wanted or wanted in named:
            return named.get(wanted, engines[0])
        if model in _MODELS:
            instead = f"films are made by the engine {_plain(engines[0].name)}"
            self.notices.append(f"the model {model} is not offered here: {instead}")
            return engines[0]
        known = ", ".join((*named, *_MODELS))
        problem = f"there is no model {model!r}; use one of: {known}"
        raise InvalidInput(Reason.ENGINE_UNKNOWN, problem, field="config.model_name")

    def _status(self) -> system_service_pb2.GetSystemStatusResponse | None:
        try:
            return self._client.system_status()
        except PermissionDenied:
            return None


def _elsewhere(address: str) -> Start:
    return Start({}, [f"films are made by the gateway at {address}, with what it has"])


def _plain(name: str) -> str:
    return name.rpartition("/")[2]


def _checked(config: Mapping[str, Any]) -> Mapping[str, Any]:
    for key in config:
        if key not in _CONFIG_KEYS:
            problem = f"is not known; known are: {', '.join(_CONFIG_KEYS)}"
            raise InvalidInput(Reason.FIELD_INVALID, problem, field=f"config.{key}")
    return config


def _file(given: str | Path, parameter: str) -> Path:
    path = Path(given)
    if not path.is_file():
        problem = f"there is no file {path}"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field=parameter)
    return path


def _file_name(name: str) -> str:
    if Path(name).name != name:
        problem = f"{name!r} is no name of a file; the folder is output_dir of the system"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="output_name")
    return name if name.lower().endswith(".mp4") else f"{name}.mp4"
