"""Gyroscopes that are named after the turns of vehicles."""

from pathlib import Path

import pytest
from tests.runtime.sources.replay.tables import DEGREES, cells, is_the_wearer, read, table

from har_runtime.sources.column_names import GYROSCOPE
from har_runtime.sources.columns import named_columns
from har_runtime.sources.serial_port.text_lines import TextLines

NAMES = (
    "roll_rate,pitch_rate,yaw_rate",
    "p,q,r",
    "rollspeed,pitchspeed,yawspeed",
    "gyroRoll,gyroPitch,gyroYaw",
    "ωx,ωy,ωz",
)


@pytest.mark.parametrize("names", NAMES)
def test_rates_of_roll_pitch_and_yaw_are_those_of_the_axes(tmp_path: Path, names: str) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(table(f"t,ax,ay,az,{names}", lambda n, t, a, w: cells(t, *a, *w)))

    is_the_wearer(read(path, "&gyro=rad/s"))


def test_what_roll_is_taken_for_is_said(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    names = ",".join(f"{turn} [deg/s]" for turn in ("Roll", "Pitch", "Yaw"))
    path.write_text(table(f"t,ax,ay,az,{names}", lambda n, t, a, w: cells(t, *a, *DEGREES[n].tolist())))

    found = read(path)

    is_the_wearer(found)
    assert "roll, pitch and yaw are taken for turns about x, y and z" in found.replay.description


@pytest.mark.parametrize(
    "header",
    ["t,ax,ay,az,p,temp", "t,ax,ay,az,yaw_rate", "t,ax,ay,az,roll,pitch,yaw", "t,p,q,r", "t,ax,ay,az,p (hPa),q,r"],
)
def test_a_pressure_or_an_angle_is_no_angular_rate(header: str) -> None:
    found = named_columns(header.split(","))

    assert GYROSCOPE not in found.sensors
    assert GYROSCOPE not in found.partial


def test_a_gyroscope_beside_such_names_comes_first() -> None:
    found = named_columns(["ax", "ay", "az", "p", "q", "r", "gx", "gy", "gz"])

    assert found.sensors[GYROSCOPE].cells == (6, 7, 8)


def test_lines_of_a_board_may_have_such_labels() -> None:
    lines = TextLines()

    rows = lines.push(b"ax: 0 ay: 0 az: 1 roll_rate: 1 pitch_rate: 2 yaw_rate: 3\n" * 12)

    assert rows[-1, 1:].tolist() == [0, 0, 1, 1, 2, 3]
