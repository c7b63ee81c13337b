"""Scores agree with an independent implementation, and with what is known by hand."""

import numpy as np
import pytest
import torch
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from har_runtime.scores import score

LABELS = ("a", "b", "c", "d")


@pytest.mark.parametrize("seed", range(5))
def test_macro_f1_and_accuracy_agree_with_torchmetrics(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, guess = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    result = score(truth, guess, LABELS)
    pair = torch.from_numpy(guess), torch.from_numpy(truth)
    assert result.macro_f1 == pytest.approx(float(MulticlassF1Score(4, average="macro")(*pair)), abs=1e-6)
    assert result.accuracy == pytest.approx(float(MulticlassAccuracy(4, average="micro")(*pair)), abs=1e-6)


def test_a_class_that_neither_occurs_nor_is_guessed_does_not_count() -> None:
    assert score([0, 1], [0, 1], LABELS).macro_f1 == 1.0


def test_a_class_that_is_guessed_wrongly_counts_as_zero() -> None:
    assert score([0, 0], [0, 3], LABELS).macro_f1 == pytest.approx((2 / 3 + 0) / 2)


def test_nothing_scored_is_no_score() -> None:
    empty = score([], [], LABELS)
    assert (empty.windows, empty.macro_f1, empty.accuracy) == (0, 0.0, 0.0)
