"""Several sinks at once: none delays another or the sampling, and what one misses is counted and told."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.runtime.sinks.made_answers import make_answer, stream_info, wait_until

from har_runtime.answers.answer import Answer
from har_runtime.cli.stream import main
from har_runtime.errors import SourceError
from har_runtime.sinks import SINKS, StreamInfo, fan_out, sink_thread
from har_runtime.sinks.base import SinkReport
from har_runtime.sinks.fan_out import FanOut
from har_runtime.sinks.sink_thread import WAITING


class Noting:
    """A sink that notes what it is given, after whatever `before` does."""

    def __init__(self, before: Callable[[Answer], None] = lambda answer: None):
        self.seen: list[Answer] = []
        self.closed = threading.Event()
        self._before = before

    def write(self, answer: Answer) -> None:
        self._before(answer)
        self.seen.append(answer)

    def close(self) -> None:
        self.closed.set()

    @property
    def numbers(self) -> list[int]:
        return [round(answer.prediction.start_s * 2) for answer in self.seen]


class Gate:
    """What a sink hangs on until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.reached = threading.Event()

    def __call__(self, answer: Answer) -> None:
        self.reached.set()
        assert self.open.wait(60)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


@pytest.fixture
def open_all(monkeypatch) -> Callable[..., FanOut]:
    """Opens sinks of the test as first:, second: and so on."""

    def open_them(*sinks: object, can_wait: bool = False) -> FanOut:
        sinks_of = FanOut(stream_info(can_wait))
        for name, sink in zip(("first", "second", "third"), sinks, strict=False):
            monkeypatch.setitem(SINKS, name, lambda uri, info, sink=sink: sink)
            sinks_of.open(f"{name}:here?option=1")
        return sinks_of

    return open_them


def reports(sinks: FanOut) -> list[SinkReport]:
    return [sink_thread.report for lane in sinks._lanes]


def test_every_sink_gets_every_answer_in_order_and_is_closed(open_all) -> None:
    first, second = Noting(), Noting()
    sinks = open_all(first, second)
    for number in range(100):
        sinks.write(make_answer(number))
    sinks.close()
    assert first.numbers == second.numbers == list(range(100))
    assert first.closed.is_set() and second.closed.is_set()
    assert [(report.name, report.written, report.dropped) for report in reports(sinks)] == [
        ("first:here", 100, 0),
        ("second:here", 100, 0),
    ]


def test_a_sink_that_hangs_delays_no_other_and_loses_the_oldest(open_all, gate: Gate) -> None:
    hanging, quick = Noting(gate), Noting()
    sinks = open_all(hanging, quick)
    count = WAITING + 50
    sinks.write(make_answer(0))
    assert gate.reached.wait(30)
    for number in range(1, count):
        sinks.write(make_answer(number))
        wait_until(lambda number=number: len(quick.seen) == number + 1, "the other sink has the answer")
    assert not hanging.seen
    assert (reports(sinks)[0].waiting, reports(sinks)[0].dropped) == (WAITING, 50)
    gate.open.set()
    sinks.close()
    # What it held when it hung was given up meanwhile, yet got through in the end.
    assert hanging.numbers == [0, *range(50, count)]
    assert (reports(sinks)[0].written, reports(sinks)[0].dropped) == (WAITING + 1, 49)


def test_a_recording_is_held_up_so_that_a_slow_sink_misses_nothing(open_all) -> None:
    turn = threading.Semaphore(0)
    slow = Noting(lambda answer: turn.acquire(timeout=60) and None)
    sinks = open_all(slow, can_wait=True)
    count = 2 * WAITING
    writer = threading.Thread(target=lambda: [sinks.write(make_answer(number)) for number in range(count)])
    writer.start()
    wait_until(lambda: reports(sinks)[0].waiting == WAITING, "the queue is full")
    assert writer.is_alive()
    turn.release(count)
    writer.join(30)
    sinks.close()
    assert slow.numbers == list(range(count))
    assert reports(sinks)[0].dropped == 0


def test_a_recording_is_not_held_up_by_a_sink_that_is_dead(open_all, gate: Gate, monkeypatch) -> None:
    monkeypatch.setattr(sink_thread, "STALLED_S", 0.05)
    dead, quick = Noting(gate), Noting()
    sinks = open_all(dead, quick, can_wait=True)
    count = 3 * WAITING
    for number in range(count):
        sinks.write(make_answer(number))
    wait_until(lambda: len(quick.seen) == count, "the other sink has every answer")
    assert "has taken nothing for" in reports(sinks)[0].trouble
    gate.open.set()
    sinks.close()


def test_a_sink_that_fails_is_offered_the_same_answer_until_it_takes_it_and_says_so_once(open_all, caplog) -> None:
    failures = iter([SourceError("third: is full"), OSError(5, "Input/output error")])

    def fail_twice(answer: Answer) -> None:
        for error in failures:
            raise error

    flaky, other = Noting(fail_twice), Noting()
    sinks = open_all(flaky, other)
    with caplog.at_level(logging.WARNING):
        for number in range(5):
            sinks.write(make_answer(number))
        wait_until(lambda: len(flaky.seen) == 5, "the failing sink has every answer")
    sinks.close()
    assert flaky.numbers == other.numbers == list(range(5))
    assert [record.getMessage() for record in caplog.records] == [
        "third: is full; trying again, 256 answers may wait",
        "first:here: works again, 0 answers dropped so far",
    ]
    assert reports(sinks)[0].trouble is None


def test_a_mistake_in_a_sink_costs_one_answer_of_that_sink(open_all) -> None:
    def stumble(answer: Answer) -> None:
        if answer.prediction.start_s == 1.0:
            raise ZeroDivisionError("no such mistake")

    faulty, other = Noting(stumble), Noting()
    sinks = open_all(faulty, other)
    for number in range(5):
        sinks.write(make_answer(number))
    sinks.close()
    assert faulty.numbers == [0, 1, 3, 4]
    assert other.numbers == list(range(5))
    assert (reports(sinks)[0].written, reports(sinks)[0].dropped) == (4, 1)


@pytest.mark.parametrize("hurry", [True, False])
def test_closing_leaves_a_sink_behind_that_hangs_and_counts_what_it_did_not_take(
    open_all, gate: Gate, monkeypatch, hurry: bool
) -> None:
    monkeypatch.setattr(fan_out, "HURRY_S", 0.2)
    monkeypatch.setattr(fan_out, "FINISH_S", 0.4)
    hanging, quick = Noting(gate), Noting()
    sinks = open_all(hanging, quick)
    for number in range(10):
        sinks.write(make_answer(number))
    sinks.close(hurry)
    assert not hanging.closed.is_set()
    assert quick.numbers == list(range(10)) and quick.closed.is_set()
    assert (reports(sinks)[0].written, reports(sinks)[0].dropped) == (0, 10)
    gate.open.set()
    wait_until(hanging.closed.is_set, "the sink is closed once it goes on")
    assert (reports(sinks)[0].written, reports(sinks)[0].dropped) == (0, 10)


def leave(answer: Answer) -> None:
    raise BrokenPipeError


def test_the_stream_ends_where_the_reader_of_its_only_sink_has_left(open_all) -> None:
    sinks = open_all(Noting(leave))

    def write_more() -> bool:
        try:
            sinks.write(make_answer(0))
        except BrokenPipeError:
            return True
        return False

    wait_until(write_more, "writing fails")
    sinks.close()


def test_the_stream_goes_on_where_one_reader_of_two_has_left(open_all) -> None:
    other = Noting()
    sinks = open_all(Noting(leave), other)
    for number in range(20):
        sinks.write(make_answer(number))
    sinks.close()
    assert other.numbers == list(range(20))
    assert reports(sinks)[0].dropped == 20


def test_every_sink_can_show_the_counts_of_all(open_all, monkeypatch) -> None:
    shown: list[StreamInfo] = []
    monkeypatch.setitem(SINKS, "showing", lambda uri, info: shown.append(info) or Noting())
    sinks = FanOut(stream_info())
    sinks.open("showing:")
    sinks.open("showing:again")
    sinks.write(make_answer(0))
    sinks.close()
    assert [str(report) for report in shown[0].sinks] == ["showing: 1 written", "showing:again: 1 written"]


def test_what_a_sink_missed_is_told_at_the_end_and_in_json(monkeypatch, capsys) -> None:
    def stumble(answer: Answer) -> None:
        if answer.prediction.start_s < 1.0:
            raise ZeroDivisionError("no such mistake")

    monkeypatch.setitem(SINKS, "faulty", lambda uri, info: Noting(stumble))
    arguments = ["--source", "simulated:?seconds=6&speed=max", "--sink", "faulty:here", "--sink", "terminal:"]
    assert main(arguments) == 0
    assert "  faulty:here: 9 written, 2 dropped" in capsys.readouterr().err
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sinks"][0] == {
        "name": "faulty:here",
        "written": 9,
        "waiting": 0,
        "dropped": 2,
        "trouble": None,
    }


def test_a_sink_that_cannot_be_opened_ends_the_program_and_closes_the_others(tmp_path: Path, capsys) -> None:
    day = tmp_path / "day.jsonl"
    assert main(["--demo", "--sink", f"jsonl:{day}", "--sink", "csv:absent/day.csv"]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error == "har-stream: csv:absent/day.csv: cannot be written (No such file or directory)"
    assert day.read_bytes() == b""


def test_a_fast_replay_reaches_the_files_whole(tmp_path: Path, capsys) -> None:
    files = tmp_path / "day.jsonl", tmp_path / "day.csv"
    sinks = [argument for file in files for argument in ("--sink", f"{file.suffix[1:]}:{file}")]
    assert main(["--source", "simulated:?seconds=600&speed=max", *sinks, "--json"]) == 0
    windows = json.loads(capsys.readouterr().out)["windows"]
    assert [len(file.read_text().splitlines()) for file in files] == [windows, windows + 1]
