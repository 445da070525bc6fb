"""The small checkpoint of `tests/data/wan_tiny` in the layouts that people have it in."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from s2v_render.engines.wan.weights.layouts.official import text_encoder_name, vae_name
from wan_builders import diffusers_name

TINY = Path(__file__).parents[1] / "data/wan_tiny"
SPEECH = TINY / "wav2vec2-large-xlsr-53-english"
TOKENIZER = TINY / "google/umt5-xxl"
Tensors = dict[str, torch.Tensor]
Rename = Callable[[str], str]

_LATEST = (
    (
        r"^casual_audio_encoder\.weights$",
        r"condition_embedder.causal_audio_encoder.weighted_avg.weights",
    ),
    (
        r"^casual_audio_encoder\.encoder\.(conv[23])\.conv\.",
        r"condition_embedder.causal_audio_encoder.encoder.\1.conv.conv.",
    ),
    (r"^casual_audio_encoder\.", r"condition_embedder.causal_audio_encoder."),
    (r"^cond_encoder\.", r"condition_embedder.pose_embedder."),
    (r"^trainable_cond_mask\.", r"trainable_condition_mask."),
)
_LLAMA = (
    (r"^shared\.", "token_embd."),
    (r"^encoder\.final_layer_norm\.", "enc.output_norm."),
    (r"^encoder\.block\.(\d+)\.", r"enc.blk.\1."),
    (r"layer\.0\.layer_norm\.", "attn_norm."),
    (r"layer\.1\.layer_norm\.", "ffn_norm."),
    (r"layer\.0\.SelfAttention\.relative_attention_bias\.", "attn_rel_b."),
    (r"layer\.0\.SelfAttention\.([qkvo])\.", r"attn_\1."),
    (r"layer\.1\.DenseReluDense\.wi_0\.", "ffn_gate."),
    (r"layer\.1\.DenseReluDense\.wi_1\.", "ffn_up."),
    (r"layer\.1\.DenseReluDense\.wo\.", "ffn_down."),
)


def latest_diffusers_name(key: str) -> str:
    """Return the name that a weight has where diffusers gave the model a class of its own."""
    return _by(_LATEST, diffusers_name(key))


def llama_name(key: str) -> str:
    """Return llama.cpp's name of a weight of the text encoder, from that of transformers."""
    return _by(_LLAMA, key)


def _by(pairs: tuple[tuple[str, str], ...], key: str) -> str:
    for pattern, name in pairs:
        key = re.sub(pattern, name, key)
    return key


def transformer() -> Tensors:
    """Return the transformer's weights by official names."""
    return {
        k: v for file in sorted(TINY.glob("diff*.safetensors")) for k, v in load_file(file).items()
    }


def text_encoder() -> Tensors:
    """Return the text encoder's weights by the names of transformers."""
    stored = torch.load(TINY / "models_t5_umt5-xxl-enc-bf16.pth")
    return {text_encoder_name(key): value for key, value in stored.items()}


def vae(rename: Rename = str) -> Tensors:
    """Return the autoencoder's weights, by official names unless they are renamed."""
    return {rename(key): value for key, value in torch.load(TINY / "Wan2.1_VAE.pth").items()}


def in_eight_bits(
    weights: Tensors, *, scale: str = "scale_weight", mark: str = "scaled_fp8"
) -> Tensors:
    """Return matrices scaled into e4m3 beside their scales, as ComfyUI stores them."""
    scaled: Tensors = {"scaled_fp8": torch.zeros(2, dtype=torch.float8_e4m3fn)}
    for key, value in weights.items():
        if value.ndim == 2 and key.endswith(".weight"):
            by = value.abs().max().float() / 448
            scaled[key] = (value.float() / by).to(torch.float8_e4m3fn)
            scaled[f"{key.removesuffix('weight')}scale_weight"] = by
        else:
            scaled[key] = value
    return scaled


def prefixed(weights: Tensors, prefix: str) -> Tensors:
    """Return the weights with something before all names."""
    return {f"{prefix}{key}": value for key, value in weights.items()}


def comfyui(folder: Path, *, prefix: str = "", scaled: bool = False) -> Path:
    """Write ComfyUI's folder `models`, all of it in single files, and return it."""
    packed = in_eight_bits if scaled else dict
    speech = load_file(SPEECH / "model.safetensors")
    files = {
        "diffusion_models/wan2.2_s2v_14B.safetensors": prefixed(packed(transformer()), prefix),
        "text_encoders/umt5_xxl.safetensors": packed(text_encoder()),
        "vae/wan_2.1_vae.safetensors": vae(),
        "audio_encoders/wav2vec2_large_english_fp16.safetensors": speech,
    }
    for name, weights in files.items():
        (folder / name).parent.mkdir(parents=True)
        save_file({key: value.contiguous() for key, value in weights.items()}, folder / name)
    # The 14B model needs none; how many heads a small one has, no weight tells.
    shutil.copy(TINY / "config.json", folder / "diffusion_models/config.json")
    shutil.copytree(TOKENIZER, folder / "text_encoders", dirs_exist_ok=True)
    return folder


def latest_diffusers(folder: Path) -> Path:
    """Write the layout of diffusers' own class for the model, and return its folder."""
    for part in ("transformer", "text_encoder", "vae"):
        (folder / part).mkdir(parents=True)
    (folder / "model_index.json").write_text('{"_class_name": "WanSpeechToVideoPipeline"}')
    known = json.loads((TINY / "config.json").read_text())
    config = {
        "_class_name": "WanS2VTransformer3DModel",
        "num_attention_heads": known["num_heads"],
        "attention_head_dim": known["dim"] // known["num_heads"],
        "in_channels": known["in_dim"],
        "out_channels": known["out_dim"],
        "pose_dim": known["cond_dim"],
        "patch_size": [1, 2, 2],
        "qk_norm": "rms_norm_across_heads",
        "cross_attn_norm": True,
    }
    same = ("text_dim", "freq_dim", "ffn_dim", "num_layers", "audio_dim", "audio_inject_layers")
    config |= {name: known[name] for name in same}
    (folder / "transformer/config.json").write_text(json.dumps(config))
    renamed = {latest_diffusers_name(key): value for key, value in transformer().items()}
    save_file(renamed, folder / "transformer/diffusion_pytorch_model.safetensors")
    save_file(text_encoder(), folder / "text_encoder/model.safetensors")
    save_file(vae(vae_name), folder / "vae/diffusion_pytorch_model.safetensors")
    (folder / "vae/config.json").write_text('{"base_dim": 4, "z_dim": 16, "num_res_blocks": 2}')
    shutil.copytree(TOKENIZER, folder / "tokenizer")
    shutil.copytree(SPEECH, folder / "audio_encoder")
    return folder
