"""Messages of a broker as `mosquitto_sub -v` prints them, with their topic before them."""

from pathlib import Path

import pytest
from tests.runtime.sources.replay.tables import Row, cells, is_the_wearer, read, table

from har_runtime.sources.replay.topics import without_topics


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(lambda _, time, acc, gyro: f"sensors/imu {cells(time, *acc, *gyro)}", id="of both sensors"),
        pytest.param(
            lambda _, time, acc, gyro: f"imu/acc {cells(time, *acc)}\nimu/gyro {cells(time, *gyro)}",
            id="of each sensor",
        ),
    ],
)
def test_the_cells_behind_a_topic_are_read(tmp_path: Path, row: Row) -> None:
    path = tmp_path / "dump.txt"
    path.write_text(table("", row))

    is_the_wearer(read(path, "&gyro=rad/s"))


@pytest.mark.parametrize("line", ["0.5,0.25", "sensors/imu 1 2 3", 'sensors/imu {"a": 1, "b": 2}', "a/g: 1,2,3"])
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert without_topics([line] * 5) is None
