"""Tiny networks in place of an operator's that restores faces."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from s2v.onnx.models import GraphBuilder
from s2v.onnx.v1 import model_pb2 as pb

SHAPE = (1, 3, 512, 512)
FLOAT, DOUBLE = 1, 11
"""Of ONNX's types of numbers."""


def identity(path: Path, *, shape: tuple[int | str, ...] = SHAPE) -> Path:
    """Write a network that gives what it is given."""
    graph = GraphBuilder()
    path.write_bytes(graph.model("input", graph.node("Identity", ["input"], "output"), shape))
    return path


def painter(path: Path, levels: npt.NDArray[np.float32]) -> Path:
    """Write a network that gives these levels -1..1, of shape [1, 3, 1, 1] or [1, 3, 512, 512]."""
    graph = GraphBuilder()
    none = graph.constant("none", np.zeros((), np.float32))
    black = graph.node("Mul", ["input", none], "black")
    painted = graph.node("Add", [black, graph.constant("levels", levels)], "output")
    path.write_bytes(graph.model("input", painted, SHAPE))
    return path


def of_colour(path: Path, colour: tuple[int, int, int]) -> Path:
    """Write a network that paints every face a colour."""
    return painter(path, (np.array(colour, np.float32) / 127.5 - 1).reshape(1, 3, 1, 1))


def weighted(path: Path, *, number: int = DOUBLE, sides: tuple[int, ...] = (1,)) -> Path:
    """Write a network that paints every face as light as its second input says."""
    graph = GraphBuilder()
    none = graph.constant("none", np.zeros((), np.float32))
    black = graph.node("Mul", ["input", none], "black")
    weight = graph.node("Cast", ["weight"], "number", to=FLOAT)
    model = graph.model("input", graph.node("Add", [black, weight], "output"), SHAPE)
    given = pb.ValueInfo(name="weight")
    given.type.tensor_type.elem_type = number  # type: ignore[assignment]
    for side in sides:
        given.type.tensor_type.shape.dim.add(dim_value=side)
    # Of a message that comes twice the lists are joined.
    more = pb.Model(graph=pb.Graph(input=[given]))
    path.write_bytes(model + more.SerializeToString())
    return path


def noisy(path: Path) -> Path:
    """Write a network that gives another picture each time."""
    graph = GraphBuilder()
    noise = graph.node("RandomNormalLike", ["input"], "noise")
    path.write_bytes(graph.model("input", graph.node("Add", ["input", noise], "output"), SHAPE))
    return path


def halving(path: Path) -> Path:
    """Write a network that gives a picture of another size."""
    graph = GraphBuilder()
    smaller = graph.node("AveragePool", ["input"], "output", kernel_shape=(2, 2), strides=(2, 2))
    path.write_bytes(graph.model("input", smaller, SHAPE))
    return path


def without_numbers(path: Path) -> Path:
    """Write a network that gives no numbers."""
    graph = GraphBuilder()
    path.write_bytes(graph.model("input", graph.node("Log", ["input"], "output"), SHAPE))
    return path
