"""Values kept as JSON that every later release can read.

What is written carries `schema_version`. A release that changes the shape of what it keeps raises
SCHEMA_VERSION and says in _STEPS how one version becomes the next.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")
Shape = dict[str, Any]

SCHEMA_VERSION = 3
_FIELD = "schema_version"


class Versioned(Generic[T]):
    """Spells values of one kind, and reads them whichever release wrote them."""

    def __init__(self, kind: type[T]) -> None:
        known: Any = kind  # a type can be hashed, of which mypy is not sure
        self._adapter: TypeAdapter[T] = _adapter(known)

    def dump(self, value: T) -> str:
        """Spell a value, a dataclass, as JSON."""
        shape = self._adapter.dump_python(value, mode="json")
        return json.dumps({_FIELD: SCHEMA_VERSION, **shape}, separators=(",", ":"))

    def load(self, text: str) -> T:
        """Read a value.

        Raises:
            ValueError: a later release wrote it, or it is no such value.
        """
        shape = json.loads(text)
        version = shape.pop(_FIELD, 1)
        if version > SCHEMA_VERSION:
            raise ValueError(f"written by a later release: schema {version} > {SCHEMA_VERSION}")
        for step in _STEPS[version - 1 :]:
            shape = step(shape)
        return self._adapter.validate_python(shape)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Return what checks values of a kind; to make it takes milliseconds."""
    return TypeAdapter(kind)


def _from_1(shape: Shape) -> Shape:
    """Call what drives a speech's mouth its cues; forget how many takes a clip took."""
    if "lip_sync" in shape and "samples" in shape:
        shape["cues"] = shape.pop("lip_sync")
    shape.pop("takes", None)
    return shape


def _from_2(shape: Shape) -> Shape:
    """Tell what was measured on a voice's sample as on any sound."""
    if "signal_to_noise_db" in shape:
        duration = shape.pop("duration_seconds")
        shape["sound"] = {
            "duration_seconds": duration,
            "integrated_lufs": None,
            "true_peak_dbtp": None,
            "clipped_share": 0.0,
            "snr_db": shape.pop("signal_to_noise_db"),
            "speech_share": shape.pop("speech_seconds") / duration,
        }
        shape["near_peak_share"] = shape.pop("clipped_share")
    return shape


_STEPS: tuple[Callable[[Shape], Shape], ...] = (_from_1, _from_2)
