"""The state of the live page: a viewer gets everything once, in bounded size, as JSON that browsers read."""

import itertools
import json
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from tests.runtime import fake_model
from tests.runtime.sinks.live.live_answers import BEGIN_S, HOP_S, LABELS, live_answer
from tests.runtime.sinks.made_answers import stream_info

from har_runtime.answers.answer import UNKNOWN, Event, Totals
from har_runtime.answers.palette import NOT_WORN, activity_colours
from har_runtime.contract import FAMILIES, HOP
from har_runtime.signal.report import ResampleReport, SensorReport
from har_runtime.sinks import StreamInfo
from har_runtime.sinks.base import SinkReport
from har_runtime.sinks.live.state import EVENTS, HISTORY_ROWS, SIGNAL_ROWS, LiveState
from har_runtime.sinks.live.timeline import BINS, Timeline

DAY_S = 24 * 3600


@pytest.fixture
def info() -> StreamInfo:
    return stream_info()


@pytest.fixture
def state(info: StreamInfo) -> LiveState:
    return LiveState(info)


def test_before_the_first_answer_there_is_nothing_to_show(state: LiveState) -> None:
    assert state.since()["number"] == 0
    assert "answer" not in state.since()


def test_the_newest_answer_is_shown_with_the_time_its_activity_began(state: LiveState) -> None:
    for number in range(5):
        state.write(live_answer(number, "walking" if number < 2 else "sitting", confidence=0.75))
    shown = state.since()["answer"]
    assert shown["activity"] == "sitting"
    assert shown["confidence"] == 0.75
    assert shown["unix_s"] - shown["since_unix_s"] == pytest.approx(2 * HOP_S)


def test_an_unknown_activity_has_its_reason(state: LiveState) -> None:
    state.write(live_answer(0, UNKNOWN, reason="unlike"))
    assert (state.since()["answer"]["activity"], state.since()["answer"]["reason"]) == (UNKNOWN, "unlike")
    state.write(live_answer(1, UNKNOWN, reason="not worn"))
    assert state.since()["answer"]["activity"] == NOT_WORN


def test_overlapping_windows_give_every_sample_once(state: LiveState) -> None:
    for number in range(8):
        state.write(live_answer(number))
    shown = [row[0] for _, imu, _ in state.since()["steps"] for row in imu]
    assert shown == list(range(HOP * 9))


def test_a_viewer_gets_only_what_is_new_to_it(state: LiveState) -> None:
    state.write(live_answer(0))
    first = state.since()
    assert "steps" not in state.since(first["run"], first["number"])
    state.write(live_answer(1, "sitting"))
    news = state.since(first["run"], first["number"])
    assert len(news["steps"]) == 1
    assert [row[0] for row in news["steps"][0][1]] == list(range(2 * HOP, 3 * HOP))
    assert news["answer"]["activity"] == "sitting"


def test_a_viewer_of_an_earlier_run_gets_everything(state: LiveState, info: StreamInfo) -> None:
    for number in range(3):
        state.write(live_answer(number))
    earlier = LiveState(info).since()["run"]
    assert len(state.since(earlier, 2)["steps"]) == 3
    assert len(state.since(state.since()["run"], 99)["steps"]) == 3


def test_a_gap_is_a_number_of_missing_samples(state: LiveState) -> None:
    state.write(live_answer(0))
    state.write(live_answer(2, segment=1, late_s=2.0))
    (_, (missing, imu, _)) = state.since()["steps"]
    assert missing == 100
    assert len(imu) == 2 * HOP, "all samples of a new segment are new"


def test_a_restarted_clock_is_a_gap_of_one_sample(state: LiveState) -> None:
    state.write(live_answer(100))
    state.write(live_answer(0, segment=1))
    assert state.since()["steps"][1][0] == 1


def test_the_size_stays_bounded_over_a_week(state: LiveState) -> None:
    activities = itertools.cycle(LABELS)
    totals = Totals(BEGIN_S)
    sizes = []
    for number in range(0, 7 * 2 * DAY_S, 240):  # An answer every two minutes is enough to see what grows.
        if number % (2 * DAY_S) == 0:
            totals = Totals(BEGIN_S + number * HOP_S)
        event = Event("started", "walking", number * HOP_S, BEGIN_S + number * HOP_S)
        state.write(live_answer(number, next(activities), segment=number, events=[event], totals=totals))
        if number % (60 * 240) == 0:
            sizes.append(len(json.dumps(state.since())))
    news = state.since()
    assert len(news["steps"]) <= HISTORY_ROWS
    assert sum(len(imu) for _, imu, _ in news["steps"]) <= 2 * SIGNAL_ROWS
    assert len(news["events"]) == EVENTS
    assert len(news["timeline"]) <= BINS
    assert max(sizes) < 150_000


def test_the_day_restarts_at_midnight(state: LiveState) -> None:
    state.write(live_answer(0, "lying", totals=Totals(BEGIN_S, {"lying": 0.5})))
    state.write(live_answer(1, "sitting", totals=Totals(BEGIN_S + 1, {"sitting": 0.5})))
    news = state.since()
    assert [activity for _, _, activity in news["timeline"]] == ["sitting"]
    assert news["totals"]["seconds"] == {"sitting": 0.5}


def test_totals_are_those_of_the_newest_answer(state: LiveState) -> None:
    state.write(live_answer(0, totals=Totals(BEGIN_S, {"walking": 60.0}, 5.0, 3)))
    totals = state.since()["totals"]
    assert totals == {
        "since_unix_s": BEGIN_S,
        "seconds": {"walking": 60.0},
        "not_worn_s": 5.0,
        "transitions": 3,
        "steps": 0,
        "effort": {},
    }


def test_the_newest_event_comes_first(state: LiveState) -> None:
    ended = Event("ended", "sitting", 1.0, BEGIN_S + 1)
    started = Event("started", "walking", 1.0, BEGIN_S + 1)
    state.write(live_answer(0, events=[ended, started]))
    assert [(event["kind"], event["activity"]) for event in state.since()["events"]] == [
        ("started", "walking"),
        ("ended", "sitting"),
    ]


def test_losses_are_counted_by_reason(info: StreamInfo) -> None:
    state = LiveState(info)
    report = ResampleReport(SensorReport(rate_hz=104.0, received=1000, duplicate=2), SensorReport(invalid=1))
    info.report.lost["wrong checksum"] = 7
    info.sink_reports.append(lambda: SinkReport("mqtt://broker/home", written=5, dropped=4))
    state.write(live_answer(0, report=report, latency_s=0.0123))
    assert state.since()["sensor"] == {
        "rate_hz": 104.0,
        "gyroscope": True,
        "latency_ms": 12.3,
        "received": 1000,
        "lost": {"invalid": 1, "repeated": 2, "wrong checksum": 7, "answers that mqtt://broker/home missed": 4},
    }


def test_trouble_is_told_to_every_viewer_while_it_lasts(info: StreamInfo) -> None:
    state = LiveState(info)
    info.report.say("Sensor Logger sends no acceleration")
    first = state.since()
    assert first["trouble"] == "Sensor Logger sends no acceleration"
    assert state.since(first["run"], first["number"])["trouble"] == "Sensor Logger sends no acceleration"
    info.report.say(None)
    assert state.since()["trouble"] is None


def test_without_answers_every_viewer_is_told_since_when_until_the_next_one(state: LiveState) -> None:
    state.write(live_answer(0))
    assert state.since()["unavailable_since_unix_s"] is None
    state.silence(BEGIN_S)
    known = state.since()
    assert known["unavailable_since_unix_s"] == BEGIN_S
    assert state.since(known["run"], known["number"])["unavailable_since_unix_s"] == BEGIN_S
    state.write(live_answer(30))
    assert state.since()["unavailable_since_unix_s"] is None


def test_the_state_is_json_that_every_browser_reads(state: LiveState) -> None:
    state.write(live_answer(0, events=[Event("started", "walking", 0.0, BEGIN_S)]))
    text = json.dumps([state.setup(), state.since()], allow_nan=False)
    assert json.loads(text)[1]["answer"]["activity"] == "walking"


def test_viewers_in_other_threads_never_see_half_an_answer(state: LiveState) -> None:
    torn: list[dict[str, object]] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            news = state.since()
            if "answer" in news and len(news["steps"]) != min(news["number"], HISTORY_ROWS):
                torn.append(news)

    viewers = [threading.Thread(target=look) for _ in range(2)]
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for viewer in viewers:
            viewer.start()
        for number in range(400):
            state.write(live_answer(number, LABELS[number % 6]))
    finally:
        done.set()
        for viewer in viewers:
            viewer.join(30)
        sys.setswitchinterval(switching)
    assert not torn


def test_a_timeline_joins_neighbours_but_not_over_gaps() -> None:
    day = Timeline()
    for second in (*range(10), *range(20, 25)):
        day.add(BEGIN_S + second, "walking" if second < 4 else "sitting", 1.0)
    assert [(start - BEGIN_S, end - BEGIN_S, activity) for start, end, activity in day.spans()] == [
        (0, 4, "walking"),
        (4, 10, "sitting"),
        (20, 25, "sitting"),
    ]


def test_a_whole_day_has_bins_of_about_two_minutes_each_with_its_longest_activity() -> None:
    day = Timeline()
    for second in range(DAY_S):
        day.add(BEGIN_S + second, "walking" if second // 3600 % 2 else "sitting", 1.0)
    spans = day.spans()
    assert len(spans) == 24
    assert all(abs(start - BEGIN_S - 3600 * hour) <= 128 for hour, (start, _, _) in enumerate(spans))


@pytest.mark.parametrize("leap_s", [-3600.0, 55 * 365 * DAY_S])
def test_the_timeline_restarts_if_the_clock_is_set(leap_s: float) -> None:
    day = Timeline()
    day.add(BEGIN_S, "walking", 1.0)
    day.add(BEGIN_S + leap_s, "sitting", 1.0)
    assert day.spans() == [(BEGIN_S + leap_s, BEGIN_S + leap_s + 1, "sitting")]


@pytest.fixture
def state_of_places(info: StreamInfo) -> LiveState:
    return LiveState(replace(info, card=fake_model.CARD))


def test_the_page_gets_the_families_and_their_colours(state: LiveState, state_of_places: LiveState) -> None:
    assert (state.setup()["families"], state.setup()["tells_places"]) == ({}, False)
    setup = json.loads(json.dumps(state_of_places.setup()))
    assert setup["families"] == {family: list(labels) for family, labels in fake_model.FAMILIES.items()}
    assert setup["tells_places"] is True
    assert list(setup["colours"]) == [*fake_model.LABELS[:-1], *fake_model.FAMILIES, UNKNOWN, NOT_WORN]


def test_the_place_and_the_family_are_shown_and_counted(state_of_places: LiveState) -> None:
    first, *others = fake_model.answered(("gait", "thigh", 20))
    state_of_places.write(first)
    assert state_of_places.since()["answer"]["place"] is None
    for answer in others:
        state_of_places.write(answer)
    news = state_of_places.since()
    assert (news["answer"]["activity"], news["answer"]["place"]) == ("on_foot", "thigh")
    assert news["totals"]["seconds"] == {"on_foot": 10.0}


def test_an_activity_continues_through_its_family_and_a_family_through_its_activities(
    state_of_places: LiveState,
) -> None:
    moves = ["walking"] * 4 + ["gait"] + ["walking"] * 2 + ["stairs_up"] * 2 + ["gait"] + ["sitting"]
    shown = []
    for answer in fake_model.answered(*((move, "thigh", 1) for move in moves), smoothing="none", begin_s=BEGIN_S):
        state_of_places.write(answer)
        now = state_of_places.since()["answer"]
        shown.append((now["activity"], (now["unix_s"] - now["since_unix_s"]) / HOP_S))
    assert shown[3:] == [
        ("walking", 3),
        ("on_foot", 4),
        ("walking", 5),
        ("walking", 6),
        ("stairs_up", 0),
        ("stairs_up", 1),
        ("on_foot", 9),
        ("sitting", 0),
    ]


def test_the_colour_of_a_family_is_nearer_to_its_activities_than_to_any_other() -> None:
    labels = ("walking", "stairs_up", "stairs_down", "running", "jumping", "sitting", "standing", "lying")
    colours = {
        name: np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])
        for name, colour in activity_colours((*labels, *FAMILIES)).items()
    }
    for family, members in FAMILIES.items():
        away = {
            name: np.linalg.norm(colour - colours[family]) for name, colour in colours.items() if name not in FAMILIES
        }
        assert min(away, key=away.__getitem__) in members


def test_every_activity_of_a_model_has_a_colour_of_its_own() -> None:
    colours = activity_colours((*LABELS, "rowing", "juggling"))
    assert len(set(colours.values())) == len(colours) == 10
    assert len(set(activity_colours((*LABELS, *FAMILIES)).values())) == len(LABELS) + len(FAMILIES) + 2
