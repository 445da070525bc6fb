"""The regularised thin-plate spline (Bookstein, 1989): how a plate bends that points hold."""

import cv2
import numpy as np

from s2v.face.arrays import Floats


def plate_system(controls: Floats, smoothing: float) -> Floats:
    """Return the linear system [points + 3, points + 3] of a plate held at controls [points, 2].

    Its last three rows and columns belong to the plate's tilt; `smoothing`, from 0, lets it pass
    beside the points.
    """
    count = len(controls)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = bending(controls, controls) + smoothing * np.eye(count)
    system[:count, count:] = np.c_[np.ones(count), controls]
    system[count:, :count] = system[:count, count:].T
    return system


def bending(a: Floats, b: Floats) -> Floats:
    """Return r^2 log r of the distances of points a [n, 2] from points b [m, 2], [n, m]."""
    squared = (a[:, :1] - b[:, 0]) ** 2
    squared += (a[:, 1:] - b[:, 1]) ** 2
    bent: Floats = cv2.log(np.maximum(squared, 1e-12))
    bent *= squared
    bent *= 0.5
    return bent
