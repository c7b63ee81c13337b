"""From windows to predictions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_runtime.model.load import Model
from har_runtime.recording import Recording, cut_recording
from har_runtime.signal.window import Window


@dataclass(frozen=True)
class Prediction:
    """What the model makes of one window."""

    window: Window
    label: str
    confidence: float
    """Probability of the label, 0 to 1."""
    probabilities: NDArray[np.float32]
    """Of every label of the card, in its order, shape (classes,), read-only."""

    @property
    def start_s(self) -> float:
        """Sensor time of the window's first sample, seconds."""
        return self.window.start_ns / 1e9

    @property
    def end_s(self) -> float:
        """Sensor time of the window's last sample, seconds."""
        return self.window.end_ns / 1e9


def classify(model: Model, windows: Sequence[Window]) -> list[Prediction]:
    """The model's prediction for each window."""
    if not windows:
        return []
    table = np.array(model.probabilities(np.stack([window.imu for window in windows])))
    table.flags.writeable = False
    best = table.argmax(axis=1)
    return [
        Prediction(window, model.card.labels[index], float(row[index]), row)
        for window, row, index in zip(windows, table, best.tolist(), strict=True)
    ]


def classify_recording(model: Model, recording: Recording) -> list[Prediction]:
    """The predictions for a whole recording: those that `Recognizer` makes, however the samples are cut."""
    return classify(model, cut_recording(recording).windows)
