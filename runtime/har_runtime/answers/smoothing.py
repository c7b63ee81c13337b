"""From one window's probabilities to a steady activity: a causal HMM filter, hysteresis, or nothing.

Each smoother sees the windows in their order and never looks ahead, so an answer is final when it is given.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import HOP_S
from har_runtime.errors import ModelError
from har_runtime.model.card import ModelCard, Smoothing

MAX_STEPS = 120
"""Hops that a gap counts for at most: after a minute the filter has all but forgotten what was before."""
LEAST_PROBABILITY = 1e-6
"""Of a class in the filter: one wrong window of a model that is too sure must not rule an activity out for good."""
HOLD = 3
"""Windows (1.5 s) that hysteresis wants of a new activity before it believes it."""


@dataclass(frozen=True)
class Smoothed:
    """What a smoother makes of a window."""

    index: int
    """Of the activity, in the card's labels."""
    probabilities: NDArray[np.float64]
    """Of every label, shape (classes,); they add up to 1 but for rounding."""


class Smoother(Protocol):
    """Takes windows in their order."""

    def step(self, probabilities: NDArray[np.floating], end_ns: int) -> Smoothed:
        """Take in the next window.

        Args:
            probabilities: of every label, shape (classes,).
            end_ns: sensor time of the window's last sample.
        """
        ...

    def reset(self) -> None:
        """Start afresh."""
        ...


class HmmFilter:
    """The forward algorithm (Rabiner 1989, section III): belief in each activity given all windows so far.

    A step of one hop carries the belief through the transition matrix; a gap of n hops through n steps. The model's
    probabilities, divided by the prior that they hold, are the evidence of a window; the exponent makes up for
    windows that share half their samples.
    """

    def __init__(self, smoothing: Smoothing):
        self._transitions = np.array(smoothing.transitions)
        self._prior = np.array(smoothing.prior)
        self._evidence = smoothing.evidence
        self.reset()

    def step(self, probabilities: NDArray[np.floating], end_ns: int) -> Smoothed:
        for _ in range(self._steps(end_ns)):
            self._belief = self._belief @ self._transitions
        likelihood = np.maximum(probabilities, LEAST_PROBABILITY, dtype=np.float64) / self._prior
        belief = self._belief * likelihood**self._evidence
        self._belief = belief / belief.sum()
        return Smoothed(int(self._belief.argmax()), self._belief)

    def reset(self) -> None:
        self._belief = self._prior
        self._end_ns: int | None = None

    def _steps(self, end_ns: int) -> int:
        before, self._end_ns = self._end_ns, end_ns
        hops = 1 if before is None else round((end_ns - before) / (HOP_S * 1e9))
        return min(max(hops, 1), MAX_STEPS)


class Hysteresis:
    """An activity holds until another has been the likeliest for `hold` windows in a row."""

    def __init__(self, hold: int = HOLD):
        self._hold = hold
        self.reset()

    def step(self, probabilities: NDArray[np.floating], end_ns: int) -> Smoothed:
        likeliest = int(probabilities.argmax())
        if self._held is None or (self._end_ns is not None and end_ns - self._end_ns > self._hold * HOP_S * 1e9):
            self._held = likeliest  # Nothing is known of what was before the gap.
        self._end_ns = end_ns
        self._streak = self._streak + 1 if likeliest == self._candidate else 1
        self._candidate = likeliest
        if self._streak >= self._hold:
            self._held = likeliest
        return Smoothed(self._held, probabilities.astype(np.float64))

    def reset(self) -> None:
        self._held: int | None = None
        self._candidate, self._streak = -1, 0
        self._end_ns: int | None = None


class NoSmoothing:
    """Each window for itself."""

    def step(self, probabilities: NDArray[np.floating], end_ns: int) -> Smoothed:
        return Smoothed(int(probabilities.argmax()), probabilities.astype(np.float64))

    def reset(self) -> None:
        """Nothing is kept."""


def _hmm_of(card: ModelCard) -> Smoother:
    if card.smoothing is None:
        raise ModelError(f"{card.name}: its card has no transitions for hmm; give --smoothing hysteresis or none")
    return HmmFilter(card.smoothing)


SMOOTHERS: dict[str, Callable[[ModelCard], Smoother]] = {
    "hmm": _hmm_of,
    "hysteresis": lambda card: Hysteresis(),
    "none": lambda card: NoSmoothing(),
}


def default_smoothing(card: ModelCard) -> str:
    """What suits a card: "hmm" where it has transitions, else "none"."""
    return "hmm" if card.smoothing else "none"
