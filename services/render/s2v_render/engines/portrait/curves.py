"""Smooth curves through the mesh's points along lips and lids."""

import numpy as np

from s2v.face.arrays import Floats

_STEPS = 5


def spline_matrix(count: int) -> Floats:
    """Return the Catmull-Rom map [5 * (count - 1) + 1, count] from points to a dense curve."""
    rows = []
    for index in range(count - 1):
        for t in np.arange(_STEPS) / _STEPS:
            weights = (
                0.5 * (-t + 2 * t**2 - t**3),
                0.5 * (2 - 5 * t**2 + 3 * t**3),
                0.5 * (t + 4 * t**2 - 3 * t**3),
                0.5 * (-(t**2) + t**3),
            )
            row = np.zeros(count)
            for offset, weight in enumerate(weights, start=index - 1):
                row[min(max(offset, 0), count - 1)] += weight
            rows.append(row)
    end = np.zeros(count)
    end[-1] = 1
    return np.array([*rows, end])


def height_at(curve: Floats, x: Floats) -> Floats:
    """Return y over x of a curve [n, 2], continued in a straight line past both of its ends."""
    order = np.argsort(curve[:, 0], kind="stable")
    ends = curve[order]
    first, last = ends[0], ends[-1]
    slope = (last[1] - first[1]) / max(last[0] - first[0], 1e-6)
    y = np.interp(x, ends[:, 0], ends[:, 1])
    beyond = np.minimum(x - first[0], 0) + np.maximum(x - last[0], 0)
    continued: Floats = y + slope * beyond
    return continued
