"""Tiny voice files of Piper's kind, and a phonemiser that reads letters as they stand."""

import json
from pathlib import Path

import numpy as np

from s2v.onnx.models import GraphBuilder
from s2v.onnx.v1 import model_pb2 as pb

RATE = 16_000
HOP_SAMPLES = 64
FRAMES = 16
"""Every number lasts as long: with the pad after it a symbol lasts 128 ms."""
_INT64 = 7
_SYMBOLS = (*"_^$ .,!?ˈː", *"abdefhijklmnopstuvwz")  # noqa: RUF001 - stress and length


class Letters:
    """Takes plain letters for phonemes."""

    def phonemes(self, text: str, language: str) -> list[str]:
        return [c for c in text.lower() if c in _SYMBOLS[3:] and c.isascii()]


def write_voice(folder: Path, name: str, *, hertz: float, **changes: object) -> Path:
    """Write a voice that hums at a pitch; `changes` replace what its description says."""
    path = folder / f"{name}.onnx"
    path.write_bytes(_humming(hertz))
    described = {
        "audio": {"sample_rate": RATE},
        "espeak": {"voice": "nl"},
        "language": {"code": "nl_NL"},
        "phoneme_type": "espeak",
        "num_speakers": 1,
        "hop_length": HOP_SAMPLES,
        "phoneme_id_map": {symbol: [number] for number, symbol in enumerate(_SYMBOLS)},
        **changes,
    }
    path.with_name(f"{path.name}.json").write_text(json.dumps(described), encoding="utf-8")
    return path


def _humming(hertz: float) -> bytes:
    """Return a network: as many frames a number as Ceil says, louder for higher numbers."""
    graph = GraphBuilder()
    samples = HOP_SAMPLES * FRAMES
    wave = np.sin(2 * np.pi * hertz * np.arange(samples) / RATE)[np.newaxis] * 0.02
    _cast(graph, "input", "numbers", to=1)
    graph.node("Mul", ("numbers", graph.constant("nothing", np.zeros(1, np.float32))), "zeros")
    graph.node("Add", ("zeros", graph.constant("frames", np.full(1, FRAMES - 0.3))), "lengths")
    graph.node("Ceil", ("lengths",), "widths")
    column = _shape(graph, "column", (-1, 1))
    graph.node("Reshape", ("numbers", column), "loudness")
    graph.node("Mul", ("loudness", graph.constant("wave", wave)), "hummed")
    graph.node("Reshape", ("hummed", _shape(graph, "flat", (1, 1, -1))), "output")
    model = graph.model("scales", "output", (3,))
    numbers = [pb.ValueInfo(name=name) for name in ("input", "input_lengths")]
    for number in numbers:
        number.type.tensor_type.elem_type = _INT64
    return model + pb.Model(graph=pb.Graph(input=numbers)).SerializeToString()


def _shape(graph: GraphBuilder, name: str, sides: tuple[int, ...]) -> str:
    given = graph.constant(f"{name} as numbers", np.array(sides, np.float32))
    return _cast(graph, given, name, to=_INT64)


def _cast(graph: GraphBuilder, source: str, target: str, *, to: int) -> str:
    return graph.node("Cast", (source,), target, to=to)
