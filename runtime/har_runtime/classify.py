"""From samples to predictions, as they come or all at once: the same windows and the same answers."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from har_runtime.contract import HOP
from har_runtime.model.load import Model
from har_runtime.recording import Recording, cut_recording
from har_runtime.signal.resample import Resampler, ResampleReport
from har_runtime.signal.window import Window, Windower


@dataclass(frozen=True)
class Prediction:
    """What one window was taken for."""

    window: Window
    label: str
    confidence: float
    """Probability of the label, 0 to 1."""
    probabilities: NDArray[np.float32]
    """Of every label of the card, in its order, shape (classes,)."""

    @property
    def start_s(self) -> float:
        """Sensor time of the window's first sample, seconds."""
        return self.window.start_ns / 1e9

    @property
    def end_s(self) -> float:
        """Sensor time of the window's last sample, seconds."""
        return self.window.end_ns / 1e9


class StreamingClassifier:
    """Takes in samples as they come and gives a prediction for each window they complete.

    Example:
        classifier = StreamingClassifier(load_model("waist"))
        for times, acc, gyro in sensor:
            for prediction in classifier.push(times, acc, gyro):
                print(prediction.label, prediction.confidence)
    """

    def __init__(self, model: Model):
        self.model = model
        self._resampler = Resampler(block=HOP)
        self._windower = Windower()

    @property
    def report(self) -> ResampleReport:
        """What was taken in, dropped and given out so far."""
        return self._resampler.report

    def push(self, times: ArrayLike, acc: ArrayLike | None = None, gyro: ArrayLike | None = None) -> list[Prediction]:
        """Take in samples of one sensor, or of both where they share their times.

        Args:
            times: shape (n,), float seconds or integer nanoseconds, of the sensor's own clock.
            acc: shape (n, 3), m/s^2 with gravity, contract frame.
            gyro: shape (n, 3), rad/s, contract frame.

        Raises:
            DataError: shapes that do not fit, or a time out of range.
        """
        return _predict(self.model, self._windower.push(self._resampler.push(times, acc, gyro)))

    def finish(self) -> list[Prediction]:
        """The input has ended: predictions of the windows that were still waiting for a neighbouring sample."""
        return _predict(self.model, self._windower.push(self._resampler.finish()))

    def reset(self) -> None:
        """Start afresh, counts included."""
        self._resampler.reset()
        self._windower.reset()


def classify_recording(model: Model, recording: Recording) -> list[Prediction]:
    """The batch twin of `StreamingClassifier`: the same predictions for a whole recording."""
    return _predict(model, cut_recording(recording).windows)


def _predict(model: Model, windows: Iterable[Window]) -> list[Prediction]:
    windows = list(windows)
    if not windows:
        return []
    table = model.probabilities(np.stack([window.imu for window in windows]))
    best = table.argmax(axis=1)
    return [
        Prediction(window, model.card.labels[index], float(row[index]), row)
        for window, row, index in zip(windows, table, best.tolist(), strict=True)
    ]
