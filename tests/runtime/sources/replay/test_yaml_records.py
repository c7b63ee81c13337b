"""Messages of ROS as `rostopic echo` and `ros2 topic echo` print them into a file."""

from pathlib import Path

import pytest
from tests.runtime.sources.replay.tables import is_the_wearer, read, table

from har_runtime.sources.replay.yaml_records import as_lines


def _triple(name: str, values: list[float]) -> str:
    return f"{name}:\n" + "".join(f"  {axis}: {value:.7f}\n" for axis, value in zip("xyz", values, strict=True))


def _message(number: int, acc: list[float], gyro: list[float], seconds: str, parts: str, covariance: str) -> str:
    stamp = f"    {seconds}: {1_790_937_470 + number // 50}\n    {parts}: {number % 50 * 20_000_000}\n"
    return (
        f"header:\n  stamp:\n{stamp}  frame_id: 'imu'\n{_triple('orientation', [0.1, 0.2, 0.3])}  w: 0.5\n"
        f"orientation_covariance:{covariance}\n{_triple('angular_velocity', gyro)}"
        f"angular_velocity_covariance:{covariance}\n{_triple('linear_acceleration', acc)}---"
    )


@pytest.mark.parametrize(
    ("seconds", "parts", "covariance"),
    [
        pytest.param("secs", "nsecs", " [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]", id="ROS"),
        pytest.param("sec", "nanosec", "\n- 0.0\n- 0.0\n- 0.0", id="ROS 2"),
    ],
)
def test_the_messages_of_an_imu_are_read(tmp_path: Path, seconds: str, parts: str, covariance: str) -> None:
    path = tmp_path / "imu.yaml"
    path.write_text(table("", lambda number, _, acc, gyro: _message(number, acc, gyro, seconds, parts, covariance)))

    found = read(path, "&gyro=rad/s")

    is_the_wearer(found)
    assert "ns since 1970" in found.replay.description


@pytest.mark.parametrize(
    "lines",
    [
        ["time,ax,ay,az", "0,1,2,3"] * 3,
        ["acc: 1", "---", "text without a name", "---"],
        ["acc x: 0.1 y: 0.2", "---"] * 3,
        ["acc: 1", "gyro: 2"] * 3,
        [],
    ],
)
def test_other_lines_are_no_records(lines: list[str]) -> None:
    assert as_lines(lines) is None
