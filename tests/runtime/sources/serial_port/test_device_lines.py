"""Boards whose lines are of several devices in turn: those of one are read, and never mixed with the other's."""

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import WEARER

from har_runtime.sources.serial_port.text_lines import TextLines

assert WEARER.gyro is not None
READINGS = np.round(np.column_stack([WEARER.acc, WEARER.gyro]), 4)


def _lines(*devices: str, mark: str = ",") -> bytes:
    """Lines of each device in turn; those of the second have their axes turned."""
    return "".join(
        f"{device}{mark.join(map(str, np.roll(row, turned).tolist()))}\r\n"
        for row in READINGS
        for turned, device in enumerate(devices)
    ).encode()


STYLES = {
    "words": (_lines("A,", "B,"), "A", "B"),
    "words and spaces": (_lines("LEFT ", "RIGHT ", mark=" "), "LEFT", "right"),
    "numbers": (_lines("0,", "1,"), "0", "1"),
}


@pytest.mark.parametrize("style", STYLES)
def test_the_first_device_by_name_is_read_and_that_is_said(style: str) -> None:
    text, first, second = STYLES[style]
    lines = TextLines()

    rows = lines.push(text)

    np.testing.assert_array_equal(rows[:, 1:], READINGS[-len(rows) :])
    assert len(rows) > len(READINGS) - 2
    assert lines.choice == f"the first of the devices '{first}', '{second.upper()}' is read (device= for another)"


@pytest.mark.parametrize("style", STYLES)
def test_the_device_that_is_named_is_read(style: str) -> None:
    text, _, second = STYLES[style]

    rows = TextLines(device=second).push(text)

    np.testing.assert_array_equal(rows[:, 1:], np.roll(READINGS, 1, axis=1)[-len(rows) :])
    assert len(rows) > len(READINGS) - 2


def test_of_labelled_lines_the_device_that_is_named_is_read() -> None:
    rows = TextLines(device="imu2").push(b"IMU1 ax=0.5 ay=0.25 az=9.5\nIMU2 ax=9.5 ay=0.5 az=0.25\n" * 30)

    assert len(rows) > 20
    assert (rows[:, 1:4] == [9.5, 0.5, 0.25]).all()


def test_a_device_that_is_not_there_is_said_with_a_line() -> None:
    lines = TextLines(device="C")

    assert not len(lines.push(_lines("A,", "B,")))
    assert lines.problem is not None
    assert "none of its lines begins with the device that was named" in lines.problem


@pytest.mark.parametrize("first", ["imu,", "", "0,"])
def test_lines_of_one_device_are_all_read(first: str) -> None:
    lines = TextLines()

    rows = lines.push(_lines(first))

    assert len(rows) > len(READINGS) - 2
    assert lines.choice == ""
