"""The count of steps against that by eye: the stretches of people, the plot, and the table."""

from pathlib import Path

import numpy as np
import pytest
from tests.runtime.signal.test_steps import gait

from har_bench.results import REPOSITORY, RESULTS, read_result
from har_bench.stream import step_counts
from har_bench.stream.step_counts import BY_EYE, Stretch, compare, draw, people_of, stretches
from har_bench.stream.tables import step_counts as table
from har_runtime.recording import Recording


def walk(user: str, activity: str = "walking", seconds: float = 40.0) -> Recording:
    length = gait(1.8, of=seconds)
    acc = length[:, None] * np.array([0.0, 0.6, 0.8])
    times = np.arange(len(acc), dtype=np.int64) * 20_000_000
    return Recording(user, times, acc, np.zeros_like(acc), np.full(len(acc), activity), user, "waist")


def test_the_people_whose_steps_are_compared_chose_no_constants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(step_counts.CHOSEN, "toy", (("waist", "walking", 2),))
    recordings = [walk(f"{number}") for number in range(6)]
    chosen, others = people_of(recordings, "toy")
    assert (chosen, others) == (["0", "2", "4"], ["1", "3", "5"])
    found = list(stretches(recordings, "toy"))
    assert [stretch.name for stretch in found] == ["5 waist walking", "3 waist walking"]
    assert [stretch.steps for stretch in found] == pytest.approx([27, 27], abs=1)
    assert len(found[0].vertical) == 15 * 50


def test_every_stretch_of_the_result_was_counted_by_eye_and_is_in_the_table() -> None:
    result = read_result(RESULTS / "step_counts.json")
    assert {row["stretch"]: row["by_eye"] for row in result["stretches"]} == BY_EYE
    text = table(result)
    assert all(f"| {name} |" in text for name in BY_EYE)
    assert (REPOSITORY / "benchmarks" / "assets" / "step_stretches.png").stat().st_size < 300_000


def test_errors_are_of_each_stretch_and_of_all_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_counts, "BY_EYE", {"a": 20, "b": 20})
    result = compare([Stretch("a", 0.0, np.zeros(750), 21), Stretch("b", 0.0, np.zeros(750), 17)])
    assert result["mean_absolute_error_percent"] == pytest.approx(10)
    assert (result["within_5_percent"], result["total_error_percent"]) == (1, pytest.approx(-5))


def test_the_plot_is_a_small_picture(tmp_path: Path) -> None:
    draw([Stretch("a", 0.0, gait(1.8, of=15.0), 27)] * 2, tmp_path / "page.png")
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")
