"""Checkpoints in both layouts, whole and broken: what is loaded, and what is said if not."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from safetensors.torch import load_file, save_file

from s2v.core.errors import NotReady, Reason
from s2v_render.engines.wan.memory import PartSizes
from s2v_render.engines.wan.model.config import S2VConfig
from s2v_render.engines.wan.model.text import encode, token_ids
from s2v_render.engines.wan.takes.windows import Denoising, PastMotion, WindowInput, prepared
from s2v_render.engines.wan.weights.blank import blank_transformer
from s2v_render.engines.wan.weights.layouts.checkpoint import Layout
from s2v_render.engines.wan.weights.layouts.finding import find_checkpoint
from s2v_render.engines.wan.weights.layouts.official import text_encoder_name, vae_name
from s2v_render.engines.wan.weights.loading import WanModels, load_models
from s2v_render.engines.wan.weights.offload import stream_weights
from s2v_render.engines.wan.weights.parts import parts_of
from s2v_render.engines.wan.weights.reading import fill, parameter_count, stored_tensors
from wan_builders import diffusers_name

TINY = Path(__file__).parents[1] / "data/wan_tiny"
SHARDS = [f"diffusion_pytorch_model-0000{number}-of-00002.safetensors" for number in (1, 2)]
T5, VAE = "models_t5_umt5-xxl-enc-bf16.pth", "Wan2.1_VAE.pth"
SPEECH, TOKENIZER = "wav2vec2-large-xlsr-53-english", "google/umt5-xxl"
CPU = torch.device("cpu")

Tensors = dict[str, torch.Tensor]


def load(folder: Path) -> WanModels:
    return load_models(str(folder), device=CPU, dtype=torch.float32)


def networks(models: WanModels) -> dict[str, Tensors]:
    return {
        "transformer": models.transformer.state_dict(),
        "text": models.text_encoder.state_dict(),
        "vae": models.vae.network.state_dict(),
        "speech": models.speech.network.state_dict(),
    }


def equal(found: WanModels, wanted: WanModels) -> bool:
    pairs = zip(networks(found).values(), networks(wanted).values(), strict=True)
    return all(
        here.keys() == there.keys() and all(torch.equal(here[key], there[key]) for key in here)
        for here, there in pairs
    )


@pytest.fixture(scope="module")
def official() -> WanModels:
    return load(TINY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "checkpoint"))


def as_diffusers(folder: Path, *, renamed: bool) -> Path:
    """Write the small checkpoint in the other layout, with either kind of names inside."""
    transformer = {key: value for shard in SHARDS for key, value in load_file(TINY / shard).items()}
    if renamed:
        transformer = {diffusers_name(key): value for key, value in transformer.items()}
    text = {text_encoder_name(k): v for k, v in torch.load(TINY / T5).items()}
    vae = {vae_name(k): v for k, v in torch.load(TINY / VAE).items()}
    for part in ("transformer", "text_encoder", "vae", "audio_processor"):
        (folder / part).mkdir(parents=True)
    (folder / "model_index.json").write_text('{"_class_name": "WanSpeechToVideoPipeline"}')
    shutil.copy(TINY / "config.json", folder / "transformer/config.json")
    save_file(transformer, folder / "transformer/diffusion_pytorch_model.safetensors")
    save_file(text, folder / "text_encoder/model.safetensors")
    save_file(vae, folder / "vae/diffusion_pytorch_model.safetensors")
    (folder / "vae/config.json").write_text('{"base_dim": 4, "z_dim": 16, "num_res_blocks": 2}')
    shutil.copytree(TINY / TOKENIZER, folder / "tokenizer")
    shutil.copytree(TINY / SPEECH, folder / "audio_encoder")
    processor = folder / "audio_encoder/preprocessor_config.json"
    processor.rename(folder / "audio_processor/preprocessor_config.json")
    return folder


def test_the_official_folder_gives_every_part(official: WanModels) -> None:
    assert find_checkpoint(TINY).layout is Layout.OFFICIAL
    assert official.origin == f"{TINY} (official layout)"
    assert len(official.transformer.state_dict()) == 180
    ids = token_ids(official.tokenizer, "A person speaks.")
    assert encode(official.text_encoder, ids).shape == (17, 48)
    assert official.speech.features(np.zeros(16_000, np.float32)).shape == (25, 29, 32)
    for weights in networks(official).values():
        assert {value.dtype for value in weights.values()} == {torch.float32}


@pytest.mark.parametrize("renamed", [True, False], ids=["diffusers names", "official names"])
def test_the_diffusers_folder_gives_the_same_weights(
    official: WanModels, tmp_path: Path, renamed: bool
) -> None:
    folder = as_diffusers(tmp_path, renamed=renamed)
    models = load(folder)
    assert find_checkpoint(folder).layout is Layout.DIFFUSERS
    assert equal(models, official)
    assert models.origin == f"{folder} (diffusers layout)"


def test_a_text_encoder_may_name_its_embedding_twice(official: WanModels, tmp_path: Path) -> None:
    folder = as_diffusers(tmp_path, renamed=True)
    file = folder / "text_encoder/model.safetensors"
    weights = load_file(file)
    weights["encoder.embed_tokens.weight"] = weights["shared.weight"].clone()
    save_file(weights, file)
    models = load(folder)
    assert equal(models, official)
    assert models.text_encoder.encoder.embed_tokens is models.text_encoder.shared


def test_older_names_of_the_speech_models_normed_weights_are_known(
    official: WanModels, folder: Path
) -> None:
    file = folder / SPEECH / "model.safetensors"
    names = {"parametrizations.weight.original0": "weight_g"}
    names["parametrizations.weight.original1"] = "weight_v"
    weights = load_file(file)
    for new, old in names.items():
        key = f"wav2vec2.encoder.pos_conv_embed.conv.{new}"
        weights[key.replace(new, old)] = weights.pop(key)
    file.unlink()
    torch.save(weights, file.with_name("pytorch_model.bin"))
    assert equal(load(folder), official)


def test_the_14b_model_has_1260_tensors() -> None:
    network = blank_transformer(S2VConfig())
    assert len(network.state_dict()) == 1260
    assert parameter_count(network) == 16_295_755_609
    assert parts_of("random:14B").sizes() == PartSizes()


def test_sizes_are_known_before_anything_is_loaded(official: WanModels, tmp_path: Path) -> None:
    sizes = parts_of(str(TINY)).sizes()
    assert sizes.transformer == parameter_count(official.transformer)
    assert sizes.text_encoder == parameter_count(official.text_encoder)
    assert sizes.vae == parameter_count(official.vae.network)
    assert (sizes.vae_width, sizes.embedding) == (4, 320 * 48)
    assert parts_of("random:tiny").sizes().transformer == sizes.transformer
    folder = as_diffusers(tmp_path, renamed=True)
    assert parts_of(str(folder)).sizes() == sizes


def change(file: Path, edit: Callable[[Tensors], None]) -> None:
    """Edit the tensors of a file in place."""
    pickled = file.suffix != ".safetensors"
    weights = dict(torch.load(file) if pickled else load_file(file))
    edit(weights)
    (torch.save if pickled else save_file)(weights, file)


def cut(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) * 2 // 3])


def unusable(folder: Path) -> str:
    with pytest.raises(NotReady) as refused:
        load(folder)
    assert refused.value.reason is Reason.CHECKPOINT_UNUSABLE
    return refused.value.message


@pytest.mark.parametrize(
    "missing",
    [
        SHARDS[1],
        T5,
        VAE,
        TOKENIZER,
        SPEECH,
        f"{SPEECH}/config.json",
        f"{SPEECH}/model.safetensors",
        f"{SPEECH}/preprocessor_config.json",
    ],
)
def test_what_is_missing_is_named(folder: Path, missing: str) -> None:
    path = folder / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert str(path) in unusable(folder)


@pytest.mark.parametrize("name", ["config.json", "transformer", "vae/config.json", "tokenizer"])
def test_what_is_missing_of_the_other_layout_is_named(tmp_path: Path, name: str) -> None:
    folder = as_diffusers(tmp_path / "checkpoint", renamed=True)
    path = folder / ("transformer/config.json" if name == "config.json" else name)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert str(path) in unusable(folder)


@pytest.mark.parametrize(
    "damaged",
    [SHARDS[0], T5, VAE, f"{SPEECH}/model.safetensors", "config.json"],
)
def test_a_truncated_file_is_named(folder: Path, damaged: str) -> None:
    cut(folder / damaged)
    assert str(folder / damaged) in unusable(folder)


@pytest.mark.parametrize("damaged", [SHARDS[0], T5, f"{SPEECH}/config.json"])
def test_an_empty_file_is_named(folder: Path, damaged: str) -> None:
    (folder / damaged).write_bytes(b"")
    assert str(folder / damaged) in unusable(folder)


@pytest.mark.parametrize(
    ("file", "key"),
    [
        (SHARDS[0], "blocks.0.self_attn.q.weight"),
        (T5, "blocks.1.attn.q.weight"),
        (VAE, "encoder.downsamples.0.residual.2.weight"),
        (f"{SPEECH}/model.safetensors", "wav2vec2.feature_projection.projection.weight"),
    ],
)
def test_a_tensor_of_another_shape_is_named_with_both_shapes(
    folder: Path, file: str, key: str
) -> None:
    shapes = []

    def widen(weights: Tensors) -> None:
        shapes.append(list(weights[key].shape))
        weights[key] = torch.cat([weights[key], weights[key]], dim=1)
        shapes.append(list(weights[key].shape))

    change(folder / file, widen)
    message = unusable(folder)
    expected, found = shapes
    assert str(folder / file) in message
    assert f"{key} in" in message
    assert f"has shape {found}, expected {expected}" in message


@pytest.mark.parametrize(
    ("file", "key", "name"),
    [
        (SHARDS[0], "blocks.0.self_attn.q.weight", "blocks.0.self_attn.q.weight"),
        (T5, "blocks.1.norm2.weight", "encoder.block.1.layer.1.layer_norm.weight"),
        (VAE, "decoder.head.2.bias", "decoder.conv_out.bias"),
    ],
)
def test_a_missing_tensor_is_named(folder: Path, file: str, key: str, name: str) -> None:
    change(folder / file, lambda weights: weights.pop(key))
    message = unusable(folder)
    assert f"{name} [" in message
    assert "is missing" in message
    assert Path(file).name in message


@pytest.mark.parametrize("file", [SHARDS[1], T5, VAE, f"{SPEECH}/model.safetensors"])
def test_a_tensor_too_many_is_named(folder: Path, file: str) -> None:
    change(folder / file, lambda weights: weights.update(surplus=torch.zeros(3)))
    assert f"surplus [3] in {folder / file} is unknown" in unusable(folder)


def test_a_tensor_that_two_files_hold_is_named(folder: Path) -> None:
    key, value = next(iter(load_file(folder / SHARDS[0]).items()))
    change(folder / SHARDS[1], lambda weights: weights.update({key: value}))
    assert f"{key} is in {folder / SHARDS[0]} and in {folder / SHARDS[1]}" in unusable(folder)


@pytest.mark.parametrize("file", [T5, VAE])
def test_the_file_of_another_model_is_named(folder: Path, file: str) -> None:
    torch.save({"layer.weight": torch.zeros(2, 2)}, folder / file)
    assert str(folder / file) in unusable(folder)


def test_a_file_that_would_run_code_is_refused(folder: Path, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (os.mkdir, (str(tmp_path / "sprung"),))

    torch.save({"token_embedding.weight": Trap()}, folder / T5)
    assert str(folder / T5) in unusable(folder)
    assert not (tmp_path / "sprung").exists()


def test_another_kind_of_model_is_refused_by_its_configuration(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "i2v"}))
    assert "model_type is 'i2v'" in unusable(folder)


def test_a_configuration_that_does_not_fit_its_weights_is_refused(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_layers": 6}))
    message = unusable(folder)
    assert "needs 234 tensors" in message
    assert "hold 180" in message


def test_parts_that_do_not_belong_together_are_refused(folder: Path) -> None:
    narrow = {
        key: value[..., :32].contiguous() if value.shape[-1] == 48 else value
        for key, value in torch.load(folder / T5).items()
    }
    for key, value in narrow.items():
        if key.endswith(("attn.o.weight", "ffn.fc2.weight")):
            narrow[key] = value[:32].contiguous()
    for key in [key for key in narrow if key.endswith("attn.o.weight")]:
        narrow[key] = torch.zeros(32, 48)
    torch.save(narrow, folder / T5)
    assert "makes rows of 32 numbers, but the transformer reads 48" in unusable(folder)


def test_a_speech_model_of_another_size_is_refused(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["audio_dim"] = 64
    (folder / "config.json").write_text(json.dumps(config))
    parts = parts_of(str(folder))
    with pytest.raises(NotReady, match="24 layers of width 32, but the transformer listens to 24"):
        parts.speech(CPU)


def test_a_folder_that_holds_no_checkpoint_is_refused(tmp_path: Path) -> None:
    assert "neither model_index.json" in unusable(tmp_path)
    assert "There is no checkpoint folder" in unusable(tmp_path / "nowhere")


def anonymous_bytes() -> int:
    """Return what this process holds of memory that is no part of a file."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("RssAnon:")[1].split()[0])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="/proc is needed to measure")
@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_weights_are_mapped_from_their_file_and_not_copied(tmp_path: Path, suffix: str) -> None:
    size = 64 * 2**20
    with torch.device("meta"):
        network = torch.nn.Linear(2**12, 2**12, bias=False)
    weights = {"weight": torch.ones(2**12, 2**12)}
    file = tmp_path / f"weights{suffix}"
    (save_file if suffix == ".safetensors" else torch.save)(weights, file)
    del weights
    before = anonymous_bytes()
    found = stored_tensors([file], device=CPU)
    fill(network, found, part="layer", device=CPU, dtype=torch.float32)
    assert network.weight.sum() == 2**24
    assert anonymous_bytes() - before < size / 4


@torch.inference_mode()
def outputs(models: WanModels) -> list[torch.Tensor]:
    drawn = torch.Generator().manual_seed(1)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=drawn)

    given = WindowInput(random(1, 16, 2, 8, 8), random(1, 25, 32, 8))
    motion = PastMotion(random(1, 3, 73, 64, 64), random(1, 16, 19, 8, 8))
    denoising = Denoising(window_frames=8)
    seen = prepared(models.transformer, denoising, random(1, 16, 1, 8, 8), given, motion=motion)
    text = models.transformer.encode_text([encode(models.text_encoder, torch.arange(9))])
    stream = models.vae.stream()
    return [
        models.transformer(
            given.noise_BCTYX, torch.tensor([900.0]), scene=seen.scene, text=text, sound=seen.sound
        ),
        stream.decode(given.noise_BCTYX),
        stream.decode(given.noise_BCTYX),
        models.vae.encode(motion.pixels_BCTYX),
        models.speech.features(random(16_000).numpy()),
    ]


def test_streamed_weights_compute_the_same_and_go_home() -> None:
    models = load(TINY)
    wanted = outputs(models)
    parts = [models.transformer, models.text_encoder, models.vae.network, models.speech.network]
    homes = [weight.data_ptr() for part in parts for weight in part.parameters()]
    for part in parts:
        stream_weights(part, CPU)
    for found, same in zip(outputs(models), wanted, strict=True):
        assert torch.equal(found, same)
    assert [weight.data_ptr() for part in parts for weight in part.parameters()] == homes
