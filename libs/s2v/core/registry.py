"""Adapters by name, imported only when they are used."""

from collections.abc import Collection, Mapping
from importlib import import_module
from typing import Any


class Registry:
    """Maps a name to "module:Class"; listing names imports nothing."""

    def __init__(self, targets: Mapping[str, str]) -> None:
        self._targets = dict(targets)

    @property
    def names(self) -> tuple[str, ...]:
        """The registered names in alphabetical order."""
        return tuple(sorted(self._targets))

    def only(self, names: Collection[str]) -> "Registry":
        """Return a registry of those names alone."""
        return Registry({name: self._targets[name] for name in names})

    def load(self, name: str) -> Any:
        """Import and return the class behind a name.

        Raises:
            KeyError: no such name.
        """
        module, _, attribute = self._targets[name].partition(":")
        return getattr(import_module(module), attribute)
