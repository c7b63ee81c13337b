"""Totals: half a second for each window, and a new day at local midnight."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from har_runtime.answers.answer import UNKNOWN, Totals
from har_runtime.answers.totals import DayTotals, count


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
def test_they_add_up_to_half_a_second_for_each_window(windows) -> None:
    totals = Totals(0.0)
    for activity, reason in windows:
        count(totals, activity, reason, transition=False)
    assert sum(totals.seconds.values()) + totals.not_worn_s == len(windows) / 2
    assert totals.not_worn_s == sum(reason == "not worn" for _, reason in windows) / 2


def test_they_begin_anew_at_local_midnight(zone: str) -> None:
    midnight = time.mktime((2026, 3, 10, 0, 0, 0, 0, 0, -1))
    day = DayTotals(midnight - 1.2)
    first = day.add("walking", None, False, midnight - 0.7)
    assert day.add("sitting", None, True, midnight - 0.2) is first
    assert (first.since_unix_s, first.transitions) == (midnight - 1.2, 1)
    second = day.add("sitting", None, False, midnight + 0.3)
    assert second.seconds == {"sitting": 0.5}
    assert (second.since_unix_s, second.transitions) == (midnight + 0.3, 0)
    assert first.seconds == {"walking": 0.5, "sitting": 0.5}
    assert day.add("sitting", None, False, midnight + 86399) is second


def test_a_day_may_have_25_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        midnight = time.mktime((2026, 11, 1, 0, 0, 0, 0, 0, -1))
        day = DayTotals(midnight)
        first = day.add("lying", None, False, midnight + 1)
        assert day.add("lying", None, False, midnight + 25 * 3600 - 1) is first
        assert day.add("lying", None, False, midnight + 25 * 3600 + 1) is not first
    finally:
        monkeypatch.undo()
        time.tzset()
