"""How well predictions match the truth: one implementation for `har-stream`, `har-train` and the benchmarks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class ClassScore:
    """One row of a classification report (the paper's Tables 5 to 7)."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int
    """Windows whose true label is this class."""


@dataclass(frozen=True)
class Scores:
    """Agreement of predicted with true labels over windows."""

    accuracy: float
    macro_f1: float
    """Unweighted mean of the classes' F1 (section 3.3), over the classes that occur in truth or prediction."""
    windows: int
    classes: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Rows are the truth, columns the prediction, in the order of `classes`."""


def score(truth: ArrayLike, predicted: ArrayLike, labels: tuple[str, ...]) -> Scores:
    """Score predictions, both given as indices into `labels`, shape (n,).

    >>> result = score([0, 0, 1, 1], [0, 1, 1, 1], ("still", "moving"))
    >>> result.accuracy, round(result.macro_f1, 4)
    (0.75, 0.7333)
    """
    confusion = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(confusion, (np.asarray(truth, np.int64), np.asarray(predicted, np.int64)), 1)
    return score_confusion(confusion, labels)


def score_confusion(confusion: NDArray[np.int64], labels: tuple[str, ...]) -> Scores:
    """Score a confusion matrix: rows are the truth, columns the prediction, in the order of `labels`."""
    total = int(confusion.sum())
    hits, support, guessed = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    precision, recall = _ratio(hits, guessed), _ratio(hits, support)
    f1 = _ratio(2 * hits, support + guessed)
    occurs = support + guessed > 0
    rows = tuple(
        ClassScore(label, float(precision[i]), float(recall[i]), float(f1[i]), int(support[i]))
        for i, label in enumerate(labels)
    )
    return Scores(
        accuracy=float(hits.sum() / total) if total else 0.0,
        macro_f1=float(f1[occurs].mean()) if total else 0.0,
        windows=total,
        classes=rows,
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
