"""Build small ONNX models, and have models give out their inner tensors."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from s2v.onnx.v1 import model_pb2 as pb

_IR_VERSION, _OPSET = 8, 17

AttributeValue = float | int | str | tuple[int, ...]


class GraphBuilder:
    """A model with one float input and one float output, built node by node."""

    def __init__(self) -> None:
        self._graph = pb.Graph(name="graph")

    def constant(self, name: str, values: npt.NDArray[np.float32]) -> str:
        """Add an initializer and return its name."""
        raw = np.ascontiguousarray(values, "<f4").tobytes()
        self._graph.initializer.add(
            name=name, dims=values.shape, data_type=pb.ELEMENT_TYPE_FLOAT, raw_data=raw
        )
        return name

    def node(
        self, kind: str, inputs: Iterable[str], output: str, **attributes: AttributeValue
    ) -> str:
        """Add an operator and return the name of its output."""
        given = [_attribute(name, value) for name, value in attributes.items()]
        self._graph.node.add(op_type=kind, input=inputs, output=[output], attribute=given)
        return output

    def model(self, source: str, result: str, shape: tuple[int | str, ...]) -> bytes:
        """Return the serialised model; sides of the input may have names, the output is like it."""
        graph = pb.Graph()
        graph.CopyFrom(self._graph)
        graph.input.append(_float_tensor(source))
        graph.input[0].type.tensor_type.shape.dim.extend(map(_side, shape))
        graph.output.append(_float_tensor(result))
        opset = pb.OperatorSetId(domain="", version=_OPSET)
        model = pb.Model(ir_version=_IR_VERSION, graph=graph, opset_import=[opset])
        return model.SerializeToString(deterministic=True)


def with_output(model: bytes, tensor: str) -> bytes:
    """Return the bytes of an ONNX model that also gives out one of its inner float tensors.

    A protobuf parser merges a message field that appears twice: singular scalars are replaced,
    repeated fields grow (https://protobuf.dev/programming-guides/encoding/#last-one-wins). So a
    second `graph` that holds only one more `output`, appended to the file, adds that output.
    """
    more = pb.Model(graph=pb.Graph(output=[_float_tensor(tensor)]))
    return model + more.SerializeToString(deterministic=True)


def only_output_of(model: bytes, kind: str) -> str:
    """Return the tensor that the only operator of that kind in a model gives out.

    Raises:
        ValueError: there is none, or there are several.
    """
    nodes = [node for node in pb.Model.FromString(model).graph.node if node.op_type == kind]
    if len(nodes) != 1:
        raise ValueError(f"it has {len(nodes)} operators {kind} instead of one")
    return nodes[0].output[0]


def _attribute(name: str, value: AttributeValue) -> pb.Attribute:
    match value:
        case str():
            return pb.Attribute(name=name, s=value.encode(), type=pb.ATTRIBUTE_TYPE_STRING)
        case float():
            return pb.Attribute(name=name, f=value, type=pb.ATTRIBUTE_TYPE_FLOAT)
        case int():
            return pb.Attribute(name=name, i=value, type=pb.ATTRIBUTE_TYPE_INT)
    return pb.Attribute(name=name, ints=value, type=pb.ATTRIBUTE_TYPE_INTS)


def _float_tensor(name: str) -> pb.ValueInfo:
    value = pb.ValueInfo(name=name)
    value.type.tensor_type.elem_type = pb.ELEMENT_TYPE_FLOAT
    return value


def _side(length: int | str) -> pb.Dimension:
    return (
        pb.Dimension(dim_param=length)
        if isinstance(length, str)
        else pb.Dimension(dim_value=length)
    )
