"""Scoring a trained model: on the users that decided nothing about it, and on other data sets' people."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.model.load import load_model
from har_train.data.windows import WindowSet, cut_windows
from har_train.datasets import find, load
from har_train.evaluation.judgement import Judgement, Predictions, judge
from har_train.evaluation.plots import Embedding
from har_train.fit.calibration import calibrated
from har_train.fit.checkpoint import load_checkpoint
from har_train.recipe import DataConfig

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Windows in SI units, shape (n, time, 6), to calibrated probabilities, shape (n, classes)."""


@dataclass(frozen=True)
class Subject:
    """A model to be scored, whatever computes it."""

    predict: Predict
    data: DataConfig
    """What it was trained on, and the windows that it takes."""
    test_users: tuple[str, ...]
    document: dict[str, Any]
    """What a report says of it."""
    features: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None
    """The encoder's, shape (n, width); None where the model does not show them."""


@dataclass(frozen=True)
class Evaluation:
    """A model's judgement on its test users."""

    document: dict[str, Any]
    judgement: Judgement
    embedding: Embedding | None


def open_subject(model: str) -> Subject:
    """A checkpoint (in PyTorch), or a .tflite or pretrained name (through the runtime).

    Raises:
        ModelError: the model cannot be loaded.
    """
    path = Path(model)
    if path.suffix == ".safetensors" or path.is_dir():
        checkpoint = load_checkpoint(path)
        record = checkpoint.record
        return Subject(
            predict=lambda x: calibrated(checkpoint.logits(x), record.temperature),
            data=record.recipe.data,
            test_users=record.split.test,
            document={
                "model": path.name,
                "recipe": record.recipe.name,
                "dataset": record.recipe.data.dataset,
                "seed": record.seed,
                "licence": record.data_licence,
                "trained_on": len(record.split.train),
                "chosen_on": len(record.split.validation),
            },
            features=checkpoint.features,
        )
    loaded = load_model(model)
    card = loaded.card
    return Subject(
        predict=loaded.probabilities,
        data=DataConfig(card.training.data, card.labels, card.placement),
        test_users=card.training.never_seen,
        document={
            "model": path.name,
            "recipe": card.training.recipe,
            "dataset": card.training.data,
            "seed": card.training.seed,
            "licence": card.training.licence,
            "trained_on": len(card.training.trained_on),
            "chosen_on": len(card.training.chosen_on),
        },
    )


def evaluate(model: str, data: Path, recording: str | None = None, transfer: tuple[str, ...] = ()) -> Evaluation:
    """Score a model on the test users named in it, and on other data sets where asked for.

    Args:
        model: model.safetensors, the folder of a run, a .tflite or a pretrained name.
        data: folder or archive of the data set it names.
        recording: score this recording of a test user alone ("hapt-05").
        transfer: data sets, each with its placement where it has several ("sp-sw-har/wrist").

    Raises:
        ModelError: the model cannot be loaded.
        DataError: no data, or a recording that is not one of a test user.
    """
    subject = open_subject(model)
    recordings = [
        entry for entry in load(subject.data.dataset, data, subject.data.placement) if entry.user in subject.test_users
    ]
    if recording is not None:
        recordings = [entry for entry in recordings if entry.name == recording]
        if not recordings:
            never_seen = ", ".join(subject.test_users)
            raise DataError(f"recording {recording}: not one of the users that {model} never saw ({never_seen})")
    windows = cut_windows(recordings, subject.data)
    judgement = judge(Predictions(windows.y, subject.predict(windows.x), windows.user, windows.labels))
    embedding = Embedding(subject.features(windows.x), windows.y, windows.user) if subject.features else None
    rows = []
    for name in transfer:
        other = transfer_windows(name, data, subject.data)
        answers = choose_among(subject.predict(other.x), subject.data.activities, other.labels)
        rows.append(transfer_row([answers], name, other))
    return Evaluation({**subject.document, "transfer": rows}, judgement, embedding)


def transfer_windows(name: str, data: Path, trained: DataConfig) -> WindowSet:
    """Windows of another data set, side by side, of the activities that it shares with what was trained on.

    Args:
        name: data set, with "/placement" where one of several is meant.

    Raises:
        DataError: unknown, not there, fewer than two activities in common, or people in common, who may have trained
            the model.
    """
    dataset, _, placement = name.partition("/")
    if find(dataset).people == find(trained.dataset).people:
        raise DataError(f"transfer to {name}: its people are those of {trained.dataset}; give a set of other people")
    recordings = load(dataset, data, placement or None)
    known = {label for entry in recordings if entry.labels is not None for label in np.unique(entry.labels).tolist()}
    shared = tuple(label for label in trained.activities if label in known)
    if len(shared) < 2:
        raise DataError(f"transfer to {dataset}: it shares fewer than two activities with {trained.dataset}")
    config = DataConfig(
        dataset, shared, placement or None, window=trained.window, hop=trained.window, label_rule=trained.label_rule
    )
    return cut_windows(recordings, config)


def choose_among(
    probabilities: NDArray[np.float32], labels: tuple[str, ...], among: tuple[str, ...]
) -> NDArray[np.float32]:
    """Probabilities of the labels in `among` alone, adding up to 1 again, shape (n, labels) to (n, among).

    >>> choose_among(np.array([[0.5, 0.3, 0.2]], np.float32), ("lying", "sitting", "walking"), ("walking", "sitting"))
    array([[0.4, 0.6]], dtype=float32)
    """
    kept = probabilities[:, [labels.index(label) for label in among]] + np.float32(1e-9)  # All of them may be 0.
    return kept / kept.sum(axis=1, keepdims=True)


def transfer_row(answers: Sequence[NDArray[np.float32]], name: str, windows: WindowSet) -> dict[str, Any]:
    """Judge answers to the windows of another data set, as a row of a report's table.

    Args:
        answers: of one model or of several, such as those of all folds: each counts the same. Each of shape (n, shared
            activities).
        name: data set, with "/placement" where one of several is meant.
    """
    times = len(answers)
    predictions = Predictions(
        np.tile(windows.y, times), np.concatenate(answers), np.tile(windows.user, times), windows.labels
    )
    judgement = judge(predictions)
    dataset, _, placement = name.partition("/")
    return {
        "dataset": dataset,
        "placement": placement or None,
        "activities": list(windows.labels),
        "windows": len(windows.y),
        "users": len(judgement.users),
        "macro_f1": judgement.scores.macro_f1,
        "interval": judgement.interval,
    }
