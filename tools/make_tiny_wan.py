"""Write the small checkpoint that tests run the engine `wan` with, in the official layout.

    python tools/make_tiny_wan.py tests/data/wan_tiny

Its weights are those of `random:tiny`, seed 0. The official names of the autoencoder's and of the
text encoder's weights are taken from the parity fixtures.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from s2v_render.engines.wan.weights.layouts.official import text_encoder_name, vae_name
from s2v_render.engines.wan.weights.parts import parts_of

_FIXTURES = Path(__file__).parents[1] / "tests/data/wan_s2v"
_HOST = torch.device("cpu")
_STEM = "diffusion_pytorch_model"
_T5 = "models_t5_umt5-xxl-enc-bf16.pth"


def main(folder: Path) -> None:
    """Write all parts."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = parts_of("random:tiny")
    config = {
        "_class_name": "WanModel_S2V",
        "model_type": "s2v",
        "enable_motioner": False,
        **asdict(parts.config),
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    _save_shards(parts.transformer(_HOST, torch.bfloat16).state_dict(), folder)
    text = parts.text_encoder(_HOST, torch.bfloat16)
    names = _names("6_text_encoder/t5_tiny.safetensors")
    torch.save(_official(text, names, text_encoder_name), folder / _T5)
    names = _names("4_vae/wan21_vae_tiny.safetensors")
    torch.save(_official(parts.vae(_HOST), names, vae_name), folder / "Wan2.1_VAE.pth")
    parts.tokenizer().save_pretrained(folder / "google/umt5-xxl")
    _save_speech(parts.speech(_HOST).network, folder / "wav2vec2-large-xlsr-53-english")
    parts.speech(_HOST).extractor.save_pretrained(folder / "wav2vec2-large-xlsr-53-english")


def _save_shards(weights: dict[str, Tensor], folder: Path) -> None:
    """Write two files and the index that says which weight is in which."""
    names = list(weights)
    index = {}
    for number, keys in enumerate((names[: len(names) // 2], names[len(names) // 2 :]), start=1):
        file = f"{_STEM}-{number:05}-of-00002.safetensors"
        _save({key: weights[key] for key in keys}, folder / file)
        index |= dict.fromkeys(keys, file)
    size = sum(weight.numel() * weight.element_size() for weight in weights.values())
    listing = {"metadata": {"total_size": size}, "weight_map": index}
    (folder / f"{_STEM}.safetensors.index.json").write_text(json.dumps(listing, indent=1) + "\n")


def _save(weights: dict[str, Tensor], file: Path) -> None:
    save_file(weights, file, {"format": "pt"})
    # It is written for its owner's eyes only.
    file.chmod(0o644)


def _save_speech(network: nn.Module, folder: Path) -> None:
    """Write a wav2vec2 model with a head that writes text, as the official folder has one."""
    config = network.config
    config.architectures = ["Wav2Vec2ForCTC"]
    config.save_pretrained(folder)
    weights = {f"wav2vec2.{key}": weight for key, weight in network.state_dict().items()}
    weights["lm_head.weight"] = torch.zeros(config.vocab_size, config.hidden_size)
    weights["lm_head.bias"] = torch.zeros(config.vocab_size)
    _save(weights, folder / "model.safetensors")


def _names(fixture: str) -> list[str]:
    with safe_open(_FIXTURES / fixture, framework="pt") as file:
        return list(file.keys())


def _official(
    network: nn.Module, names: Iterable[str], rename: Callable[[str], str]
) -> dict[str, Tensor]:
    """Return a network's weights by their official names."""
    weights = network.state_dict()
    return {name: weights[rename(name)].clone() for name in names}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
