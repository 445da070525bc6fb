"""Write the tables of docs/settings.md: python tools/make_settings_page.py."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from s2v.rpc.settings import InternalSettings, ServiceSettings
from s2v.rpc.settings_sources import shared_variable
from s2v_cli.configuring import KINDS

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
MARK = "<!-- From here on made by tools/make_settings_page.py out of the settings classes. -->\n"


def page() -> str:
    """Return the text of the page: what people wrote, and tables of the settings classes."""
    head = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    common = set(ServiceSettings.model_fields) - {"listen"}
    parts = [head, MARK, "\n## Every service\n\n", *_table(InternalSettings, sorted_names(common))]
    for service, kind in KINDS.items():
        own = [name for name in kind.model_fields if name not in common]
        changed = [name for name in kind.model_fields if name in common and _differs(kind, name)]
        prefix = kind.model_config["env_prefix"]
        parts.append(f"\n## [{service}]\n\nVariables begin with `{prefix}`.\n\n")
        parts += _table(kind, [*own, *changed])
    return "".join(parts)


def sorted_names(names: set[str]) -> list[str]:
    """Return names of what all services have, in the order of their class."""
    return [name for name in ServiceSettings.model_fields if name in names]


def _differs(kind: type[ServiceSettings], name: str) -> bool:
    return _default(kind.model_fields[name]) != _default(ServiceSettings.model_fields[name])


def _table(kind: type[ServiceSettings], names: list[str]) -> Iterator[str]:
    yield "| setting | default | |\n|---|---|---|\n"
    for name in names:
        field = kind.model_fields[name]
        shared = shared_variable(field)
        meaning = str(field.description).replace("|", "\\|") + (
            f"; `{shared}` sets it for all services" if shared else ""
        )
        yield f"| `{name}` | {_default(field)} | {meaning} |\n"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, tuple):
        value = ",".join(value)
    if isinstance(value, bool):
        value = str(value).lower()
    return f"`{value}`" if value not in (None, "", "{}") else ""


def main() -> None:
    """Write the page."""
    PAGE.write_text(current(), encoding="utf-8")


def current() -> str:
    """Return the page as it looks wherever it is made: folders by the variables that move them."""
    before = dict(os.environ), tempfile.tempdir
    os.environ["S2V_HOME"], tempfile.tempdir = "$S2V_HOME", "$TMPDIR"
    try:
        return page()
    finally:
        os.environ.clear()
        os.environ.update(before[0])
        tempfile.tempdir = before[1]


if __name__ == "__main__":
    main()
