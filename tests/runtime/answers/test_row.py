"""The row of an answer: its names and their order are what people's own programs rely on."""

import json
from dataclasses import replace

import numpy as np
import pytest

from har_runtime.answers.answer import UNKNOWN, Answer, Event, Totals
from har_runtime.answers.row import row_of
from har_runtime.classify import Prediction
from har_runtime.signal.report import ResampleReport
from har_runtime.signal.window import Window

LABELS = ("still", "moving")
ANSWER = Answer(
    prediction=Prediction(
        Window(3, 2_500_000_000, np.zeros((50, 6), np.float32)), "moving", 0.75, np.array([0.25, 0.75], np.float32)
    ),
    activity="still",
    confidence=0.912345678,
    probabilities=np.array([0.912345678, 0.087654322]),
    reason=None,
    events=(),
    totals=Totals(0.0),
    truth=None,
    report=ResampleReport(),
    unix_s=1_700_000_000.123456,
)


def test_a_plain_answer_has_these_names_in_this_order() -> None:
    assert list(row_of(ANSWER, LABELS).items()) == [
        ("unix_s", 1_700_000_000.123),
        ("version", 2),
        ("start_s", 2.5),
        ("end_s", 3.48),
        ("segment", 3),
        ("activity", "still"),
        ("confidence", 0.912346),
        ("steps", 0),
        ("probabilities", {"still": 0.912346, "moving": 0.087654}),
        ("window_label", "moving"),
        ("window_confidence", 0.75),
        ("window_probabilities", {"still": 0.25, "moving": 0.75}),
    ]


def test_reason_events_and_truth_stand_where_there_are_any() -> None:
    event = Event("ended", "moving", 3.48, 1_700_000_000.123456)
    row = row_of(replace(ANSWER, activity=UNKNOWN, reason="unlike", events=(event,), truth="still"), LABELS)
    assert list(row)[5:9] == ["activity", "confidence", "steps", "reason"]
    assert list(row)[-2:] == ["events", "truth"]
    assert row["reason"] == "unlike"
    assert row["events"] == [{"kind": "ended", "activity": "moving", "sensor_s": 3.48, "unix_s": 1_700_000_000.123}]
    assert row["truth"] == "still"


@pytest.mark.parametrize("place", ["thigh", None])
def test_the_place_stands_where_the_model_tells_places(place: str | None) -> None:
    tells = replace(ANSWER.prediction, places=np.array([0.1, 0.9], np.float32))
    row = row_of(replace(ANSWER, prediction=tells, activity=UNKNOWN, reason="unsure", place=place), LABELS)
    assert list(row)[5:11] == ["activity", "confidence", "steps", "reason", "place", "probabilities"]
    assert (row["version"], row["place"]) == (2, place)


def test_cadence_and_intensity_stand_where_there_are_steps() -> None:
    row = row_of(replace(ANSWER, steps=1, cadence=112.345), LABELS)
    assert list(row)[6:10] == ["confidence", "steps", "cadence", "intensity"]
    assert (row["steps"], row["cadence"], row["intensity"]) == (1, 112.3, "moderate")


def test_a_row_is_json_as_it_is() -> None:
    row = row_of(replace(ANSWER, events=(Event("started", "still", 3.48, 0.0),), truth="still"), LABELS)
    assert json.loads(json.dumps(row)) == row
