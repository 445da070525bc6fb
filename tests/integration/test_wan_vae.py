"""The video autoencoder against what the official one computed."""

import json
import os
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from safetensors.torch import load_file

from s2v_render.engines.wan.memory import DECODING_REACH, ENCODING_REACH
from s2v_render.engines.wan.model.vae import Vae
from s2v_render.engines.wan.sharding.strips import decoding_stages, encoding_stages
from s2v_render.engines.wan.weights.fast import fastest_vae
from wan_builders import build_vae

HERE = Path(__file__).parents[1] / "data/wan_s2v"
FIXTURES = Path(os.environ.get("S2V_WAN_FIXTURES", HERE)) / "4_vae"
CASES = load_file(FIXTURES / "cases.safetensors")
ENCODED = sorted(n.split(".")[0] for n in CASES if n.startswith("enc") and n.endswith(".video"))
DECODED = sorted(n.split(".")[0] for n in CASES if n.startswith("dec") and n.endswith(".video"))


@pytest.fixture(scope="module", params=["as published", "as on a processor"])
def vae(request: pytest.FixtureRequest) -> Vae:
    weights = load_file(next(FIXTURES.glob("wan21_vae*.safetensors")))
    config = json.loads((FIXTURES / "config.json").read_text())
    network = build_vae({name: weight.float() for name, weight in weights.items()}, config)
    if request.param == "as published":
        return Vae(network)
    return fastest_vae(network, torch.device("cpu"))


@pytest.mark.parametrize("name", ENCODED)
def test_latents_are_the_official_ones(vae: Vae, name: str) -> None:
    latents = vae.encode(CASES[f"{name}.video"].float()[None])[0]
    assert latents.shape == CASES[f"{name}.latents"].shape
    assert (latents - CASES[f"{name}.latents"]).abs().max() < 1e-4


@pytest.mark.parametrize("name", DECODED)
def test_pixels_are_the_official_ones(vae: Vae, name: str) -> None:
    pixels = vae.decode(CASES[f"{name}.latents"].float()[None])[0]
    wanted = CASES[f"{name}.video"]
    rounding = 1e-3 if wanted.dtype == torch.float16 else 1e-4
    assert pixels.shape == wanted.shape
    assert (pixels - wanted.float()).abs().max() < rounding


def test_a_processor_norms_as_was_published() -> None:
    from diffusers.models.autoencoders.autoencoder_kl_wan import WanRMS_norm

    from s2v_render.engines.wan.ops.norming import SummedNorm

    published = WanRMS_norm(6, images=False)
    torch.nn.init.normal_(published.gamma)
    video = torch.randn(2, 6, 3, 5, 4, generator=torch.Generator().manual_seed(1))
    video[:, :, 1] = 0
    assert torch.allclose(SummedNorm(published)(video), published(video), atol=1e-6)


def test_a_video_decoded_in_pieces_is_the_video_decoded_whole(vae: Vae) -> None:
    latents = torch.randn(1, 16, 5, 2, 3, generator=torch.Generator().manual_seed(1))
    stream = vae.stream()
    pieces = [stream.decode(piece) for piece in latents.split([2, 1, 2], dim=2)]
    assert [piece.shape[2] for piece in pieces] == [5, 4, 8]
    assert torch.allclose(torch.cat(pieces, dim=2), vae.decode(latents), atol=1e-5)


def test_pixels_stay_within_their_range(vae: Vae) -> None:
    pixels = vae.decode(torch.full((1, 16, 1, 2, 2), 30.0))
    assert pixels.abs().max() <= 1


def test_strips_are_as_wide_as_memory_is_planned_for(vae: Vae) -> None:
    assert decoding_stages(vae.network.decoder)[-1].reach == DECODING_REACH
    assert encoding_stages(vae.network.encoder)[0].reach == ENCODING_REACH
