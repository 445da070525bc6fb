"""A virtual environment whose packages are links to ours: no network, no time to install."""

import venv
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement


def environment(folder: Path, names: list[str]) -> Path:
    """Make one that holds the named distributions and all that they require; return its Python."""
    venv.create(folder, symlinks=True)
    [packages] = (folder / "lib").glob("python*/site-packages")
    for name in required(names):
        for file in distribution(name).files or ():
            link = packages / file.parts[0]
            if file.parts[0] != ".." and not link.exists():
                link.symlink_to(Path(str(distribution(name).locate_file(file.parts[0]))))
    return folder / "bin" / "python"


def light() -> list[str]:
    """What the product requires where no extra is asked for."""
    return [line for line in distribution("s2v").requires or () if "extra ==" not in line]


def required(names: list[str]) -> set[str]:
    """Those distributions and all that they require."""
    found: set[str] = set()
    todo = [Requirement(name) for name in names]
    seen: set[str] = set()
    while todo:
        wanted = todo.pop()
        if str(wanted) in seen:
            continue
        seen.add(str(wanted))
        found.add(wanted.name)
        for requirement in map(Requirement, distribution(wanted.name).requires or ()):
            marker = requirement.marker
            if not marker or any(marker.evaluate({"extra": e}) for e in (wanted.extras or {""})):
                todo.append(requirement)
    return found
