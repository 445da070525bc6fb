"""What is asked for in the founding document's words, in the words of an engine."""

import pytest

from s2v.api.common.v1 import finish_pb2
from s2v.api.gateway.v1 import job_pb2, system_service_pb2
from s2v.compat import LoadBalancer, S2VConfig
from s2v.compat.configuring import Configuration
from s2v.compat.wishes import Wishes, fitted, preset_for, wishes_of
from s2v.core.errors import InvalidInput, Reason
from s2v_render.engines.portrait.presets import PRESETS as PORTRAIT
from s2v_render.engines.wan.advising import ensure_fits
from s2v_render.engines.wan.memory import GIB, Demand, plan_memory
from s2v_render.engines.wan.model.config import S2VConfig as Shape
from s2v_render.engines.wan.presets import LEAST_AREA_PIXELS, STEP_PIXELS, offered_presets
from s2v_render.engines.wan.settings import LoraChoice, Offload


def engine(name: str, presets: tuple, **fields: object) -> system_service_pb2.Engine:
    listed = [system_service_pb2.Preset(name=preset.name) for preset in presets]
    rates = [16, 24, 25, 30]
    return system_service_pb2.Engine(
        name=f"engines/{name}", presets=listed, frame_rates=rates, **fields
    )


portrait = engine("portrait", PORTRAIT, side_step_pixels=2)
WAN = offered_presets([LoraChoice("distilled.safetensors", presets=("draft",))]).offered
wan = engine(
    "wan",
    WAN,
    side_step_pixels=STEP_PIXELS,
    directed=True,
    least_area_pixels=LEAST_AREA_PIXELS,
)


def asked(given: dict, of: system_service_pb2.Engine, prompt: str = "") -> job_pb2.JobSpec:
    wishes = wishes_of(prompt, given, S2VConfig.DEFAULT_VIDEO_PARAMS)
    return fitted(wishes, of, S2VConfig.QUALITY_PRESETS).spec


def size(spec: job_pb2.JobSpec) -> tuple[int, int]:
    return spec.width_pixels, spec.height_pixels


def test_what_is_not_said_is_as_the_document_has_it() -> None:
    spec = asked({}, portrait)
    assert (size(spec), spec.frame_rate, spec.preset) == ((640, 480), 30, "standard")
    assert not spec.HasField("finish")
    assert not spec.HasField("seed")


def test_a_quality_goes_before_the_default_size_and_a_size_before_the_quality() -> None:
    assert size(asked({"quality": "low"}, portrait)) == (320, 240)
    assert size(asked({"quality": "low", "width": 512, "height": 512}, portrait)) == (512, 512)
    assert size(asked({"quality": "high", "width": 640}, portrait)) == (640, 360)
    assert size(asked({"height": 720}, portrait)) == (960, 720)


def test_a_directed_engine_s_own_preset_has_its_own_size() -> None:
    spec = asked({"quality": "high", "guidance_scale": 3.5, "num_inference_steps": 20}, wan, "calm")
    assert (spec.preset, size(spec), spec.prompt) == ("high", (0, 0), "calm")
    assert (spec.sampling.guidance, spec.sampling.steps) == (3.5, 20)


@pytest.mark.parametrize(
    ("quality", "of_portrait", "of_wan"),
    [
        ("low", "draft", "low"),
        ("medium", "standard", "medium"),
        ("high", "high", "high"),
        ("ultra", "high", "ultra"),
        ("draft", "draft", "draft"),
    ],
)
def test_each_quality_has_a_preset_of_each_engine(
    quality: str, of_portrait: str, of_wan: str
) -> None:
    assert preset_for(quality, portrait) == of_portrait
    assert preset_for(quality, wan) == of_wan


def test_an_unknown_quality_is_refused_with_what_there_is() -> None:
    with pytest.raises(InvalidInput, match="low, medium, high, ultra, standard, draft") as caught:
        preset_for("best", portrait)
    assert (caught.value.reason, caught.value.field) == (Reason.PRESET_UNKNOWN, "quality")


def test_what_an_engine_does_not_take_is_left_out_and_told() -> None:
    wishes = Wishes(prompt="calm", guidance_scale=3.0, fps=31)
    found = fitted(wishes, portrait, S2VConfig.QUALITY_PRESETS)
    assert found.spec == job_pb2.JobSpec(engine="engines/portrait", frame_rate=30)
    assert found.notices == [
        "the film has 30 frames a second in place of 31",
        "the engine portrait takes no prompt; it is left out",
        "the engine portrait takes no guidance or steps; it is left out",
    ]


def test_a_side_that_no_engine_has_becomes_the_nearest() -> None:
    for of in (portrait, wan):
        found = fitted(Wishes(width=840, height=491), of, S2VConfig.QUALITY_PRESETS)
        assert found.notices == [
            "the height is 492 pixels in place of 491: the engine needs a multiple of 2"
        ]


@pytest.mark.parametrize(
    ("given", "rendered", "scaled"),
    [
        ({"quality": "low"}, (736, 560), (320, 240)),
        ({"quality": "medium"}, (736, 560), (640, 480)),
        ({"width": 320, "height": 240}, (736, 560), (320, 240)),
        ({"width": 860, "height": 500}, (864, 512), (860, 500)),
        ({"width": 1280, "height": 720}, (1280, 720), (0, 0)),
        ({"quality": "high"}, (0, 0), (0, 0)),
    ],
)
def test_what_is_too_small_for_an_engine_is_scaled_down_at_the_end(
    given: dict, rendered: tuple, scaled: tuple
) -> None:
    spec = asked({**given, "optimize_streaming": True}, wan)
    assert size(spec) == rendered
    assert (spec.finish.width_pixels, spec.finish.height_pixels) == scaled
    assert spec.finish.bits_per_second == 2_000_000


@pytest.mark.parametrize("enhance", ["enhance_quality", "enhance_frames"])
def test_enhancing_and_streaming_are_finishes(enhance: str) -> None:
    spec = asked({enhance: True, "optimize_streaming": True}, portrait)
    wanted = finish_pb2.Finish(denoise=True, sharpen=True, bits_per_second=2_000_000)
    assert spec.finish == wanted


@pytest.mark.parametrize(
    ("given", "problem"),
    [({"sharpness": 2}, "known are: enhance_frames"), ({"width": "640"}, "is '640', which is no")],
)
def test_a_parameter_that_is_not_known_or_of_another_type_is_refused(
    given: dict, problem: str
) -> None:
    with pytest.raises(InvalidInput, match=problem) as caught:
        wishes_of("", given, {})
    assert caught.value.field == next(iter(given))


def test_the_document_s_defaults_and_presets_are_there() -> None:
    assert S2VConfig is Configuration
    defaults = {"height": 480, "width": 640, "fps": 30, "quality": "medium"}
    assert dict(S2VConfig.DEFAULT_VIDEO_PARAMS) == defaults
    assert S2VConfig.GPU_CONFIG["min_memory_gb"] == 8
    assert S2VConfig.GPU_CONFIG["recommended_memory_gb"] == 16
    assert S2VConfig.RAY_CONFIG["object_store_memory"] == 2_000_000_000
    assert S2VConfig.QUALITY_PRESETS["low"]["num_inference_steps"] == 8


@pytest.mark.parametrize(
    ("gpus", "gib", "wanted"),
    [
        (0, 0, ("portrait", "none", 0)),
        (2, 8, ("portrait", "none", 0)),
        (2, 24, ("wan", "layers", 2)),
        (1, 48, ("wan", "parts", 1)),
        (8, 80, ("wan", "none", 8)),
    ],
)
def test_the_best_use_of_gpus_depends_on_their_memory(gpus: int, gib: float, wanted: tuple) -> None:
    best = S2VConfig.get_optimal_gpu_config(gpus, gib)
    assert (best["engine"], best["offload"], best["num_gpus"]) == wanted
    assert best["reason"]


def test_the_batch_size_follows_the_document_s_rule() -> None:
    sizes = [S2VConfig.get_optimal_gpu_config(1, gib)["batch_size"] for gib in (8, 12, 24, 80)]
    assert sizes == [1, 2, 4, 4]


@pytest.mark.parametrize("gib", [14, 44, 56])
def test_what_is_said_to_fit_into_a_gpu_fits(gib: int) -> None:
    offload = Offload(S2VConfig.get_optimal_gpu_config(1, gib)["offload"])
    demand = Demand(Shape(), 832, 480, offload=offload)
    ensure_fits(plan_memory(demand), available_bytes=gib * GIB)


@pytest.mark.parametrize(
    ("frames", "workers", "size"), [(150, 4, 38), (150, 1, 150), (150, 100, 25), (10, 4, 10)]
)
def test_pieces_are_as_long_as_all_workers_end_together(
    frames: int, workers: int, size: int
) -> None:
    assert LoadBalancer().suggest_optimal_chunk_size(frames, workers) == size


def test_workers_are_counted_where_their_number_is_not_given() -> None:
    class Monitor:
        def get_system_status(self) -> dict:
            return {"system_stats": {"worker_stats": {"worker-0": {}, "worker-1": {}}}}

    assert LoadBalancer(Monitor()).suggest_optimal_chunk_size(150) == 75
    assert LoadBalancer().suggest_optimal_chunk_size(150) == 150


@pytest.mark.parametrize(("frames", "workers"), [(0, 1), (10, 0)])
def test_pieces_of_nothing_or_for_nobody_are_refused(frames: int, workers: int) -> None:
    with pytest.raises(ValueError, match="needs frames and workers"):
        LoadBalancer().suggest_optimal_chunk_size(frames, workers)
