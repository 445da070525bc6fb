"""What each TFLite operator becomes in ONNX."""

from collections.abc import Callable
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from face_models.conversion import Conversion


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
OPERATORS = {
    number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)
}


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
