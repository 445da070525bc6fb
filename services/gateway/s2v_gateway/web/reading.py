"""Make messages of what HTTP brings: fields in the path, in the query and in a JSON body."""

import re
from collections.abc import Iterable
from typing import Any, TypeVar

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from s2v.core.errors import InvalidInput, Reason
from s2v_gateway.web.bindings import Binding

MessageT = TypeVar("MessageT", bound=Message)
_UNKNOWN = re.compile(r'has no field named "(.*?)" at "([^"]*)"', re.DOTALL)
_FAILED = re.compile(r"Failed to parse (\S+) field: ")
_NO_LIST = re.compile(r"repeated field (\S+) must be in \[\]")
_NO_NUMBER = re.compile(r"invalid literal for int\(\) with base 10: (.*)")
_AT = re.compile(r" at (\w+(?:\.\w+|\[\d+\])*)\.*$")
_MOST_DEPTH = 32


def fill(kind: type[MessageT], fields: dict[str, Any]) -> MessageT:
    """Return the message that JSON spells.

    Raises:
        InvalidInput: FIELD_INVALID, with the path of the field in the JSON.
    """
    message = kind()
    _check_objects(fields, kind.DESCRIPTOR, "")
    try:
        json_format.ParseDict(fields, message, max_recursion_depth=_MOST_DEPTH)
    except json_format.ParseError as error:
        raise _told(error) from None
    return message


def merged(
    kind: type[Message],
    binding: Binding,
    *,
    parameters: dict[str, str],
    query: Iterable[tuple[str, str]],
    body: dict[str, Any],
) -> dict[str, Any]:
    """Return the JSON of a request, of which each part of the HTTP request has some.

    Raises:
        InvalidInput: FIELD_INVALID, a name in the query is not that of a field.
    """
    fields = dict(body) if binding.body == "*" else {}
    if binding.body not in ("", "*"):
        fields[binding.body] = dict(body)
    if binding.body != "*":
        for name, value in query:
            _put_text(fields, kind.DESCRIPTOR, name, value)
    for name, value in binding.given(parameters):
        _put(fields, name.split("."), value)
    return fields


def _put_text(fields: dict[str, Any], kind: Any, name: str, text: str) -> None:
    """Put a value of the query where it belongs, a list where the field is one."""
    *parents, last = name.split(".")
    for parent in parents:
        field = _field(kind, parent, name)
        if field.message_type is None or field.is_repeated:
            raise _unknown(name)
        kind = field.message_type
    field = _field(kind, last, name)
    value = {"true": True, "false": False}.get(text, text) if _is_bool(field) else text
    if not field.is_repeated:
        _put(fields, [*parents, last], value)
        return
    for parent in parents:
        fields = fields.setdefault(parent, {})
    fields.setdefault(last, []).append(value)


def _put(fields: dict[str, Any], path: list[str], value: Any) -> None:
    """Put a value at a path, and nothing else of the same name there."""
    *parents, last = path
    for parent in parents:
        inner = fields.get(parent)
        fields[parent] = fields = inner if isinstance(inner, dict) else {}
    fields[last] = value


def _field(kind: Any, name: str, path: str) -> FieldDescriptor:
    field: FieldDescriptor
    for field in kind.fields:
        if name in (field.name, field.json_name):
            return field
    raise _unknown(path)


def _is_bool(field: FieldDescriptor) -> bool:
    return bool(field.type == FieldDescriptor.TYPE_BOOL)


def _unknown(name: str) -> InvalidInput:
    return InvalidInput(
        Reason.FIELD_INVALID, f"the query has {name!r}, which is no field here", field=name
    )


def _check_objects(value: Any, kind: Any, path: str) -> None:
    """Refuse what is no object where one is expected, which the library does not look at."""
    if kind.full_name.startswith("google.protobuf."):
        return
    if not isinstance(value, dict):
        raise InvalidInput(
            Reason.FIELD_INVALID, f"{path or 'the body'} must be an object, {{...}}", field=path
        )
    for field in kind.fields:
        inner = value.get(field.json_name, value.get(field.name))
        if field.message_type is None or inner is None:
            continue
        name = f"{path}.{field.json_name}".removeprefix(".")
        for one in inner if field.is_repeated and isinstance(inner, list) else [inner]:
            _check_objects(one, field.message_type, name)


def _told(error: json_format.ParseError) -> InvalidInput:
    """Say in our way what the library found, and where."""
    text = str(error)
    if match := _UNKNOWN.search(text):
        field = ".".join([*match[2].split(".")[1:], match[1]])
        return InvalidInput(Reason.FIELD_INVALID, f"{field}: there is no such field", field=field)
    names = ".".join([*_FAILED.findall(text), *_NO_LIST.findall(text)])
    text = _FAILED.sub("", text).rstrip(".")
    match = _AT.search(text)
    field = (match[1].partition(".")[2] if match else names) or "body"
    problem = text[: match.start()] if match else text
    problem = _NO_NUMBER.sub(r"\1 is no whole number", problem)
    return InvalidInput(Reason.FIELD_INVALID, f"{field}: {problem}", field=field)
