"""Sizes and fitting against what the official code computed, and the engine's own fitting."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from safetensors.torch import load_file

from s2v_render.engines.wan.takes.pictures import fit, official_fit, pixels_of
from wan_builders import official_size

HERE = Path(__file__).parents[1] / "data/wan_s2v"
FIXTURES = Path(os.environ.get("S2V_WAN_FIXTURES", HERE)) / "7_size_selection"
SIZES: list[dict[str, Any]] = json.loads((FIXTURES / "size_table.json").read_text())
PICTURES: dict[str, dict[str, Any]] = json.loads((FIXTURES / "preprocess.json").read_text())


@pytest.mark.parametrize(
    "row", SIZES, ids=lambda r: f"{r['image_w']}x{r['image_h']}@{r['max_area']}"
)
def test_the_size_is_the_official_one(row: dict[str, Any]) -> None:
    height, width, wanted = row["image_h"], row["image_w"], tuple(row["out_hw"])
    found = official_size(height, width, area=row["max_area"])
    assert found == wanted if all(wanted) else not all(found)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_fitted_pixel_by_pixel_as_the_official_code_fits_it(name: str) -> None:
    wanted = load_file(FIXTURES / "preprocess.safetensors")[f"{name}.ref_image_uint8"]
    with Image.open(FIXTURES / f"{name}.png") as file:
        picture = file.convert("RGB")
    size = official_size(picture.height, picture.width, area=PICTURES[name]["max_area"])
    assert list(size) == PICTURES[name]["out_hw"]
    fitted = official_fit(picture, height=size[0], width=size[1])
    assert np.array_equal(np.array(fitted).transpose(2, 0, 1), wanted.numpy())


@pytest.mark.parametrize("size", [(64, 128), (128, 64), (64, 64), (832, 448)])
@pytest.mark.parametrize("shape", [(77, 120), (90, 60), (1000, 64), (33, 33)])
def test_our_own_fitting_leaves_no_bars(size: tuple[int, int], shape: tuple[int, int]) -> None:
    white = Image.new("RGB", (shape[1], shape[0]), "white")
    fitted = fit(white, height=size[0], width=size[1])
    assert (fitted.height, fitted.width) == size
    assert np.array(fitted).min() == 255


def test_pixels_span_minus_one_to_one() -> None:
    picture = Image.fromarray(np.array([[[0, 255, 51]]], np.uint8))
    pixels = pixels_of(picture)
    assert pixels.shape == (1, 3, 1, 1, 1)
    assert pixels.flatten().tolist() == pytest.approx([-1, 1, -0.6])
