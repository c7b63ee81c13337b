"""Totals: half a second for each window, and a new day at local midnight."""

import copy
import json
import pickle
import time
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from har_runtime.answers.answer import UNKNOWN, Totals
from har_runtime.answers.totals import DayTotals, RunningTotals


@pytest.fixture(params=["UTC", "Asia/Tokyo", "America/New_York"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@given(
    st.lists(
        st.tuples(st.sampled_from(["sitting", "walking", UNKNOWN]), st.sampled_from([None, "unsure", "not worn"])),
        max_size=50,
    )
)
def test_totals_add_up_to_half_a_second_for_each_window(windows) -> None:
    running = RunningTotals(0.0)
    for activity, reason in windows:
        running.step(activity, reason, transition=False)
    totals = running.snapshot()
    assert sum(totals.seconds.values()) + totals.not_worn_s == len(windows) / 2
    assert totals.not_worn_s == sum(reason == "not worn" for _, reason in windows) / 2


def test_totals_start_again_at_local_midnight(zone: str) -> None:
    midnight = time.mktime((2026, 3, 10, 0, 0, 0, 0, 0, -1))
    day = DayTotals(midnight - 1.2)
    day.step("walking", None, False, midnight - 0.7)
    first = day.step("sitting", None, True, midnight - 0.2)
    assert (first.since_unix_s, first.transitions) == (midnight - 1.2, 1)
    second = day.step("sitting", None, False, midnight + 0.3)
    assert second.seconds == {"sitting": 0.5}
    assert (second.since_unix_s, second.transitions) == (midnight + 0.3, 0)
    assert first.seconds == {"walking": 0.5, "sitting": 0.5}
    assert day.step("sitting", None, False, midnight + 86399).since_unix_s == second.since_unix_s


def test_a_day_may_have_25_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        midnight = time.mktime((2026, 11, 1, 0, 0, 0, 0, 0, -1))
        day = DayTotals(midnight)
        hours = (0, 25 * 3600 - 1, 25 * 3600 + 1)
        since = [day.step("lying", None, False, midnight + second).since_unix_s for second in hours]
        assert since == [midnight, midnight, midnight + 25 * 3600 + 1]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_totals_cannot_be_changed() -> None:
    given: dict[str, Any] = {"sitting": 1.0}
    totals = Totals(0.0, given)
    given["sitting"] = 2.0
    assert totals.seconds == {"sitting": 1.0}
    with pytest.raises(FrozenInstanceError):
        totals.transitions = 3  # type: ignore[misc]
    seconds: Any = totals.seconds
    for change in (
        lambda: seconds.__setitem__("sitting", 3.0),
        lambda: seconds.__delitem__("sitting"),
        lambda: seconds.update(sitting=3.0),
        lambda: seconds.setdefault("walking", 3.0),
        lambda: seconds.__ior__({"walking": 3.0}),
        seconds.clear,
        seconds.popitem,
        lambda: seconds.pop("sitting"),
    ):
        with pytest.raises(TypeError, match="cannot be changed"):
            change()
    assert totals.seconds == {"sitting": 1.0}


def test_totals_can_be_copied_pickled_and_written_as_json() -> None:
    totals = Totals(0.0, {"sitting": 1.0})
    assert pickle.loads(pickle.dumps(totals)) == copy.deepcopy(totals) == totals
    assert json.loads(json.dumps(asdict(totals)))["seconds"] == {"sitting": 1.0}
