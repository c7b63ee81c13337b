"""What a window becomes for a person: a steady activity or an honest "unknown", events, and the day's totals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.effort import Intensity, intensity_of
from har_runtime.classify import Prediction
from har_runtime.signal.report import ResampleReport

UNKNOWN = "unknown"
"""The activity of an answer that is none of those the model knows. A model may have it as a label, trained on movements
that are none of the others; then it is never an activity either."""

Reason = Literal["unsure", "unlike", "not worn"]
"""Why an activity is unknown: too little confidence, a signal unlike the training data, or nobody wears the sensor."""


def _refuse(*_: Any, **__: Any) -> Any:
    raise TypeError("the totals of an answer cannot be changed; copy them with dict()")


class FrozenDict(dict[str, float]):
    """A dict that cannot be changed. Unlike a mapping proxy it can be pickled and written as JSON."""

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type, tuple[dict[str, float]]]:
        return type(self), (dict(self),)


@dataclass(frozen=True)
class Event:
    """An activity that started or ended."""

    kind: Literal["started", "ended"]
    activity: str
    sensor_s: float
    """When, by the sensor's clock, seconds."""
    unix_s: float
    """When, by this computer's clock, seconds since 1970."""


@dataclass(frozen=True)
class Totals:
    """The day so far: since the last local midnight, or if the program began later and nothing was known of the day by
    then, since it began."""

    since_unix_s: float
    seconds: Mapping[str, float] = field(default_factory=FrozenDict)
    """Time in each activity that occurred, families by their own names, including `UNKNOWN` but not the time not worn;
    immutable."""
    not_worn_s: float = 0.0
    transitions: int = 0
    """Changes from one activity to another; from one to its family, or back, does not count."""
    steps: int = 0
    """Steps taken."""
    effort: Mapping[str, float] = field(default_factory=FrozenDict)
    """Seconds of steps of each `Intensity` that occurred; immutable."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", FrozenDict(self.seconds))
        object.__setattr__(self, "effort", FrozenDict(self.effort))


@dataclass(frozen=True)
class Answer:
    """What the wearer did at the end of a window, and how sure that is. Immutable, its arrays and counts included."""

    prediction: Prediction
    """The model's, for this window alone."""
    activity: str
    """A label of the card, after smoothing; a family of the card, if only that is certain; or `UNKNOWN`."""
    confidence: float
    """Probability of `activity` after smoothing, of a family the sum over its labels; of the likeliest label if it is
    unknown; 0 to 1. Without an HMM filter it is the window's own, and hysteresis may hold an activity that is not the
    window's likeliest."""
    probabilities: NDArray[np.float64]
    """Of every label of the card after smoothing, in its order, shape (classes,); without a filter the window's."""
    reason: Reason | None
    """Why the activity is unknown; None if it is known."""
    events: tuple[Event, ...]
    """What started or ended with this window, in order of time."""
    totals: Totals
    """The day up to this window, which it includes."""
    truth: str | None
    """What the wearer really did, if the source says so."""
    report: ResampleReport
    """The samples received and lost so far."""
    unix_s: float
    """The end of the window by this computer's clock, seconds since 1970."""
    latency_s: float | None = None
    """From the arrival of the window's last samples to this answer, seconds; None if it was not timed."""
    place: str | None = None
    """Where the sensor is worn, one of the card's places; None if that is not known, or the model does not tell it."""
    place_probabilities: NDArray[np.float64] | None = None
    """The belief in each place of the card, in its order, shape (places,); None if the model does not tell them."""
    steps: int = 0
    """Steps taken since the answer before; a bout's first steps come together, once it is certain that it is one."""
    cadence: float | None = None
    """Steps a minute; None if the wearer takes none."""

    @property
    def intensity(self) -> Intensity | None:
        """How hard the wearer walks or runs, by cadence; None if there are no steps."""
        return None if self.cadence is None else intensity_of(self.cadence)
