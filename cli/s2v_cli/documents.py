"""What the gateway answers as JSON, for programs."""

import json
from collections.abc import Mapping
from typing import Annotated

import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document, with the fields of the API.")
]


def print_document(message: Message, extra: Mapping[str, object] | None = None) -> None:
    """Print a message as one JSON document, in the names of its proto, defaults included."""
    fields = MessageToDict(
        message,
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
    )
    print(json.dumps({**(extra or {}), **fields}, indent=2, ensure_ascii=False))
