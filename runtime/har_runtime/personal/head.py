"""The prototype head: a window is likely to be the activity whose prototype is near its features.

A prototype is the mean of an activity's features. The population's is the prior, the person's own windows move it: the
posterior mean of a Gaussian with known covariance, (k0 mu0 + sum z) / (k0 + n) (Murphy 2007: Conjugate Bayesian
analysis of the Gaussian distribution, section 2). All share one covariance, so that the logits are linear in the
features. What the network itself makes of a window has its share.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from har_runtime.model.card import ModelCard, Prototypes
from har_runtime.personal.profile import Learnt

FLOOR = 1e-6
"""Added to probabilities before they are multiplied: neither the network nor the prototypes can rule one out."""
Pair = tuple[str | None, str]
"""A place and a label."""


class Whitener:
    """Makes the features of a card uncorrelated, with variance 1 within an activity."""

    def __init__(self, prototypes: Prototypes):
        width = prototypes.width
        self.matrix = np.zeros((width, width))
        """Shape (features, features)."""
        self.matrix[np.tril_indices(width)] = prototypes.whitening

    def __call__(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Whitened features, shape (..., features)."""
        return features.astype(np.float64) @ self.matrix.T


def posterior(
    prototypes: Prototypes, learnt: Iterable[Learnt]
) -> tuple[dict[Pair, NDArray[np.float64]], set[str | None]]:
    """The mean of the whitened features of each activity at each place, as one person does it.

    Returns:
        The means, and the places at which something was learnt.
    """
    means: dict[Pair, NDArray[np.float64]] = {(one.place, one.label): np.array(one.mean) for one in prototypes.known}
    places: set[str | None] = set()
    for one in learnt:
        own, prior = np.array(one.mean), means.get((one.place, one.label))
        k0 = prototypes.prior_weight
        means[one.place, one.label] = own if prior is None else (k0 * prior + one.windows * own) / (k0 + one.windows)
        places.add(one.place)
    return means, places


class PrototypeHead:
    """Turns the outputs of a model into those for one person.

    At places where nothing was learnt, the outputs are the model's own.

    Args:
        card: of the model as it is shipped, with prototypes.
        labels: those of the card, then the new activities.
        means: of the whitened features, by place and label.
        served: the places at which the prototypes count.
    """

    def __init__(
        self,
        card: ModelCard,
        labels: Sequence[str],
        means: dict[Pair, NDArray[np.float64]],
        served: Iterable[str | None],
    ):
        assert card.prototypes is not None
        self.card, self.labels = card, tuple(labels)
        self.served = set(served)
        self.means = dict(means)
        self._prototypes = card.prototypes
        self.whiten = Whitener(card.prototypes)
        self._places: tuple[str | None, ...] = card.places or (None,)
        self._rows: list[_AtPlace | None] = [None] * len(self._places)
        for place in self.served:
            self.refresh(place)

    def refresh(self, place: str | None) -> None:
        """The means at this place have changed."""
        have = [index for index, label in enumerate(self.labels) if (place, label) in self.means]
        if not have or place not in self.served:
            return
        means = np.stack([self.means[place, self.labels[index]] for index in have])
        row = _AtPlace(have, means, len(self.card.labels), len(self.labels), self._prototypes, self.whiten)
        self._rows[self._places.index(place)] = row

    def outputs(self, outputs: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """What a file with these labels would give for n windows, from what the model's file gives: both in the order
        of `output_names`, shape (n, ...) each."""
        probabilities, *places, features = outputs
        own = places[1] if places else probabilities[:, None]
        by_place = _widened(own, len(self.labels))
        if not any(self._rows):
            probabilities = _widened(probabilities, len(self.labels))
            return [probabilities, places[0], by_place, features] if places else [probabilities, features]
        by_place = np.array(by_place)
        for index, row in enumerate(self._rows):
            if row is not None:
                by_place[:, index] = row.probabilities(own[:, index], features)
        if not places:
            return [by_place[:, 0], features]
        return [(places[0][:, None] @ by_place)[:, 0], places[0], by_place, features]


class _AtPlace:
    """The head for one place: half the squared distances differ from `z @ weights + bias` by the same for all.

    A window has a dozen labels: loops over them take less time than as many steps in numpy.
    """

    def __init__(
        self,
        have: list[int],
        means: NDArray[np.float64],
        known: int,
        count: int,
        prototypes: Prototypes,
        whiten: Whitener,
    ):
        self._have = have
        self._rest = [index for index in range(known) if index not in have]
        """Of these the network alone knows something here."""
        self._zeros = [0.0] * (count - known)
        self._share = prototypes.network_share
        scale = prototypes.sharpness
        self._weights = (scale * whiten.matrix.T @ means.T).astype(np.float32)
        self._bias = (-0.5 * scale * np.add.reduce(means * means, axis=1)).astype(np.float32)

    def probabilities(self, own: NDArray[np.float32], features: NDArray[np.float32]) -> list[list[float]]:
        """Shapes (n, classes of the network) and (n, features) to (n, classes)."""
        logits = features @ self._weights + self._bias
        return [self._row(*row) for row in zip(own.tolist(), logits.tolist(), strict=True)]

    def _row(self, own: list[float], logits: list[float]) -> list[float]:
        top = max(logits)
        near = [math.exp(value - top) for value in logits]
        left = 1.0
        for index in self._rest:
            left -= own[index]
        scale = left / sum(near)
        table = own + self._zeros
        for index, value in zip(self._have, near, strict=True):
            table[index] = value * scale
        share, other = self._share, 1 - self._share
        if share:
            # Of new activities the network knows nothing: they take from its answers what the prototypes give them.
            new = table[len(own) :]
            left = 1 - sum(new)
            network = [value * left for value in own] + new
            table = [(a + FLOOR) ** share * (b + FLOOR) ** other for a, b in zip(network, table, strict=True)]
        total = sum(table)
        return [value / total for value in table]


def _widened(table: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """With zeros for new activities."""
    if table.shape[-1] == count:
        return table
    wide = np.zeros((*table.shape[:-1], count), np.float32)
    wide[..., : table.shape[-1]] = table
    return wide
