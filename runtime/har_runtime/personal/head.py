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
        self.whiten = Whitener(card.prototypes)
        self._rows: list[_AtPlace] = []
        known, share = len(card.labels), card.prototypes.network_share
        stacked: list[NDArray[np.float64]] = []
        for index, place in enumerate(card.places or (None,)):
            have = [number for number, label in enumerate(self.labels) if (place, label) in means]
            if have and place in self.served:
                part = slice(len(stacked), len(stacked) + len(have))
                stacked += [means[place, self.labels[number]] for number in have]
                self._rows.append(_AtPlace(index, have, part, known, len(self.labels), share))
        table, scale = np.reshape(stacked, (-1, card.prototypes.width)), card.prototypes.sharpness
        # Half the squared distances differ from `z @ weights + bias` by the same for all of a place.
        self._weights = (scale * self.whiten.matrix.T @ table.T).astype(np.float32)
        self._bias = (-0.5 * scale * np.add.reduce(table * table, axis=1)).astype(np.float32)

    def outputs(self, outputs: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """What a file with these labels would give for n windows, from what the model's file gives: both in the order
        of `output_names`, shape (n, ...) each."""
        probabilities, *places, features = outputs
        own = places[1] if places else probabilities[:, None]
        by_place = _widened(own, len(self.labels))
        if not self._rows:
            probabilities = _widened(probabilities, len(self.labels))
            return [probabilities, places[0], by_place, features] if places else [probabilities, features]
        by_place = np.array(by_place)
        mixed = np.empty_like(by_place[:, 0])
        for window, rows in enumerate(own.tolist()):
            # A product for each window, so that the last bit is the same alone and together with others.
            logits = (features[window].dot(self._weights) + self._bias).tolist()
            for at in self._rows:
                by_place[window, at.index] = at.probabilities(rows[at.index], logits[at.part])
            mixed[window] = places[0][window].dot(by_place[window]) if places else by_place[window, 0]
        return [mixed, places[0], by_place, features] if places else [mixed, features]


class _AtPlace:
    """The head for one place.

    A window has a dozen labels: loops over them take less time than as many steps in numpy.

    Args:
        index: of the place, among those of the card.
        have: indices of the labels that have prototypes.
        part: of the logits of a window that are those of these labels.
        known: labels of the network.
        count: labels, new activities included.
        share: of the network.
    """

    def __init__(self, index: int, have: list[int], part: slice, known: int, count: int, share: float):
        self.index, self.part = index, part
        self._have = have
        self._rest = [label for label in range(known) if label not in have]
        """Of these the network alone knows something here."""
        self._zeros = [0.0] * (count - known)
        self._share = share

    def probabilities(self, own: list[float], logits: list[float]) -> list[float]:
        """Of all labels, for a window.

        Args:
            own: what the network makes of it.
            logits: of the labels that have prototypes.
        """
        top = max(logits)
        near = [math.exp(value - top) for value in logits]
        left = 1.0
        for index in self._rest:
            left -= own[index]
        scale = max(left, 0.0) / sum(near)  # The outputs of an int8 model may add up to more than 1.
        table = own + self._zeros
        for index, value in zip(self._have, near, strict=True):
            table[index] = value * scale
        if share := self._share:
            # Of new activities the network knows nothing: they take from its answers what the prototypes give them.
            new = table[len(own) :]
            left = 1 - sum(new)
            network = [value * left for value in own] + new
            # a ** share * b ** (1 - share), with one power.
            table = [(b + FLOOR) * ((a + FLOOR) / (b + FLOOR)) ** share for a, b in zip(network, table, strict=True)]
        total = sum(table)
        return [value / total for value in table]


def _widened(table: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """With zeros for new activities."""
    if table.shape[-1] == count:
        return table
    wide = np.zeros((*table.shape[:-1], count), np.float32)
    wide[..., : table.shape[-1]] = table
    return wide
