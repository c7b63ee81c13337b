"""Events: what started and ended, and what a doubt does not interrupt."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from har_runtime.answers.answer import Event
from har_runtime.answers.events import MAX_BREAK_NS, EventDetector
from har_runtime.answers.families import Families
from har_runtime.contract import FAMILIES

HOP_NS = 500_000_000


def told(activities: list[str | None], ends_ns: list[int] | None = None) -> list[tuple[str, str, float]]:
    """Kind, activity and sensor time of all events of these windows."""
    detector = EventDetector(Families(FAMILIES))
    ends = ends_ns or [HOP_NS * number for number in range(len(activities))]
    events = [
        event
        for activity, end in zip(activities, ends, strict=True)
        for event in detector.step(activity, end, 1000 + end / 1e9)
    ]
    assert all(event.unix_s == 1000 + event.sensor_s for event in events)
    return [(event.kind, event.activity, event.sensor_s) for event in events]


def test_one_ends_when_it_was_last_seen_and_the_next_starts_with_its_first_window() -> None:
    assert told(["sitting", "sitting", "walking", "walking", "sitting", "sitting"]) == [
        ("started", "sitting", 0.0),
        ("ended", "sitting", 0.5),
        ("started", "walking", 1.0),
        ("ended", "walking", 1.5),
        ("started", "sitting", 2.0),
    ]


def test_a_single_window_of_something_else_starts_and_ends_nothing() -> None:
    assert told(["sitting"] * 3 + ["walking"] + ["sitting"] * 3) == [("started", "sitting", 0.0)]
    assert told(["walking"]) == []
    assert told(["walking", None, "walking"]) == []


START = ("started", "walking", 0.0)


def test_a_doubt_of_five_seconds_interrupts_nothing_and_a_longer_one_does() -> None:
    assert told(["walking", "walking", *[None] * 9, "walking"]) == [START]
    assert told(["walking", "walking", *[None] * 10]) == [START]
    assert told(["walking", "walking", *[None] * 11]) == [START, ("ended", "walking", 0.5)]
    assert told(["walking", "walking", *[None] * 30, "walking", "walking"])[2:] == [("started", "walking", 16.0)]


def test_a_gap_of_five_seconds_interrupts_nothing_and_a_longer_one_does() -> None:
    assert told(["walking"] * 3, [0, HOP_NS, HOP_NS + MAX_BREAK_NS]) == [START]
    late = HOP_NS + MAX_BREAK_NS + 20_000_000
    assert told(["walking"] * 4, [0, HOP_NS, late, late + HOP_NS]) == [
        START,
        ("ended", "walking", 0.5),
        ("started", "walking", 5.52),
    ]


def test_after_a_doubt_another_activity_ends_the_first_where_it_was_last_seen() -> None:
    assert told(["walking", "walking", None, None, "sitting", "sitting"])[1:] == [
        ("ended", "walking", 0.5),
        ("started", "sitting", 2.0),
    ]


def test_a_clock_that_is_set_back_ends_what_was_going_on() -> None:
    ends = [10**12, 10**12 + HOP_NS, 10**9, 10**9 + HOP_NS]
    assert [kind for kind, _, _ in told(["walking"] * 4, ends)] == ["started", "ended", "started"]


def test_a_sensor_taken_off_ends_it_at_once() -> None:
    detector = EventDetector()
    detector.step("walking", 0, 1000.0)
    detector.step("walking", HOP_NS, 1000.5)
    assert detector.step(None, 2 * HOP_NS, 1001.0, worn=False) == (Event("ended", "walking", 0.5, 1000.5),)


def test_a_family_that_contains_the_current_activity_continues_it() -> None:
    assert told(["walking", "walking", "on_foot", "walking", "walking"]) == [START]
    assert told(["walking", "walking", *["on_foot"] * 60, "sitting", "sitting"])[1:] == [
        ("ended", "walking", 30.5),
        ("started", "sitting", 31.0),
    ]


def test_a_family_that_does_not_contain_it_is_another_activity() -> None:
    assert told(["walking", "walking", "still", "still"])[1:] == [("ended", "walking", 0.5), ("started", "still", 1.0)]
    assert told(["walking", "walking", "still", "walking"]) == [START]


def test_an_activity_of_the_current_family_continues_it_until_two_windows_have_it() -> None:
    still = ("started", "still", 0.0)
    singles = ["sitting", "standing", "lying"] * 5  # Over five seconds without the family itself.
    assert told(["still", "still", *singles]) == [still]
    assert told(["still", "still", "sitting", "sitting"]) == [
        still,
        ("ended", "still", 0.5),
        ("started", "sitting", 1.0),
    ]


def test_a_family_and_one_of_its_activities_start_the_activity() -> None:
    assert told(["on_foot", "walking"]) == told(["walking", "on_foot"]) == [START]
    assert told(["sitting", "sitting", "on_foot", "walking", "walking"])[1:] == [
        ("ended", "sitting", 0.5),
        ("started", "walking", 1.0),
    ]
    assert told(["walking", "stairs_up"]) == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, "sitting", "walking", "lying", "resting", "still", "on_foot"]),
            st.sampled_from([1, 1, 1, 3, 20, -5]),
        ),
        max_size=60,
    )
)
def test_started_and_ended_alternate(windows: list[tuple[str | None, int]]) -> None:
    ends = list(itertools.accumulate((hops * HOP_NS for _, hops in windows), initial=0))[1:]
    detector = EventDetector(Families(FAMILIES))
    events = [
        event for (activity, _), end in zip(windows, ends, strict=True) for event in detector.step(activity, end, 0.0)
    ]
    for before, after in itertools.pairwise(events):
        assert before.kind != after.kind
        assert after.kind == "started" or after.activity == before.activity
    assert not events or events[0].kind == "started"
