"""A stream that gives no answers for 4.5 s is unavailable, whatever keeps them from coming, until the next answer."""

import logging
from collections.abc import Iterator

import numpy as np
import pytest
from tests.runtime.sinks.made_answers import make_answer, wait_until

from har_runtime.samples import SampleChunk
from har_runtime.signal.report import ResampleReport, SensorReport
from har_runtime.sinks.answer_watch import LIMIT_S, AnswerWatch
from har_runtime.sources.base import SourceReport

UNIX_S = 1_700_000_000.0


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class View:
    """A sink that shows what is now."""

    def __init__(self) -> None:
        self.silences: list[float] = []

    def silence(self, since_unix_s: float) -> None:
        self.silences.append(since_unix_s)


class Watched:
    """A watch with a clock and a sink of the test."""

    def __init__(self) -> None:
        self.clock, self.view, self.source = Clock(), View(), SourceReport()
        self.watch = AnswerWatch((self.view,), self.source, self.clock, lambda: UNIX_S + self.clock.now_s)

    def pass_s(self, seconds: float) -> None:
        """Let time pass and have the watch check whenever it wants to."""
        end_s, due_s = self.clock.now_s + seconds, self.clock.now_s
        while due_s <= end_s:
            self.clock.now_s = due_s
            due_s += self.watch.check()
        self.clock.now_s = end_s


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, "har_runtime"):
        yield caplog


def test_answers_that_keep_coming_are_no_silence(watched: Watched, log: pytest.LogCaptureFixture) -> None:
    for number in range(100):
        watched.watch.write(make_answer(number))
        watched.pass_s(0.5)
    assert not watched.view.silences and not log.messages


def test_within_five_seconds_without_an_answer_every_view_is_told_once_with_one_line(
    watched: Watched, log: pytest.LogCaptureFixture
) -> None:
    watched.watch.write(make_answer(0))
    since = watched.clock.now_s
    watched.pass_s(4.4)
    assert not watched.view.silences
    watched.pass_s(0.6)
    assert watched.view.silences == [UNIX_S + since]
    watched.pass_s(3600)
    assert len(watched.view.silences) == 1
    assert log.messages == ["no answer for 4.5 s, so the activity is unavailable: no sample came"]


def test_a_stream_that_never_answers_is_unavailable_as_well(watched: Watched) -> None:
    since = watched.clock.now_s
    watched.pass_s(5)
    assert watched.view.silences == [UNIX_S + since]


def test_the_next_answer_ends_it_with_one_line_and_it_can_fall_silent_again(
    watched: Watched, log: pytest.LogCaptureFixture
) -> None:
    watched.pass_s(31)
    for number in range(3):
        watched.watch.write(make_answer(number))
        watched.pass_s(0.5)
    assert log.messages[1:] == ["answers come again, after 31 s without one"]
    watched.pass_s(5)
    assert len(watched.view.silences) == 2


def test_the_line_says_what_became_of_the_samples_that_came(watched: Watched, log: pytest.LogCaptureFixture) -> None:
    before = ResampleReport(SensorReport(received=1000), SensorReport(received=1000, invalid=3))
    watched.watch.write(make_answer(0, report=before))
    now = ResampleReport(SensorReport(received=1200, rate_hz=50.0), SensorReport(received=1200, invalid=203))
    chunk = SampleChunk(np.zeros(1, np.int64), np.zeros((1, 3)), np.zeros((1, 3)))
    for _ in watched.watch.noted([chunk] * 2, lambda: now):
        watched.clock.now_s += 2
    watched.source.lost["wrong checksum"] += 7
    watched.pass_s(5)
    assert log.messages == [
        "no answer for 4.5 s, so the activity is unavailable: 200 samples of the accelerometer; 200 samples of the "
        "gyroscope (200 invalid); lost at the source: 7 x wrong checksum"
    ]


def test_a_sensor_without_a_gyroscope_has_no_word_about_one(watched: Watched, log: pytest.LogCaptureFixture) -> None:
    watched.source.gyroscope = False
    chunk = SampleChunk(np.zeros(1, np.int64), np.zeros((1, 3)), None)
    for _ in watched.watch.noted([chunk], lambda: ResampleReport(SensorReport(received=40, gaps=2))):
        watched.clock.now_s += 2
    watched.pass_s(5)
    assert log.messages[0].endswith(": 40 samples of the accelerometer (2 gaps)")


def test_while_answers_come_the_samples_are_not_looked_at(watched: Watched) -> None:
    def never() -> ResampleReport:
        raise AssertionError

    chunk = SampleChunk(np.zeros(1, np.int64), np.zeros((1, 3)), None)
    for number, _ in enumerate(watched.watch.noted([chunk] * 10, never)):
        watched.clock.now_s += 0.5
        watched.watch.write(make_answer(number))


def test_it_checks_while_the_stream_waits_for_its_source(watched: Watched) -> None:
    watched.clock.now_s += LIMIT_S
    watched.watch.start()
    wait_until(lambda: watched.view.silences, "the view was told")
    watched.watch.close()


def test_a_recording_may_take_long_to_read_and_then_has_to_give_answers(watched: Watched) -> None:
    watched.source.can_wait = True
    watched.watch = AnswerWatch((watched.view,), watched.source, watched.clock, lambda: UNIX_S + watched.clock.now_s)
    watched.pass_s(60)
    assert not watched.view.silences
    chunk = SampleChunk(np.zeros(1, np.int64), np.zeros((1, 3)), None)
    for _ in watched.watch.noted([chunk], ResampleReport):
        since = watched.clock.now_s
        watched.pass_s(5)
    assert watched.view.silences == [UNIX_S + since]
