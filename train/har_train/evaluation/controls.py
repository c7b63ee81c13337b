"""The controls: classical models of scikit-learn on simple statistics of the same windows.

A network that is not better than these is not worth its cost.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import SAMPLE_RATE_HZ
from har_train.data.windows import WindowSet


def window_statistics(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Simple statistics of each window.

    For the six channels and the two magnitudes: mean, standard deviation, minimum, median, maximum, interquartile
    range, mean absolute difference of neighbours, the strongest frequency's share of the spectrum and that frequency
    (Hz); for each sensor: the three correlations between its axes.

    Args:
        x: shape (n, time, 6), SI units.

    Returns:
        Shape (n, 78).
    """
    sensors = x.reshape(len(x), x.shape[1], 2, 3).astype(np.float64)
    signals = np.concatenate([x.astype(np.float64), np.linalg.norm(sensors, axis=3)], axis=2)
    low, median, high = np.percentile(signals, [25, 50, 75], axis=1)
    spectrum = np.abs(np.fft.rfft(signals - signals.mean(axis=1, keepdims=True), axis=1))[:, 1:] ** 2
    strongest = spectrum.argmax(axis=1)
    share = spectrum.max(axis=1) / np.maximum(spectrum.sum(axis=1), 1e-12)
    columns = [
        signals.mean(axis=1),
        signals.std(axis=1),
        signals.min(axis=1),
        median,
        signals.max(axis=1),
        high - low,
        np.abs(np.diff(signals, axis=1)).mean(axis=1),
        share,
        (strongest + 1) * SAMPLE_RATE_HZ / x.shape[1],
        _correlations(sensors),
    ]
    return np.concatenate(columns, axis=1).astype(np.float32)


def _correlations(sensors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlations of x-y, x-z and y-z of each sensor, shape (n, 6); 0 if an axis does not change."""
    centred = sensors - sensors.mean(axis=1, keepdims=True)
    covariance = np.einsum("ntsa,ntsb->nsab", centred, centred)
    spread = np.sqrt(np.einsum("nsaa->nsa", covariance))
    scale = spread[:, :, :, None] * spread[:, :, None, :]
    correlation = np.divide(covariance, scale, out=np.zeros_like(covariance), where=scale > 1e-12)
    return np.stack([correlation[:, :, 0, 1], correlation[:, :, 0, 2], correlation[:, :, 1, 2]], axis=2).reshape(-1, 6)


class Control:
    """A fitted control: windows in, probabilities out."""

    def __init__(self, method: str, train: WindowSet, seed: int, jobs: int = 1, yaw_invariant: bool = False):
        """Fit a control on the windows of the training users.

        Args:
            method: "random-forest" or "logistic-regression".
            yaw_invariant: whether it sees, instead of the six channels, what no turn about the vertical changes: for
                windows of the frame "upright", see `har_train.fit.network.yaw_invariant`.
        """
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        self.model: Any = (
            RandomForestClassifier(n_estimators=200, random_state=seed, n_jobs=jobs)
            if method == "random-forest"
            else make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000, random_state=seed))
        )
        self._yaw_invariant, self._classes = yaw_invariant, len(train.labels)
        self.model.fit(self._statistics(train.x), train.y)

    def probabilities(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Shape (n, time, 6) in SI units to (n, classes); 0 for a class without a training window."""
        table = np.zeros((len(x), self._classes), np.float32)
        table[:, self.model.classes_] = self.model.predict_proba(self._statistics(x))
        return table

    def _statistics(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        if not self._yaw_invariant:
            return window_statistics(x)
        import torch  # Not at the top: without it, a process that only runs a control is small.

        from har_train.fit.network import yaw_invariant

        return window_statistics(yaw_invariant(torch.from_numpy(x)).numpy())
