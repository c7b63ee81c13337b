"""What a window's prediction becomes for a person: a steady activity or an honest "unknown", events, and totals."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from har_runtime.classify import Prediction
from har_runtime.signal.resample import ResampleReport

UNKNOWN = "unknown"
"""The activity of an answer that is none of the model's."""

Reason = Literal["unsure", "unlike", "not worn"]
"""Why an activity is unknown: too little confidence, a signal unlike the training data, or nobody wears the sensor."""


@dataclass(frozen=True)
class Event:
    """An activity that started or ended."""

    kind: Literal["started", "ended"]
    activity: str
    sensor_s: float
    """When, by the sensor's clock, seconds."""
    unix_s: float
    """When, by this computer's clock, seconds since 1970."""


@dataclass
class Totals:
    """A day so far: since the program began or since the last local midnight, whichever was later."""

    since_unix_s: float
    seconds: dict[str, float] = field(default_factory=dict)
    """Time in each activity that occurred; `UNKNOWN` among them, time not worn not."""
    not_worn_s: float = 0.0
    transitions: int = 0
    """Changes from one activity to another."""


@dataclass(frozen=True)
class Answer:
    """What the wearer did at the end of a window, and how sure that is."""

    prediction: Prediction
    """Of this window alone, as the model gave it."""
    activity: str
    """A label of the card, after smoothing, or `UNKNOWN`."""
    confidence: float
    """Probability of `activity` after smoothing; where it is unknown, that of the likeliest label. 0 to 1. Without an
    HMM filter it is the window's own, and hysteresis may hold an activity that is not its likeliest."""
    probabilities: NDArray[np.float64]
    """Of every label of the card after smoothing, in its order, shape (classes,); the window's own without a filter."""
    reason: Reason | None
    """Why it is unknown; None where it is not."""
    events: tuple[Event, ...]
    """What started or ended with this window, in order of time."""
    totals: Totals
    """Up to and with this window; the same object goes on counting: copy what you keep."""
    truth: str | None
    """What the source says the wearer did."""
    report: ResampleReport
    """What was received and lost so far; it goes on counting."""
    unix_s: float
    """The end of the window by this computer's clock, seconds since 1970."""
    latency_s: float | None = None
    """From the arrival of the window's last samples to this answer, seconds; None where nobody timed it."""
