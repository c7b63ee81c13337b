"""Every method on every data set, tested on people it never saw: the tables of train/README.md.

    python -m har_bench.training.cross_validation --runs DIR --out benchmarks/results/cross_validation.json

Rows in the JSON are finished; the others are cross-validated in DIR, or continued there if they were stopped. The JSON
is written after each row.
"""

import argparse
import sys
from dataclasses import dataclass
from typing import Any

from har_bench.results import read_result, write_result
from har_bench.script import run_script, script_parser
from har_runtime.cli.common import data_folder
from har_runtime.errors import DataError
from har_train.data.splits import parse_protocol
from har_train.evaluation.compare import compare
from har_train.evaluation.cross_validation import cross_validate
from har_train.evaluation.judgement import judgement_from_dict
from har_train.fit.hardware import choose_precision
from har_train.recipe_file import load_recipe

METHODS: dict[str, tuple[str, ...]] = {
    "logistic-regression": ("hapt-logistic-regression",),
    "random-forest": ("hapt-random-forest",),
    "supervised": ("hapt-supervised",),
    "multi-task": ("hapt-multi-task",),
    "fine-scale": ("hapt-fine",),
    "robust": ("hapt-robust",),
}
"""Recipes, and changes to them; each data set also changes their [data]."""
PARTS: dict[str, tuple[str, ...]] = {
    "mixed users": ("hapt-fine", "classifier_augment.mix_users=0.4"),
    "averaging": ("hapt-fine", "optimiser.averaging=0.99"),
    "tilt": ("hapt-fine", "classifier_augment.tilt_degrees=10.0"),
    "scaling": ("hapt-fine", "classifier_augment.scaling_std=0.2"),
    "label smoothing": ("hapt-fine", "optimiser.label_smoothing=0.05"),
    "class balance": ("hapt-fine", "optimiser.class_balance=true"),
    "yaw": ("hapt-fine", "classifier_augment.yaw_degrees=30.0"),
}
"""Single changes to `fine-scale` that may help with unseen people; the first five together are `robust`."""
BASELINES = ("supervised", "random-forest", "logistic-regression", "fine-scale")
"""The other methods are compared with these: networks without the contrastive task, and the controls."""


@dataclass(frozen=True)
class Suite:
    """The rows of one data set: each method on the same folds."""

    changes: tuple[str, ...]
    """Changes to the recipes, which are for HAPT."""
    protocol: str
    transfer: tuple[str, ...]


def _epochs(number: int) -> tuple[str, str]:
    """Epochs that make about as many steps as on HAPT."""
    return f"optimiser.epochs={number}", f"optimiser.patience={number}"


MOTIONSENSE = "['walking', 'stairs_up', 'stairs_down', 'sitting', 'standing', 'running']"
WATCH = "['walking', 'turning', 'sitting', 'stand_to_sit', 'sit_to_stand']"
SUITES = {
    "hapt": Suite((), "groups:10", ("motionsense", "sp-sw-har/pocket", "sp-sw-har/wrist")),
    "motionsense": Suite(
        ("data.dataset='motionsense'", f"data.activities={MOTIONSENSE}", *_epochs(5)),
        "groups:5",
        ("hapt", "sp-sw-har/pocket", "sp-sw-har/wrist"),
    ),
    "sp-sw-har/wrist": Suite(
        # Its activities are short: few windows of a second have a single label.
        (
            "data.dataset='sp-sw-har'",
            "data.placement='wrist'",
            f"data.activities={WATCH}",
            "data.label_rule='majority'",
            *_epochs(40),
        ),
        "groups:5",
        ("hapt", "motionsense"),
    ),
}


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser(
        "training.cross_validation", "Cross-validate every method on every data set.", "runs", "out", "data"
    )
    parser.add_argument("--jobs", type=int, default=2, help="folds at a time (default: %(default)s)")
    parser.add_argument("--sets", default=",".join(SUITES), help="of these data sets (default: %(default)s)")
    parser.add_argument(
        "--methods",
        default=",".join(METHODS),
        help=f"of these methods (default: %(default)s), or of the parts of robust: {', '.join(PARTS)}",
    )
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    rows: list[dict[str, Any]] = read_result(options.out)["rows"] if options.out.exists() else []
    write_result(options.out, {"rows": rows, "comparisons": _comparisons(rows)})
    for name in _known(options.sets, SUITES):
        for method in _known(options.methods, METHODS | PARTS):
            if any((row["set"], row["method"]) == (name, method) for row in rows):
                continue
            print(f"{name}, {method}", file=sys.stderr, flush=True)
            rows.append(_cross_validated(name, method, options))
            write_result(options.out, {"rows": rows, "comparisons": _comparisons(rows)})
    return 0


def _known(text: str, names: dict[str, Any]) -> list[str]:
    chosen = [name for name in text.split(",") if name]
    unknown = [name for name in chosen if name not in names]
    if unknown:
        raise DataError(f"unknown '{unknown[0]}'; known: {', '.join(names)}")
    return chosen


def _cross_validated(name: str, method: str, options: argparse.Namespace) -> dict[str, Any]:
    """One row: a method on a data set."""
    suite = SUITES[name]
    folder = options.runs / f"{name}-{method}".replace("/", "-").replace(" ", "-")
    recipe, *changes = (METHODS | PARTS)[method]
    result = cross_validate(
        load_recipe(recipe, [*changes, *suite.changes]),
        parse_protocol(suite.protocol),
        data_folder(options.data),
        folder,
        precision=choose_precision("auto"),
        resume=folder.exists(),
        processes=options.jobs,
        transfer=suite.transfer,
    )
    folds = result.document["folds"]
    return {
        "set": name,
        "method": method,
        "protocol": result.document["protocol"],
        "recipe": result.document["recipe"],
        "fold_macro_f1": [fold["macro_f1"] for fold in folds],
        "validation_macro_f1": [fold["validation_macro_f1"] for fold in folds],
        "training_seconds": sum(fold.get("seconds", 0) for fold in folds),
        "transfer": result.document["transfer"],
        "judgement": result.judgement.to_dict(),
    }


def _comparisons(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Compare each method with each baseline on the same users."""
    judged = {(row["set"], row["method"]): judgement_from_dict(row["judgement"], row["set"]) for row in rows}
    return [
        {"set": name, "method": method, "against": against, **compare(judged[name, against], other).to_dict()}
        for (name, method), other in judged.items()
        for against in BASELINES
        if method != against and (name, against) in judged
    ]


if __name__ == "__main__":
    sys.exit(main())
