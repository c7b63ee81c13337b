"""Scores a trained model on its test users, and on the people of other data sets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.model.card import ModelCard
from har_runtime.model.load import load_model
from har_train.data.windows import WindowSet, cut_windows, load_recordings_of, windows_of
from har_train.datasets import find, load
from har_train.evaluation.judgement import Judgement, Predictions, judge
from har_train.evaluation.plots import Embedding
from har_train.fit.calibration import Predict
from har_train.fit.checkpoint import load_checkpoint
from har_train.recipe import DataConfig


@dataclass(frozen=True)
class Candidate:
    """A model to be scored, whatever computes it."""

    predict: Predict
    data: DataConfig
    """The data it was trained on, and the windows that it takes."""
    test_users: tuple[str, ...]
    document: dict[str, Any]
    """Its description in a report."""
    features: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None
    """The encoder's features, shape (n, width); None if the model does not give them."""


@dataclass(frozen=True)
class Evaluation:
    """A model's judgement on its test users."""

    document: dict[str, Any]
    judgement: Judgement
    embedding: Embedding | None


def open_candidate(model: str) -> Candidate:
    """Open a checkpoint (computed by PyTorch), or a .tflite or pretrained name (computed by the runtime).

    Raises:
        ModelError: the model cannot be loaded.
    """
    path = Path(model)
    if path.suffix == ".safetensors" or path.is_dir():
        checkpoint = load_checkpoint(path)
        record = checkpoint.record
        return Candidate(
            predict=checkpoint.probabilities,
            data=record.recipe.data,
            test_users=record.split.test,
            document={
                "model": path.name,
                "recipe": record.recipe.name,
                "dataset": ", ".join(record.recipe.data.set_names),
                "seed": record.seed,
                "licence": record.data_licence,
                "trained_on": len(record.split.train),
                "chosen_on": len(record.split.validation),
            },
            features=checkpoint.features,
        )
    loaded = load_model(model)
    card = loaded.card
    return Candidate(
        predict=loaded.probabilities,
        data=data_of(card),
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


def data_of(card: ModelCard) -> DataConfig:
    """The data that a model was trained on, as far as its card tells it."""
    sets = tuple(card.training.data.split(", "))
    alone = len(sets) == 1
    return DataConfig(
        dataset=sets[0] if alone else "",
        datasets=() if alone else sets,
        activities=card.labels,
        placement=card.placement if alone else None,
        frame=card.frame,
    )


def evaluate(model: str, data: Path, recording: str | None = None, transfer: tuple[str, ...] = ()) -> Evaluation:
    """Score a model on the test users named in it, and on other data sets if asked.

    Args:
        model: model.safetensors, the folder of a run, a .tflite or a pretrained name.
        data: folder or archive of the data set that it names.
        recording: score only this recording of a test user ("hapt-05").
        transfer: data sets, each with a placement if it has several ("sp-sw-har/wrist").

    Raises:
        ModelError: the model cannot be loaded.
        DataError: no data, no recording of the test users, or `recording` is not one of theirs.
    """
    candidate = open_candidate(model)
    config = candidate.data
    recordings = {
        name: [entry for entry in part if entry.user in candidate.test_users]
        for name, part in load_recordings_of(config, data).items()
    }
    recordings = {name: part for name, part in recordings.items() if part}
    test_users = ", ".join(candidate.test_users)
    if not recordings:
        raise DataError(f"{data}: no recording of the test users of {model} ({test_users})")
    if recording is not None:
        found = {name: [entry for entry in part if entry.name == recording] for name, part in recordings.items()}
        recordings = {name: part for name, part in found.items() if part}
        if not recordings:
            raise DataError(f"recording {recording}: not one of the test users of {model} ({test_users})")
    windows = windows_of(recordings, config).single
    judgement = judge(Predictions(windows.y, candidate.predict(windows.x), windows.user, windows.labels))
    embedding = Embedding(candidate.features(windows.x), windows.y, windows.user) if candidate.features else None
    rows = []
    for name in transfer:
        other = transfer_windows(name, data, config)
        answers = choose_among(candidate.predict(other.x), config.activities, other.labels)
        rows.append(transfer_row([answers], name, other))
    return Evaluation({**candidate.document, "transfer": rows}, judgement, embedding)


def transfer_windows(name: str, data: Path, trained: DataConfig) -> WindowSet:
    """Windows of another data set of the activities that it shares with the training data: without overlap or, in the
    frame "upright", one after each hop, as the tracker needs them.

    Args:
        name: data set, with "/placement" if it has several.

    Raises:
        DataError: unknown or missing, fewer than two activities in common, or the same people, who may have trained
            the model.
    """
    dataset, _, placement = name.partition("/")
    for own in trained.set_names:
        if find(dataset).people == find(own).people:
            raise DataError(f"transfer to {name}: its people are those of {own}; give a set of other people")
    recordings = load(dataset, data, placement or None)
    known = {label for entry in recordings if entry.labels is not None for label in np.unique(entry.labels).tolist()}
    shared = tuple(label for label in trained.activities if label in known)
    if len(shared) < 2:
        raise DataError(
            f"transfer to {dataset}: it shares fewer than two activities with {', '.join(trained.set_names)}"
        )
    config = DataConfig(
        dataset,
        shared,
        placement=placement or None,
        frame=trained.frame,
        window=trained.window,
        hop=trained.hop if trained.frame == "upright" else trained.window,
        label_rule=trained.label_rule,
    )
    return cut_windows(recordings, config)


def choose_among(
    probabilities: NDArray[np.float32], labels: tuple[str, ...], among: tuple[str, ...]
) -> NDArray[np.float32]:
    """Probabilities of only the labels in `among`, scaled to add up to 1, shape (n, labels) to (n, among).

    >>> choose_among(np.array([[0.5, 0.3, 0.2]], np.float32), ("lying", "sitting", "walking"), ("walking", "sitting"))
    array([[0.4, 0.6]], dtype=float32)
    """
    kept = probabilities[:, [labels.index(label) for label in among]] + np.float32(1e-9)  # All of them may be 0.
    return kept / kept.sum(axis=1, keepdims=True)


def transfer_row(answers: Sequence[NDArray[np.float32]], name: str, windows: WindowSet) -> dict[str, Any]:
    """Evaluate probabilities for the windows of another data set, as a row of a report's table.

    Args:
        answers: probabilities of one model or of several, e.g. those of all folds, which then count the same; each of
            shape (n, shared activities).
        name: data set, with "/placement" if it has several.
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
