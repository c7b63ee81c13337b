"""Many recipes cross-validated one after another, each in a folder of its own; what is finished is kept."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from har_runtime.errors import DataError
from har_runtime.files import write_bytes
from har_runtime.tables import read_json
from har_train.data.splits import Protocol
from har_train.evaluation.cross_validation import cross_validate
from har_train.fit.checkpoint import architecture_of
from har_train.fit.network import HarNetwork, parameter_count
from har_train.recipe import Recipe

ROW = "row.json"
"""In the folder of a row, written when it is finished."""
CLAIM = "cross-validation.json"
"""In the folder of a row that was begun."""


@dataclass(frozen=True)
class Row:
    """A recipe, trained and scored once."""

    name: str
    """For people."""
    folder: Path
    recipe: Recipe
    seed: int

    @property
    def is_finished(self) -> bool:
        """Whether its result is in its folder."""
        return (self.folder / ROW).exists()

    def result(self) -> dict[str, Any]:
        """What it noted when it was finished.

        Raises:
            DataError: missing or damaged.
        """
        file = self.folder / ROW
        try:
            table = read_json(file)
            return {**table, "macro_f1": float(table["macro_f1"]), "seconds": float(table["seconds"])}
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise DataError(f"{file}: damaged ({error}); delete it and run again") from error


@dataclass(frozen=True)
class Settings:
    """What all rows have in common."""

    data: Path
    protocol: Protocol
    precision: str = "32"
    epochs: int | None = None
    processes: int = 1
    ray: str | None = None


def run_rows(rows: Sequence[Row], settings: Settings, show: Callable[[str], None]) -> None:
    """Train and score the rows that are not finished yet.

    Args:
        show: gets a line before and after each row.

    Raises:
        DataError: no data, or a row that is damaged.
        HarError: a row's folder holds another run, or a fold failed.
        KeyboardInterrupt: Ctrl-C; what is finished is kept, and the rest continues when it is called again.
    """
    done = [row.result()["seconds"] for row in rows if row.is_finished]
    show(f"{len(done)} of {len(rows)} rows are finished")
    for row in rows:
        if row.is_finished:
            continue
        show(f"{row.name}: training")
        result = _run(row, settings)
        done.append(result["seconds"])
        left = len(rows) - len(done)
        show(f"{row.name}: macro-F1 {100 * result['macro_f1']:.2f} %; {left} rows left{_time_left(done, left)}")


def _run(row: Row, settings: Settings) -> dict[str, Any]:
    found = cross_validate(
        row.recipe,
        settings.protocol,
        settings.data,
        row.folder,
        seed=row.seed,
        precision=settings.precision,
        epochs=settings.epochs,
        resume=(row.folder / CLAIM).exists(),
        processes=settings.processes,
        ray=settings.ray,
    )
    folds = found.document["folds"]
    result = {
        "dataset": found.document["dataset"],
        "placement": found.document["placement"],
        "macro_f1": found.judgement.scores.macro_f1,
        "interval": found.judgement.interval,
        "users": len(found.judgement.users),
        "windows": found.judgement.scores.windows,
        "seconds": sum(fold.get("seconds", 0) for fold in folds),
        "core_minutes": sum(fold.get("processor_seconds", 0) for fold in folds) / 60,
        "epochs": [fold["epochs"] for fold in folds if "epochs" in fold],
        **_size(row.recipe),
    }
    write_bytes(row.folder / ROW, f"{json.dumps(result, indent=1, allow_nan=False)}\n".encode())
    return result


def _size(recipe: Recipe) -> dict[str, int]:
    if recipe.is_control:
        return {}
    network = HarNetwork(architecture_of(recipe))
    encoder, classifier = parameter_count(network.encoder), parameter_count(network.classifier)
    return {"parameters": encoder + classifier, "encoder_parameters": encoder}


def _time_left(done: Sequence[float], left: int) -> str:
    minutes = round(left * mean(done) / 60)
    return f", about {minutes // 60} h {minutes % 60:02d} min" if left else ""
