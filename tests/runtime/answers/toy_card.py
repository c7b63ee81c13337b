"""Small parts of which tests of answers are made: a card of three activities, and windows of any moment."""

import numpy as np
from numpy.typing import NDArray

from har_runtime.classify import Prediction
from har_runtime.model.card import ModelCard, Smoothing, Training
from har_runtime.signal.window import Window

LABELS = ("still", "walking", "running")
SMOOTHING = Smoothing(((0.9, 0.08, 0.02), (0.05, 0.9, 0.05), (0.02, 0.08, 0.9)), (0.5, 0.3, 0.2), 0.5)
CARD = ModelCard(
    name="toy",
    version="1",
    labels=LABELS,
    placement="waist",
    temperature=1.0,
    training=Training("toy", "toy", "none", "nobody", 0, ("a",), ("b",), ("c",), "0.1"),
    scores={},
    smoothing=SMOOTHING,
)
HOP_NS = 500_000_000


def moving(seed: int = 0) -> NDArray[np.float32]:
    """A window of somebody who moves, shape (50, 6)."""
    return np.random.default_rng(seed).normal([0, 0, 9.81, 0, 0, 0], 2, (50, 6)).astype(np.float32)


def predicted(index: int, start_ns: int, sure: float = 0.98, imu: NDArray[np.float32] | None = None) -> Prediction:
    """A prediction of the activity with that index, `sure` of it."""
    probabilities = np.full(len(LABELS), (1 - sure) / (len(LABELS) - 1), np.float32)
    probabilities[index] = sure
    window = Window(0, start_ns, moving() if imu is None else imu)
    return Prediction(window, LABELS[index], sure, probabilities)
