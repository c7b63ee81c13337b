"""Tables in which accelerometer and gyroscope stand side by side, each with times of its own."""

from pathlib import Path

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import DEGREES, ROWS, WEARER, G, Row, cells, is_the_wearer, read, table

from har_runtime.sources import open_source

assert WEARER.gyro is not None
HALF = WEARER.gyro[::2].tolist()


def _slow(number: int, mark: str = ",") -> str:
    """Time and readings of a gyroscope of half the rate, whose cells end in the middle of the table."""
    return cells(40 * number, *HALF[number], mark=mark) if number < ROWS // 2 else 3 * mark


def _delsys(number: int, _: float, acc: list[float], __: list[float]) -> str:
    """A time before each number."""
    fast = [f"{number * 0.02:.4f},{value / G:.7f}" for value in acc]
    rates = DEGREES[2 * number].tolist() if number < ROWS // 2 else []
    return ",".join([*fast, *([f"{number * 0.04:.4f},{value:.7f}" for value in rates] or [","] * 3)])


_DELSYS = ",".join(
    f"{sensor}.{axis} Time Series (s),{sensor}.{axis} ({unit})"
    for sensor, unit in (("ACC", "G"), ("GYRO", "deg/s"))
    for axis in "XYZ"
)
TABLES: dict[str, tuple[str, Row]] = {
    "acceleration first": (
        "timestamp_acc,acc_x,acc_y,acc_z,timestamp_gyro,gyro_x,gyro_y,gyro_z",
        lambda number, _, acc, __: f"{cells(20 * number, *acc)},{_slow(number)}",
    ),
    "angular rate first": (
        "t_gyro;gx;gy;gz;t_acc;ax;ay;az",
        lambda number, _, acc, __: f"{_slow(number, ';')};{cells(20 * number, *acc, mark=';')}",
    ),
    "times of each axis": (_DELSYS, _delsys),
}


@pytest.mark.parametrize("kind", TABLES)
def test_each_sensor_has_its_own_times(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(table(*TABLES[kind]))
    units = "" if kind == "times of each axis" else "&gyro=rad/s"

    chunks = list(open_source(f"replay:{path}?speed=max{units}"))

    for name, step_ns, values in (("acc", 20_000_000, WEARER.acc), ("gyro", 40_000_000, WEARER.gyro[::2])):
        own = [chunk for chunk in chunks if getattr(chunk, name) is not None]
        np.testing.assert_allclose(np.concatenate([getattr(chunk, name) for chunk in own]), values, atol=2e-5)
        assert np.abs(np.diff(np.concatenate([chunk.times_ns for chunk in own])) - step_ns).max() < 1000


def test_sensors_that_are_read_one_after_the_other_are_rows_of_both(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    header = "acc_time,acc_x,acc_y,acc_z,gyro_time,gyro_x,gyro_y,gyro_z"
    path.write_text(table(header, lambda n, _, acc, gyro: cells(20 * n, *acc, 20 * n + 3, *gyro)))

    is_the_wearer(read(path, "&gyro=rad/s"))


def test_the_time_of_a_row_counts_more_than_those_of_its_sensors(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    header = "accTimestamp (s),ax,ay,az,gyroTimestamp (s),gx,gy,gz,loggingTime"
    path.write_text(
        table(header, lambda n, _, acc, gyro: cells(n // 2 * 0.04, *acc, n // 3 * 0.06, *gyro, f"{n * 20}"))
    )

    is_the_wearer(read(path, "&gyro=rad/s"))
