"""The folder in which services keep everything."""

import os
import pwd
from pathlib import Path

from s2v.core.errors import InvalidInput, Reason


def default_home() -> Path:
    """Return where everything is kept unless told otherwise: $S2V_HOME or ~/.local/share/s2v.

    Raises:
        InvalidInput: FIELD_INVALID, nobody says where, and this user has no home directory.
    """
    given = os.environ.get("S2V_HOME")
    if given:
        return expanded(Path(given), field="S2V_HOME")
    # An empty HOME would be taken for the root directory.
    own = os.environ.get("HOME") or _listed_home()
    if not own:
        problem = "this user has no home directory; set S2V_HOME to a folder of yours"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="S2V_HOME")
    return Path(own) / ".local" / "share" / "s2v"


def expanded(path: Path, *, field: str) -> Path:
    """Return a path with its `~` replaced by a home directory.

    Raises:
        InvalidInput: FIELD_INVALID, there is none; `field` is what gave the path.
    """
    try:
        return path.expanduser()
    except RuntimeError as error:
        problem = f"{path}: there is no such home directory; write the path in full"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field=field) from error


def _listed_home() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""
