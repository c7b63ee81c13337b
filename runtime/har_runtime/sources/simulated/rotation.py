"""Rotations as vectors: along the axis, as long as the angle in radians, right-handed."""

import math

import numpy as np
from numpy.typing import NDArray


def matrix(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix of a rotation vector, shape (3, 3).

    >>> (matrix(np.array([0.0, 0.0, math.pi / 2])) @ [1.0, 0.0, 0.0]).round(9).tolist()
    [0.0, 1.0, 0.0]
    """
    angle = float(np.linalg.norm(rotation))
    x, y, z = rotation
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    # Rodrigues' formula; sinc keeps it exact for no turn at all.
    half = float(np.sinc(angle / 2 / np.pi))
    return np.eye(3) + float(np.sinc(angle / np.pi)) * cross + half * half / 2 * cross @ cross


def smallest(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smallest rotation from one direction to another, shape (3,).

    Between opposite directions it is half a turn about that of x, y and z which is most square to them.
    """
    start, end = start / np.linalg.norm(start), end / np.linalg.norm(end)
    axis = np.cross(start, end)
    sine = float(np.linalg.norm(axis))
    if sine < 1e-9:
        axis = np.eye(3)[np.abs(start).argmin()]
        axis -= (axis @ start) * start
    return axis / np.linalg.norm(axis) * math.atan2(sine, float(start @ end))
