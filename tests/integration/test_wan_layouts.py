"""The files that people have: what each layout loads to, and what is said of what is no part."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from safetensors.torch import load_file, save_file

import wan_layouts as layouts
from s2v.core.errors import NotReady, Reason
from s2v_render.engines.wan.model.config import S2VConfig, config_of
from s2v_render.engines.wan.weights.blank import blank_transformer
from s2v_render.engines.wan.weights.layouts.checkpoint import Layout
from s2v_render.engines.wan.weights.layouts.finding import (
    NOTHING_GIVEN,
    GivenParts,
    find_checkpoint,
)
from s2v_render.engines.wan.weights.loading import WanModels, load_models
from s2v_render.engines.wan.weights.parts import parts_of
from s2v_render.engines.wan.weights.reading import stored_tensors
from s2v_render.engines.wan.weights.scaling import unscaled

CPU = torch.device("cpu")
TINY = layouts.TINY
Tensors = dict[str, torch.Tensor]


def load(place: Path, given: GivenParts = NOTHING_GIVEN) -> WanModels:
    return load_models(str(place), device=CPU, dtype=torch.float32, given=given)


def networks(models: WanModels) -> dict[str, Tensors]:
    parts = (models.transformer, models.text_encoder, models.vae.network, models.speech.network)
    return {type(part).__name__: part.state_dict() for part in parts}


def furthest(found: WanModels, wanted: WanModels) -> float:
    """Return the largest error of any weight, against the largest weight of its tensor."""
    errors = []
    for name, weights in networks(wanted).items():
        here = networks(found)[name]
        assert here.keys() == weights.keys()
        for key, value in weights.items():
            assert here[key].shape == value.shape
            largest = value.abs().max().clamp(min=1e-12)
            errors.append(((here[key] - value).abs().max() / largest).item())
    return max(errors)


@pytest.fixture(scope="module")
def official() -> WanModels:
    return load(TINY)


def unusable(place: Path, given: GivenParts = NOTHING_GIVEN) -> str:
    with pytest.raises(NotReady) as refused:
        load(place, given)
    assert refused.value.reason is Reason.CHECKPOINT_UNUSABLE
    return refused.value.message


@pytest.mark.parametrize("prefix", ["", "model.diffusion_model.", "diffusion_model."])
def test_comfyuis_folder_gives_the_same_weights(
    official: WanModels, tmp_path: Path, prefix: str
) -> None:
    folder = layouts.comfyui(tmp_path, prefix=prefix)
    models = load(folder)
    assert find_checkpoint(folder).layout is Layout.COMFYUI
    assert models.origin == f"{folder} (ComfyUI layout)"
    assert furthest(models, official) == 0
    assert models.speech.extractor.do_normalize
    sound = np.sin(np.arange(16_000, dtype=np.float32) / 9)
    assert torch.equal(models.speech.features(sound), official.speech.features(sound))


@pytest.mark.parametrize("prefix", ["", "model.diffusion_model."])
def test_weights_scaled_into_eight_bits_come_back_within_their_rounding(
    official: WanModels, tmp_path: Path, prefix: str
) -> None:
    error = furthest(load(layouts.comfyui(tmp_path, prefix=prefix, scaled=True)), official)
    assert 2**-8 < error <= 2**-4


def test_newer_names_of_scales_and_scales_of_rows_are_known(tmp_path: Path) -> None:
    weight = torch.tensor([[1.0, 2.0], [4.0, 8.0]])
    named = {
        "a.weight": weight.to(torch.float8_e4m3fn),
        "a.weight_scale": torch.tensor([0.5, 2.0]),
        "a.comfy_quant": torch.tensor(list(b'{"format": "float8_e4m3fn"}'), dtype=torch.uint8),
        "a.input_scale": torch.tensor(1.0),
    }
    save_file(named, tmp_path / "a.safetensors")
    found = unscaled(stored_tensors([tmp_path / "a.safetensors"], device=CPU))
    assert found.keys() == {"a.weight"}
    assert found["a.weight"].read().tolist() == [[0.5, 1.0], [8.0, 16.0]]


def test_a_format_that_is_not_known_is_named(tmp_path: Path) -> None:
    mark = torch.tensor(list(b'{"format": "nvfp4"}'), dtype=torch.uint8)
    save_file({"a.weight": torch.zeros(2, 2), "a.comfy_quant": mark}, tmp_path / "a.safetensors")
    with pytest.raises(NotReady, match=r"a\.safetensors is packed as nvfp4"):
        unscaled(stored_tensors([tmp_path / "a.safetensors"], device=CPU))


@pytest.mark.parametrize("below", ["", "models", "split_files"])
def test_files_lie_on_shelves_or_beside_each_other(
    official: WanModels, tmp_path: Path, below: str
) -> None:
    if below:
        layouts.comfyui(tmp_path / below)
    else:
        for file in sorted(layouts.comfyui(tmp_path / "from").rglob("*.*")):
            if "diffusion_models/config" not in str(file):
                shutil.move(file, tmp_path / file.name)
        shutil.rmtree(tmp_path / "from")
        with pytest.raises(NotReady, match=r"4 layers of width 48.*put a config\.json beside"):
            parts_of(str(tmp_path / "wan2.2_s2v_14B.safetensors"))
        return
    place = tmp_path / below / "diffusion_models/wan2.2_s2v_14B.safetensors"
    models = load(place)
    assert models.origin == f"{place} (ComfyUI layout)"
    assert furthest(models, official) == 0


def test_diffusers_own_class_for_the_model_gives_the_same_weights(
    official: WanModels, tmp_path: Path
) -> None:
    folder = layouts.latest_diffusers(tmp_path)
    assert parts_of(str(folder)).config == parts_of(str(TINY)).config
    assert furthest(load(folder), official) == 0


def test_shards_need_no_index_but_all_their_numbers(official: WanModels, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(TINY, tmp_path / "checkpoint"))
    (folder / "diffusion_pytorch_model.safetensors.index.json").unlink()
    assert furthest(load(folder), official) == 0
    missing = folder / "diffusion_pytorch_model-00001-of-00002.safetensors"
    missing.unlink()
    assert str(missing) in unusable(folder)


def test_each_part_can_be_given_singly(official: WanModels, tmp_path: Path) -> None:
    models = layouts.comfyui(tmp_path / "models")
    alone = Path(shutil.copytree(models / "diffusion_models", tmp_path / "alone"))
    given = GivenParts(
        text_encoder=TINY / "models_t5_umt5-xxl-enc-bf16.pth",
        tokenizer=layouts.TOKENIZER,
        vae=models / "vae",
        speech=layouts.SPEECH,
    )
    assert furthest(load(alone / "wan2.2_s2v_14B.safetensors", given), official) == 0
    folder = Path(shutil.copytree(TINY, tmp_path / "checkpoint"))
    (folder / "Wan2.1_VAE.pth").unlink()
    assert str(folder / "Wan2.1_VAE.pth") in unusable(folder)
    vae = models / "vae/wan_2.1_vae.safetensors"
    assert furthest(load(folder, GivenParts(vae=vae)), official) == 0


def test_what_is_missing_on_shelves_is_named_beside_what_is_there(tmp_path: Path) -> None:
    folder = layouts.comfyui(tmp_path)
    shutil.rmtree(folder / "vae")
    message = unusable(folder)
    assert f"No file in {folder} holds the video autoencoder" in message
    assert "a transformer in" in message
    assert "S2V_RENDER_WAN_VAE" in message
    assert "Fetch" not in message


def test_a_speech_model_may_lack_what_only_its_training_needed(tmp_path: Path) -> None:
    folder = layouts.comfyui(tmp_path)
    file = folder / "audio_encoders/wav2vec2_large_english_fp16.safetensors"
    weights = load_file(file)
    del weights["wav2vec2.masked_spec_embed"]
    save_file({key: value for key, value in weights.items() if "lm_head" not in key}, file)
    sound = np.sin(np.arange(16_000, dtype=np.float32) / 9)
    heard = [parts_of(str(place)).speech(CPU).features(sound) for place in (folder, TINY)]
    assert torch.equal(*heard)


def test_two_files_of_one_part_are_both_named(tmp_path: Path) -> None:
    folder = layouts.comfyui(tmp_path)
    one = folder / "vae/wan_2.1_vae.safetensors"
    shutil.copy(one, folder / "vae/another.safetensors")
    message = unusable(folder)
    assert str(one) in message
    assert str(folder / "vae/another.safetensors") in message
    assert load(folder, GivenParts(vae=one)).vae.network.config.z_dim == 16


@pytest.mark.parametrize(
    ("field", "source", "seen"),
    [
        ("vae", "text_encoders/umt5_xxl.safetensors", "a text encoder (diffusers' names)"),
        ("text_encoder", "vae/wan_2.1_vae.safetensors", "a video autoencoder (official names)"),
        ("speech", "diffusion_models/wan2.2_s2v_14B.safetensors", "a transformer (official names)"),
    ],
)
def test_a_part_that_was_taken_for_another_is_called_what_it_is(
    tmp_path: Path, field: str, source: str, seen: str
) -> None:
    folder = layouts.comfyui(tmp_path)
    message = unusable(folder, replace(GivenParts(), **{field: folder / source}))
    assert f"{folder / source} holds {seen}" in message
    assert "Fetch" not in message


def test_a_transformer_that_hears_nothing_and_a_lora_are_told(tmp_path: Path) -> None:
    folder = layouts.comfyui(tmp_path)
    deaf = {k: v for k, v in layouts.transformer().items() if not k.startswith("casual_audio")}
    save_file(deaf, folder / "diffusion_models/t2v.safetensors")
    assert "a Wan transformer that hears nothing" in unusable(
        folder / "diffusion_models/t2v.safetensors"
    )
    lora = {"diffusion_model.blocks.0.self_attn.q.lora_down.weight": torch.zeros(2, 2)}
    save_file(lora, folder / "lora.safetensors")
    assert "low-rank changes (a LoRA)" in unusable(folder / "lora.safetensors")
    other = {"layer.weight": torch.zeros(2, 2)}
    save_file(other, folder / "other.safetensors")
    assert "1 tensors of another model, such as layer.weight" in unusable(
        folder / "other.safetensors"
    )


def test_what_shapes_the_14b_model_is_read_off_its_weights() -> None:
    shapes = {
        key: value.shape for key, value in blank_transformer(S2VConfig()).state_dict().items()
    }
    assert config_of(shapes) == S2VConfig()


def pieces() -> bytes:
    """Return a model of SentencePiece with a few pieces, as UMT5's is built."""
    from transformers.utils import sentencepiece_model_pb2_new as sentencepiece

    model = sentencepiece.ModelProto()
    special = [("<pad>", 3), ("</s>", 3), ("<s>", 3), ("<unk>", 2)]
    words = [("▁a", 1), ("▁per", 1), ("son", 1), ("▁", 1), ("s", 1), ("o", 1), ("n", 1)]
    for place, (piece, kind) in enumerate(special + words):
        model.pieces.add(piece=piece, score=-float(place), type=kind)
    model.trainer_spec.unk_id = 3
    return bytes(model.SerializeToString())


def test_the_tokenizer_inside_of_comfyuis_text_encoder_is_used(
    official: WanModels, tmp_path: Path
) -> None:
    folder = layouts.comfyui(tmp_path)
    for file in layouts.TOKENIZER.iterdir():
        (folder / "text_encoders" / file.name).unlink()
    assert "comes without its tokenizer" in unusable(folder)
    inside = {"spiece_model": torch.tensor(list(pieces()), dtype=torch.uint8)}
    file = folder / "text_encoders/umt5_xxl.safetensors"
    save_file(layouts.text_encoder() | inside, file)
    models = load(folder)
    assert furthest(models, official) == 0
    assert models.tokenizer("a person").input_ids == [4, 5, 6, 1]


def test_characters_that_are_no_pieces_become_the_unknown_and_not_a_beginning(
    tmp_path: Path,
) -> None:
    from s2v_render.engines.wan.weights.tokenizing import load_tokenizer, of_pieces

    of_pieces(pieces()).save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "T5Tokenizer"}')
    assert load_tokenizer(tmp_path)("a 鱻").input_ids == [4, 7, 3, 1]
