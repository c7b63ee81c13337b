"""The export stage: checkpoint in, checked model files with their cards out."""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from har_export import tflite
from har_export.inference import InferenceNetwork
from har_runtime.card import CardScore, ModelCard, Training
from har_runtime.contract import WINDOW
from har_runtime.errors import ModelError
from har_runtime.files import write_bytes
from har_runtime.litert import LiteRtBackend
from har_runtime.scores import score
from har_train.checkpoint import Checkpoint, TrainingRecord
from har_train.windows import WindowSet

FORMATS = {"tflite-int8": "", "tflite": "-fp32"}
"""Formats and what is added to the model's name. The int8 file is the one to embed, so it has the plain name."""
CARD_KEYS = {"tflite-int8": "int8", "tflite": "fp32"}

FLOAT_BOUND = 1e-4
"""Largest difference of a probability between PyTorch and the float32 .tflite before the export is refused."""


@dataclass(frozen=True)
class Exported:
    """One file that was written."""

    path: Path
    format: str
    size: int
    """Bytes."""
    score: CardScore
    """On the test users, measured through LiteRT on the file itself."""
    operators: dict[str, int]


def export_tflite(
    checkpoint: Checkpoint,
    windows: WindowSet,
    out: Path,
    name: str,
    formats: tuple[str, ...] = tuple(FORMATS),
    progress: Callable[[str], None] = lambda step: None,
) -> list[Exported]:
    """Write `NAME.tflite` (int8), `NAME-fp32.tflite` and a card beside each.

    Args:
        windows: of the checkpoint's data set; training users calibrate, test users score.
        progress: called with the name of each step.

    Raises:
        ModelError: windows other than the contract's, or the converted model does not agree with PyTorch; nothing is
            written then.
    """
    record = checkpoint.record
    if record.recipe.data.window != WINDOW:
        raise ModelError(
            f"{record.recipe.name}: trained on windows of {record.recipe.data.window} samples, and the runtime feeds "
            f"{WINDOW}: such a model can be judged and not exported"
        )
    network = InferenceNetwork(checkpoint.network, record.temperature)
    test = windows.of_users(record.split.test)
    progress("converting to TFLite")
    models = {"tflite": tflite.to_tflite(network)}
    _check_agreement(network, models["tflite"], test.x[:500])
    if "tflite-int8" in formats:
        progress("quantising to int8")
        calibration = tflite.calibration_windows(windows.of_users(record.split.train).x)
        models["tflite-int8"] = tflite.quantise(models["tflite"], calibration)
    progress("scoring on the test users")
    scores = {CARD_KEYS[kind]: _score(model, test) for kind, model in models.items()}
    exported: list[Exported] = []
    for kind in formats:
        card = replace(make_card(record, name + FORMATS[kind]), scores=scores)
        content = tflite.finish(models[kind], card)
        path = out / f"{card.name}.tflite"
        write_bytes(path, content)
        sealed = replace(card, sha256=hashlib.sha256(content).hexdigest())
        write_bytes(path.with_suffix(".json"), (sealed.to_json() + "\n").encode())
        exported.append(Exported(path, kind, len(content), scores[CARD_KEYS[kind]], tflite.operators(content)))
    return exported


def make_card(record: TrainingRecord, name: str) -> ModelCard:
    """The card of a training record, without scores."""
    training = Training(
        recipe=record.recipe.name,
        data=record.recipe.data.dataset,
        licence=record.data_licence,
        citation=record.data_citation,
        seed=record.seed,
        trained_on=record.split.train,
        chosen_on=record.split.validation,
        never_seen=record.split.test,
        version=record.version,
        commit=record.commit,
    )
    return ModelCard(
        name=name,
        version=record.version,
        labels=record.labels,
        placement=record.placement,
        temperature=record.temperature,
        training=training,
        scores={},
    )


def probabilities(model: bytes, x: NDArray[np.float32], classes: int) -> NDArray[np.float32]:
    """What LiteRT makes of windows with the bytes of a .tflite, shape (n, 50, 6) to (n, classes)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(model)
        return LiteRtBackend(path, classes)(x)


def _score(model: bytes, test: WindowSet) -> CardScore:
    guess = probabilities(model, test.x, len(test.labels)).argmax(axis=1)
    result = score(test.y, guess, test.labels)
    return CardScore(result.macro_f1, result.accuracy, result.windows)


def _check_agreement(network: InferenceNetwork, model: bytes, x: NDArray[np.float32]) -> None:
    with torch.inference_mode():
        wanted = network(torch.from_numpy(x)).numpy()
    worst = float(np.abs(probabilities(model, x, wanted.shape[1]) - wanted).max())
    if not worst <= FLOAT_BOUND:
        raise ModelError(
            f"the converted model differs from PyTorch by {worst:.2g} in a probability, more than {FLOAT_BOUND}: "
            "nothing written; check the versions against constraints.txt"
        )
