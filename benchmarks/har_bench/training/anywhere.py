"""How good models are on people, devices and places that are strange to them: the tables of `anywhere`.

    python -m har_bench.training.anywhere --runs DIR --out benchmarks/results/anywhere.json

Three parts, of which --parts chooses:

- models: each data set left out in turn, for the three sizes. `anywhere-large` comes first, as its networks teach the
  other two: they are what the others would train first, with the same people and seed.
- ladder: each data set left out in turn, for the small network without a teacher in one frame after the other, with the
  paper's contrastive term over the people of all sets, and for random forests, which see what the network sees.
- groups: ten groups of people, for `anywhere` on all data sets together (each person once, by a network that learnt
  from the other people of all sets: ten trainings give the figures of every set), and for `hapt-robust` and the random
  forest on each data set alone.

Every row has a folder in DIR, in which it continues if it was stopped. The JSON is written after each row, and
after each data set that was left out: what is in it is not run again, with another DIR either. A row that is not
finished says so.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from har_bench.results import read_result, write_result
from har_bench.script import run_script, script_parser
from har_bench.training.cross_validation import MOTIONSENSE
from har_bench.training.in_set import in_set_rows
from har_runtime.cli.common import data_folder, whole_number
from har_runtime.errors import DataError
from har_train.data.splits import LEAVE_ONE_SET_OUT, Protocol
from har_train.data.windows import load_recordings_of
from har_train.evaluation.cross_validation import CrossValidation, cross_validate
from har_train.evaluation.left_out_sets import LeftOut, Row, leave_one_set_out
from har_train.fit.hardware import choose_precision
from har_train.recipe import Recipe
from har_train.recipe_file import load_recipe

TEACHER = "anywhere-large"
_NETWORK = load_recipe("anywhere").model
SMALL = (TEACHER, f"model.filters={list(_NETWORK.filters)}", f"model.head={list(_NETWORK.head)}")
"""The network of `anywhere` without its teacher."""
FOREST = (TEACHER, "method='random-forest'", "model.places=[]")
IN_DEVICE_FRAME = ("data.frame='device'", "model.yaw_invariant=false")
MODELS: dict[str, tuple[str, ...]] = {
    "anywhere-large": (TEACHER,),
    "anywhere": ("anywhere",),
    "anywhere-micro": ("anywhere-micro",),
}
"""Recipes, and changes to them."""
LADDER: dict[str, tuple[str, ...]] = {
    "device frame": (*SMALL, "model.places=[]", *IN_DEVICE_FRAME),
    "own gravity": (*SMALL, "model.places=[]", "data.frame='gravity'"),
    "upright": (*SMALL, "model.places=[]"),
    "upright, place": SMALL,
    "upright, place, contrastive": (*SMALL, "model.projector=true", "contrastive.weight=0.1"),
    "random forest, device frame": (*FOREST, *IN_DEVICE_FRAME),
    "random forest, upright": FOREST,
}
GROUPS = 10
WISDM = "['walking', 'running', 'stairs', 'sitting', 'standing']"
ALONE: dict[str, tuple[str, ...]] = {
    "hapt": (),
    "motionsense": ("data.dataset='motionsense'", f"data.activities={MOTIONSENSE}"),
    "wisdm/pocket": ("data.dataset='wisdm'", "data.placement='pocket'", f"data.activities={WISDM}"),
    "wisdm/wrist": ("data.dataset='wisdm'", "data.placement='wrist'", f"data.activities={WISDM}"),
}
"""Changes to recipes for HAPT, for one data set and place alone."""
FEWER_EPOCHS = ("optimiser.epochs=5", "optimiser.patience=5")
"""For the other data sets, which are larger than HAPT."""
METHODS = {"hapt-robust": "hapt-robust", "random forest": "hapt-random-forest"}
PARTS = ("models", "ladder", "groups")
SEED = 0
UNFINISHED = "unfinished"
"""Key of a row whose remaining data sets are yet to be left out."""
CLAIM = "cross-validation.json"
"""In the folder of a row that was begun."""


@dataclass(frozen=True)
class Work:
    """What the rows have in common."""

    data: Path
    runs: Path
    precision: str
    epochs: int | None

    def folder(self, *names: str) -> Path:
        """The folder of a row."""
        return self.runs.joinpath(*(name.replace("/", "-").replace(", ", "-").replace(" ", "-") for name in names))


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser(
        "training.anywhere",
        "Score models on data sets left out, and on groups of people.",
        "runs",
        "out",
        "data",
        "precision",
    )
    parser.add_argument("--parts", default=",".join(PARTS), help="of these parts (default: %(default)s)")
    parser.add_argument("--rows", help="of these rows of them, separated by semicolons (default: all)")
    parser.add_argument("--epochs", type=whole_number(1), help="fewer epochs than the recipes', for a short try")
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    work = Work(data_folder(options.data), options.runs, choose_precision(options.precision), options.epochs)
    rows = {part: names_of(part) for part in _known(options.parts.split(","), PARTS)}
    every = [name for names in rows.values() for name in names]
    wanted = _known(options.rows.split(";"), every) if options.rows else every
    result: dict[str, Any] = {part: [] for part in PARTS}
    if options.out.exists():
        result |= {part: read_result(options.out).get(part, []) for part in PARTS}
    for part, names in rows.items():
        for name in names:
            before = next((row for row in result[part] if row["name"] == name), None)
            if name not in wanted or (before is not None and not before.get(UNFINISHED)):
                continue
            _show(f"{part}: {name}")
            began = time.perf_counter()

            def keep(row: dict[str, Any], part: str = part, name: str = name) -> None:
                rows = {other["name"]: other for other in result[part]} | {name: {"name": name, **row}}
                result[part] = [rows[each] for each in names_of(part) if each in rows]
                write_result(options.out, {"seed": SEED, **result})

            row = _row(part, name, work, tuple(before["sets"]) if before else (), keep)
            keep({**row, "seconds": round(time.perf_counter() - began)})
    return 0


def _known(names: list[str], known: tuple[str, ...] | list[str]) -> list[str]:
    """Names without spaces around them and without empty ones.

    Raises:
        DataError: one is unknown.
    """
    chosen = [name.strip() for name in names if name.strip()]
    for name in chosen:
        if name not in known:
            raise DataError(f"unknown '{name}'; known: {'; '.join(known)}")
    return chosen


def names_of(part: str) -> list[str]:
    """The rows of a part, in their order."""
    if part == "groups":
        return ["anywhere", *(f"{method}, {name}" for name in ALONE for method in METHODS)]
    return list(MODELS if part == "models" else LADDER)


def recipe_of(part: str, name: str) -> Recipe:
    """The recipe of a row."""
    if part == "groups":
        method, _, alone = name.partition(", ")
        if not alone:
            return load_recipe(name)
        fewer = () if alone == "hapt" or method != "hapt-robust" else FEWER_EPOCHS
        return load_recipe(METHODS[method], (*ALONE[alone], *fewer))
    recipe, *changes = (MODELS if part == "models" else LADDER)[name]
    return load_recipe(recipe, changes)


def _row(
    part: str, name: str, work: Work, known: tuple[Row, ...], keep: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Train and score a row, or continue it.

    Args:
        known: what it has already.
        keep: called with the row so far.
    """
    recipe, folder = recipe_of(part, name), work.folder(part, name)
    return _groups(recipe, folder, work) if part == "groups" else _left_out(recipe, folder, work, known, keep)


def _left_out(
    recipe: Recipe, folder: Path, work: Work, known: tuple[Row, ...], keep: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    def done(line: str, rows: list[Row]) -> None:
        _show(line)
        keep({"recipe": recipe.name, "protocol": LEAVE_ONE_SET_OUT, "sets": rows, UNFINISHED: True})

    job = LeftOut(
        recipe,
        work.data,
        folder,
        SEED,
        work.precision,
        work.epochs,
        resume=(folder / CLAIM).exists(),
        teachers=None if recipe.distillation.teacher is None else work.folder("models", TEACHER),
        known=known,
    )
    document = leave_one_set_out(job, done)
    return {"recipe": recipe.name, "protocol": document["protocol"], "sets": document["sets"]}


def _groups(recipe: Recipe, folder: Path, work: Work) -> dict[str, Any]:
    protocol = Protocol("groups", GROUPS)
    found = cross_validate(
        recipe,
        protocol,
        work.data,
        folder,
        seed=SEED,
        precision=work.precision,
        epochs=work.epochs,
        resume=(folder / CLAIM).exists(),
    )
    if recipe.is_control:
        rows = [_row_of_control(recipe, found)]
    else:
        rows = in_set_rows(recipe, folder, GROUPS, load_recordings_of(recipe.data, work.data))
    return {"recipe": recipe.name, "protocol": str(protocol), "sets": rows}


def _row_of_control(recipe: Recipe, found: CrossValidation) -> dict[str, Any]:
    """What the other rows have of windows alone."""
    judgement = found.judgement
    return {
        "set": recipe.data.dataset,
        "placement": found.document["placement"],
        "activities": list(judgement.labels),
        "windows_scored": judgement.scores.windows,
        "users": len(judgement.users),
        "windows": {
            "macro_f1": judgement.scores.macro_f1,
            "f1": {row.label: row.f1 for row in judgement.scores.classes},
            "macro_f1_among_shared": judgement.scores.macro_f1,
            "interval_among_shared": judgement.interval,
        },
    }


def _show(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
