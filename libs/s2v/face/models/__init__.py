"""The engine's neural networks, as package data; README.md says where they come from."""

from functools import cache
from importlib.resources import files

import onnxruntime


@cache
def session(name: str) -> onnxruntime.InferenceSession:
    """Open the vendored network `name`, e.g. "face_mesh_base", once a process.

    Each run takes one thread, its caller's, and any number of them may run at once.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    data = (files(__name__) / f"{name}.onnx").read_bytes()
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
