"""The prototype head: a window is likely to be the activity whose prototype is near its features.

A prototype is the mean of an activity's features. The population's is the prior, the person's own windows move it: the
posterior mean of a Gaussian with known covariance, (k0 mu0 + sum z) / (k0 + n) (Murphy 2007: Conjugate Bayesian
analysis of the Gaussian distribution, section 2). All share one covariance, so that the logits are linear in the
features. What the network itself makes of a window has its share.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from har_runtime.model.card import ModelCard, Prototypes
from har_runtime.model.outputs import Outputs
from har_runtime.personal.profile import Learnt

FLOOR = 1e-6
"""Of a probability whose logarithm is taken: the network's own cannot rule an activity out."""
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

    def outputs(self, outputs: Outputs) -> list[NDArray[np.float32]]:
        """What a file with these labels would give, in the order of `output_names`.

        Args:
            outputs: of the model, for n windows.
        """
        features = outputs.features
        assert features is not None
        own = outputs.probabilities[:, None] if outputs.by_place is None else outputs.by_place
        if not any(self._rows):
            probabilities = _widened(outputs.probabilities, len(self.labels))
            if outputs.places is None:
                return [probabilities, features]
            return [probabilities, outputs.places, _widened(own, len(self.labels)), features]
        by_place = np.zeros((*own.shape[:2], len(self.labels)), np.float32)
        for index, row in enumerate(self._rows):
            if row is None:
                by_place[:, index, : own.shape[2]] = own[:, index]
            else:
                by_place[:, index] = row.probabilities(own[:, index], features)
        if outputs.places is None:
            return [by_place[:, 0], features]
        probabilities = np.add.reduce(outputs.places[:, :, None] * by_place, axis=1)
        return [probabilities, outputs.places, by_place, features]


class _AtPlace:
    """The head for one place: half the squared distances differ from `z @ weights + bias` by the same for all."""

    def __init__(
        self,
        have: list[int],
        means: NDArray[np.float64],
        known: int,
        count: int,
        prototypes: Prototypes,
        whiten: Whitener,
    ):
        self._have, self._known, self._count = have, known, count
        self._rest = [index for index in range(known) if index not in have]
        self._new = list(range(known, count))
        self._share = prototypes.network_share
        scale = prototypes.sharpness
        self._weights = scale * whiten.matrix.T @ means.T
        self._bias = -0.5 * scale * np.add.reduce(means * means, axis=1)

    def probabilities(self, own: NDArray[np.float32], features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Shapes (n, classes of the network) and (n, features) to (n, classes)."""
        logits = features @ self._weights + self._bias
        logits -= np.maximum.reduce(logits, axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= np.add.reduce(logits, axis=1, keepdims=True)
        near = np.zeros((len(own), self._count))
        near[:, : self._known] = own  # Of activities that have no prototype here, the network alone knows something.
        if self._rest:
            logits *= 1 - np.add.reduce(own[:, self._rest], axis=1, keepdims=True)
        near[:, self._have] = logits
        if self._share == 0:
            return near.astype(np.float32)
        network = np.empty_like(near)
        network[:, : self._known] = own
        if self._new:  # The network knows nothing of these: they take from its answers what the prototypes give them.
            new = near[:, self._new]
            network[:, self._new] = new
            network[:, : self._known] *= 1 - np.add.reduce(new, axis=1, keepdims=True)
        mixed = self._share * np.log(np.maximum(network, FLOOR))
        mixed += (1 - self._share) * np.log(np.maximum(near, FLOOR))
        np.exp(mixed, out=mixed)
        mixed /= np.add.reduce(mixed, axis=1, keepdims=True)
        return mixed.astype(np.float32)


def _widened(table: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """With zeros for new activities."""
    if table.shape[-1] == count:
        return table
    wide = np.zeros((*table.shape[:-1], count), np.float32)
    wide[..., : table.shape[-1]] = table
    return wide
