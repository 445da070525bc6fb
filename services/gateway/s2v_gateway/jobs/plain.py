"""What DBOS keeps of jobs, as JSON: reading it back runs no code, as its own pickles would."""

import base64
import json
from typing import Any

from dbos import Serializer

from s2v.core.errors import S2VError
from s2v.rpc.errors import status_bytes, status_from_bytes

_STATUS, _FAULT = "s2v_status", "s2v_fault"


class Recorded(Exception):
    """An error of a step that was none of ours, as it was recorded: its kind and its text."""


class PlainSerializer(Serializer):
    """Spells the inputs, outcomes and errors of workflows.

    DBOS notes the serializer by name in every row and reads rows of earlier releases, which are
    pickled, by its own.
    """

    def name(self) -> str:
        """The name in the rows."""
        return "s2v_json"

    def serialize(self, data: Any) -> str:
        """Spell a value of JSON's kinds, or an error.

        Raises:
            TypeError: it is something else.
        """
        if isinstance(data, S2VError):
            data = {_STATUS: base64.b64encode(status_bytes(data)).decode()}
        elif isinstance(data, BaseException):
            data = {_FAULT: f"{type(data).__name__}: {data}"}
        return json.dumps(data, separators=(",", ":"))

    def deserialize(self, serialized_data: str) -> Any:
        """Read it back."""
        data = json.loads(serialized_data)
        if isinstance(data, dict) and data.keys() == {_STATUS}:
            return status_from_bytes(base64.b64decode(data[_STATUS]))
        if isinstance(data, dict) and data.keys() == {_FAULT}:
            return Recorded(data[_FAULT])
        return data
