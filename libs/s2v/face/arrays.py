"""Names for the arrays that the engine passes around."""

from typing import Any

import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.uint8]
"""A picture: uint8, shape [height, width, 3], red first."""

Pixels = npt.NDArray[np.uint8]
"""8-bit planes of any number of channels."""

Floats = npt.NDArray[np.floating[Any]]
"""Real numbers of either precision."""

Integers = npt.NDArray[np.intp]
"""Indices."""
