"""GGUF files: what they unpack to, of which model's names, and what is said of others."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")
gguf = pytest.importorskip("gguf", reason="the extra `wan` is not installed")

import wan_layouts as layouts
from s2v.core.errors import NotReady
from s2v_render.engines.wan.weights.layouts.checkpoint import ModelPart
from s2v_render.engines.wan.weights.layouts.finding import GivenParts, find_checkpoint, singly
from s2v_render.engines.wan.weights.loading import load_models
from s2v_render.engines.wan.weights.parts import parts_of
from s2v_render.engines.wan.weights.reading import stored_tensors

CPU = torch.device("cpu")
Kind = gguf.GGMLQuantizationType


def write(file: Path, weights: dict[str, torch.Tensor], *, kind: Any = Kind.F16) -> Path:
    """Write weights as published files have them: what does not fit into blocks stays whole."""
    writer = gguf.GGUFWriter(file, "wan")
    for key, value in weights.items():
        values, length = value.float().numpy(), value.shape[-1]
        block, _ = gguf.GGML_QUANT_SIZES[kind]
        if value.ndim > 4:
            # Four dimensions are the most that a file can tell.
            writer.add_array(f"comfy.gguf.orig_shape.{key}", list(value.shape))
            writer.add_tensor(key, values.reshape(len(values), -1), raw_dtype=Kind.F32)
        elif value.ndim == 2 and length % block == 0:
            writer.add_tensor(key, gguf.quants.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(key, values, raw_dtype=Kind.F32)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def read(file: Path) -> dict[str, torch.Tensor]:
    return {name: stored.read() for name, stored in stored_tensors([file], device=CPU).items()}


@pytest.mark.parametrize(("kind", "bits"), [("F16", 11), ("Q8_0", 8), ("Q4_0", 4)])
def test_packed_weights_come_back_within_their_rounding(
    tmp_path: Path, kind: str, bits: int
) -> None:
    drawn = torch.Generator().manual_seed(1)
    weights = {
        "a.weight": torch.randn(6, 64, generator=drawn),
        "a.bias": torch.randn(6, generator=drawn),
        "patch.weight": torch.randn(6, 4, 1, 2, 2, generator=drawn),
    }
    found = read(write(tmp_path / "a.gguf", weights, kind=Kind[kind]))
    assert found.keys() == weights.keys()
    for key in ("a.bias", "patch.weight"):
        assert torch.equal(found[key], weights[key])
    error = (found["a.weight"] - weights["a.weight"]).abs().max()
    assert 0 < error <= weights["a.weight"].abs().max() * 2.0 ** (1 - bits)


@pytest.mark.parametrize("kind", ["Q4_K", "Q5_K", "Q6_K"])
def test_blocks_of_256_weights_are_unpacked(tmp_path: Path, kind: str) -> None:
    block, size = gguf.GGML_QUANT_SIZES[Kind[kind]]
    packed = np.random.default_rng(1).integers(0, 60, (3, 2 * size), dtype=np.uint8)
    writer = gguf.GGUFWriter(tmp_path / "a.gguf", "wan")
    writer.add_tensor("a.weight", packed, raw_dtype=Kind[kind])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    found = read(tmp_path / "a.gguf")["a.weight"]
    assert found.shape == (3, 2 * block)
    assert np.array_equal(found.numpy(), gguf.quants.dequantize(packed, Kind[kind]))


def test_a_transformer_and_a_text_encoder_of_gguf_files_make_the_model(tmp_path: Path) -> None:
    folder = layouts.comfyui(tmp_path)
    (folder / "diffusion_models/wan2.2_s2v_14B.safetensors").unlink()
    transformer = write(folder / "diffusion_models/s2v.gguf", layouts.transformer(), kind=Kind.Q8_0)
    text = {layouts.llama_name(key): value for key, value in layouts.text_encoder().items()}
    encoder = write(tmp_path / "umt5.gguf", text)
    given = GivenParts(text_encoder=encoder, tokenizer=layouts.TOKENIZER)
    models = load_models(str(folder), device=CPU, dtype=torch.float32, given=given)
    wanted = parts_of(str(layouts.TINY))
    assert singly(transformer, ModelPart.TRANSFORMER).weights == (transformer,)
    for found, part in (
        (models.transformer, wanted.transformer(CPU, torch.float32)),
        (models.text_encoder, wanted.text_encoder(CPU, torch.float32)),
    ):
        for key, value in part.state_dict().items():
            error = (found.state_dict()[key] - value).abs().max()
            assert error <= value.abs().max() * 2.0**-7, key
    with pytest.raises(NotReady, match="comes without its tokenizer"):
        parts_of(str(folder), given=GivenParts(text_encoder=encoder))


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "a.gguf", {"a.weight": torch.ones(64, 64)})
    file.write_bytes(file.read_bytes()[:-4000])
    with pytest.raises(NotReady, match=r"a\.gguf cannot be read: it is truncated"):
        read(file)
    file.write_bytes(b"")
    with pytest.raises(NotReady, match=r"a\.gguf cannot be read"):
        read(file)


def test_without_the_package_its_name_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "a.gguf", {"a.weight": torch.ones(2, 2)})
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(NotReady, match=r"a\.gguf is a GGUF file.*pip install gguf"):
        read(file)
    with pytest.raises(NotReady, match=r"holds the transformer.*pip install gguf"):
        find_checkpoint(tmp_path)
