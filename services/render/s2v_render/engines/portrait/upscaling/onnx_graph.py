"""Write a small ONNX model without the onnx package: the protobuf fields that a graph needs.

Field numbers are those of onnx.proto (IR version 8, operator set 17).
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

_IR_VERSION, _OPSET = 8, 17
_FLOAT = 1
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT, _ATTRIBUTE_STRING, _ATTRIBUTE_INTS = 1, 2, 3, 7

Attribute = float | int | str | tuple[int, ...]


class Graph:
    """A model with one float input and one float output, built node by node."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []

    def constant(self, name: str, values: npt.NDArray[np.float32]) -> str:
        """Add an initializer and return its name."""
        shape = b"".join(_number(1, side) for side in values.shape)
        raw = np.ascontiguousarray(values, np.float32).tobytes()
        self._constants.append(shape + _number(2, _FLOAT) + _text(8, name) + _bytes(9, raw))
        return name

    def node(self, kind: str, inputs: Iterable[str], output: str, **attributes: Attribute) -> str:
        """Add an operator and return the name of its output."""
        data = b"".join(_text(1, name) for name in inputs) + _text(2, output) + _text(4, kind)
        data += b"".join(_bytes(5, _attribute(*pair)) for pair in attributes.items())
        self._nodes.append(data)
        return output

    def model(self, source: str, result: str, shape: tuple[int | str, ...]) -> bytes:
        """Return the serialised model; sides of the input may have names, the output is like it."""
        graph = b"".join(_bytes(1, node) for node in self._nodes) + _text(2, "graph")
        graph += b"".join(_bytes(5, constant) for constant in self._constants)
        graph += _bytes(11, _value(source, shape)) + _bytes(12, _value(result, None))
        opset = _text(1, "") + _number(2, _OPSET)
        return _number(1, _IR_VERSION) + _bytes(7, graph) + _bytes(8, opset)


def _attribute(name: str, value: Attribute) -> bytes:
    data = _text(1, name)
    match value:
        case str():
            return data + _text(4, value) + _number(20, _ATTRIBUTE_STRING)
        case float():
            packed = np.float32(value).tobytes()
            return data + _varint(2 << 3 | 5) + packed + _number(20, _ATTRIBUTE_FLOAT)
        case int():
            return data + _number(3, value) + _number(20, _ATTRIBUTE_INT)
    return data + b"".join(_number(8, one) for one in value) + _number(20, _ATTRIBUTE_INTS)


def _value(name: str, shape: tuple[int | str, ...] | None) -> bytes:
    tensor = _number(1, _FLOAT)
    if shape is not None:
        sides = (_text(2, side) if isinstance(side, str) else _number(1, side) for side in shape)
        tensor += _bytes(2, b"".join(_bytes(1, side) for side in sides))
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _text(field: int, text: str) -> bytes:
    return _bytes(field, text.encode())


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
