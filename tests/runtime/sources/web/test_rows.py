"""The page's messages: rows of seven numbers."""

import numpy as np
import pytest

from har_runtime.sources.web.rows import MAX_MESSAGE_BYTES, ROW_BYTES, parse_rows

NOW_MS = 1_698_501_144_401.8
NAN = float("nan")
STILL = (NOW_MS, 0.1, -0.2, 9.8, 1.0, 2.0, -180.0)


def message(*rows: tuple[float, ...]) -> bytes:
    return np.array(rows, "<f8").tobytes()


def test_a_row_is_a_time_and_both_sensors_in_si_units() -> None:
    rows = parse_rows(message(STILL))
    gyro, acc = rows.chunks(1.0)
    assert gyro.times_ns.tolist() == acc.times_ns.tolist() == [round(1e6 * NOW_MS)]
    assert acc.acc is not None and acc.acc.tolist() == [[0.1, -0.2, 9.8]]
    assert gyro.gyro is not None
    np.testing.assert_allclose(gyro.gyro, np.radians([[1.0, 2.0, -180.0]]))
    assert not rows.lost


def test_the_sign_turns_acceleration_and_not_the_angular_rate() -> None:
    gyro, acc = parse_rows(message(STILL)).chunks(-1.0)
    assert acc.acc is not None and acc.acc.tolist() == [[-0.1, 0.2, -9.8]]
    assert gyro.gyro is not None and gyro.gyro[0, 2] < 0


def test_without_a_gyroscope_there_is_acceleration_alone() -> None:
    (chunk,) = parse_rows(message((NOW_MS, 0.0, 0.0, 9.8, NAN, NAN, NAN))).chunks(1.0)
    assert chunk.gyro is None and len(chunk.times_ns) == 1


def test_a_gyroscope_that_misses_readings_is_still_one() -> None:
    rows = parse_rows(message(STILL, (NOW_MS + 16, 0.0, 0.0, 9.8, NAN, NAN, NAN)))
    gyro, acc = rows.chunks(1.0)
    assert (len(gyro.times_ns), len(acc.times_ns)) == (1, 2)
    assert gyro.gyro is not None and np.isfinite(gyro.gyro).all()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((NAN, *STILL[1:]), "reading without a time"),
        ((0.0, *STILL[1:]), "reading without a time"),
        ((1e300, *STILL[1:]), "reading without a time"),
        ((NOW_MS, NAN, 0.0, 9.8, 0.0, 0.0, 0.0), "reading without acceleration"),
        ((NOW_MS, float("inf"), 0.0, 9.8, 0.0, 0.0, 0.0), "reading without acceleration"),
        ((NOW_MS, 0.0, 0.0, 9.8, NAN, 0.0, 0.0), "reading with an axis out of range"),
        ((NOW_MS, 0.0, 0.0, 9.8, 1e9, 0.0, 0.0), "reading with an axis out of range"),
    ],
)
def test_an_unusable_row_is_counted_and_costs_no_other(row, reason: str) -> None:
    rows = parse_rows(message(STILL, row))
    assert dict(rows.lost) == {reason: 1}
    assert len(rows.times_ns) == 1


@pytest.mark.parametrize("content", [b"", b"x", bytes(ROW_BYTES - 1), bytes(MAX_MESSAGE_BYTES + ROW_BYTES)])
def test_what_is_not_whole_rows_or_too_long_is_no_message(content: bytes) -> None:
    assert parse_rows(content).error == "message that is not whole rows"
    assert parse_rows(content).chunks(1.0) == []


def test_rows_are_put_in_the_order_of_time() -> None:
    rows = parse_rows(message((NOW_MS + 16, *STILL[1:]), STILL))
    assert (np.diff(rows.times_ns) > 0).all()
