"""Answers that stand for several activities: what contains what, and when one of them is given.

If two activities share the belief, what they have in common may still be certain: somebody is on foot, whether or not
on stairs. Standing, sitting and lying cannot be told apart before it is known which way is up for the wearer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.answer import UNKNOWN, Reason
from har_runtime.answers.smoothing import Smoothed
from har_runtime.model.card import ModelCard
from har_runtime.signal.window import Window

STILL = "still"
"""The family of the postures."""
_NONE: Mapping[str, Iterable[str]] = MappingProxyType({})


def activities_of(card: ModelCard) -> tuple[str, ...]:
    """Every activity that an answer may have: the labels of a card, its families, and `UNKNOWN`."""
    return *(label for label in card.labels if label != UNKNOWN), *card.families, UNKNOWN


class Families:
    """Which answers contain which.

    Args:
        families: the labels of each family, by its name.

    >>> families = Families({"resting": ("sitting", "lying"), "still": ("standing", "sitting", "lying")})
    >>> families.covers("still", "sitting"), families.covers("still", "resting"), families.covers("sitting", "still")
    (True, True, False)
    """

    def __init__(self, families: Mapping[str, Iterable[str]] = _NONE):
        self._members = {family: frozenset(labels) for family, labels in families.items()}

    def covers(self, wide: str, narrow: str) -> bool:
        """Whether they are the same, or `wide` is a family that contains the label or family `narrow`."""
        members = self._members.get(wide)
        return wide == narrow or (members is not None and self._members.get(narrow, {narrow}) <= members)

    def narrower(self, one: str, other: str) -> str | None:
        """The narrower of two answers that may both be right, as one contains the other; None if they differ."""
        if self.covers(one, other):
            return other
        return one if self.covers(other, one) else None


@dataclass(frozen=True)
class Choice:
    """The answer to a window, apart from its moment."""

    activity: str
    """A label, a family, or `UNKNOWN`."""
    confidence: float
    """Its probability, or that of the likeliest label if it is unknown."""
    reason: Reason | None
    """Why it is unknown; None if it is known."""


class Chooser:
    """Chooses the narrowest answer that is sure enough.

    Args:
        card: of the model.
        minimum: probability below which an answer is not sure enough; None if every label is.
        coarse: whether a family may be an answer.
    """

    def __init__(self, card: ModelCard, minimum: float | None, coarse: bool = True):
        self._labels, self._minimum, self._coarse = card.labels, minimum, coarse
        self._families = {
            family: [card.labels.index(label) for label in labels] for family, labels in card.families.items()
        }

    def together(self, window: Window) -> Sequence[int]:
        """Labels that a window cannot tell apart, as indices: the postures, if its axes do not show them."""
        hidden = window.up is not None and not window.up.shows_posture
        return self._families.get(STILL, ()) if hidden else ()

    def step(self, smoothed: Smoothed, together: Sequence[int] = ()) -> Choice:
        """The answer to a window whose signal is like the training data.

        Args:
            smoothed: with the same labels together.
            together: of the window.
        """
        probabilities, index = smoothed.probabilities, smoothed.index
        is_family = index in together
        sure = _sum(probabilities, together) if is_family else float(probabilities[index])
        highest = max(float(probabilities.max()), _sum(probabilities, together))
        if self._minimum is None or highest >= self._minimum:
            if is_family:
                return Choice(STILL, sure, None) if self._coarse else _unknown(probabilities, "unsure")
            if self._labels[index] == UNKNOWN:
                return _unknown(probabilities, "unlike")
            return Choice(self._labels[index], sure, None)
        if self._coarse and (choice := self._family(probabilities, together, self._minimum)):
            return choice
        return _unknown(probabilities, "unlike" if self._labels[index] == UNKNOWN else "unsure")

    def _family(self, probabilities: NDArray[np.float64], together: Sequence[int], minimum: float) -> Choice | None:
        """The narrowest family that is sure enough; of two without a common label, the likelier."""
        sure = {
            family: total
            for family, labels in self._families.items()
            if (total := _sum(probabilities, labels)) >= minimum and not _divides(labels, together)
        }
        if not sure:
            return None
        likeliest = self._families[max(sure, key=sure.__getitem__)]
        narrowest = next(family for family in sure if set(self._families[family]) <= set(likeliest))
        return Choice(narrowest, sure[narrowest], None)


def _sum(probabilities: NDArray[np.float64], labels: Sequence[int]) -> float:
    """Probability of any of the labels; that of an int8 model may exceed 1 by rounding."""
    return min(float(probabilities[list(labels)].sum()), 1.0) if labels else 0.0


def _divides(family: Sequence[int], together: Sequence[int]) -> bool:
    """Whether a family has some but not all of the labels that count together."""
    return not set(together).isdisjoint(family) and not set(together) <= set(family)


def _unknown(probabilities: NDArray[np.float64], reason: Reason) -> Choice:
    return Choice(UNKNOWN, float(probabilities.max()), reason)
