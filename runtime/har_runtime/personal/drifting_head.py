"""The head of `--adapt`: a model's outputs, changed by how far prototypes have moved. Where none has, they stay as they
are.

A prototype that moves from m to n makes a window with whitened features z more likely by the factor
exp(s (z (n - m) - (n n - m m) / 2)), as in `head`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.model.card import Prototypes
from har_runtime.model.load import Backend
from har_runtime.personal.head import Pair, Whitener

TINY: Final = np.float32(1e-30)


class DriftingHead:
    """Changes the outputs of a model that gives its features.

    Args:
        prototypes: of its card.
        places: of its card; (None,) if it does not tell them.
        labels: of the outputs.
        anchors: where the prototypes begin: means of whitened features, by place and label.
    """

    def __init__(
        self,
        prototypes: Prototypes,
        places: Sequence[str | None],
        labels: Sequence[str],
        anchors: Mapping[Pair, NDArray[np.float64]],
    ):
        self.labels, self.anchors, self.means = tuple(labels), dict(anchors), dict(anchors)
        self.whiten = Whitener(prototypes)
        self._scale = (1 - prototypes.network_share) * prototypes.sharpness
        self._places = tuple(places)
        self._weights = np.zeros((len(self._places), prototypes.width, len(self.labels)), np.float32)
        self._bias = np.zeros((len(self._places), len(self.labels)), np.float32)
        self._has_prototype = np.array([[(place, label) in self.anchors for label in labels] for place in places])
        self._has_moved = False

    def move(self, pair: Pair, mean: NDArray[np.float64]) -> None:
        """Put a prototype somewhere else."""
        place, label = pair
        row, column = self._places.index(place), self.labels.index(label)
        anchor = self.anchors[pair]
        self.means[pair] = mean
        self._weights[row, :, column] = self._scale * (mean - anchor) @ self.whiten.matrix
        self._bias[row, column] = -0.5 * self._scale * (mean @ mean - anchor @ anchor)
        self._has_moved = True

    def outputs(self, outputs: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """The outputs of n windows, in the order of `output_names`, shape (n, ...) each."""
        if not self._has_moved:
            return list(outputs)
        probabilities, *places, features = outputs
        change = np.einsum("nf,pfc->npc", features, self._weights) + self._bias
        own = places[1] if places else probabilities[:, None]
        raised = np.where(self._has_prototype, own * np.exp(change), 0)
        # Labels without a prototype keep what the model gives them.
        before = np.where(self._has_prototype, own, 0).sum(axis=-1, keepdims=True)
        scaled = raised * (before / np.maximum(raised.sum(axis=-1, keepdims=True), TINY))
        by_place = np.where(self._has_prototype, scaled, own)
        if not places:
            return [by_place[:, 0], features]
        return [(places[0][:, None] @ by_place)[:, 0], places[0], by_place, features]


@dataclass(frozen=True)
class DriftingBackend:
    """Runs a model, then the head."""

    model: Backend
    head: DriftingHead

    def outputs(self, windows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Windows of shape (n, 50, 6) in SI units to the changed outputs, each of shape (n, ...)."""
        return self.head.outputs(self.model.outputs(windows))
