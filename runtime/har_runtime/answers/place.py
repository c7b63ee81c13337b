"""Where the sensor is worn: it changes rarely, and gait shows it best.

A window's probabilities of the places are the evidence. Its weight falls with the window's probability of gait: the
model learnt places from people who walk, and knows little about them while someone sits.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import PLACE_OF, PLACES
from har_runtime.errors import HarError, ModelError
from har_runtime.model.card import ModelCard

GAIT = "on_foot"
"""The family of a card's labels that are gait."""
MIN_PROBABILITY = 1e-6
"""Of an activity or place in a filter: one window of an overconfident model must not rule it out for good."""
MIN_BELIEF = 0.8
"""Of a place that answers name: above it a wrong place is rare, as a belief that gait has formed is nearly certain,
and below it the sensor was just moved, or nobody has walked with it for long."""


def place_index(card: ModelCard, place: str) -> int:
    """Index, in the card's places, of a place as users name it: one of `PLACE_OF` or of `PLACES`.

    Raises:
        HarError: there is no such place.
        ModelError: the model does not tell places, or does not know this one.
    """
    found = PLACE_OF.get(place, place)
    if found not in PLACES:
        choices = ", ".join(dict.fromkeys((*PLACE_OF, *PLACES)))
        raise HarError(f"unknown place '{place}'; choose one of {choices}")
    if not card.places:
        raise ModelError(f"{card.name}: this model does not tell places; give no place")
    if found not in card.places:
        raise ModelError(f"{card.name}: this model does not know the {found}; its places are {', '.join(card.places)}")
    return card.places.index(found)


def checked_belief(card: ModelCard, belief: Sequence[float]) -> NDArray[np.float64]:
    """A belief in the places of a card, shape (places,).

    Raises:
        ModelError: it is not one probability for each of them, with the sum 1.
    """
    values = np.array(belief, np.float64)
    if not card.places or values.shape != (len(card.places),) or not (values >= 0).all() or not _is_one(values.sum()):
        raise ModelError(f"{card.name}: the belief in its places must be {len(card.places)} numbers with the sum 1")
    return values


def _is_one(total: float) -> bool:
    return abs(total - 1) < 1e-6


class PlaceFilter:
    """How a belief in places starts, how it changes from hop to hop, and what a window says about it.

    The places are those of the card, in its order.

    Args:
        card: of a model that tells places.
        place: where the sensor is worn, if that is known; then no other place is ever believed.
        belief: that in each place before the first window, shape (places,), if something is known of it and no place
            is given.

    Raises:
        HarError: as of `place_index`.
        ModelError: as of `checked_belief`.
    """

    def __init__(self, card: ModelCard, place: str | None = None, belief: Sequence[float] | None = None):
        assert card.place_filter is not None
        count = len(card.places)
        self.start = np.full(count, 1 / count) if belief is None else checked_belief(card, belief)
        """The belief before the first window, shape (places,)."""
        change = card.place_filter.change if count > 1 else 0.0
        if place is not None:
            self.start, change = np.eye(count)[place_index(card, place)], 0.0
        self._transitions = np.full((count, count), change / max(count - 1, 1))
        np.fill_diagonal(self._transitions, 1 - change)
        self._evidence = card.place_filter.evidence
        self._gait = [card.labels.index(label) for label in card.families.get(GAIT, ())]

    def carry(self, belief: NDArray[np.float64]) -> NDArray[np.float64]:
        """The belief one hop later, shape (places, ...)."""
        return self._transitions @ belief

    def likelihood(self, places: NDArray[np.floating], probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
        """The evidence of a window for each place, shape (places,).

        Args:
            places: probability of each place, shape (places,).
            probabilities: of every label, shape (classes,).
        """
        gait = float(probabilities[self._gait].sum()) if self._gait else 1.0
        return np.maximum(places.astype(np.float64), MIN_PROBABILITY) ** (self._evidence * gait)
