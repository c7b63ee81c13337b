"""What a model returns for windows: probabilities, for models that tell where the sensor is worn also places, and for
models that can be made personal also the features that they are computed from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_runtime.model.card import ModelCard

PROBABILITIES = ("probabilities",)
AT_PLACES = ("places", "by_place")
"""Only of models that tell places."""
FEATURES = "features"
"""Only of models whose card has `features`."""

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
    features: NDArray[np.float32] | None = None
    """What the probabilities are computed from, shape (n, features); None if the file does not give it."""

    @classmethod
    def of(cls, card: ModelCard, arrays: Sequence[NDArray[np.float32]]) -> "Outputs":
        """Those of a model, from what its file gives, in the order of `output_names`."""
        return cls(**dict(zip(output_names(card), arrays, strict=True)))


def output_names(card: ModelCard) -> tuple[str, ...]:
    """Name of each of a model's outputs, in their order."""
    return (*PROBABILITIES, *(AT_PLACES if card.places else ()), *((FEATURES,) if card.features else ()))


def output_shapes(card: ModelCard) -> list[tuple[int, ...]]:
    """Shape of each of a model's outputs for one window, in their order."""
    classes, places = len(card.labels), len(card.places)
    shapes = {
        "probabilities": (classes,),
        "places": (places,),
        "by_place": (places, classes),
        FEATURES: (card.features,),
    }
    return [shapes[name] for name in output_names(card)]


def are_probabilities(output: NDArray[np.float32]) -> bool:
    """Whether rows (last axis) are 0 or more and add up to 1, within what an int8 softmax (steps of 1/256) is off.

    >>> are_probabilities(np.array([[0.5, 0.5], [0.996, 0.0]])), are_probabilities(np.array([[np.nan, 1.0]]))
    (True, False)
    """
    off = max(SUM_TOLERANCE, output.shape[-1] / 256)
    return bool(output.min() >= 0 and np.abs(output.sum(axis=-1) - 1).max() <= off)  # False for NaN.


def outputs_text(names: Iterable[str], shapes: Iterable[tuple[int, ...]]) -> str:
    """Names and shapes of outputs, for error messages.

    >>> outputs_text(["probabilities", "features"], [(6,), (32,)])
    'probabilities (6,), features (32,)'
    """
    return ", ".join(f"{name} {shape}" for name, shape in zip(names, shapes, strict=True))
