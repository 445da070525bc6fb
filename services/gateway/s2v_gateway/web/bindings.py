"""Where a method is reached: its `google.api.http` annotation as a path that Starlette knows."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from google.api import annotations_pb2, http_pb2
from google.protobuf.descriptor import MethodDescriptor
from starlette.convertors import Convertor, register_url_convertor

_VARIABLE = re.compile(r"\{([\w.]+)(?:=([^}]+))?\}")
_VERBS = ("get", "put", "post", "delete", "patch")


class SegmentConvertor(Convertor[str]):
    """One segment of a path without what follows a colon, which is a verb."""

    regex = "[^/:]+"

    def convert(self, value: str) -> str:
        """Return it as it is."""
        return value

    def to_string(self, value: str) -> str:
        """Return it as it is."""
        return value


@dataclass(frozen=True, slots=True)
class Binding:
    """One way to reach a method.

    Attributes:
        verb: such as "GET".
        path: a path of Starlette's, such as "/v1/jobs/{p0}:watch".
        fields: fields of the request that the path gives: each one's path, and its value with the
            path's parameters to be filled in, such as ("name", "jobs/{p0}").
        body: the field that the body is; "*" is the whole request, "" means that there is no body.
    """

    verb: str
    path: str
    fields: tuple[tuple[str, str], ...]
    body: str

    def given(self, parameters: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield each field that a path gives, and its value."""
        for field, value in self.fields:
            yield field, value.format_map(parameters)


def bindings_of(method: MethodDescriptor) -> list[Binding]:
    """Return every way to reach a method; none if it has no annotation."""
    if not method.GetOptions().HasExtension(annotations_pb2.http):
        return []
    register_url_convertor("segment", SegmentConvertor())
    annotation: http_pb2.HttpRule = method.GetOptions().Extensions[annotations_pb2.http]
    return [_binding(one) for one in (annotation, *annotation.additional_bindings)]


def _binding(annotation: http_pb2.HttpRule) -> Binding:
    verb = annotation.WhichOneof("pattern")
    if verb not in _VERBS:
        raise ValueError(f"an annotation with the pattern {verb!r} cannot be served")
    fields: list[tuple[str, str]] = []
    count = 0

    def spelt(match: re.Match[str]) -> str:
        nonlocal count
        parts = re.split(r"\*", match[2] or "*")
        names = [f"p{count + index}" for index in range(len(parts) - 1)]
        count += len(names)
        value, path = parts[0], parts[0]
        for name, part in zip(names, parts[1:], strict=True):
            value += f"{{{name}}}{part}"
            path += f"{{{name}:segment}}{part}"
        fields.append((match[1], value))
        return path

    path = _VARIABLE.sub(spelt, getattr(annotation, verb))
    return Binding(verb.upper(), path, tuple(fields), annotation.body)
