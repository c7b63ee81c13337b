"""From windows' probabilities to a steady activity: a causal HMM filter, hysteresis, or nothing.

A smoother takes the windows in order and never looks ahead, so an answer never changes. For a model that tells places,
it takes the places of each window too, and judges the activity given the belief in them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.place import MIN_PROBABILITY, PlaceFilter
from har_runtime.contract import HOP_S
from har_runtime.errors import ModelError
from har_runtime.model.card import ModelCard, Smoothing

MAX_STEPS = 120
"""A gap counts as this many hops at most: after a minute the filter has almost forgotten what was before."""
HOLD = 3
"""Windows in a row (1.5 s) that hysteresis needs to change the activity."""


@dataclass(frozen=True)
class Smoothed:
    """A smoother's result for a window."""

    index: int
    """Of the activity, in the card's labels; of the first of the labels that count as one, if it is one of them."""
    probabilities: NDArray[np.float64]
    """Of every label, shape (classes,); the sum is 1 except for rounding."""
    place: int | None = None
    """Index of the likeliest place, in the card's places; None if the model does not tell places."""
    place_probabilities: NDArray[np.float64] | None = None
    """Of every place, shape (places,); None likewise."""


class Smoother(Protocol):
    """Takes windows in order."""

    def step(self, probabilities: NDArray[np.floating], end_ns: int, together: Sequence[int] = ()) -> Smoothed:
        """Add the next window.

        Args:
            probabilities: of every label, shape (classes,).
            end_ns: sensor time of the window's last sample.
            together: labels that count as one, as this window cannot tell them apart; indices, none for none.
        """
        ...

    def reset(self) -> None:
        """Start again."""
        ...


class PlaceSmoother(Protocol):
    """Takes windows of a model that tells places, in order."""

    def step(
        self,
        probabilities: NDArray[np.floating],
        places: NDArray[np.floating],
        by_place: NDArray[np.floating],
        end_ns: int,
        together: Sequence[int] = (),
    ) -> Smoothed:
        """Add the next window.

        Args:
            probabilities: of every label, shape (classes,).
            places: of every place, shape (places,).
            by_place: of every label if the sensor is worn at each place, shape (places, classes).
            end_ns: sensor time of the window's last sample.
            together: labels that count as one, as of `Smoother`.
        """
        ...

    def reset(self) -> None:
        """Start again."""
        ...


def likeliest(probabilities: NDArray[np.floating], together: Sequence[int] = ()) -> int:
    """Index of the likeliest label.

    Args:
        probabilities: of every label, shape (classes,).
        together: labels that count as one, with the sum of their probabilities and the index of the first.

    >>> likeliest(np.array([0.4, 0.3, 0.3])), likeliest(np.array([0.4, 0.3, 0.3]), together=[1, 2])
    (0, 1)
    """
    if together:
        merged = probabilities.astype(np.float64)
        merged[list(together)] = 0
        merged[together[0]] = probabilities[list(together)].sum()
        probabilities = merged
    return int(probabilities.argmax())


def _believed(belief: NDArray[np.float64], before: NDArray[np.float64]) -> NDArray[np.float64]:
    """The belief with the sum 1; that before the window if the window is no evidence, e.g. NaN, which would stay."""
    total = float(belief.sum())
    return belief / total if 0 < total < math.inf else before


class _Hops:
    """Counts the hops from each window to the next."""

    def __init__(self) -> None:
        self._end_ns: int | None = None

    def step(self, end_ns: int) -> int:
        """Hops since the window before, 1 to `MAX_STEPS`; 1 for the first window and if a clock was set back."""
        before, self._end_ns = self._end_ns, end_ns
        hops = 1 if before is None else round((end_ns - before) / (HOP_S * 1e9))
        return min(max(hops, 1), MAX_STEPS)


class HmmFilter:
    """The forward algorithm (Rabiner 1989, section III): belief in each activity given all windows so far.

    A step of one hop carries the belief through the transition matrix; a gap of n hops through n steps. The model's
    probabilities, divided by the prior that they include, are the evidence of a window. The exponent
    corrects for windows that share half their samples.
    """

    def __init__(self, smoothing: Smoothing):
        self._transitions = np.array(smoothing.transitions)
        self._prior = np.array(smoothing.prior)
        self._evidence = smoothing.evidence
        self.reset()

    def step(self, probabilities: NDArray[np.floating], end_ns: int, together: Sequence[int] = ()) -> Smoothed:
        for _ in range(self._hops.step(end_ns)):
            self._belief = self._belief @ self._transitions
        likelihood = np.maximum(probabilities, MIN_PROBABILITY, dtype=np.float64) / self._prior
        self._belief = _believed(self._belief * likelihood**self._evidence, self._belief)
        return Smoothed(likeliest(self._belief, together), self._belief)

    def reset(self) -> None:
        self._belief = self._prior
        self._hops = _Hops()


class JointFilter:
    """The same over pairs of place and activity, so that each is judged given the other.

    A step of one hop carries the activity through the transition matrix and the place through that of `PlaceFilter`.
    The evidence of a window for a pair is that for the activity at this place, times that for the place.

    Args:
        card: of a model that tells places, with transitions.
        place: where the sensor is worn, if that is known.
        belief: as of `PlaceFilter`.

    Raises:
        ModelError: the card has no transitions.
        HarError: the model does not know this place.
    """

    def __init__(self, card: ModelCard, place: str | None = None, belief: Sequence[float] | None = None):
        smoothing = _needed(card)
        self._transitions = np.array(smoothing.transitions)
        self._prior = np.array(smoothing.prior)
        self._evidence = smoothing.evidence
        self._places = PlaceFilter(card, place, belief)
        self.reset()

    def step(
        self,
        probabilities: NDArray[np.floating],
        places: NDArray[np.floating],
        by_place: NDArray[np.floating],
        end_ns: int,
        together: Sequence[int] = (),
    ) -> Smoothed:
        for _ in range(self._hops.step(end_ns)):
            self._belief = self._places.carry(self._belief) @ self._transitions
        likelihood = np.maximum(by_place.astype(np.float64), MIN_PROBABILITY) / self._prior
        belief = self._belief * likelihood**self._evidence
        belief *= self._places.likelihood(places, probabilities)[:, None]
        self._belief = belief = _believed(belief, self._belief)
        activities, at = np.add.reduce(belief, axis=0), np.add.reduce(belief, axis=1)
        return Smoothed(likeliest(activities, together), activities, int(at.argmax()), at)

    def reset(self) -> None:
        self._belief = np.outer(self._places.start, self._prior)
        """Shape (places, classes)."""
        self._hops = _Hops()


class Hysteresis:
    """An activity lasts until another has been the likeliest for `hold` windows in a row."""

    def __init__(self, hold: int = HOLD):
        self._hold = hold
        self.reset()

    def step(self, probabilities: NDArray[np.floating], end_ns: int, together: Sequence[int] = ()) -> Smoothed:
        own = likeliest(probabilities, together)
        if self._held is None or (self._end_ns is not None and end_ns - self._end_ns > self._hold * HOP_S * 1e9):
            self._held = own  # After a gap, start from what is likeliest now.
        self._end_ns = end_ns
        self._repeats = self._repeats + 1 if own == self._candidate else 1
        self._candidate = own
        if self._repeats >= self._hold:
            self._held = own
        return Smoothed(self._held, probabilities.astype(np.float64))

    def reset(self) -> None:
        self._held: int | None = None
        self._candidate, self._repeats = -1, 0
        self._end_ns: int | None = None


class NoSmoothing:
    """Each window by itself."""

    def step(self, probabilities: NDArray[np.floating], end_ns: int, together: Sequence[int] = ()) -> Smoothed:
        return Smoothed(likeliest(probabilities, together), probabilities.astype(np.float64))

    def reset(self) -> None:
        """It keeps nothing."""


class GivenPlace:
    """The activity given the belief in the places, which alone is filtered, and then another smoother.

    Args:
        places: the filter of the places.
        smoother: for the activity.
    """

    def __init__(self, places: PlaceFilter, smoother: Smoother):
        self._places, self._smoother = places, smoother
        self.reset()

    def step(
        self,
        probabilities: NDArray[np.floating],
        places: NDArray[np.floating],
        by_place: NDArray[np.floating],
        end_ns: int,
        together: Sequence[int] = (),
    ) -> Smoothed:
        for _ in range(self._hops.step(end_ns)):
            self._belief = self._places.carry(self._belief)
        self._belief = _believed(self._belief * self._places.likelihood(places, probabilities), self._belief)
        smoothed = self._smoother.step(self._belief @ by_place, end_ns, together)
        return replace(smoothed, place=int(self._belief.argmax()), place_probabilities=self._belief)

    def reset(self) -> None:
        self._smoother.reset()
        self._belief = self._places.start
        self._hops = _Hops()


def _needed(card: ModelCard) -> Smoothing:
    if card.smoothing is None:
        raise ModelError(f"{card.name}: its card has no transitions for hmm; give --smoothing hysteresis or none")
    return card.smoothing


SMOOTHERS: dict[str, Callable[[ModelCard], Smoother]] = {
    "hmm": lambda card: HmmFilter(_needed(card)),
    "hysteresis": lambda card: Hysteresis(),
    "none": lambda card: NoSmoothing(),
}


def place_smoother(
    card: ModelCard, smoothing: str, place: str | None = None, belief: Sequence[float] | None = None
) -> PlaceSmoother:
    """What smooths the answers of a model that tells places.

    Args:
        card: of the model.
        smoothing: a name in `SMOOTHERS`.
        place: where the sensor is worn, if that is known: a key of `contract.PLACE_OF` or one of `contract.PLACES`.
        belief: that in each place before the first window, if something is known of it.

    Raises:
        ModelError: "hmm", and a card without transitions; or a belief that does not fit the places.
        HarError: there is no such place, or the model does not know it.
    """
    if smoothing == "hmm":
        return JointFilter(card, place, belief)
    return GivenPlace(PlaceFilter(card, place, belief), SMOOTHERS[smoothing](card))


def default_smoothing(card: ModelCard) -> str:
    """The default for a card: "hmm" if it has transitions, otherwise "none"."""
    return "hmm" if card.smoothing else "none"
