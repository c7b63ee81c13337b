"""Times in two columns: whole seconds, and the part of a second."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import FIRST_UNIX_MS, cells, is_the_wearer, read, table

from har_runtime.errors import DataError

FIRST = FIRST_UNIX_MS // 1000
IDLE = [0.0] * 9
KINDS: dict[str, tuple[str, Any]] = {
    "ROS's seconds and nanoseconds": (
        "header.seq,header.stamp.secs,header.stamp.nsecs,header.frame_id,angular_velocity.x,angular_velocity.y,"
        "angular_velocity.z,linear_acceleration.x,linear_acceleration.y,linear_acceleration.z",
        lambda n, _, a, w: cells(n, FIRST + n // 50, n % 50 * 20_000_000, "imu", *w, *a),
    ),
    "ROS 2's seconds and nanoseconds without a header": (
        "",
        lambda n, _, a, w: cells(FIRST + n // 50, n % 50 * 20_000_000, "imu", 0.0, 1.0, *IDLE, *w, *IDLE, *a, *IDLE),
    ),
    "seconds and microseconds without a header, between tabs": (
        "",
        lambda n, _, a, w: cells(FIRST + n // 50, n % 50 * 20_000, *a, *w, mark="\t"),
    ),
    "a clock's date, time and milliseconds": (
        "Date,Time,ms,ax,ay,az,gx,gy,gz",
        lambda n, _, a, w: cells("2026/10/02", f"07:48:{30 + n // 50}", n % 50 * 20, *a, *w),
    ),
    "a clock's time and hundredths": (
        "Time,hundredths,ax,ay,az,gx,gy,gz",
        lambda n, _, a, w: cells(f"07:48:{30 + n // 50}", n % 50 * 2, *a, *w),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_seconds_and_their_parts_in_two_columns_are_one_time(tmp_path: Path, kind: str) -> None:
    header, row = KINDS[kind]
    path = tmp_path / "walk.csv"
    path.write_text(table(header, row))
    found = read(path, "&gyro=rad/s")
    is_the_wearer(found)
    if "ROS" in kind:
        assert found.replay.report.unix_offset_ns is not None
        assert found.times_ns[0] + found.replay.report.unix_offset_ns == FIRST * 1_000_000_000


def test_milliseconds_since_a_start_are_not_added_to_the_seconds_of_a_clock(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    row = lambda n, _, a, w: cells(f"07:48:{30 + n // 50}", 333 + 20 * n, *a, *w)  # noqa: E731
    path.write_text(table("Time,millis,ax,ay,az,gx,gy,gz", row))
    is_the_wearer(read(path, "&gyro=rad/s"))


def test_a_part_of_a_second_that_is_no_number_is_a_lost_line(tmp_path: Path) -> None:
    header, row = KINDS["ROS's seconds and nanoseconds"]
    lines = table(header, row).splitlines()
    lines[400] = lines[400].replace(",imu,", "x,imu,")
    path = tmp_path / "walk.csv"
    path.write_text("\n".join(lines) + "\n")
    found = read(path, "&gyro=rad/s")
    assert len(found.times_ns) == len(lines) - 2
    assert found.replay.report.lost["line that is no sample"] == 1
    assert np.diff(found.times_ns).max() == 40_000_000


def test_times_that_are_written_in_no_known_way_are_quoted(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    row = lambda n, _, a, w: cells(f"day 3 of the moon {n}", *a)  # noqa: E731
    path.write_text(table("timestamp,ax,ay,az", row))
    with pytest.raises(DataError, match=r"its times, such as 'day 3 of the moon 0', .* or add rate=N"):
        read(path)
