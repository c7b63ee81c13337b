"""Rotation vectors: their matrices, and the smallest rotation between two directions."""

import numpy as np
import pytest

from har_runtime.sources.simulated.rotation import matrix, smallest


def test_matrices_are_rotations_and_turn_right_handed() -> None:
    for vector in np.random.default_rng(0).standard_normal((20, 3)):
        turn = matrix(vector)
        assert np.allclose(turn @ turn.T, np.eye(3))
        assert np.linalg.det(turn) == pytest.approx(1)
        assert np.allclose(turn @ vector, vector)
        assert np.trace(turn) == pytest.approx(1 + 2 * np.cos(np.linalg.norm(vector)))
        square = np.cross(vector, [1.0, 0.0, 0.0])
        assert np.cross(square, turn @ square) @ vector * np.sin(np.linalg.norm(vector)) > 0
    assert np.array_equal(matrix(np.zeros(3)), np.eye(3))


def test_the_smallest_rotation_takes_one_direction_to_the_other_by_the_angle_between_them() -> None:
    for start, end in np.random.default_rng(0).standard_normal((20, 2, 3)):
        vector = smallest(start, end)
        assert np.allclose(matrix(vector) @ start / np.linalg.norm(start), end / np.linalg.norm(end))
        cosine = start @ end / np.linalg.norm(start) / np.linalg.norm(end)
        assert np.cos(np.linalg.norm(vector)) == pytest.approx(cosine)


@pytest.mark.parametrize("direction", [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.2, -0.3, 0.9]])
def test_between_opposite_and_between_equal_directions_it_exists_too(direction: list[float]) -> None:
    up = np.array(direction)
    assert np.allclose(matrix(smallest(up, -up)) @ up, -up)
    assert np.allclose(matrix(smallest(up, 2 * up)), np.eye(3))
