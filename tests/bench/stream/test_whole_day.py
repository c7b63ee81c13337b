"""What goes on around har-stream in `stream.whole_day`, and what is found of its answers."""

import json
import shutil
from pathlib import Path

import pytest

from har_bench.stream.broker import BROKER_PATH
from har_bench.stream.whole_day import Rotator, Watched, compared, run_day


def written(path: Path, *numbers: int) -> None:
    with path.open("a") as file:
        file.writelines(json.dumps({"start_s": number / 2}) + "\n" for number in numbers)


def test_what_a_rotator_took_away_is_read_first(tmp_path: Path) -> None:
    file = Rotator(tmp_path / "day.jsonl")
    file.rotate()
    for number in range(3):
        written(file.path, number)
        file.rotate()
    written(file.path, 3)
    assert [row["start_s"] for row in file.rows()] == [0, 0.5, 1, 1.5]
    assert compared(file, 4)["each_exactly_once"]


@pytest.mark.parametrize(
    ("numbers", "found"),
    [((0, 1, 1, 2), "doubled"), ((0, 1, 3, 4), "gaps"), ((0, 1, 2), "rows"), ((0, 2, 1, 3), "gaps")],
)
def test_an_answer_that_is_missing_doubled_or_out_of_order_is_noticed(
    tmp_path: Path, numbers: tuple[int, ...], found: str
) -> None:
    file = Rotator(tmp_path / "day.jsonl")
    written(file.path, *numbers)
    result = compared(file, 4)
    assert not result["each_exactly_once"]
    assert result[found]


def test_memory_and_files_that_grow_are_noticed() -> None:
    watched = Watched(1)
    watched.samples = [(float(second), 50_000_000, 20) for second in range(100)]
    result = watched.report(warm_up_s=50)
    assert result["memory"]["flat"] and result["open_files"]["constant"]
    json.dumps(result, allow_nan=False)
    watched.samples += [(100.0 + second, 50_000_000 + 100_000 * second, 20 + second // 5) for second in range(100)]
    result = watched.report(warm_up_s=50)
    assert not result["memory"]["flat"] and not result["open_files"]["constant"]


@pytest.mark.slow
def test_every_answer_is_written_once_while_brokers_rotators_and_viewers_come_and_go() -> None:
    if shutil.which("mosquitto", path=BROKER_PATH) is None:
        pytest.skip("mosquitto is not installed (apt install mosquitto)")
    result = run_day(seconds=1200, speed=100, model="anywhere", warm_up_s=5)
    assert abs(result["windows"] - 2400) <= 2
    assert all(file["each_exactly_once"] for file in result["files"].values())
    assert {kind: sink["written"] for kind, sink in result["sinks"].items()} == dict.fromkeys(
        ("terminal", "jsonl", "csv", "mqtt", "live"), result["windows"]
    )
    assert result["rotations"] > 0 and result["visits"] > 0 and result["page_replies"] > 0
