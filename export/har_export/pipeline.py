"""The export stage: turns a checkpoint into checked model files with their cards."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_export import c_source, flatbuffer, onnx_file
from har_export.build import build
from har_export.formats import FORMATS, Bound
from har_export.formats import bounds as bounds_of
from har_export.inference import InferenceNetwork
from har_export.interpreters import Runtime, flat, runtimes
from har_export.microcontroller import MicroInterpreter
from har_export.parity import Parity, check, measure
from har_export.preconditions import check_users, possible_formats
from har_export.progress import StepTimer
from har_export.qat import QatResult, fine_tuned
from har_runtime.errors import ModelError
from har_runtime.files import check_folder, write_all
from har_runtime.model.card import CardScore, Prototypes
from har_runtime.model.load import card_path
from har_train.data.windows import WindowSet
from har_train.fit.answer_parameters import Answers
from har_train.fit.card import card_of, gravity_of
from har_train.fit.checkpoint import Checkpoint


@dataclass(frozen=True)
class Exported:
    """One file that was written."""

    path: Path
    format: str
    size: int
    """Bytes."""
    score: CardScore
    """On the test users, measured on the file itself."""
    operators: dict[str, int]


@dataclass(frozen=True)
class Export:
    """The result of an export."""

    files: list[Exported]
    parity: Parity
    arena_bytes: int | None
    """What TFLM needs for the C source; None without format "c"."""
    qat: QatResult | None
    seconds: dict[str, float]
    """Wall-clock time of each step."""

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        return {
            "files": [{**asdict(file), "path": str(file.path)} for file in self.files],
            "arena_bytes": self.arena_bytes,
            "qat": self.qat and self.qat.to_dict(),
            "seconds": self.seconds,
            "parity": self.parity.to_dict(),
        }

    def summary(self) -> list[str]:
        """Agreement, memory and fine-tuning, as lines of text."""
        lines = [self.parity.table().rstrip()]
        if self.arena_bytes is not None:
            lines.append(f"TFLM needs an arena of {self.arena_bytes:,} bytes.")
        return [*lines, *([self.qat.sentence()] if self.qat else [])]


def export_model(
    checkpoint: Checkpoint,
    windows: WindowSet,
    out: Path,
    name: str,
    formats: tuple[str, ...] | None = None,
    *,
    answers: Answers | None = None,
    prototypes: Prototypes | None = None,
    qat: bool = False,
    bounds: Mapping[str, Bound] | None = None,
    compared: list[Runtime] | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> Export:
    """Write a model in each format with its card, and the comparison as `NAME-parity.json` and `NAME-parity.md`.

    Args:
        windows: of the checkpoint's data set; training users calibrate, test users score.
        formats: keys of `FORMATS`; None for all that are possible (`possible_formats`).
        answers: smoothing and rejection for the card (`har_train.fit.answer_parameters`); None for a card without them.
            A network that tells places needs them (`har_train.fit.place_answers`).
        prototypes: for the card (`har_train.fit.prototypes`), of the features, which are then the last output of every
            file; None for files without it, which cannot be made personal.
        qat: fine-tune the network for int8 first.
        bounds: by format; a missing format has no bound. None for the bounds of `FORMATS`.
        compared: runtimes to compare in; None for all that are installed.
        progress: called with the name of each step.

    Raises:
        ModelError: the network's windows are not the contract's, a format cannot carry the network, it tells places and
            `answers` is None, or a file differs from PyTorch by more than its bound. Nothing is written.
        DataError: the windows lack the users of the checkpoint.
        HarError: a file cannot be written. None is left under its final name.
    """
    record = checkpoint.record
    formats, _ = possible_formats(checkpoint, formats)
    if record.recipe.model.places and answers is None:
        raise ModelError(f"{name}: a network that tells places cannot be used without answers: see fit_place_answers")
    check_users(windows, record)
    check_folder(out)
    steps = StepTimer(progress)
    network = InferenceNetwork(checkpoint.network, record.temperature)
    training, test = windows.of_users(record.split.train), windows.of_users(record.split.test).single
    tuned = fine_tuned(network, training, windows.of_users(record.split.validation).single, steps) if qat else None
    for deployed in (network, *([tuned.network] if tuned else [])):
        deployed.gives_features = prototypes is not None
    built = build(network, formats, training.x, tuned and tuned.network, steps)
    card = replace(card_of(record, name, answers, gravity_of(training)), prototypes=prototypes)
    sealed = {format: built.sealed(format, card) for format in built.models}
    parity = measure(sealed, built.ends, _expected(checkpoint, test), test, compared or runtimes(), steps)
    check(parity, bounds_of(checkpoint.network.architecture.yaw_invariant) if bounds is None else bounds)
    steps("writing")
    arena = MicroInterpreter(sealed["tflite-int8"]).arena_bytes() if "c" in formats else None
    scores = _scores(parity)
    files: dict[Path, bytes] = {}
    rows: list[Exported] = []
    for format in formats:
        ends = built.ends if format == "tflite-int8-io" else None
        own = replace(card, name=name + FORMATS[format].suffix, scores=scores, quantised_ends=ends)
        content = built.sealed(format, own)
        counts = onnx_file.operators(content) if format == "onnx" else flatbuffer.operators(content)
        if arena is not None and format == "c":
            path = out / f"{name}-c" / "model.cc"
            files[path] = c_source.source(content).encode()
            files[path.with_suffix(".h")] = c_source.header(own, len(content), arena).encode()
        else:
            path = out / f"{own.name}{FORMATS[format].extension}"
            files[path] = content
            files[card_path(path)] = _line(replace(own, sha256=hashlib.sha256(content).hexdigest()).to_json())
        rows.append(Exported(path, format, len(content), scores[FORMATS[format].number_format], counts))
    head = {"model": name, "never_seen": record.split.test, "arena_bytes": arena, "qat": tuned and tuned.to_dict()}
    files[out / f"{name}-parity.json"] = _line(json.dumps({**head, **parity.to_dict()}, indent=1, allow_nan=False))
    files[out / f"{name}-parity.md"] = parity.table().encode()
    write_all(files)
    steps("")
    return Export(rows, parity, arena, tuned, steps.seconds)


def _expected(checkpoint: Checkpoint, test: WindowSet) -> NDArray[np.float32]:
    """PyTorch's outputs, as the runtimes give them."""
    outputs = checkpoint.outputs(test.x)
    parts = (outputs.probabilities, outputs.places, outputs.by_place)
    return flat([part for part in parts if part is not None])


def _scores(parity: Parity) -> dict[str, CardScore]:
    """By number format, from the first runtime that ran such a file: the one that haredge itself uses."""
    scores: dict[str, CardScore] = {}
    for row in parity.rows:
        scores.setdefault(FORMATS[row.format].number_format, CardScore(row.macro_f1, row.accuracy, row.windows))
    return scores


def _line(text: str) -> bytes:
    return f"{text}\n".encode()
