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
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from face_models.conversion import Conversion
from face_models.operators import load
from onnx import TensorProto, helper, numpy_helper

MODULES = "mediapipe/modules/"
DETECTOR = MODULES + "face_detection/face_detection_short_range.tflite"
MESH = MODULES + "face_landmark/face_landmark_with_attention.tflite"
MATTE = MODULES + "selfie_segmentation/selfie_segmentation.tflite"

MESH_LANDMARKS, MESH_FEATURES, MESH_SCORE_OUTPUT = "t186", "t35", 6
MESH_WINDOWS = ("t199", "t200", "t201")
MESH_REFINED = ("t684", "t687", "t690", "t693", "t696")
SMALL_WEIGHTS = 64


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
