"""What stops the engine `wan`, at once: who waits goes away, or memory runs out."""

import gc
import threading
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from s2v.core.errors import Exhausted, Reason, S2VError
from s2v.core.ports import Size, Take, Working
from s2v_render.engines.wan.engine import WanEngine
from wan_takes import (
    CHECKPOINT,
    FEW_STEPS,
    TINY,
    Asked,
    film,
    small,
    spoken,
    stepping,
    write_reference,
)


@pytest.fixture(scope="module")
def engine() -> WanEngine:
    return WanEngine(TINY)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reference(tmp_path_factory.mktemp("reference") / "reference.png")


@pytest.fixture(scope="module")
def take(engine: WanEngine, reference: Path) -> Take:
    """A take of 5 frames: 4 model frames, sampled with the 3 before them in one window."""
    return spoken(small(engine, reference), 5)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(monkeypatch)


def test_closing_stops_within_one_step_and_leaves_nothing_behind(
    engine: WanEngine, take: Take, asked: Asked
) -> None:
    film(engine, take)
    asked.times, before = 0, tensors()
    items = engine.render(replace(take, sampling=replace(FEW_STEPS, steps=30)))
    stepping(items, asked)
    items.close()
    assert asked.times == 1
    assert tensors() == before


def test_a_take_can_be_left_while_weights_are_loaded_and_the_next_goes_on_from_there(
    take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    import s2v_render.engines.wan.weights.pausing as pausing
    import s2v_render.engines.wan.weights.reading as reading

    read: list[str] = []
    check = reading._check
    monkeypatch.setattr(
        reading, "_check", lambda *given, part: read.append(part) or check(*given, part=part)
    )
    monkeypatch.setattr(pausing, "_PAUSE_BYTES", 1)
    engine = WanEngine(replace(TINY, checkpoint=str(CHECKPOINT)))
    items = engine.render(take)
    while not read:
        next(items)
    for _ in range(3):
        assert next(items) == Working()
    items.close()
    assert read == ["transformer"]
    assert film(engine, take).shape == (5, 64, 64, 3)
    assert read == ["transformer", "text encoder", "video autoencoder", "speech model"]


def test_loading_for_other_loras_ends_what_was_begun(
    take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    import s2v_render.engines.wan.weights.pausing as pausing

    monkeypatch.setattr(pausing, "_PAUSE_BYTES", 1)
    engine = WanEngine(TINY)
    items = engine._loaded("low")
    next(items)
    items.close()
    begun = engine._loading
    assert begun is not None
    monkeypatch.setattr(engine, "_loras_for", lambda preset: ["another"])
    monkeypatch.setattr(engine, "_load", lambda: "models")
    assert engine.load("low") == "models"
    assert begun.go_on()


def test_loading_that_is_left_leaves_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    import s2v_render.engines.wan.weights.pausing as pausing
    from s2v_render.engines.wan.weights.loading import load_models

    def at_work() -> list[str]:
        names = [thread.name for thread in threading.enumerate()]
        return [name for name in names if name.startswith(("course", "reader", "imports"))]

    monkeypatch.setattr(pausing, "_PAUSE_BYTES", 1)
    device = torch.device("cpu")
    loading = pausing.Course(
        lambda: load_models(str(CHECKPOINT), device=device, dtype=torch.float32)
    )
    assert not loading.go_on()
    assert any(name.startswith("reader") for name in at_work())
    loading.leave()
    assert not [name for name in at_work() if not name.startswith("course")]


def test_a_take_can_be_left_while_a_window_is_decoded(
    engine: WanEngine, take: Take, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    from s2v_render.engines.wan.model.vae import DecodingStream

    decoded: list[int] = []
    piece = DecodingStream._decoded
    monkeypatch.setattr(
        DecodingStream, "_decoded", lambda self, part: decoded.append(1) or piece(self, part)
    )
    items = engine.render(take)
    stepping(items, asked)
    while len(decoded) < 3:
        assert next(items) == Working()
    items.close()
    assert len(decoded) == 3


def tensors() -> int:
    gc.collect()
    return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())


def test_memory_that_runs_out_is_a_typed_error_with_advice_and_frees_everything(
    engine: WanEngine, take: Take, asked: Asked
) -> None:
    film(engine, take)
    before = tensors()
    asked.times, asked.short_of_memory_at = 0, 2
    with pytest.raises(Exhausted) as found:
        film(engine, replace(take, sampling=replace(FEW_STEPS, steps=3)))
    error: S2VError = found.value
    assert error.reason is Reason.DEVICE_MEMORY_EXCEEDED
    assert "64x64" in error.message
    assert "Tried to allocate 12.00 GiB." in error.message
    assert "no film would fit as this server is set up" in error.message
    assert "More of it" not in error.message
    assert tensors() == before
    assert len(film(engine, take)) == 5


def test_what_does_not_fit_is_refused_before_anything_is_loaded(
    take: Take, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    import s2v_render.engines.wan.engine as module

    engine = WanEngine(replace(TINY, checkpoint="random:14B"))
    monkeypatch.setattr(module, "_available_bytes", lambda device: 24 * 2**30)
    with pytest.raises(Exhausted, match=r"needs .* GiB of device memory, and 24\.00 GiB") as found:
        film(engine, replace(take, size=Size(1280, 704)))
    assert found.value.reason is Reason.DEVICE_MEMORY_EXCEEDED
    assert "no film would fit" in found.value.message
    assert not asked.times
