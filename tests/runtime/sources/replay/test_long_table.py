"""Long tables, with a row for each number."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.runtime.sources.replay.tables import ROWS, SECONDS, WEARER, G, is_the_wearer, read

from har_runtime.errors import DataError

assert WEARER.gyro is not None
SENSORS = (("acc", WEARER.acc), ("gyro", WEARER.gyro))
LongRow = Callable[[int, str, str, float], str]


def _lines(header: str, row: LongRow, by_axis: bool = False) -> str:
    numbers = [(n, sensor, axis) for n in range(ROWS) for sensor in range(2) for axis in range(3)]
    if by_axis:
        numbers.sort(key=lambda one: one[1:])
    rows = [row(n, SENSORS[sensor][0], "xyz"[axis], SENSORS[sensor][1][n, axis]) for n, sensor, axis in numbers]
    return "\n".join([header, *rows, ""])


KINDS: dict[str, tuple[str, LongRow]] = {
    "sensor and axis": (
        "time,sensor,axis,value",
        lambda n, sensor, axis, value: f"{SECONDS[n]:.2f},{sensor},{axis},{value:.7f}",
    ),
    "units": (
        "time,sensor,axis,unit,value",
        lambda n, sensor, axis, value: (
            f"{SECONDS[n]:.2f},{sensor},{axis},g,{value / G:.9f}"
            if sensor == "acc"
            else f"{SECONDS[n]:.2f},{sensor},{axis},rad/s,{value:.9f}"
        ),
    ),
    "one name, decimal commas": (
        "timestamp;variable;value",
        lambda n, sensor, axis, value: f"{SECONDS[n]:.2f};{sensor}_{axis};{value:.7f}".replace(".", ","),
    ),
    "numbered axes": (
        "t,sensor,axis,value",
        lambda n, sensor, axis, value: f"{SECONDS[n]:.2f},{sensor},{'xyz'.index(axis)},{value:.7f}",
    ),
    "sensors with times of their own": (
        "time,sensor,axis,value",
        lambda n, sensor, axis, value: f"{SECONDS[n] + 0.005 * (sensor == 'gyro'):.3f},{sensor},{axis},{value:.7f}",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_rows_of_a_time_are_one_reading(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(_lines(*KINDS[kind]))

    is_the_wearer(read(path, "&gyro=rad/s"))


def test_labels_of_a_long_table_are_read(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(
        _lines("t,activity,channel,value", lambda n, s, a, value: f"{SECONDS[n]:.2f},walking,{s}_{a},{value}")
    )

    found = read(path, "&gyro=rad/s")

    assert found.labels is not None
    assert set(found.labels) == {"walking"}


def test_a_table_of_one_axis_after_the_other_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(_lines("time,variable,value", lambda n, s, a, value: f"{SECONDS[n]:.2f},{s}_{a},{value}", True))

    with pytest.raises(DataError, match=r"'acc_x' stand before the next: write a row for each time"):
        read(path)
