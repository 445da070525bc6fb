"""What `s2v doctor` looks at: each check is quick, changes nothing and loads nothing heavy."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from s2v.core.errors import InvalidInput, S2VError, Unauthenticated
from s2v.rpc.home import default_home
from s2v.rpc.settings import BadSettings
from s2v.rpc.settings_file import layered_environment, settings_file
from s2v_cli.aliases import with_aliases
from s2v_cli.configuring import KINDS, every_setting
from s2v_cli.connecting import DEFAULT_ADDRESS, version_at
from s2v_cli.local import free_address
from s2v_render.engines.heygem.asking import ContainerLine, NoAnswer
from s2v_render.engines.heygem.containers import Container, HeygemLimits, read_containers
from s2v_render.engines.wan.settings import RANDOM_CHECKPOINTS

_GIB = 1024**3
_TESTED_PYTHONS = ((3, 11), (3, 12))
_PROGRAM_TIMEOUT_SECONDS = 4.0


class Level(StrEnum):
    """How good or bad a finding is."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found and, unless all is well, what to do about it."""

    level: Level
    subject: str
    fact: str
    remedy: str = ""


Check = Callable[[], Finding]


def all_checks() -> tuple[Check, ...]:
    """Return every check, in the order in which they are shown."""
    told = with_aliases(told_here())
    return (
        check_python,
        check_packages,
        check_extras,
        check_port,
        check_settings,
        *_home_checks(),
        check_memory,
        check_shared_memory,
        check_ray,
        check_gpu,
        lambda: check_checkpoint(told.get("S2V_RENDER_WAN_CHECKPOINT", "")),
        lambda: check_containers(told.get("S2V_RENDER_HEYGEM_FILE", "")),
    )


def told_here() -> dict[str, str]:
    """Return the environment over the settings file, as far as that can be read."""
    try:
        return layered_environment()
    except InvalidInput:
        return dict(os.environ)


def check_settings() -> Finding:
    """Look whether the services can have the settings that they are told."""
    try:
        every_setting(tuple(KINDS))
    except BadSettings as error:
        fact = f"{error.problems[0]} ({len(error.problems)} in all)"
        return Finding(Level.FAIL, "settings", fact, "run: s2v config validate")
    return Finding(Level.PASS, "settings", f"in order, file: {settings_file() or 'none'}")


def _home_checks() -> tuple[Check, ...]:
    try:
        home = default_home().absolute()
    except S2VError as error:
        problem, _, remedy = error.message.partition("; ")
        nowhere = Finding(Level.FAIL, "store", problem, remedy)
        return (lambda: nowhere,)
    return (lambda: check_disk(home), lambda: check_writable(home))


def check_python(version: tuple[int, int] = sys.version_info[:2]) -> Finding:
    """Look whether this Python is one that S2V is tested with."""
    fact = "{}.{}".format(*version)
    if version in _TESTED_PYTHONS:
        return Finding(Level.PASS, "python", fact)
    level = Level.WARN if version > max(_TESTED_PYTHONS) else Level.FAIL
    return Finding(level, "python", fact, "use Python 3.11 or 3.12")


def check_packages() -> Finding:
    """Look whether everything that S2V needs is installed."""
    try:
        needed = importlib.metadata.requires("s2v") or []
    except importlib.metadata.PackageNotFoundError:
        return Finding(Level.FAIL, "packages", "s2v is not installed", "run: pip install -e .")
    missing = [name for name in map(_name, needed) if not _is_installed(name)]
    missing = [name for name in missing if not _is_optional(name, needed)]
    if missing:
        fact = f"missing: {', '.join(missing)}"
        return Finding(Level.FAIL, "packages", fact, f"run: pip install {' '.join(missing)}")
    return Finding(Level.PASS, "packages", f"s2v {importlib.metadata.version('s2v')}, complete")


def check_extras() -> Finding:
    """Look which extras are installed; none is needed."""
    try:
        extras = importlib.metadata.metadata("s2v").get_all("Provides-Extra") or []
        needed = importlib.metadata.requires("s2v") or []
    except importlib.metadata.PackageNotFoundError:
        return Finding(Level.PASS, "extras", "unknown")
    states = []
    for extra in extras:
        names = [_name(line) for line in needed if _extra(line) == extra]
        states.append(f"{extra} {'yes' if all(map(_is_installed, names)) else 'no'}")
    return Finding(Level.PASS, "extras", ", ".join(states) or "there are none")


def check_port(address: str = DEFAULT_ADDRESS) -> Finding:
    """Look whether the gateway's port is free or has our gateway on it."""
    try:
        version = version_at(address)
    except Unauthenticated:
        remedy = "set S2V_API_KEY to a key of it (`s2v keys create`)"
        return Finding(Level.WARN, "port", f"a gateway at {address} asks for a key", remedy)
    if version is not None:
        return Finding(Level.PASS, "port", f"s2v {version} answers at {address}")
    host, _, port = address.rpartition(":")
    try:
        free_address(host, int(port))
    except S2VError:
        return Finding(
            Level.FAIL,
            "port",
            f"something else runs at {address}",
            "stop it, or use: s2v serve --port 50061 and export S2V_SERVER=127.0.0.1:50061",
        )
    return Finding(Level.PASS, "port", f"{address} is free")


def check_disk(home: Path) -> Finding:
    """Look whether there is room for films."""
    free_bytes = shutil.disk_usage(_existing(home)).free
    fact = f"{free_bytes / _GIB:.1f} GiB free for {home}"
    remedy = "free some, or set S2V_HOME to a folder on a larger disk"
    return _graded("disk", fact, remedy, value=free_bytes, fail=_GIB // 2, warn=5 * _GIB)


def check_writable(home: Path) -> Finding:
    """Look whether the store can be written."""
    folder = _existing(home)
    try:
        with tempfile.TemporaryFile(dir=folder):
            return Finding(Level.PASS, "store", f"{home} can be written")
    except OSError as error:
        # Whose the folder is, and what else needs it as it is, cannot be told: leave it alone.
        remedy = "set S2V_HOME to a folder of yours"
        return Finding(Level.FAIL, "store", f"{folder}: {error.strerror}", remedy)


def check_memory(meminfo: Path = Path("/proc/meminfo")) -> Finding:
    """Look whether the four services and a worker fit into memory."""
    if not meminfo.exists():
        return Finding(Level.PASS, "memory", "cannot be told on this system")
    match = re.search(r"^MemAvailable:\s*(\d+) kB", meminfo.read_text(), re.MULTILINE)
    available_bytes = int(match[1]) * 1024 if match else 0
    fact = f"{available_bytes / _GIB:.1f} GiB available"
    remedy = "close other programs, or use a machine with more"
    return _graded("memory", fact, remedy, value=available_bytes, fail=_GIB, warn=3 * _GIB)


def check_shared_memory(folder: Path = Path("/dev/shm")) -> Finding:  # noqa: S108
    """Look whether Ray's shared memory is large enough; containers often have 64 MB."""
    if not folder.exists():
        return Finding(Level.PASS, "shared memory", "is not a folder on this system")
    total_bytes = shutil.disk_usage(folder).total
    remedy = "start the container with --shm-size=1g; until then Ray uses the slower /tmp"
    fact = f"{total_bytes / _GIB:.1f} GiB in {folder}"
    return _graded("shared memory", fact, remedy, value=total_bytes, fail=0, warn=_GIB // 2)


def check_ray() -> Finding:
    """Look whether Ray, which runs the workers, can be imported; in a process of its own."""
    try:
        found = _run(sys.executable, "-c", "import ray; print(ray.__version__)")
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(
            Level.WARN, "ray", f"cannot be tried: {error}", "try: python -c 'import ray'"
        )
    if found.returncode:
        fact = (found.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        return Finding(Level.FAIL, "ray", fact, "run: pip install --force-reinstall ray")
    address = os.environ.get("RAY_ADDRESS")
    where = f"; workers run on the cluster at {address}" if address else ""
    return Finding(Level.PASS, "ray", found.stdout.strip() + where)


def check_gpu() -> Finding:
    """Look for NVIDIA GPUs; the engine `portrait` needs none."""
    if shutil.which("nvidia-smi") is None:
        return Finding(Level.PASS, "gpu", "none; the engine portrait needs none")
    try:
        found = _run("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader")
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(Level.WARN, "gpu", f"nvidia-smi: {error}", "restart the machine")
    if found.returncode:
        fact = (found.stdout + found.stderr).strip().replace("\n", " ")
        return Finding(Level.WARN, "gpu", fact, "install the driver again; portrait works without")
    return Finding(Level.PASS, "gpu", "; ".join(found.stdout.strip().splitlines()))


def check_checkpoint(checkpoint: str) -> Finding:
    """Look whether the engine `wan` has what it needs, if it is wanted."""
    if not checkpoint:
        return Finding(Level.PASS, "wan", "not offered: S2V_RENDER_WAN_CHECKPOINT is not set")
    if importlib.util.find_spec("torch") is None:
        remedy = "run: pip install 's2v[wan]'; or unset S2V_RENDER_WAN_CHECKPOINT"
        return Finding(Level.FAIL, "wan", "its packages are not installed", remedy)
    if checkpoint in RANDOM_CHECKPOINTS:
        fact = f"{checkpoint}: random weights show noise"
        return Finding(Level.WARN, "wan", fact, "set S2V_RENDER_WAN_CHECKPOINT to a real one")
    if not _is_there(checkpoint):
        remedy = "set S2V_RENDER_WAN_CHECKPOINT to the folder of a checkpoint"
        return Finding(Level.FAIL, "wan", f"there is no folder {checkpoint}", remedy)
    return Finding(Level.PASS, "wan", f"offered, with {checkpoint}")


def check_containers(file: str) -> Finding:
    """Look whether the engine `heygem` has what it needs, if it is wanted."""
    if not file:
        return Finding(Level.PASS, "heygem", "not offered: S2V_RENDER_HEYGEM_FILE is not set")
    try:
        containers = read_containers(Path(file))
    except ValueError as error:
        remedy = "set S2V_RENDER_HEYGEM_FILE to a file as docs/heygem.md shows"
        return Finding(Level.FAIL, "heygem", str(error), remedy)
    away = [container.name for container in containers if not _answers(container)]
    if away:
        fact = f"of {len(containers)} containers these do not answer: {', '.join(away)}"
        return Finding(Level.WARN, "heygem", fact, "start them, or mend their url in the file")
    return Finding(Level.PASS, "heygem", f"offered, containers that answer: {len(containers)}")


def _answers(container: Container) -> bool:
    limits = HeygemLimits(answer_seconds=_PROGRAM_TIMEOUT_SECONDS)
    try:
        ContainerLine(container, limits).greet()
    except NoAnswer:
        return False
    return True


def _graded(subject: str, fact: str, remedy: str, *, value: int, fail: int, warn: int) -> Finding:
    if value < fail:
        return Finding(Level.FAIL, subject, fact, remedy)
    if value < warn:
        return Finding(Level.WARN, subject, fact, remedy)
    return Finding(Level.PASS, subject, fact)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=_PROGRAM_TIMEOUT_SECONDS, check=False
    )


def _existing(path: Path) -> Path:
    """Return the path or the nearest folder above it that is there."""
    return next(folder for folder in (path, *path.parents) if os.path.exists(folder))


def _is_there(name: str) -> bool:
    # Neither raises where a home directory or a permission is missing.
    return os.path.exists(os.path.expanduser(name))


def _name(requirement: str) -> str:
    match = re.match(r"[\w.-]+", requirement)
    return match[0] if match else requirement


def _extra(requirement: str) -> str:
    match = re.search(r"""extra\s*==\s*['"]([\w.-]+)['"]""", requirement)
    return match[1] if match else ""


def _is_optional(name: str, needed: list[str]) -> bool:
    """Tell whether a package is asked for only under some condition."""
    return all(";" in line for line in needed if _name(line) == name)


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
