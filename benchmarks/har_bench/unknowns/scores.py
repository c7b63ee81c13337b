"""Scores that should separate unknown windows from known ones, computed for the same windows.

Each is higher if a window resembles the training data less:

- energy of the logits (Liu et al. 2020),
- 1 minus the largest probability, of the window and after the HMM filter,
- distance in the network's features (Lee et al. 2018: Mahalanobis with one covariance for all classes),
- the runtime's distance of simple window statistics, and its verdict: the larger of this distance and 1 minus the
  filter's largest probability, each divided by its threshold; above 1 the answer is unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.metrics import roc_auc_score

from har_bench.unknowns.tables import SCORES
from har_runtime.answers.rejection import Rejector
from har_train.data.continuous import Track
from har_train.data.windows import WindowSet
from har_train.fit.answer_parameters import Answers, filtered
from har_train.fit.calibration import calibrated
from har_train.fit.checkpoint import Checkpoint

ENERGY, PROBABILITY, SMOOTHED, FEATURES, STATISTICS, VERDICT = SCORES
VARIANCE_FLOOR = 1e-6
"""Added to the features' variances, because some features are 0 in every training window."""


@dataclass(frozen=True)
class Scorer:
    """A network with everything that the scores need."""

    checkpoint: Checkpoint
    answers: Answers
    means: NDArray[np.float64]
    """Mean of the features in each class, shape (classes, width)."""
    precision: NDArray[np.floating]
    """Inverse of their covariance within classes, shape (width, width)."""

    def scores(self, tracks: Sequence[Track]) -> dict[str, NDArray[np.float64]]:
        """Every score of all windows of `tracks`, in their order; shape (n,) each."""
        found: dict[str, list[NDArray[np.float64]]] = {name: [] for name in SCORES}
        rejection = self.answers.rejection
        rejector = Rejector(rejection)
        for track in tracks:
            features = self.checkpoint.features(track.windows)
            logits = self.checkpoint.logits(track.windows)
            probabilities = calibrated(logits, self.checkpoint.record.temperature)
            doubt = 1 - filtered(self.answers.smoothing, track, probabilities).max(axis=1)
            distance = rejector.distances(track.windows)
            found[ENERGY].append(-np.asarray(logsumexp(logits.astype(np.float64), axis=1)))
            found[PROBABILITY].append(1 - probabilities.max(axis=1).astype(np.float64))
            found[SMOOTHED].append(doubt)
            found[FEATURES].append(self._feature_distance(features))
            found[STATISTICS].append(distance)
            found[VERDICT].append(np.maximum(distance / rejection.distance, doubt / (1 - rejection.confidence)))
        return {name: np.concatenate(parts) for name, parts in found.items()}

    def _feature_distance(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        away = features[:, None, :] - self.means
        return np.sqrt(np.einsum("nci,ij,ncj->nc", away, self.precision, away, optimize=True).min(axis=1))


def scorer_of(checkpoint: Checkpoint, answers: Answers, training: WindowSet) -> Scorer:
    """Fit the feature distance to the training users' windows."""
    features = checkpoint.features(training.x).astype(np.float64)
    means = np.array([features[training.y == index].mean(axis=0) for index in range(len(training.labels))])
    covariance = np.cov((features - means[training.y]).T) + VARIANCE_FLOOR * np.eye(features.shape[1])
    return Scorer(checkpoint, answers, means, np.linalg.inv(covariance))


def areas(known: dict[str, NDArray[np.float64]], other: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    """Area under the ROC of each score: how probably it is higher for an unknown window than for a known one."""
    return {
        name: float(
            roc_auc_score(
                np.concatenate([np.zeros(len(known[name])), np.ones(len(other[name]))]),
                np.concatenate([known[name], other[name]]),
            )
        )
        for name in SCORES
    }


def select(scores: dict[str, NDArray[np.float64]], keep: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
    """The windows where `keep` is true."""
    return {name: values[keep] for name, values in scores.items()}


def window_labels(tracks: Sequence[Track]) -> NDArray[np.str_]:
    """Label of each window of `tracks`, "" if it has none; shape (n,)."""
    return np.array([label or "" for track in tracks for label in track.labels])


def unknown_share(scores: dict[str, NDArray[np.float64]]) -> float:
    """Share of the windows whose answer would be unknown."""
    return float((scores[VERDICT] > 1).mean())
