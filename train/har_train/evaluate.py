"""Scoring a model on windows of users that decided nothing about it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from har_runtime.errors import DataError
from har_runtime.model import load_model
from har_runtime.scores import Scores, score
from har_train.checkpoint import load_checkpoint
from har_train.datasets import load
from har_train.windows import cut_windows


@dataclass(frozen=True)
class Evaluation:
    """A model's scores on its test users."""

    model: str
    dataset: str
    users: tuple[str, ...]
    """Never trained on, never used to choose."""
    scores: Scores
    user_macro_f1: dict[str, float]
    """For each user alone."""

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        return asdict(self)


def evaluate(model: str, data: Path, recording: str | None = None) -> Evaluation:
    """Score a checkpoint (in PyTorch) or a .tflite (through the runtime) on the test users named in it.

    Args:
        model: model.safetensors, the folder of a run, a .tflite or a pretrained name.
        data: folder or archive of the data set it names.
        recording: score this recording of a test user alone ("hapt-05").

    Raises:
        ModelError: the model cannot be loaded.
        DataError: no data, or a recording that is not one of a test user.
    """
    path = Path(model)
    if path.suffix == ".safetensors" or path.is_dir():
        checkpoint = load_checkpoint(path)
        record = checkpoint.record
        dataset, users, labels = record.recipe.data.dataset, record.split.test, record.labels
        predict = checkpoint.logits
    else:
        loaded = load_model(model)
        training = loaded.card.training
        dataset, users, labels = training.data, training.never_seen, loaded.card.labels
        predict = loaded.probabilities
    recordings = [entry for entry in load(dataset, data) if entry.user in users]
    if recording is not None:
        recordings = [entry for entry in recordings if entry.name == recording]
        if not recordings:
            raise DataError(f"recording {recording}: not one of the users that {model} never saw ({', '.join(users)})")
    windows = cut_windows(recordings, labels)
    guess = predict(windows.x).argmax(axis=1)
    by_user = {
        user: score(windows.y[mine], guess[mine], labels).macro_f1
        for user in users
        if np.any(mine := windows.user == user)
    }
    return Evaluation(model, dataset, tuple(by_user), score(windows.y, guess, labels), by_user)


def report_lines(result: Evaluation) -> list[str]:
    """The evaluation as a table to read."""
    scores = result.scores
    return [
        f"{'':12} precision  recall      F1  windows",
        *(
            f"{row.label:12} {100 * row.precision:9.2f} {100 * row.recall:7.2f} {100 * row.f1:7.2f} {row.support:8}"
            for row in scores.classes
        ),
        "",
        *(f"user {user}: macro-F1 {100 * value:.2f} %" for user, value in result.user_macro_f1.items()),
        "",
        f"{result.model} on {len(result.users)} users of {result.dataset} it never saw: {scores.windows} windows, "
        f"accuracy {100 * scores.accuracy:.2f} %, macro-F1 {100 * scores.macro_f1:.2f} %",
    ]
