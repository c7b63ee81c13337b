"""The terminal shows an answer: the activity or why it is unknown, bars, signal, latency, the day."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest
from rich.console import Console
from rich.live import Live
from tests.runtime import fake_model
from tests.runtime.answers.toy_card import CARD, HOP_NS, predicted

from har_runtime.answers.answer import UNKNOWN, Answer, Totals
from har_runtime.answers.answering import Answering
from har_runtime.classify import Prediction
from har_runtime.signal.window import Window
from har_runtime.sinks import StreamInfo
from har_runtime.sinks.terminal import LiveTerminal, PlainLines, Sparkline, panel
from har_runtime.sources.base import SourceReport

INFO = StreamInfo(CARD, "a sensor of the test", SourceReport())


@pytest.fixture
def console() -> Iterator[Console]:
    with Path(os.devnull).open("w") as nowhere:
        yield Console(record=True, width=100, file=nowhere)


@pytest.fixture
def answer() -> Answer:
    answering = Answering(CARD)
    for number in range(3):
        found = answering.step(predicted(0, number * HOP_NS), truth="walking", latency_s=0.0042)
    return found


def shown(console: Console, answer: Answer, signal: str = "") -> str:
    console.print(panel(INFO, answer, signal))
    return console.export_text()


def test_it_shows_the_smoothed_activity_that_of_the_window_and_the_truth(console: Console, answer: Answer) -> None:
    text = shown(console, replace(answer, prediction=predicted(2, 2 * HOP_NS)))
    assert f"still   {100 * answer.confidence:.0f} %" in text
    assert "this window: running" in text
    assert "truth: walking" in text
    assert "latency 4.2 ms" in text
    assert "sensor measuring" in text


@pytest.mark.parametrize("reason", ["unsure", "unlike", "not worn"])
def test_it_says_why_an_activity_is_unknown(console: Console, answer: Answer, reason) -> None:
    text = shown(console, replace(answer, activity=UNKNOWN, reason=reason))
    assert f"unknown: {reason}" in text


def test_it_shows_the_day(console: Console, answer: Answer) -> None:
    totals = Totals(0.0, {"still": 3600.0, "walking": 125.0, UNKNOWN: 61.0}, not_worn_s=7200.0, transitions=17)
    text = shown(console, replace(answer, totals=totals))
    assert "today 1:02:05 known, 0:01:01 unknown, 2:00:00 not worn, 17 changes" in text


def window(number: int, magnitude: np.ndarray, segment: int = 0) -> Prediction:
    imu = np.zeros((50, 6), np.float32)
    imu[:, 2] = magnitude
    return replace(predicted(0, 0), window=Window(segment, number * HOP_NS, imu))


def test_the_signal_of_a_still_sensor_is_a_flat_line_and_of_a_walk_is_not() -> None:
    still, walk = Sparkline(), Sparkline()
    for number in range(30):
        still.push(window(number, np.full(50, 9.8) + 0.05 * np.sin(np.arange(50))))
        walk.push(window(number, 9.8 + 4 * np.sin(2 * np.pi * 1.1 * (number * 0.5 + np.arange(50) / 50))))
    assert len(str(still)) == len(str(walk)) == 60
    assert len(set(str(still))) == 1
    assert len(set(str(walk))) > 4
    assert {"▁", "█"} <= set(str(walk))


def test_a_gap_is_visible_in_the_signal() -> None:
    signal = Sparkline()
    assert str(signal) == ""
    signal.push(window(0, np.full(50, 9.8)))
    signal.push(window(9, np.full(50, 9.8), segment=1))
    assert str(signal)[3] == " "
    assert len(str(signal)) == 7


def test_without_a_terminal_there_is_a_line_for_each_change(console: Console, answer: Answer) -> None:
    lines = PlainLines(console, INFO)
    for reason in (None, None, "unlike", "not worn", None):
        lines.write(replace(answer, activity=UNKNOWN if reason else "still", reason=reason))
    text = console.export_text().splitlines()
    assert [line.split("s  ")[1].split("  ")[0] for line in text[1:]] == [
        "still",
        "unknown (unlike)",
        "unknown (not worn)",
        "still",
    ]


PLACES_INFO = replace(INFO, card=fake_model.CARD)


def test_a_family_is_shown_in_words_with_the_bars_of_its_activities(console: Console) -> None:
    first, *_, last = fake_model.answered(("gait", "thigh", 20))
    console.print(panel(PLACES_INFO, last))
    text = console.export_text(styles=True)
    assert "on foot" in text and f"   {100 * last.confidence:.0f} %" in text
    bold = [
        label for label in ("walking", "stairs up", "sitting", "lying") if re.search(rf"\x1b\[1m{label} *\x1b", text)
    ]
    assert bold == ["walking", "stairs up"]
    assert "worn at the thigh" in text
    console.print(panel(PLACES_INFO, first))
    assert "place not known yet" in console.export_text()


def test_a_model_that_tells_no_places_says_nothing_about_them(console: Console, answer: Answer) -> None:
    text = shown(console, answer)
    assert "worn at" not in text and "place" not in text


def test_without_a_terminal_a_line_has_the_place_once_it_is_known(console: Console) -> None:
    lines = PlainLines(console, PLACES_INFO)
    for answer in fake_model.answered(("walking", "thigh", 20), ("walking", "wrist", 20), smoothing="none"):
        lines.write(answer)
    text = [line.split("s  ")[1] for line in console.export_text().splitlines()[1:]]
    assert text == [
        "walking               95.0 %",
        "walking               95.0 %  at the thigh",
        "walking               95.0 %",
        "walking               95.0 %  at the wrist",
    ]


def test_trouble_is_shown_before_the_first_answer_and_while_it_lasts(console: Console, answer: Answer) -> None:
    info = replace(INFO, report=SourceReport(gyroscope=False))
    view = LiveTerminal(console, info)

    def drawn() -> str:
        console.print(view._current())
        return " ".join(console.export_text().replace("│", " ").split())

    try:
        assert "waiting for samples" in drawn()
        info.report.say("Sensor Logger sends no acceleration: switch on Accelerometer")
        assert "sends no acceleration: switch on Accelerometer" in drawn()
        view.write(answer)
        assert "still" in (text := drawn()) and "sends no acceleration" in text and "without gyroscope" in text
        info.report.say(None)
        assert "sends no acceleration" not in drawn()
    finally:
        view.close()


def test_without_answers_the_activity_is_unavailable_until_the_next_one(console: Console, answer: Answer) -> None:
    view = LiveTerminal(console, INFO)

    def drawn() -> str:
        console.print(view._current())
        return " ".join(console.export_text().replace("│", " ").split())

    try:
        view.silence(answer.unix_s)
        assert "unavailable: no answer since" in drawn()
        view.write(answer)
        assert "unavailable" not in drawn()
        view.silence(answer.unix_s)
        text = drawn()
        assert "unavailable: no answer since" in text and "this window" not in text
        view.write(answer)
        assert "unavailable" not in drawn() and "this window" in drawn()
    finally:
        view.close()


def test_without_a_terminal_there_is_a_line_for_no_answers_and_one_when_they_come_again(
    console: Console, answer: Answer
) -> None:
    lines = PlainLines(console, INFO)
    lines.write(answer)
    lines.silence(answer.unix_s)
    lines.write(answer)
    lines.write(answer)
    _, *text = console.export_text().splitlines()
    assert [line.split("s  ")[-1].split(" ")[0].rstrip(":") for line in text] == ["still", "unavailable", "still"]


def test_answers_and_trouble_are_drawn_as_they_come_and_nothing_else_is(
    console: Console, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = replace(INFO, report=SourceReport())
    drawings: SimpleQueue[str | None] = SimpleQueue()
    refresh = Live.refresh

    def counted(live: Live) -> None:
        refresh(live)
        drawings.put(info.report.trouble)

    monkeypatch.setattr(Live, "refresh", counted)
    view = LiveTerminal(console, info)
    try:
        assert drawings.get(timeout=10) is None
        view.write(answer)
        assert drawings.get(timeout=10) is None
        info.report.say("nothing arrives any more")
        assert drawings.get(timeout=10) == "nothing arrives any more"
        view.write(answer)
        assert drawings.get(timeout=10) == "nothing arrives any more"
        assert drawings.empty()
    finally:
        view.close()
