"""A TFLite graph, and the ONNX nodes that are made of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper

DTYPES = {0: np.float32, 1: np.float16, 2: np.int32, 4: np.int64}
RELU, RELU6 = 1, 3


@dataclass
class Conversion:
    """A TFLite graph and the ONNX nodes made of it so far; tensors are named t<index>."""

    model: Any
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    unpacked: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def graph(self) -> Any:
        """The only subgraph."""
        return self.model.subgraphs[0]

    def shape(self, tensor: int) -> list[int]:
        """Return the shape of a tensor as TFLite has it."""
        return [int(length) for length in self.graph.tensors[tensor].shape]

    def shape_nchw(self, tensor: int) -> list[int]:
        """Return the shape of a tensor as ONNX will have it."""
        shape = self.shape(tensor)
        return [shape[0], shape[3], shape[1], shape[2]] if len(shape) == 4 else shape

    def constant(self, tensor: int) -> np.ndarray | None:
        """Return the values of a tensor, or None if it is computed."""
        if tensor in self.unpacked:
            return self.unpacked[tensor]
        info = self.graph.tensors[tensor]
        data = self.model.buffers[info.buffer].data
        if data is None or len(data) == 0:
            return None
        return np.frombuffer(bytes(data), DTYPES[info.type]).reshape(self.shape(tensor))

    def weight(self, name: str, values: np.ndarray) -> str:
        """Store values under a name, once, and return the name."""
        self.weights.setdefault(name, np.ascontiguousarray(values))
        return name

    def add(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> None:
        """Add one node with one output."""
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))

    def activate(self, function: int, output: str) -> str:
        """Return the name to write to so that `output` is the activated value."""
        if function == 0:
            return output
        before = f"{output}_"
        if function == RELU:
            self.add("Relu", [before], output)
        elif function == RELU6:
            zero, six = self.weight("zero", np.float32(0)), self.weight("six", np.float32(6))
            self.add("Clip", [before, zero, six], output)
        else:
            raise ValueError(f"no rule for the fused activation {function}")
        return before
