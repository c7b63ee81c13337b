"""What the labels of training windows mean to the loss: the classes that they allow, and where those were seen."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from har_runtime.contract import FAMILIES, PLACES
from har_runtime.errors import DataError
from har_train.data.windows import WindowSet
from har_train.recipe import Recipe


@dataclass(frozen=True)
class Targets:
    """What the labels of windows mean to the classification loss."""

    class_weights: Tensor | None = None
    """Shape (classes,)."""
    allowed: Tensor | None = None
    """Whether a window whose activity is the row may be the class of the column, shape (classes + choices, classes);
    None if the rows are the classes."""
    seen: Tensor | None = None
    """Whether the training data has the class of the column at the place of the row, shape (places, classes); None
    without places. A softmax at a place runs over these, so that what nobody recorded is not ruled out."""
    gait: Tensor | None = None
    """Whether the activity or choice is gait, shape (classes + choices,); None without places."""

    rare: Tensor | None = None
    """Whether the class of the column is a posture that the training data lacks at the place of the row, shape
    (places, classes); None without places."""

    def to(self, device: torch.device) -> "Targets":
        """The same on a device."""
        tensors = {name: value if value is None else value.to(device) for name, value in vars(self).items()}
        return replace(self, **tensors)


def place_numbers(windows: WindowSet, places: tuple[str, ...]) -> NDArray[np.int64]:
    """Index of each window's place in a recipe's places, shape (n,); 0 without places.

    Raises:
        DataError: a window whose place is none of them.
    """
    if not places:
        return np.zeros(len(windows.y), np.int64)
    numbers = np.array([places.index(place) if place in places else -1 for place in (*PLACES, "")])[windows.place]
    if (numbers < 0).any():
        recording = windows.recording[numbers < 0][0]
        raise DataError(f"recording {recording}: where it was worn is none of model.places ({', '.join(places)})")
    return numbers


def targets_of(train: WindowSet, recipe: Recipe) -> Targets:
    """What the labels of the training windows mean to the classification loss."""
    weights = class_weights(train) if recipe.optimiser.class_balance else None
    places = recipe.model.places
    if not (places or train.choices):
        return Targets(weights)
    allowed = torch.from_numpy(train.allowed)
    if not places:
        return Targets(weights, allowed)
    seen = torch.zeros(len(places), len(train.labels), dtype=torch.bool)
    # A choice, numbered after the classes, adds its members only where none of them was recorded by itself: with some
    # seconds of "still" at the wrist, where people stood and sat, nobody has lain there.
    for place, y in sorted(set(zip(place_numbers(train, places).tolist(), train.y.tolist(), strict=True))):
        if not (seen[place] & allowed[y]).any():
            seen[place] |= allowed[y]
    gait, posture = (
        torch.tensor([label in FAMILIES[family] for label in train.labels]) for family in ("on_foot", "still")
    )
    return Targets(weights, allowed, seen, (allowed & gait).any(dim=1), ~seen & posture)


def class_weights(train: WindowSet) -> Tensor:
    """Weights of the classes in the loss that make them equal, 1 on average over the windows, shape (classes,)."""
    counts = np.bincount(train.y, minlength=len(train.labels))
    return torch.from_numpy((len(train.y) / (len(counts) * counts)).astype(np.float32))
