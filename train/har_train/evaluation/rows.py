"""Many recipes cross-validated one after another, each in a folder of its own; what is finished is kept."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from har_runtime.errors import DataError, HarError
from har_runtime.files import write_bytes
from har_runtime.processor import processor_name, vector_unit
from har_runtime.tables import TableError, from_table, read_json
from har_runtime.text import clean
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
class Result:
    """What a finished row noted."""

    settings: str
    """Which recipe, protocol, seed and number of epochs: `settings_of`."""
    dataset: str
    placement: str | None
    macro_f1: float
    interval: tuple[float, float] | None
    """95 % over users; None with few."""
    users: int
    windows: int
    seconds: float
    core_minutes: float
    epochs: tuple[int, ...] = ()
    """Of each fold."""
    steps: tuple[int, ...] = ()
    """Of each fold: steps of the optimiser, all stages together."""
    parameters: int | None = None
    """Of encoder and classifier; None for a control."""
    encoder_parameters: int | None = None
    trained_on: str = ""
    """Processor and number format: a budget of core-minutes means something on one processor only."""


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

    def result(self) -> Result:
        """What it noted when it was finished.

        Raises:
            DataError: missing or damaged.
        """
        file = self.folder / ROW
        try:
            return from_table(Result, read_json(file))
        except (OSError, TableError) as error:
            raise DataError(f"{file}: damaged ({error}); delete it and run again") from error

    def finish(self, result: Result) -> None:
        """Keep its result."""
        write_bytes(self.folder / ROW, f"{json.dumps(asdict(result), indent=1, allow_nan=False)}\n".encode())

    def to_dict(self) -> dict[str, Any]:
        """Its seed and result, as a document contains them."""
        return {"seed": self.seed, **asdict(self.result())}


@dataclass(frozen=True)
class Settings:
    """What all rows have in common."""

    data: Path
    protocol: Protocol
    precision: str = "32"
    epochs: int | None = None
    processes: int = 1
    ray: str | None = None


def settings_of(row: Row, settings: Settings) -> str:
    """Eight digits that differ if rows are trained, divided or scored in another way."""
    table = {"recipe": row.recipe.to_dict(), "seed": row.seed, "protocol": str(settings.protocol)}
    content = json.dumps({**table, "epochs": settings.epochs}, sort_keys=True, allow_nan=False)
    return hashlib.sha256(content.encode()).hexdigest()[:8]


def restore_rows(rows: Sequence[Row], settings: Settings, document: Path) -> None:
    """Keep the results of an earlier document of the same rows, so that they are not trained again.

    Args:
        document: a JSON file that contains results somewhere; need not exist.

    Raises:
        DataError: it cannot be read.
    """
    if not document.exists():
        return
    try:
        found = {table["settings"]: table for table in _tables(read_json(document)) if "settings" in table}
        for row in rows:
            known = found.get(settings_of(row, settings))
            if known is not None and not row.is_finished:
                row.finish(from_table(Result, {key: value for key, value in known.items() if key != "seed"}))
    except (OSError, TableError, TypeError) as error:
        raise DataError(f"{document}: damaged ({clean(str(error))}); delete it and run again") from error


def _tables(value: Any) -> Iterator[dict[str, Any]]:
    """All tables in a value of JSON."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _tables(inner)


def run_rows(rows: Sequence[Row], settings: Settings, show: Callable[[str], None]) -> None:
    """Train and score the rows that are not finished yet.

    Args:
        show: gets a line before and after each row.

    Raises:
        DataError: no data, or a row that is damaged.
        HarError: a row's folder contains another run, or a fold failed.
        KeyboardInterrupt: Ctrl-C; what is finished is kept, and the rest continues when it is called again.
    """
    done: list[float] = []
    for row in rows:
        if row.is_finished:
            result = row.result()
            if result.settings != settings_of(row, settings):
                raise HarError(f"{row.folder}: finished with other settings; choose another --out")
            done.append(result.seconds)
    show(f"{len(done)} of {len(rows)} rows are finished")
    for row in rows:
        if row.is_finished:
            continue
        show(f"{row.name}: training")
        result = _run(row, settings)
        done.append(result.seconds)
        left = len(rows) - len(done)
        show(f"{row.name}: macro-F1 {100 * result.macro_f1:.2f} %; {left} rows left{_time_left(done, left)}")


def _run(row: Row, settings: Settings) -> Result:
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
    parameters, encoder_parameters = _size(row.recipe)
    result = Result(
        settings_of(row, settings),
        found.document["dataset"],
        found.document["placement"],
        found.judgement.scores.macro_f1,
        found.judgement.interval,
        len(found.judgement.users),
        found.judgement.scores.windows,
        sum(fold.get("seconds", 0) for fold in folds),
        sum(fold.get("processor_seconds", 0) for fold in folds) / 60,
        tuple(fold["epochs"] for fold in folds if "epochs" in fold),
        tuple(fold["steps"] for fold in folds if "steps" in fold),
        parameters,
        encoder_parameters,
        _trained_on(settings),
    )
    row.finish(result)
    return result


def _trained_on(settings: Settings) -> str:
    unit = vector_unit()
    here = processor_name() + (f" with {unit}" if unit else "")
    number_format = "float32" if settings.precision == "32" else settings.precision
    return f"{'a Ray cluster' if settings.ray else here} in {number_format}"


def _size(recipe: Recipe) -> tuple[int | None, int | None]:
    """Parameters of encoder and classifier, and of the encoder alone."""
    if recipe.is_control:
        return None, None
    network = HarNetwork(architecture_of(recipe))
    encoder = parameter_count(network.encoder)
    return encoder + parameter_count(network.classifier), encoder


def _time_left(done: Sequence[float], left: int) -> str:
    minutes = round(left * mean(done) / 60)
    return f", about {minutes // 60} h {minutes % 60:02d} min" if left else ""
