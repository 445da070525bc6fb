"""A photo keeps its proportions, whatever size the film has."""

import numpy as np
import pytest

from s2v.core.ports import Size
from s2v_render.engines.reference.fitting import fitted, own_size


@pytest.mark.parametrize(
    ("photo", "film"),
    [
        (Size(512, 512), Size(512, 512)),
        (Size(641, 481), Size(640, 480)),
        (Size(4000, 3000), Size(1440, 1080)),
        (Size(3000, 4000), Size(1080, 1440)),
        (Size(3840, 2160), Size(1920, 1080)),
        (Size(2160, 3840), Size(1080, 1920)),
        (Size(3000, 3000), Size(1080, 1080)),
        (Size(1, 1), Size(2, 2)),
    ],
)
def test_a_photo_of_its_own_size_is_even_and_never_larger(photo: Size, film: Size) -> None:
    size = own_size(photo)
    assert abs(size.width - film.width) <= 2
    assert abs(size.height - film.height) <= 2
    assert size.width % 2 == size.height % 2 == 0


def test_an_even_photo_is_kept_as_it_is() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    assert np.array_equal(fitted(photo, None), photo)


def test_an_odd_photo_loses_a_row_and_a_column_and_nothing_else() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (49, 65, 3), np.uint8)
    assert np.array_equal(fitted(photo, None), photo[:48, :64])


def test_a_circle_stays_a_circle_in_a_film_of_another_shape() -> None:
    y, x = np.mgrid[0:300, 0:400]
    disc = ((x - 200) ** 2 + (y - 150) ** 2 < 40**2).astype(np.uint8) * 255
    photo = np.dstack([disc] * 3)
    for size in (Size(200, 200), Size(600, 300), Size(150, 400)):
        out = fitted(photo, size)[..., 0] > 127
        assert out.shape == (size.height, size.width)
        assert abs(int(out.any(0).sum()) - int(out.any(1).sum())) <= 2
        assert out[size.height // 2, size.width // 2]
