"""From windows to predictions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_runtime.model.load import Model, check_gyroscope
from har_runtime.model.outputs import Outputs
from har_runtime.recording import Recording, cut_recording
from har_runtime.signal.upright import in_frame
from har_runtime.signal.window import Window, stacked


@dataclass(frozen=True)
class Prediction:
    """What the model makes of one window."""

    window: Window
    label: str
    confidence: float
    """Probability of the label, 0 to 1."""
    probabilities: NDArray[np.float32]
    """Of every label of the card, in its order, shape (classes,), read-only."""
    places: NDArray[np.float32] | None = None
    """Probability of each place of the card, shape (places,), read-only; None if the model does not tell places."""
    by_place: NDArray[np.float32] | None = None
    """Probabilities of the labels if the sensor is worn at each place, shape (places, classes), read-only."""
    features: NDArray[np.float32] | None = None
    """What the model computes them from, shape (features,), read-only; None if its file does not give it."""

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
    return predictions(windows, model.outputs(stacked(windows)), model.card.labels)


def predictions(windows: Sequence[Window], outputs: Outputs, labels: tuple[str, ...]) -> list[Prediction]:
    """What a model with these labels has made of each window, from its outputs for all of them."""
    table, places, by_place, features = (
        None if output is None else _read_only(output)
        for output in (outputs.probabilities, outputs.places, outputs.by_place, outputs.features)
    )
    assert table is not None
    best = table.argmax(axis=1).tolist()
    return [
        Prediction(
            window,
            labels[label],
            float(table[row][label]),
            table[row],
            None if places is None else places[row],
            None if by_place is None else by_place[row],
            None if features is None else features[row],
        )
        for row, (window, label) in enumerate(zip(windows, best, strict=True))
    ]


def _read_only(output: NDArray[np.float32]) -> NDArray[np.float32]:
    copy = np.array(output)
    copy.flags.writeable = False
    return copy


def classify_recording(model: Model, recording: Recording) -> list[Prediction]:
    """The predictions for a whole recording: those that `Recognizer` makes, however the samples are cut.

    Raises:
        ModelError: a recording without a gyroscope, and a model that needs one.
    """
    check_gyroscope(model.card, recording.gyro is not None, f"recording {recording.name}")
    return classify(model, in_frame(cut_recording(recording).windows, model.card.frame))
