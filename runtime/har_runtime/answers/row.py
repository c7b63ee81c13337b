"""An answer as a flat table of plain values: what files, brokers and pages get, under the same names."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.answer import Answer, Event

VERSION = 2
"""Of the rows. Those of version 1 had no `version`, `label` and `raw_confidence` for `window_label` and
`window_confidence`, `probabilities` for `window_probabilities`, and `smoothed` for `probabilities`."""
DECIMALS = 6
"""Of probabilities: an int8 model's have steps of 1/256."""
CADENCE_DECIMALS = 1
"""Of steps a minute."""
TIME_DECIMALS = 3
"""Of this computer's clock, in seconds."""


def row_of(answer: Answer, labels: tuple[str, ...], events: Sequence[Event] | None = None) -> dict[str, Any]:
    """JSON-able values of one answer, always in the same order.

    `activity`, `confidence` and `probabilities` are the answer's, after smoothing; those of the window alone are
    `window_label`, `window_confidence` and `window_probabilities`. `cadence` and `intensity` are present if there are
    steps, `reason` if the activity is unknown, `place` if the model tells places (None while it is not known), `events`
    if there were any, `truth` if the source knows it.

    Args:
        labels: the card's.
        events: in place of the answer's own.
    """
    events = answer.events if events is None else events
    prediction = answer.prediction
    row: dict[str, Any] = {
        "unix_s": round(answer.unix_s, TIME_DECIMALS),
        "version": VERSION,
        "start_s": prediction.start_s,
        "end_s": prediction.end_s,
        "segment": prediction.window.segment,
        "activity": answer.activity,
        "confidence": round(answer.confidence, DECIMALS),
        "steps": answer.steps,
    }
    if answer.cadence is not None:
        row["cadence"] = round(answer.cadence, CADENCE_DECIMALS)
        row["intensity"] = answer.intensity
    if answer.reason is not None:
        row["reason"] = answer.reason
    if prediction.places is not None:
        row["place"] = answer.place
    row["probabilities"] = _by_label(labels, answer.probabilities)
    row["window_label"] = prediction.label
    row["window_confidence"] = round(prediction.confidence, DECIMALS)
    row["window_probabilities"] = _by_label(labels, prediction.probabilities)
    if events:
        row["events"] = [
            {
                "kind": event.kind,
                "activity": event.activity,
                "sensor_s": event.sensor_s,
                "unix_s": round(event.unix_s, TIME_DECIMALS),
            }
            for event in events
        ]
    if answer.truth is not None:
        row["truth"] = answer.truth
    return row


def _by_label(labels: tuple[str, ...], values: NDArray[np.floating]) -> dict[str, float]:
    return {label: round(value, DECIMALS) for label, value in zip(labels, values.tolist(), strict=True)}
