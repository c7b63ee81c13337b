"""Numbers without a header that hold more than the two sensors."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import DEGREES, ROWS, WEARER, G, is_the_wearer, read, table

from har_runtime.errors import DataError

NOISE = np.random.default_rng(3).normal(size=(ROWS, 3))
FIELD = np.array([20.0, 30.0, -10.0]) + NOISE
ANGLES = np.cumsum(DEGREES / 50, axis=0) + [120, 5, -10] + 0.2 * NOISE
HALF = np.deg2rad(ANGLES) / 2
QUATERNION = np.column_stack(
    [
        np.cos(HALF[:, 0]),
        np.sin(HALF[:, 0]) * 0.6,
        np.sin(HALF[:, 0]) * 0.8 * np.cos(HALF[:, 1]),
        np.sin(HALF[:, 0]) * 0.8 * np.sin(HALF[:, 1]),
    ]
)
TEMPERATURE = np.round(24 + NOISE[:, :1] / 20, 2)
Parts = Callable[[np.ndarray, np.ndarray], list[np.ndarray]]
ORDERS: dict[str, Parts] = {
    "a temperature between the sensors, as in an MPU-6050": lambda acc, gyro: [acc, TEMPERATURE, gyro],
    "a magnetic field first": lambda acc, gyro: [FIELD, acc, gyro],
    "a magnetic field between": lambda acc, gyro: [acc, FIELD, gyro],
    "a magnetic field last": lambda acc, gyro: [acc, gyro, FIELD],
    "angles first": lambda acc, gyro: [ANGLES, acc, gyro],
    "angles last": lambda acc, gyro: [acc, gyro, ANGLES],
    "a quaternion first": lambda acc, gyro: [QUATERNION, acc, gyro],
    "a quaternion last": lambda acc, gyro: [acc, gyro, QUATERNION],
}


def _file(path: Path, parts: list[np.ndarray], timed: bool) -> Path:
    columns = np.column_stack(parts).tolist()
    clock: Callable[[int], list[float]] = lambda n: [20.0 * n] if timed else []  # noqa: E731
    path.write_text(table("", lambda n, t, a, w: ",".join(f"{value:.6f}" for value in [*clock(n), *columns[n]])))
    return path


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("unit", [1.0, G])
@pytest.mark.parametrize("timed", [True, False])
def test_the_sensors_are_told_from_what_stands_beside_them(
    tmp_path: Path, order: str, unit: float, timed: bool
) -> None:
    path = _file(tmp_path / "walk.csv", ORDERS[order](WEARER.acc / unit, DEGREES), timed)

    is_the_wearer(read(path, "&gyro=deg/s" + ("" if timed else "&rate=50")))


def test_an_order_that_nothing_shows_is_asked_for(tmp_path: Path) -> None:
    path = _file(tmp_path / "walk.csv", [ANGLES, DEGREES, WEARER.acc], timed=True)

    with pytest.raises(DataError, match=r"nothing shows which of its 10 columns .* columns=time,ax"):
        read(path)
    is_the_wearer(read(path, "&columns=time,-,-,-,gx,gy,gz,ax,ay,az&gyro=deg/s"))


def test_columns_that_were_taken_for_acceleration_are_named_if_they_read_no_gravity(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    text = table("", lambda n, *_: ",".join(map(str, [n * 20, *QUATERNION[n], *ANGLES[n] / 300, *NOISE[n] / 9])))
    path.write_text(text)

    with pytest.raises(DataError, match=r"gravity.*columns \d+ to \d+ are taken for acceleration"):
        read(path)
