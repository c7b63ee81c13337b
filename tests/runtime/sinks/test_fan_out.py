"""Several sinks at once: none delays another or the sampling, and what one misses is counted and reported."""

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
from har_runtime.sinks import StreamInfo, fan_out, open_sink, sink_thread
from har_runtime.sinks.base import SinkReport
from har_runtime.sinks.fan_out import FanOut
from har_runtime.sinks.sink_thread import CAPACITY


class Recorder:
    """A sink that keeps what is written to it, after whatever `before` does."""

    def __init__(self, before: Callable[[Answer], None] = lambda answer: None):
        self.answers: list[Answer] = []
        self.closed = threading.Event()
        self._before = before

    def write(self, answer: Answer) -> None:
        self._before(answer)
        self.answers.append(answer)

    def close(self) -> None:
        self.closed.set()

    @property
    def numbers(self) -> list[int]:
        return [round(answer.prediction.start_s * 2) for answer in self.answers]


class Gate:
    """A sink hangs in it until it is opened."""

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
def known(monkeypatch) -> dict[str, Recorder]:
    """Sinks of the test, by their kind: they can be opened as KIND:here."""
    known: dict[str, Recorder] = {}
    monkeypatch.setattr(
        fan_out, "open_sink", lambda uri, info: known.get(uri.partition(":")[0]) or open_sink(uri, info)
    )
    return known


@pytest.fixture
def open_all(known: dict[str, Recorder]) -> Callable[..., FanOut]:
    """Opens sinks of the test as first: and second:."""

    def open_them(*sinks: Recorder, can_wait: bool = False) -> FanOut:
        fan = FanOut(stream_info(can_wait))
        for kind, sink in zip(("first", "second"), sinks, strict=False):
            known[kind] = sink
            fan.open(f"{kind}:here?option=1")
        return fan

    return open_them


def reports(sinks: FanOut) -> list[SinkReport]:
    return sinks._info.sinks


def test_every_sink_gets_every_answer_in_order_and_is_closed(open_all) -> None:
    first, second = Recorder(), Recorder()
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
    hanging, quick = Recorder(gate), Recorder()
    sinks = open_all(hanging, quick)
    count = CAPACITY + 50
    sinks.write(make_answer(0))
    assert gate.reached.wait(30)
    for number in range(1, count):
        sinks.write(make_answer(number))
        wait_until(lambda number=number: len(quick.answers) == number + 1, "the other sink has the answer")
    assert not hanging.answers
    assert (reports(sinks)[0].waiting, reports(sinks)[0].dropped) == (CAPACITY, 50)
    gate.open.set()
    sinks.close()
    # The answer that it was writing was counted as dropped meanwhile, but was written in the end.
    assert hanging.numbers == [0, *range(50, count)]
    assert (reports(sinks)[0].written, reports(sinks)[0].dropped) == (CAPACITY + 1, 49)


def test_a_recording_waits_so_that_a_slow_sink_misses_nothing(open_all) -> None:
    turn = threading.Semaphore(0)
    slow = Recorder(lambda answer: turn.acquire(timeout=60) and None)
    sinks = open_all(slow, can_wait=True)
    count = 2 * CAPACITY
    writer = threading.Thread(target=lambda: [sinks.write(make_answer(number)) for number in range(count)])
    writer.start()
    wait_until(lambda: reports(sinks)[0].waiting == CAPACITY, "the queue is full")
    assert writer.is_alive()
    turn.release(count)
    writer.join(30)
    sinks.close()
    assert slow.numbers == list(range(count))
    assert reports(sinks)[0].dropped == 0


def test_a_recording_does_not_wait_for_a_dead_sink(open_all, gate: Gate, monkeypatch) -> None:
    monkeypatch.setattr(sink_thread, "STALLED_S", 0.05)
    dead, quick = Recorder(gate), Recorder()
    sinks = open_all(dead, quick, can_wait=True)
    count = 3 * CAPACITY
    for number in range(count):
        sinks.write(make_answer(number))
    wait_until(lambda: len(quick.answers) == count, "the other sink has every answer")
    assert "has accepted nothing for" in reports(sinks)[0].trouble
    gate.open.set()
    sinks.close()


def test_a_failing_sink_is_offered_the_same_answer_again_and_this_is_reported_once(open_all, caplog) -> None:
    failures = iter([SourceError("third: is full"), OSError(5, "Input/output error")])

    def fail_twice(answer: Answer) -> None:
        for error in failures:
            raise error

    flaky, other = Recorder(fail_twice), Recorder()
    sinks = open_all(flaky, other)
    with caplog.at_level(logging.WARNING):
        for number in range(5):
            sinks.write(make_answer(number))
        wait_until(lambda: len(flaky.answers) == 5, "the failing sink has every answer")
    sinks.close()
    assert flaky.numbers == other.numbers == list(range(5))
    assert [record.getMessage() for record in caplog.records] == [
        "third: is full; trying again, 256 answers may wait",
        "first:here: works again, 0 answers dropped so far",
    ]
    assert reports(sinks)[0].trouble is None


def test_a_bug_in_a_sink_costs_one_answer_of_that_sink(open_all) -> None:
    def fail(answer: Answer) -> None:
        if answer.prediction.start_s == 1.0:
            raise ZeroDivisionError("a bug")

    faulty, other = Recorder(fail), Recorder()
    sinks = open_all(faulty, other)
    for number in range(5):
        sinks.write(make_answer(number))
    sinks.close()
    assert faulty.numbers == [0, 1, 3, 4]
    assert other.numbers == list(range(5))
    assert (reports(sinks)[0].written, reports(sinks)[0].dropped) == (4, 1)


@pytest.mark.parametrize("hurry", [True, False])
def test_closing_does_not_wait_for_a_sink_that_hangs_and_counts_what_it_misses(
    open_all, gate: Gate, monkeypatch, hurry: bool
) -> None:
    monkeypatch.setattr(fan_out, "HURRY_S", 0.2)
    monkeypatch.setattr(fan_out, "FINISH_S", 0.4)
    hanging, quick = Recorder(gate), Recorder()
    sinks = open_all(hanging, quick)
    for number in range(10):
        sinks.write(make_answer(number))
    sinks.close(hurry)
    assert not hanging.closed.is_set()
    assert quick.numbers == list(range(10)) and quick.closed.is_set()
    assert (reports(sinks)[0].written, reports(sinks)[0].dropped) == (0, 10)
    gate.open.set()
    wait_until(hanging.closed.is_set, "the sink is closed when it continues")
    assert (reports(sinks)[0].written, reports(sinks)[0].dropped) == (0, 10)


def test_what_nobody_had_confirmed_when_it_was_given_up_is_not_counted_as_written(
    open_all, gate: Gate, monkeypatch
) -> None:
    monkeypatch.setattr(fan_out, "FINISH_S", 0.2)

    class Unconfirmed(Recorder):
        @property
        def unconfirmed(self) -> int:
            return len(self.answers)

        def close(self) -> None:
            gate(self.answers[-1])

    sinks = open_all(Unconfirmed())
    for number in range(10):
        sinks.write(make_answer(number))
    wait_until(lambda: reports(sinks)[0].written == 10, "the sink has accepted all")
    sinks.close()
    assert (reports(sinks)[0].written, reports(sinks)[0].dropped) == (0, 10)


def leave(answer: Answer) -> None:
    raise BrokenPipeError


def test_the_stream_ends_if_the_reader_of_its_only_sink_has_left(open_all) -> None:
    sinks = open_all(Recorder(leave))

    def write_more() -> bool:
        try:
            sinks.write(make_answer(0))
        except BrokenPipeError:
            return True
        return False

    wait_until(write_more, "writing fails")
    sinks.close()


def test_the_stream_continues_if_one_reader_of_two_has_left(open_all) -> None:
    other = Recorder()
    sinks = open_all(Recorder(leave), other)
    for number in range(20):
        sinks.write(make_answer(number))
    sinks.close()
    assert other.numbers == list(range(20))
    assert reports(sinks)[0].dropped == 20


def test_every_sink_can_show_the_counts_of_all(monkeypatch) -> None:
    shown: list[StreamInfo] = []
    monkeypatch.setattr(fan_out, "open_sink", lambda uri, info: shown.append(info) or Recorder())
    sinks = FanOut(stream_info())
    sinks.open("showing:")
    sinks.open("showing:again")
    sinks.write(make_answer(0))
    sinks.close()
    assert [str(report) for report in shown[0].sinks] == ["showing: 1 written", "showing:again: 1 written"]


def test_what_a_sink_missed_is_reported_at_the_end_and_in_json(known, capsys) -> None:
    def fail(answer: Answer) -> None:
        if answer.prediction.start_s < 1.0:
            raise ZeroDivisionError("a bug")

    known["faulty"] = Recorder(fail)
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
        "wants_all": False,
        "counted": "answers",
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
    assert main(["--source", "simulated:?seconds=200&speed=max", *sinks, "--json"]) == 0
    windows = json.loads(capsys.readouterr().out)["windows"]
    assert [len(file.read_text().splitlines()) for file in files] == [windows, windows + 1]


class View(Recorder):
    """A sink that shows what is now."""

    def silence(self, since_unix_s: float) -> None:
        self.answers.append(make_answer(round(2 * since_unix_s)))


def test_a_sink_shows_a_silence_after_the_answers_before_it(open_all, gate: Gate) -> None:
    view = View(gate)
    sinks = open_all(view, Recorder())
    for number in range(3):
        sinks.write(make_answer(number))
    sinks.silence(500.0)
    gate.open.set()
    sinks.close()
    assert view.numbers == [0, 1, 2, 1000]


def test_a_silence_that_is_over_by_then_is_not_shown(open_all, gate: Gate) -> None:
    view = View(gate)
    sinks = open_all(view)
    sinks.write(make_answer(0))
    sinks.silence(500.0)
    sinks.write(make_answer(1))
    gate.open.set()
    sinks.close()
    assert view.numbers == [0, 1]


def test_a_sink_that_cannot_show_a_silence_harms_no_other_and_gets_the_next_answer(open_all) -> None:
    class Broken(Recorder):
        def silence(self, since_unix_s: float) -> None:
            raise RuntimeError("a bug")

    broken, view = Broken(), View()
    sinks = open_all(broken, view)
    sinks.silence(500.0)
    wait_until(lambda: view.answers and reports(sinks)[0].trouble, "both were told")
    sinks.write(make_answer(7))
    sinks.close()
    assert broken.numbers == [7] and view.numbers == [1000, 7]
