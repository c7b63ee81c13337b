"""`jsonl:FILE?every=change`: a line for each stretch of like answers, a minute at most, instead of one for each answer.

A line is the row of the stretch's last answer with the events and steps of all, and `windows` and `since_unix_s` say
how many answers it stands for and when the first of them ended.
"""

import json
from dataclasses import replace
from datetime import datetime
from typing import Final

from har_runtime.answers.answer import Answer, Event
from har_runtime.answers.row import TIME_DECIMALS, row_of
from har_runtime.contract import HOP_S
from har_runtime.sinks.files.sink import FileSink, Line, StandardOutputSink

MAX_WINDOWS: Final = 120
"""Of a line: the minute that is lost if the program is killed."""
MAX_PAUSE_S: Final = 2.0
"""More time between two answers ends a stretch."""


class ChangeSink:
    """Writes a line for each stretch of like answers.

    Args:
        sink: what the lines are written to.
        labels: the card's.
    """

    counted = "lines, each of up to a minute,"
    """For messages about those that could not be written."""

    def __init__(self, sink: FileSink | StandardOutputSink, labels: tuple[str, ...]):
        self.capacity = sink.capacity
        self._sink, self._labels = sink, labels
        self._first: Answer | None = None
        self._last: Answer | None = None
        self._windows = self._steps = 0
        self._events: list[Event] = []

    def encode(self, answer: Answer) -> Line | None:
        """The stretch that ended before this answer; None if it has not ended."""
        line = None
        if not self._continues(answer):
            line = self._line()
            self._first, self._windows, self._steps, self._events = answer, 0, 0, []
        self._last = answer
        self._windows += 1
        self._steps += answer.steps
        self._events += answer.events
        return line

    def append(self, record: Line) -> None:
        self._sink.append(record)

    def close(self) -> int:
        line = self._line()
        try:
            if line is not None:
                self._sink.append(line)
        finally:
            lost = self._sink.close()
        return lost

    def _continues(self, answer: Answer) -> bool:
        """Whether an answer belongs to the stretch of the last one."""
        last = self._last
        return (
            last is not None
            and self._windows < MAX_WINDOWS
            and (answer.activity, answer.reason, answer.place, answer.truth)
            == (last.activity, last.reason, last.place, last.truth)
            and (answer.cadence is None) == (last.cadence is None)
            and answer.prediction.window.segment == last.prediction.window.segment
            and 0 < answer.prediction.end_s - last.prediction.end_s < 2 * HOP_S
            and 0 <= answer.unix_s - last.unix_s <= MAX_PAUSE_S
            and datetime.fromtimestamp(answer.unix_s).day == datetime.fromtimestamp(last.unix_s).day
        )

    def _line(self) -> Line | None:
        """Of the stretch so far."""
        if self._first is None or self._last is None:
            return None
        row = row_of(replace(self._last, steps=self._steps), self._labels, self._events)
        row["windows"], row["since_unix_s"] = self._windows, round(self._first.unix_s, TIME_DECIMALS)
        return self._last.unix_s, json.dumps(row, allow_nan=False).encode() + b"\n"
