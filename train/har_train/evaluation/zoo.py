"""Every system of the paper's Table 3 on the same people and windows: one row for each, kept as soon as it is finished.

A system is trained with the schedule of its authors, and with the budget of processor time that all have, so that none
wins by computing longer. The paper's own method and the controls are among the rows.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from har_runtime.errors import DataError
from har_runtime.files import write_bytes
from har_train.data.splits import Protocol
from har_train.evaluation.cross_validation import cross_validate
from har_train.fit.checkpoint import architecture_of
from har_train.fit.network import HarNetwork, parameter_count
from har_train.methods.registry import SYSTEMS
from har_train.recipe import Recipe
from har_train.recipe_file import load_recipe

AUTHORS, BUDGET = "authors", "budget"
SCHEDULES = (AUTHORS, BUDGET)
OURS, CONTROLS = "multisupconhar", ("random-forest", "logistic-regression")
PRINTED = {"uci-har": 91.07, "mobiact": 85.93, "usc-had": 76.84}
"""Of the paper's own method in its Table 3, macro-F1 in %."""
ROW = "row.json"
"""In the folder of a row, written when it is finished."""
CLAIM = "cross-validation.json"
"""In the folder of a row that was begun."""


@dataclass(frozen=True)
class Row:
    """One system, trained and scored once."""

    system: str
    schedule: str
    seed: int

    @property
    def recipe(self) -> str:
        """Name of its recipe; a control has no schedule."""
        if self.system in CONTROLS:
            return f"hapt-{self.system}"
        return f"zoo-{self.system}" + ("-budget" if self.schedule == BUDGET else "")

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.system}, {self.schedule}, seed {self.seed}"


@dataclass(frozen=True)
class Zoo:
    """What to run, and where."""

    data: Path
    out: Path
    protocol: Protocol
    systems: tuple[str, ...]
    schedules: tuple[str, ...] = (BUDGET,)
    seeds: tuple[int, ...] = (0, 1, 2)
    changes: tuple[str, ...] = ()
    """Settings that replace those of every recipe."""
    precision: str = "32"
    epochs: int | None = None
    processes: int = 1
    ray: str | None = None

    def rows(self) -> list[Row]:
        """All rows, a seed of every system before the next seed. A control is in the first schedule only."""
        return [
            Row(system, schedule, seed)
            for schedule in self.schedules
            for seed in self.seeds
            for system in self.systems
            if system not in CONTROLS or schedule == self.schedules[0]
        ]

    def folder(self, row: Row) -> Path:
        """Where a row keeps its files."""
        return self.out / row.schedule / row.system / f"seed-{row.seed}"


def system_names() -> list[str]:
    """All rows that there can be: the paper's method, the systems it is compared with, the controls."""
    return [OURS, *SYSTEMS, *CONTROLS]


def run_zoo(zoo: Zoo, show: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Train and score the rows that are not finished yet; returns the document of all.

    Args:
        show: gets a line before and after each row.

    Raises:
        DataError: an unknown system or schedule, no data, or a row that is damaged.
        HarError: a row's folder holds another run, or a fold failed.
        KeyboardInterrupt: Ctrl-C; what is finished is kept, and the rest continues when it is called again.
    """
    _check(zoo.systems, system_names(), "system")
    _check(zoo.schedules, SCHEDULES, "schedule")
    rows = zoo.rows()
    recipes = {row: load_recipe(row.recipe, zoo.changes) for row in rows}
    done = [read_row(zoo, row) for row in rows if (zoo.folder(row) / ROW).exists()]
    show(f"{len(done)} of {len(rows)} rows are finished")
    for row in rows:
        if (zoo.folder(row) / ROW).exists():
            continue
        show(f"{row.name}: training")
        done.append(_run(zoo, row, recipes[row]))
        left = len(rows) - len(done)
        result = f"{row.name}: macro-F1 {100 * done[-1]['macro_f1']:.2f} %"
        show(f"{result}; {left} rows left{_time_left(done, left)}")
    return {
        "protocol": str(zoo.protocol),
        "changes": list(zoo.changes),
        "seeds": list(zoo.seeds),
        "rows": [_together(zoo, *which) for which in dict.fromkeys((row.system, row.schedule) for row in rows)],
    }


def _check(chosen: Sequence[str], known: Sequence[str], kind: str) -> None:
    if unknown := [name for name in chosen if name not in known]:
        raise DataError(f"unknown {kind} '{unknown[0]}'; known: {', '.join(known)}")


def _run(zoo: Zoo, row: Row, recipe: Recipe) -> dict[str, Any]:
    folder = zoo.folder(row)
    found = cross_validate(
        recipe,
        zoo.protocol,
        zoo.data,
        folder,
        seed=row.seed,
        precision=zoo.precision,
        epochs=zoo.epochs,
        resume=(folder / CLAIM).exists(),
        processes=zoo.processes,
        ray=zoo.ray,
    )
    folds = found.document["folds"]
    table = {
        "dataset": found.document["dataset"],
        "placement": found.document["placement"],
        "macro_f1": found.judgement.scores.macro_f1,
        "interval": found.judgement.interval,
        "users": len(found.judgement.users),
        "windows": found.judgement.scores.windows,
        "seconds": sum(fold.get("seconds", 0) for fold in folds),
        "core_minutes": sum(fold.get("processor_seconds", 0) for fold in folds) / 60,
        "epochs": [fold["epochs"] for fold in folds if "epochs" in fold],
        **_size(recipe),
    }
    write_bytes(folder / ROW, f"{json.dumps(table, indent=1, allow_nan=False)}\n".encode())
    return table


def _size(recipe: Recipe) -> dict[str, int]:
    if recipe.is_control:
        return {}
    network = HarNetwork(architecture_of(recipe))
    encoder, classifier = parameter_count(network.encoder), parameter_count(network.classifier)
    return {"parameters": encoder + classifier, "encoder_parameters": encoder}


def read_row(zoo: Zoo, row: Row) -> dict[str, Any]:
    """What a finished row noted.

    Raises:
        DataError: missing or damaged.
    """
    file = zoo.folder(row) / ROW
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
        return {**table, "macro_f1": float(table["macro_f1"]), "seconds": float(table["seconds"])}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{file}: damaged ({error}); delete it and run again") from error


def _time_left(done: Sequence[dict[str, Any]], left: int) -> str:
    minutes = round(left * mean(row["seconds"] for row in done) / 60)
    return f", about {minutes // 60} h {minutes % 60:02d} min" if left else ""


def _together(zoo: Zoo, system: str, schedule: str) -> dict[str, Any]:
    """A system's rows of all seeds."""
    parts = [read_row(zoo, Row(system, schedule, seed)) for seed in zoo.seeds]
    known = SYSTEMS.get(system)
    return {
        "system": system,
        "title": known.title if known else "MultiSupConHAR" if system == OURS else system.replace("-", " "),
        "schedule": schedule,
        "recipe": Row(system, schedule, 0).recipe,
        "dataset": parts[0]["dataset"],
        "placement": parts[0]["placement"],
        "macro_f1": mean(part["macro_f1"] for part in parts),
        "core_minutes": mean(part["core_minutes"] for part in parts),
        "parameters": parts[0].get("parameters"),
        "printed": known.printed if known else PRINTED if system == OURS else {},
        "copied": known is not None and known.copied,
        "seeds": [{"seed": seed, **part} for seed, part in zip(zoo.seeds, parts, strict=True)],
    }
