"""What a model returns for windows: probabilities, and for models that tell where the sensor is worn also places."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_runtime.model.card import ModelCard

OUTPUTS = ("probabilities", "places", "by_place")
"""Names of a model's outputs, in their order; the last two only if it tells places."""

SUM_TOLERANCE = 0.05
"""How far the sum of probabilities may be from 1."""


@dataclass(frozen=True)
class Outputs:
    """What a model makes of n windows."""

    probabilities: NDArray[np.float32]
    """Of each label, shape (n, classes)."""
    places: NDArray[np.float32] | None = None
    """Probability of each place, shape (n, places); None if the model does not tell places."""
    by_place: NDArray[np.float32] | None = None
    """Probability of each label if the sensor is worn at each place, shape (n, places, classes); None likewise."""


def output_shapes(card: ModelCard) -> list[tuple[int, ...]]:
    """Shape of each of a model's outputs for one window, in the order of `OUTPUTS`."""
    classes, places = len(card.labels), len(card.places)
    return [(classes,), (places,), (places, classes)] if places else [(classes,)]


def are_probabilities(output: NDArray[np.float32]) -> bool:
    """Whether rows (last axis) are 0 or more and add up to 1, within what an int8 softmax (steps of 1/256) is off.

    >>> are_probabilities(np.array([[0.5, 0.5], [0.996, 0.0]])), are_probabilities(np.array([[np.nan, 1.0]]))
    (True, False)
    """
    off = max(SUM_TOLERANCE, output.shape[-1] / 256)
    return bool(output.min() >= 0 and np.abs(output.sum(axis=-1) - 1).max() <= off)  # False for NaN.


def outputs_text(shapes: Iterable[tuple[int, ...]]) -> str:
    """Names and shapes of outputs, for error messages.

    >>> outputs_text([(6,), (3,), (3, 6)])
    'probabilities (6,), places (3,), by_place (3, 6)'
    """
    return ", ".join(f"{name} {shape}" for name, shape in zip(OUTPUTS, shapes, strict=False))
