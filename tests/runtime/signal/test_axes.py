"""--axes: any way a sensor can be mounted, and nothing that no mounting does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.signal.axes import IDENTITY, Axes, parse_axes, turned, turns

TURNS = list(turns())


def matrix(axes: Axes) -> np.ndarray:
    return axes.turn(np.eye(3)).T


def test_the_turns_are_the_24_rotations_by_quarter_turns() -> None:
    matrices = {matrix(axes).tobytes() for axes in TURNS}
    assert len(TURNS) == len(matrices) == 24
    assert all(round(np.linalg.det(matrix(axes))) == 1 for axes in TURNS)


@given(st.sampled_from(TURNS))
def test_what_is_written_reads_back(axes: Axes) -> None:
    assert parse_axes(str(axes)) == axes


@given(st.sampled_from(TURNS), st.sampled_from(TURNS))
def test_one_turn_after_another_is_the_product_of_their_matrices(second: Axes, first: Axes) -> None:
    assert np.array_equal(matrix(second.after(first)), matrix(second) @ matrix(first))


def test_the_order_spaces_capitals_and_plus_signs_do_not_matter() -> None:
    assert parse_axes("Z=+z, y=X, x=-Y") == parse_axes("x=-y,y=x,z=z")


@pytest.mark.parametrize(
    "text",
    ["", "x=y", "x=x,y=y,z=y", "x=x,x=y,z=z", "x=x,y=y,z=w", "x=x,y=y,z=--z", "x=x,y=y,z=z,z=z", "x,y,z", "x=x;"],
)
def test_what_names_not_each_axis_once_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match="each of x, y and z must be given once on each side"):
        parse_axes(text)


@pytest.mark.parametrize("text", ["x=-x,y=y,z=z", "x=y,y=x,z=z", "x=-x,y=-y,z=-z", "x=z,y=y,z=x"])
def test_a_mirror_image_is_refused_because_of_the_gyroscope(text: str) -> None:
    with pytest.raises(SourceError, match="it would reverse the gyroscope"):
        parse_axes(text)


def test_both_sensors_of_a_chunk_are_turned_and_the_bias_is_taken_off_in_the_new_frame() -> None:
    times = np.array([5])
    both = SampleChunk(times, np.array([[1.0, 2, 3]]), np.array([[4.0, 5, 6]]), np.array(["lying"]))
    (chunk,) = turned([both], parse_axes("x=-y,y=x,z=z"), (0.5, 0.0, 1.0))
    assert chunk.acc is not None and chunk.gyro is not None and chunk.labels is not None
    assert chunk.acc.tolist() == [[-2, 1, 3]]
    assert chunk.gyro.tolist() == [[-5.5, 4, 5]]
    assert (chunk.times_ns is times, chunk.labels.tolist()) == (True, ["lying"])


def test_a_chunk_of_one_sensor_alone_stays_one() -> None:
    acc = SampleChunk(np.array([5]), np.array([[1.0, 2, 3]]), None)
    gyro = SampleChunk(np.array([5]), None, np.array([[1.0, 2, 3]]))
    first, second = turned([acc, gyro], IDENTITY, (1.0, 0.0, 0.0))
    assert (first.gyro, second.acc) == (None, None)
    assert first.acc is not None and second.gyro is not None
    assert (first.acc.tolist(), second.gyro.tolist()) == ([[1, 2, 3]], [[0, 2, 3]])


def test_all_three_axes_reversed_may_be_apples_sign() -> None:
    with pytest.raises(SourceError, match=r"mirror image.*if acceleration has Apple's sign, add sign=apple"):
        parse_axes("x=-x,y=-y,z=-z")
