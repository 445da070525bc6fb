"""What a film will need of a device, against what devices showed, and what fits instead."""

from dataclasses import replace

import pytest

from s2v.core.errors import Exhausted, NotReady, Reason
from s2v_render.engines.wan.advising import (
    advice,
    ensure_fits,
    ensure_host_holds,
    fitting,
    offload_that_fits,
)
from s2v_render.engines.wan.memory import (
    GIB,
    RANK_BYTES,
    Amount,
    Demand,
    MemoryPlan,
    PartSizes,
    plan_memory,
    tokens,
)
from s2v_render.engines.wan.model.config import S2VConfig
from s2v_render.engines.wan.presets import LEAST_AREA_PIXELS
from s2v_render.engines.wan.settings import Offload

SMALL = Demand(S2VConfig(), width=832, height=480)
LARGE = Demand(S2VConfig(), width=1280, height=704)


def stage(planned: MemoryPlan, name: str) -> float:
    return next(each.size_bytes for each in planned.stages if each.name == name) / GIB


def weights(planned: MemoryPlan, name: str) -> Amount:
    return next(each for each in planned.weights if each.name == name)


@pytest.mark.parametrize(
    ("demand", "count"),
    [
        (SMALL, 35_074),
        (LARGE, 79_200),
        (Demand(S2VConfig(), width=640, height=1088), 61_200),
        (Demand(S2VConfig(), width=832, height=448), 32_760),
    ],
    ids=str,
)
def test_tokens_are_counted_as_the_model_makes_them(demand: Demand, count: int) -> None:
    assert sum(tokens(demand)) == count


@pytest.mark.parametrize(
    ("demand", "denoising", "decoding", "encoding"),
    [
        # Peaks above what was resident, GiB, of one forward and of the autoencoder on an H200.
        (SMALL, 5.617 + 0.138, 8.74, 6.73),
        (LARGE, 12.677 + 0.253, 19.71, 15.17),
        (replace(SMALL, frames=48), 3.593 + 0.113, 8.4, 6.73),
    ],
    ids=str,
)
def test_stages_are_what_a_device_showed(
    demand: Demand, denoising: float, decoding: float, encoding: float
) -> None:
    streamed = replace(demand, offload=Offload.PARTS, guided=False, vae_bytes=4)
    planned = plan_memory(streamed)
    text = 40 * 2 * 512 * 5120 * 2 / GIB
    history = demand.pixels * 12 * 73 / GIB
    film = demand.pixels * 12 * demand.frames / GIB
    past = demand.pixels * 96 * 99 / GIB
    assert stage(planned, "denoising") - text - history == pytest.approx(denoising, rel=0.02)
    assert stage(planned, "decoding") - text - history == pytest.approx(decoding, rel=0.02)
    alone = stage(planned, "encoding motion") - text - history - film - past
    assert alone == pytest.approx(encoding, rel=0.02)


def test_an_autoencoder_in_bf16_is_what_a_device_showed() -> None:
    """Peaks of `wan_h200_2026-11-28.json`, less what was resident besides, in GiB."""
    planned = plan_memory(replace(SMALL, offload=Offload.PARTS, guided=False))
    text, history = 40 * 2 * 512 * 5120 * 2 / GIB, SMALL.pixels * 12 * 73 / GIB
    resident = (2 * 16_295_755_609 + (4 + 2) * 126_892_531) / GIB
    compared = SMALL.pixels * 12 * (73 + 77) / GIB
    decoding = stage(planned, "decoding") - text - history
    assert decoding + resident + compared == pytest.approx(37.04, rel=0.01)
    both = (2 * 16_295_755_609 + 12_582_912_000 + 2 * 5_680_910_336 + 4 * 315_438_720) / GIB
    both += 2 * 126_892_531 / GIB
    assert stage(planned, "encoding motion") + both == pytest.approx(61.67, rel=0.01)


def test_weights_are_those_of_the_published_model() -> None:
    planned = plan_memory(LARGE)
    assert weights(planned, "transformer").size_bytes == 2 * 16_295_755_609
    assert planned.resident_bytes / GIB == pytest.approx(42.66 - 0.24, abs=0.2)
    assert plan_memory(replace(LARGE, weight_bytes=4)).resident_bytes > 1.9 * planned.resident_bytes


def test_what_is_offloaded_lies_on_the_host() -> None:
    whole, parts, layers = (plan_memory(replace(LARGE, offload=offload)) for offload in Offload)
    assert all(part.on_device for part in whole.weights)
    assert not weights(parts, "text encoder").on_device
    assert weights(parts, "transformer").on_device
    assert layers.resident_bytes == 0
    assert whole.peak_bytes > parts.peak_bytes > layers.peak_bytes


def test_the_larger_film_needs_more_in_every_stage_that_sees_it() -> None:
    small, large = plan_memory(SMALL), plan_memory(LARGE)
    assert small.peak_bytes < large.peak_bytes
    assert plan_memory(replace(LARGE, frames=48)).peak_bytes < large.peak_bytes
    assert plan_memory(replace(LARGE, guided=False)).peak_bytes < large.peak_bytes


def test_a_small_model_needs_little() -> None:
    config = S2VConfig(dim=48, ffn_dim=112, num_heads=2, num_layers=4, text_dim=48, audio_dim=32)
    parts = PartSizes(434_781, 52_720, 243_583, 167_000, embedding=15_360, vae_width=4)
    assert plan_memory(Demand(config, 64, 64, parts=parts)).peak_bytes < 2 * GIB


def test_the_table_says_all_numbers() -> None:
    table = plan_memory(replace(SMALL, offload=Offload.PARTS)).table()
    assert table.startswith("832x480 pixels, windows of 80 frames, offload=parts\n")
    assert "transformer                          30.35 GiB\n" in table
    assert "text encoder                         10.58 GiB  on the host\n" in table
    assert "while denoising" in table
    peak, host = table.splitlines()[-2:]
    assert peak.split()[:4] == ["peak", "on", "the", "device"]
    assert host.split()[:3] == ["on", "the", "host"]


@pytest.mark.parametrize("gib", [80, 141])
def test_a_large_card_takes_the_large_film(gib: int) -> None:
    ensure_fits(plan_memory(LARGE), available_bytes=gib * GIB)


@pytest.mark.parametrize(
    ("offload", "gib"),
    [(Offload.NONE, 61), (Offload.NONE, 52), (Offload.PARTS, 40), (Offload.LAYERS, 10)],
)
def test_what_is_refused_comes_with_what_fits_and_that_does_fit(offload: Offload, gib: int) -> None:
    planned = plan_memory(replace(LARGE, offload=offload))
    with pytest.raises(Exhausted) as refused:
        ensure_fits(planned, available_bytes=gib * GIB)
    assert refused.value.reason is Reason.DEVICE_MEMORY_EXCEEDED
    assert refused.value.field == "spec.width_pixels"
    assert f"{gib}.00 GiB can be had" in refused.value.message
    found = fitting(planned, available_bytes=gib * GIB)
    assert found
    for other in found:
        ensure_fits(other, available_bytes=gib * GIB)
        assert other.demand.offload is offload
        assert other.demand.width % 16 == other.demand.height % 16 == 0
    assert "offload=" not in refused.value.message.partition("what fits")[2]


def test_only_what_a_request_can_choose_is_advised() -> None:
    planned = plan_memory(LARGE)
    found = offload_that_fits(planned, available_bytes=50 * GIB)
    assert found is Offload.PARTS
    assert offload_that_fits(planned, available_bytes=GIB) is None
    told = advice(planned, 61 * GIB)
    assert "offload" not in told
    assert "sampling.window_frames" in told


def test_where_nothing_fits_nothing_is_promised() -> None:
    assert fitting(plan_memory(LARGE), available_bytes=GIB // 2) == ()
    assert "no film would fit" in advice(plan_memory(LARGE), GIB // 2)


def test_what_is_advised_is_no_picture_that_the_model_was_not_taught() -> None:
    planned = plan_memory(replace(LARGE, offload=Offload.LAYERS))
    for gib in (8, 9, 10, 11, 12):
        for other in fitting(planned, available_bytes=gib * GIB):
            assert other.demand.pixels >= LEAST_AREA_PIXELS
            assert other.demand.frames >= 32


def test_the_host_s_memory_is_planned_where_weights_lie_there() -> None:
    none, parts, layers = (plan_memory(replace(LARGE, offload=offload)) for offload in Offload)
    assert none.host_bytes == 0
    ensure_host_holds(none, available_bytes=0)
    # Pinned pieces that the 14B model's parts take: 31, 11, 1 and 2 GiB; 4 are the program's own.
    remembered = LARGE.pixels * 96 * 58
    assert layers.host_bytes == (45 + 4) * GIB + remembered
    assert parts.host_bytes == (14 + 4) * GIB + remembered
    with pytest.raises(
        NotReady, match=r"S2V_RENDER_WAN_OFFLOAD is layers.*set it to parts or none"
    ):
        ensure_host_holds(layers, available_bytes=32 * GIB)
    ensure_host_holds(parts, available_bytes=32 * GIB)


@pytest.mark.parametrize(("demand", "peak"), [(SMALL, 33.403), (LARGE, 36.567)], ids=str)
def test_a_rank_that_shares_tokens_is_what_two_devices_showed(demand: Demand, peak: float) -> None:
    """Peaks of a forward in `wan-ranks_h200-x2_2026-11-29.json`, where the text lay beside it."""
    planned = plan_memory(replace(demand, guided=False, offload=Offload.PARTS, ranks=2))
    transformer, history = 2 * 16_295_755_609 / GIB, demand.pixels * 12 * 73 / GIB
    shown = peak - transformer
    assert shown < stage(planned, "denoising") - history < 1.05 * shown


def test_a_rank_with_a_side_of_the_guidance_has_all_tokens() -> None:
    alone = plan_memory(replace(SMALL, offload=Offload.PARTS))
    halves = plan_memory(replace(SMALL, offload=Offload.PARTS, ranks=2))
    assert stage(halves, "denoising") == stage(alone, "denoising")
    assert stage(halves, "decoding") < stage(alone, "decoding")


def test_more_ranks_need_less_each_beside_their_weights() -> None:
    plans = [plan_memory(replace(LARGE, guided=False, ranks=ranks)) for ranks in (1, 2, 4, 8)]
    for name in ("denoising", "decoding", "encoding motion"):
        needed = [stage(each, name) for each in plans]
        assert needed == sorted(needed, reverse=True)
        assert len(set(needed)) == 4
    assert all(each.weights == plans[0].weights for each in plans)
    held = [each.resident_bytes - plans[0].resident_bytes for each in plans]
    assert held == [0, RANK_BYTES, RANK_BYTES, RANK_BYTES]


def test_a_strip_is_planned_with_what_it_has_of_its_neighbours() -> None:
    alone, four = (plan_memory(replace(SMALL, ranks=ranks)) for ranks in (1, 4))
    frames = 2 * 12 * 80 * SMALL.pixels / GIB
    others = (40 * 2 * 512 * 5120 * 2 * 2 + SMALL.pixels * 12 * 73) / GIB
    whole, strip = (stage(each, "decoding") - frames - others for each in (alone, four))
    assert strip / whole == pytest.approx((832 / 4 + 2 * 7) / 832 * (130 + 16) / 130)


def test_the_table_of_a_rank_says_how_many_there_are() -> None:
    table = plan_memory(replace(SMALL, guided=False, ranks=3)).table()
    assert table.startswith("832x480 pixels, windows of 80 frames, offload=none, 2 ranks\n")
    assert "ways to the other ranks               2.64 GiB\n" in table


def test_every_rank_takes_of_the_host_s_memory() -> None:
    two = plan_memory(replace(LARGE, offload=Offload.LAYERS, ranks=2))
    alone = plan_memory(replace(LARGE, offload=Offload.LAYERS))
    remembered = (1280 // 2 + 7) * 704 * 96 * 58
    assert two.host_bytes == 2 * ((45 + 4) * GIB + remembered)
    # A third has no part in any film, as three do not divide the heads.
    assert plan_memory(replace(two.demand, ranks=3)).host_bytes == two.host_bytes
    with pytest.raises(
        NotReady, match=r"set it to parts or none, or S2V_RENDER_RANKS to 1, or give"
    ):
        ensure_host_holds(two, available_bytes=alone.host_bytes)
    with pytest.raises(NotReady, match=r"set it to none, or give"):
        ensure_host_holds(two, available_bytes=20 * GIB)


def test_no_request_is_told_of_ranks_that_it_cannot_choose() -> None:
    planned = plan_memory(replace(LARGE, guided=False, ranks=2))
    found = fitting(planned, available_bytes=52 * GIB)
    assert found
    assert all(other.demand.ranks == 2 for other in found)
    assert "rank" not in advice(planned, 52 * GIB)
