"""Convert the face models inside MediaPipe's wheel from TFLite to the ONNX files that we ship.

    pip download --no-deps mediapipe==0.10.21
    pip install onnx ai-edge-litert onnxruntime numpy
    python tools/convert_face_models.py mediapipe-0.10.21-*.whl --into build/face_models
    python tools/convert_face_models.py mediapipe-0.10.21-*.whl --into build/face_models \
        --compare libs/s2v/face/models

The face mesh becomes two files, because three operators in its middle exist in MediaPipe only;
`s2v.face.mesh` does their work. Weights are stored as 16-bit floats, as in the wheel.
"""

import argparse
import hashlib
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from ai_edge_litert import schema_py_generated as schema
from onnx import TensorProto, helper, numpy_helper

MODULES = "mediapipe/modules/"
DETECTOR = MODULES + "face_detection/face_detection_short_range.tflite"
MESH = MODULES + "face_landmark/face_landmark_with_attention.tflite"
MATTE = MODULES + "selfie_segmentation/selfie_segmentation.tflite"

MESH_LANDMARKS, MESH_FEATURES, MESH_SCORE_OUTPUT = "t186", "t35", 6
MESH_WINDOWS = ("t199", "t200", "t201")
MESH_REFINED = ("t684", "t687", "t690", "t693", "t696")

DTYPES = {0: np.float32, 1: np.float16, 2: np.int32, 4: np.int64}
OPERATORS = {
    number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)
}
RELU, RELU6 = 1, 3
SMALL_WEIGHTS = 64


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


def load(data: bytes) -> Conversion:
    """Read a TFLite file and convert every operator in it."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
    conversion = Conversion(model)
    for operator in conversion.graph.operators:
        convert_operator(conversion, operator)
    return conversion


def convert_operator(to: Conversion, operator: Any) -> None:
    """Add the nodes that do what one operator does."""
    code = to.model.operatorCodes[operator.opcodeIndex]
    name = OPERATORS[max(code.builtinCode, code.deprecatedBuiltinCode)]
    name = code.customCode.decode() if name == "CUSTOM" else name
    if name in LEFT_OUT:
        return
    if name not in RULES:
        raise ValueError(f"no rule for the operator {name}")
    first = len(to.nodes)
    RULES[name](to, operator)
    # A fused activation was added before the node that feeds it.
    to.nodes[first:] = reversed(to.nodes[first:]) if name in FUSED else to.nodes[first:]


def same_padding(length: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return what TFLite pads before and after an axis, of which ONNX wants to be told."""
    total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
    return total // 2, total - total // 2


def padding(to: Conversion, operator: Any, kernel: tuple[int, int]) -> list[int]:
    """Return the pads of a convolution or a pool: top, left, bottom, right."""
    options = operator.builtinOptions
    if options.padding != schema.Padding.SAME:
        return [0, 0, 0, 0]
    height, width = to.shape(operator.inputs[0])[1:3]
    top, bottom = same_padding(height, kernel[0], options.strideH)
    left, right = same_padding(width, kernel[1], options.strideW)
    return [top, left, bottom, right]


def dequantize(to: Conversion, operator: Any) -> None:
    """Unpack weights that the wheel stores in 16 bits."""
    packed = to.constant(operator.inputs[0])
    assert packed is not None
    to.unpacked[operator.outputs[0]] = packed.astype(np.float32)


def convolution(to: Conversion, operator: Any) -> None:
    """Convert a convolution, depthwise or not."""
    source, weights, bias = operator.inputs[:3]
    depthwise = isinstance(operator.builtinOptions, schema.DepthwiseConv2DOptionsT)
    kernel = to.constant(weights)
    kernel = kernel.transpose(3, 0, 1, 2) if depthwise else kernel.transpose(0, 3, 1, 2)
    size = (kernel.shape[2], kernel.shape[3])
    options = operator.builtinOptions
    output = to.activate(options.fusedActivationFunction, f"t{operator.outputs[0]}")
    to.add(
        "Conv",
        [f"t{source}", to.weight(f"w{weights}", kernel), to.weight(f"b{bias}", to.constant(bias))],
        output,
        kernel_shape=size,
        strides=[options.strideH, options.strideW],
        pads=padding(to, operator, size),
        group=kernel.shape[0] if depthwise else 1,
    )


def upsampling_convolution(to: Conversion, operator: Any) -> None:
    """Convert MediaPipe's own transposed convolution with a bias."""
    source, weights, bias = operator.inputs[:3]
    kernel = to.constant(weights).transpose(3, 0, 1, 2)
    names = [to.weight(f"w{weights}", kernel), to.weight(f"b{bias}", to.constant(bias))]
    size = kernel.shape[2:]
    inputs = [f"t{source}", *names]
    to.add("ConvTranspose", inputs, f"t{operator.outputs[0]}", kernel_shape=size, strides=[2, 2])


def arithmetic(kind: str) -> Callable[[Conversion, Any], None]:
    """Return the rule for an element-wise operator with two inputs."""

    def rule(to: Conversion, operator: Any) -> None:
        inputs = []
        for tensor in operator.inputs[:2]:
            values = to.constant(tensor)
            if values is None:
                inputs.append(f"t{tensor}")
                continue
            planes = values.transpose(0, 3, 1, 2) if values.ndim == 4 else values.reshape(-1, 1, 1)
            inputs.append(to.weight(f"c{tensor}", planes.astype(np.float32)))
        function = operator.builtinOptions.fusedActivationFunction
        to.add(kind, inputs, to.activate(function, f"t{operator.outputs[0]}"))

    return rule


def unary(kind: str) -> Callable[[Conversion, Any], None]:
    """Return the rule for an operator that needs nothing but its input."""

    def rule(to: Conversion, operator: Any) -> None:
        to.add(kind, [f"t{operator.inputs[0]}"], f"t{operator.outputs[0]}")

    return rule


def prelu(to: Conversion, operator: Any) -> None:
    """Convert a leaky ramp with one slope a channel."""
    source, slopes = operator.inputs
    slope = to.weight(f"a{slopes}", to.constant(slopes).reshape(-1, 1, 1).astype(np.float32))
    to.add("PRelu", [f"t{source}", slope], f"t{operator.outputs[0]}")


def hard_swish(to: Conversion, operator: Any) -> None:
    """Convert x * clip(x / 6 + 0.5, 0, 1)."""
    source, output = f"t{operator.inputs[0]}", f"t{operator.outputs[0]}"
    to.add("HardSigmoid", [source], f"{output}s", alpha=1 / 6, beta=0.5)
    to.add("Mul", [source, f"{output}s"], output)


def max_pool(to: Conversion, operator: Any) -> None:
    """Convert a maximum over windows."""
    options = operator.builtinOptions
    size = (options.filterHeight, options.filterWidth)
    to.add(
        "MaxPool",
        [f"t{operator.inputs[0]}"],
        f"t{operator.outputs[0]}",
        kernel_shape=size,
        strides=[options.strideH, options.strideW],
        pads=padding(to, operator, size),
    )


def average_pool(to: Conversion, operator: Any) -> None:
    """Convert a mean over the whole picture."""
    options = operator.builtinOptions
    if [options.filterHeight, options.filterWidth] != to.shape(operator.inputs[0])[1:3]:
        raise ValueError("only averages over the whole picture are known")
    to.add("GlobalAveragePool", [f"t{operator.inputs[0]}"], f"t{operator.outputs[0]}")


def pad(to: Conversion, operator: Any) -> None:
    """Convert padding with zeros."""
    source, widths = operator.inputs
    by_axis = to.constant(widths)[[0, 3, 1, 2]]
    both = np.concatenate([by_axis[:, 0], by_axis[:, 1]]).astype(np.int64)
    to.add("Pad", [f"t{source}", to.weight(f"p{widths}", both)], f"t{operator.outputs[0]}")


def reshape(to: Conversion, operator: Any) -> None:
    """Convert a change of shape, going back to channels last for it."""
    source, output = operator.inputs[0], operator.outputs[0]
    if len(to.shape(source)) != 4:
        return
    shape = to.weight(f"r{output}", np.array(to.shape(output), np.int64))
    to.add("Transpose", [f"t{source}"], f"t{output}t", perm=[0, 2, 3, 1])
    to.add("Reshape", [f"t{output}t", shape], f"t{output}")


def concatenate(to: Conversion, operator: Any) -> None:
    """Convert a concatenation of vectors."""
    inputs = [f"t{tensor}" for tensor in operator.inputs]
    axis = operator.builtinOptions.axis
    to.add("Concat", inputs, f"t{operator.outputs[0]}", axis=axis)


def resize(to: Conversion, operator: Any) -> None:
    """Convert a bilinear change of size."""
    source, output = operator.inputs[0], operator.outputs[0]
    sizes = to.weight(f"s{output}", np.array(to.shape_nchw(output), np.int64))
    options = operator.builtinOptions
    centred = "half_pixel" if options.halfPixelCenters else "asymmetric"
    mode = "align_corners" if options.alignCorners else centred
    to.add(
        "Resize",
        [f"t{source}", "", "", sizes],
        f"t{output}",
        mode="linear",
        coordinate_transformation_mode=mode,
    )


FUSED = {"CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "MUL"}
LEFT_OUT = {
    "STRIDED_SLICE",
    "Landmarks2TransformMatrix",
    "TransformTensorBilinear",
    "TransformLandmarks",
}
"""They stand between the two halves of the face mesh."""
RULES: dict[str, Callable[[Conversion, Any], None]] = {
    "ADD": arithmetic("Add"),
    "AVERAGE_POOL_2D": average_pool,
    "CONCATENATION": concatenate,
    "CONV_2D": convolution,
    "Convolution2DTransposeBias": upsampling_convolution,
    "DEPTHWISE_CONV_2D": convolution,
    "DEQUANTIZE": dequantize,
    "HARD_SWISH": hard_swish,
    "LOGISTIC": unary("Sigmoid"),
    "MAX_POOL_2D": max_pool,
    "MUL": arithmetic("Mul"),
    "PAD": pad,
    "PRELU": prelu,
    "RELU": unary("Relu"),
    "RESHAPE": reshape,
    "RESIZE_BILINEAR": resize,
}


def extract(
    conversion: Conversion, inputs: Sequence[str], outputs: Sequence[tuple[str, str]]
) -> onnx.ModelProto:
    """Cut out what leads from the inputs to the outputs, given as (tensor, name) pairs."""
    needed, kept = {tensor for tensor, _ in outputs}, []
    for node in reversed(conversion.nodes):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(set(node.input) - set(inputs))
    kept.reverse()
    used = {name for node in kept for name in node.input}
    weights, casts = stored(
        (name, values) for name, values in conversion.weights.items() if name in used
    )
    renamed = [
        helper.make_node("Identity", [tensor], [name]) for tensor, name in outputs if tensor != name
    ]

    def value(tensor: str, name: str) -> onnx.ValueInfoProto:
        shape = conversion.shape_nchw(int(tensor[1:]))
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        [*casts, *kept, *renamed],
        "face",
        [value(name, name) for name in inputs],
        [value(tensor, name) for tensor, name in outputs],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def stored(
    weights: Iterable[tuple[str, np.ndarray]],
) -> tuple[list[onnx.TensorProto], list[onnx.NodeProto]]:
    """Keep large weights in 16 bits, as the wheel does, and cast them when the model is loaded."""
    tensors, casts = [], []
    for name, values in weights:
        if values.dtype == np.float32 and values.size > SMALL_WEIGHTS:
            tensors.append(numpy_helper.from_array(values.astype(np.float16), f"{name}_h"))
            casts.append(helper.make_node("Cast", [f"{name}_h"], [name], to=TensorProto.FLOAT))
        else:
            tensors.append(numpy_helper.from_array(values, name))
    return tensors, casts


def convert(wheel: Path) -> dict[str, onnx.ModelProto]:
    """Return the models by the names of their files."""
    with zipfile.ZipFile(wheel) as archive:
        detector, mesh, matte = (load(archive.read(name)) for name in (DETECTOR, MESH, MATTE))

    def first_input(conversion: Conversion) -> str:
        return f"t{conversion.graph.inputs[0]}"

    regressors, classifiers = (f"t{tensor}" for tensor in detector.graph.outputs)
    score = f"t{mesh.graph.outputs[MESH_SCORE_OUTPUT]}"
    mesh_outputs = [(name, name) for name in (MESH_LANDMARKS, MESH_FEATURES, score)]
    return {
        "face_detector": extract(
            detector, [first_input(detector)], [(regressors, "reg"), (classifiers, "cls")]
        ),
        "face_mesh_base": extract(mesh, [first_input(mesh)], mesh_outputs),
        "face_mesh_heads": extract(mesh, MESH_WINDOWS, [(name, name) for name in MESH_REFINED]),
        "person_matte": extract(
            matte, [first_input(matte)], [(f"t{matte.graph.outputs[0]}", "mask")]
        ),
    }


def difference(one: Path, other: Path) -> float:
    """Return the largest difference of two models' outputs on the same noise, relative to 1."""
    sessions = [
        onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        for path in (one, other)
    ]
    random = np.random.default_rng(0)
    feeds = {
        value.name: random.random(value.shape, np.float32) for value in sessions[0].get_inputs()
    }
    results = [session.run(None, feeds) for session in sessions]
    return max(
        float((np.abs(a - b) / (1 + np.abs(b))).max()) for a, b in zip(*results, strict=True)
    )


def main() -> None:
    """Convert, print digests, and compare if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path, help="mediapipe-0.10.21-*.whl")
    parser.add_argument("--into", type=Path, required=True, help="folder for the ONNX files")
    parser.add_argument("--compare", type=Path, help="folder with ONNX files to compare with")
    arguments = parser.parse_args()
    arguments.into.mkdir(parents=True, exist_ok=True)
    for name, model in convert(arguments.wheel).items():
        path = arguments.into / f"{name}.onnx"
        onnx.save(model, path)
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}")
        if arguments.compare:
            print(f"  largest difference {difference(path, arguments.compare / path.name):.1e}")


if __name__ == "__main__":
    main()
