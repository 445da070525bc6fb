import pytest

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from s2v_render.engines.wan.model.config import S2VConfig, read_config
from s2v_render.engines.wan.model.layers import FramePacker
from s2v_render.engines.wan.model.rope import positions, rotations, spread
from s2v_render.engines.wan.model.transformer import S2VTransformer, injectors, sinusoid
from s2v_render.engines.wan.ops.plain import rotate
from s2v_render.engines.wan.weights.layouts.diffusers import transformer_name
from wan_builders import diffusers_name

SMALL = S2VConfig(
    dim=24,
    ffn_dim=40,
    num_heads=2,
    num_layers=3,
    freq_dim=16,
    text_dim=12,
    text_len=8,
    audio_dim=6,
    audio_inject_layers=(0, 2),
)


def built(**changes: object) -> S2VTransformer:
    torch.manual_seed(3)
    values = {field: getattr(SMALL, field) for field in SMALL.__slots__} | changes
    return S2VTransformer(S2VConfig(**values)).eval().requires_grad_(False)


def velocity(model: S2VTransformer, *, frames: int = 2, newest_motion: int = 2, pose: bool = True):
    drawn = torch.Generator().manual_seed(5)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=drawn)

    config = model.config
    scene = model.encode_scene(
        random(1, 16, 1, 8, 8),
        frames=frames,
        motion_BCTYX=random(1, 16, 19, 8, 8),
        pose_BCTYX=random(1, 16, frames, 8, 8) if pose and config.cond_dim else None,
        newest_motion=newest_motion,
    )
    return model(
        random(1, 16, frames, 8, 8),
        torch.tensor([700]),
        scene=scene,
        text=model.encode_text([random(5, config.text_dim)]),
        sound=model.encode_sound(
            random(1, 25, config.audio_dim, 4 * frames), motion_frames=(73, 19)
        ),
    )


def test_the_default_configuration_is_the_14b_model() -> None:
    with torch.device("meta"):
        weights = S2VTransformer(S2VConfig()).state_dict()
    assert len(weights) == 1260
    assert sum(weight.numel() for weight in weights.values()) == 16_295_755_609
    shapes = {name: tuple(weight.shape) for name, weight in weights.items()}
    assert shapes["blocks.39.modulation"] == (1, 6, 5120)
    assert shapes["casual_audio_encoder.encoder.conv1_local.conv.weight"] == (5120, 1024, 3)
    assert shapes["audio_injector.injector_adain_layers.11.linear.weight"] == (10240, 5120)
    assert shapes["frame_packer.proj_4x.weight"] == (5120, 16, 4, 8, 8)
    assert shapes["head.head.weight"] == (64, 5120)


def test_every_weight_has_one_name_in_each_layout_and_comes_back() -> None:
    with torch.device("meta"):
        names = list(S2VTransformer(S2VConfig()).state_dict())
    foreign = [diffusers_name(name) for name in names]
    assert len(set(foreign)) == len(names)
    assert [transformer_name(name) for name in foreign] == names
    assert "blocks.7.attn1.to_out.0.weight" in foreign
    assert "blocks.7.norm2.bias" in foreign
    assert "condition_embedder.time_proj.weight" in foreign


def test_official_names_are_understood_where_diffusers_ones_are() -> None:
    name = "blocks.3.self_attn.norm_q.weight"
    assert transformer_name(name) == name


@pytest.mark.parametrize(
    "changes",
    [
        {"enable_adain": False},
        {"adain_mode": "other"},
        {"zero_timestep": False},
        {"add_last_motion": False},
        {"framepack_drop_mode": "drop"},
        {"enable_framepack": False},
        {"num_audio_token": 2},
        {"cond_dim": 0},
        {"qk_norm": False},
        {"cross_attn_norm": False},
        {"audio_inject_layers": (1,)},
        {"eps": 1e-2},
    ],
    ids=str,
)
def test_every_constructor_argument_changes_what_the_model_says(changes: dict[str, object]) -> None:
    usual, changed = built(), built(**changes)
    shared = usual.state_dict()
    for name, weight in changed.state_dict().items():
        if name in shared and shared[name].shape == weight.shape:
            weight.copy_(shared[name])
    newest = 1 if "framepack_drop_mode" in changes else 2
    other = velocity(changed, newest_motion=newest)
    assert other.shape == (1, 16, 2, 8, 8)
    assert torch.isfinite(other).all()
    assert not torch.allclose(other, velocity(usual, newest_motion=newest), atol=1e-6)


def test_a_blank_pose_is_one_of_zeros() -> None:
    model = built()
    reference = torch.zeros(1, 16, 1, 8, 8)
    blank = model.encode_scene(reference, frames=2)
    zeros = model.encode_scene(reference, frames=2, pose_BCTYX=torch.zeros(1, 16, 2, 8, 8))
    assert torch.allclose(blank.added_BSD.expand_as(zeros.added_BSD), zeros.added_BSD)


@pytest.mark.parametrize(
    ("mode", "newest", "lengths"),
    [("padd", 0, 24), ("padd", 2, 24), ("drop", 2, 24), ("drop", 1, 8), ("drop", 0, 4)],
)
def test_packed_motion_has_as_many_places_as_tokens(mode: str, newest: int, lengths: int) -> None:
    packer = built(framepack_drop_mode=mode).frame_packer
    tokens = packer(torch.ones(1, 16, 19, 8, 8), newest=newest)
    assert tokens.shape[1] == len(packer.positions(4, 4, newest=newest)) == lengths


def test_hidden_motion_is_as_if_it_had_never_been() -> None:
    packer: FramePacker = built().frame_packer
    motion = torch.randn(1, 16, 19, 8, 8)
    blanked = motion.clone()
    blanked[:, :, -3:] = 0
    assert torch.equal(packer(motion, newest=0), packer(blanked))


def test_a_block_in_the_list_takes_the_last_injector_of_all_whose_numbers_start_like_it() -> None:
    assert injectors((0, 4, 8), 12) == ({0: 0, 4: 1, 8: 2}, 3)
    assert injectors((0, 1), 12) == ({0: 0, 1: 3}, 4)


def test_waves_start_with_cosines_of_the_slowest_change_last() -> None:
    waves = sinusoid(torch.tensor([0, 3]), 8)
    assert waves[0].tolist() == [1, 1, 1, 1, 0, 0, 0, 0]
    assert waves[1, 0].item() == pytest.approx(-0.98999, abs=1e-5)
    assert waves[1, 4].item() == pytest.approx(0.14112, abs=1e-5)


def test_places_are_spread_from_end_to_end_and_rounded_down() -> None:
    assert spread(3, 6) == [0, 2, 5]
    assert spread(1, 6) == [0]
    assert positions([-3], [0, 1], [5, 7]).tolist() == [
        [-3, 0, 5],
        [-3, 0, 7],
        [-3, 1, 5],
        [-3, 1, 7],
    ]


def test_turning_to_a_negative_place_undoes_the_turn_to_the_positive_one() -> None:
    there = rotations(positions([3], [2], [1]), 24, device=torch.device("cpu"))
    back = rotations(-positions([3], [2], [1]), 24, device=torch.device("cpu"))
    vectors = torch.randn(1, 1, 2, 24)
    turned = rotate(vectors, there)
    assert not torch.allclose(turned, vectors)
    assert torch.allclose(rotate(turned, back), vectors, atol=1e-6)


def test_a_checkpoint_of_another_kind_is_named_with_what_was_expected() -> None:
    with pytest.raises(ValueError, match="model_type is 't2v', but this engine needs 's2v'"):
        read_config({"model_type": "t2v"})
    with pytest.raises(ValueError, match="enable_motioner is True"):
        read_config({"enable_motioner": True})
    with pytest.raises(ValueError, match="dim 10 does not divide into 4 heads"):
        read_config({"dim": 10, "num_heads": 4})


def test_a_configuration_file_may_hold_what_does_not_shape_the_network() -> None:
    config = read_config({"_class_name": "WanModel_S2V", "zero_init": True, "dim": 80})
    assert (config.dim, config.num_layers) == (80, 40)
    assert read_config({"audio_inject_layers": [0, 2]}).audio_inject_layers == (0, 2)
