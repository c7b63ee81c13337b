"""Alternatives to our network: TinierHAR, TinyHAR, CNN-HAR and a random forest, on the same data, split and machine.

    python -m har_bench.training.peers --runs DIR --out benchmarks/results/peers.json

Every network, including ours, is trained with the settings of the recipe `uci-har-supervised` on HAPT (seed 0,
60/20/20 % of the people), exported by har_export, and scored on the test users from the exported files. Then all files
are measured in one run. Rows that are in the JSON and whose files are in DIR are finished.
"""

import argparse
import hashlib
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from har_bench import tables
from har_bench.graphs.counting import count
from har_bench.measure import forest
from har_bench.measure.measure import measure
from har_bench.measure.measured_model import MeasuredModel, open_model
from har_bench.measure.options import add_measure_options, measure_settings
from har_bench.progress import step_display
from har_bench.results import describe_machine, read_result, write_result
from har_bench.script import run_script, script_parser
from har_bench.training.model_files import WRITTEN, write_models
from har_export.formats import FORMATS
from har_export.tflite import calibration_windows
from har_runtime.cli.common import data_folder
from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.errors import DataError
from har_runtime.files import write_bytes
from har_runtime.model.card import CardScore
from har_runtime.model.load import card_path, load_model
from har_train.data.splits import UserSplit
from har_train.data.windows import WindowSet, cut_windows, save_windows
from har_train.datasets import find, load
from har_train.evaluation.controls import Control
from har_train.evaluation.judgement import Predictions, judge
from har_train.fit.card import card_of
from har_train.fit.checkpoint import load_checkpoint
from har_train.fit.hardware import choose_precision
from har_train.fit.network import parameter_count
from har_train.fit.run import Run
from har_train.fit.trainer import fit, split_of
from har_train.recipe import Recipe
from har_train.recipe_file import load_recipe

RECIPE = "uci-har-supervised"
SEED = 0
OURS, FOREST = "multisupconhar", "random-forest"
PEERS = ("tinierhar", "tinyhar", "cnn-har")
"""Names of their encoders in recipes."""
ALL = (OURS, *PEERS, FOREST)


def recipe_of(name: str) -> Recipe:
    """The recipe of a network: its encoder and, but for ours, a linear classifier."""
    own = () if name == OURS else (f"model.backbone='{name}'", "model.head=[]")
    return load_recipe(RECIPE, own)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser(
        "training.peers", "Train, score and measure alternatives to our network.", "runs", "out", "data", "precision"
    )
    parser.add_argument("--epochs", type=int, help="fewer epochs than the recipe's, for a short try")
    parser.add_argument("--peers", default=",".join(ALL), help="those to train and measure (default: %(default)s)")
    add_measure_options(parser)
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    settings = measure_settings(options)
    recipe = load_recipe(RECIPE)
    windows = cut_windows(load("hapt", data_folder(options.data)), recipe.data)
    split = split_of(recipe, windows, SEED)
    result: dict[str, Any] = read_result(options.out) if options.out.exists() else {}
    rows: list[dict[str, Any]] = result.get("peers", [])
    wanted = options.peers.split(",")
    unknown = [name for name in wanted if name not in ALL]
    if unknown:
        raise DataError(f"--peers: unknown peer '{unknown[0]}'; known: {', '.join(ALL)}")
    for name in wanted:
        if any(row["name"] == name for row in rows) and all(path.exists() for path in _files(options.runs, name)):
            continue
        print(f"{name}: training", file=sys.stderr, flush=True)
        if name == FOREST:
            row = _forest(windows, split, options.runs)
        else:
            folder = options.runs / name
            resume = (folder / "run.json").exists()
            run = Run(folder, SEED, choose_precision(options.precision), resume, options.epochs)
            row = _network(name, windows, split, run)
        rows = [other for other in rows if other["name"] != name] + [row]
        write_result(options.out, _document(split, rows))
    models = [subject for row in rows for subject in _models(options.runs, row)]
    with step_display() as show_step:
        measured = measure(models, settings, show_step)
    write_result(options.out, {**_document(split, rows), "measured": measured})
    shown = {"machine": describe_machine(), **measured}
    tables.show([score_table(rows), *tables.tables(shown)], tables.remarks(shown))
    return 0


def score_table(rows: list[dict[str, Any]]) -> tables.Table:
    """Scores of each peer on the test users."""
    lines = [
        (
            row["name"],
            f"{row['parameters']:,}",
            "" if row["macs"] is None else f"{row['macs']:,}",
            *(_score(row["scores"].get(kind)) for kind in ("fp32", "int8")),
            "" if row["epochs"] is None else f"{row['epochs']} ({row['best_epoch'] + 1})",
        )
        for row in rows
    ]
    columns = ("model", "parameters", "MACs", "float32 (95 % interval over users)", "int8", "epochs (best)")
    return tables.Table("macro-F1 on the test users, in %", columns, tuple(lines))


def _score(score: dict[str, Any] | None) -> str:
    if score is None:
        return ""
    text = f"{100 * score['macro_f1']:.1f}"
    if score["interval"] is None:  # There is only one test user.
        return text
    low, high = score["interval"]
    return f"{text} ({100 * low:.1f} to {100 * high:.1f})"


def _document(split: UserSplit, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"data": "hapt", "recipe": RECIPE, "seed": SEED, "split": asdict(split), "peers": rows}


def _files(runs: Path, name: str) -> list[Path]:
    folder = runs / name
    if name == FOREST:
        return [folder / f"{name}.onnx", folder / f"{name}.npz"]
    return [folder / f"{name}{FORMATS[format].suffix}{FORMATS[format].extension}" for format in WRITTEN]


def _models(runs: Path, row: dict[str, Any]) -> list[MeasuredModel]:
    if row["name"] == FOREST:
        path = _files(runs, FOREST)[0]
        return [MeasuredModel(FOREST, path, "forest", None, row["scores"]["fp32"]["macro_f1"])]
    return [open_model(path, path.name) for path in _files(runs, row["name"])]


def _network(name: str, windows: WindowSet, split: UserSplit, run: Run) -> dict[str, Any]:
    """Train, export and score one network."""
    recipe = recipe_of(name)
    record = fit(recipe, [find(recipe.data.dataset)], windows, "waist", run, split)
    network = load_checkpoint(run.out).network
    card = card_of(record, name)
    paths = write_models(network, card, calibration_windows(windows.of_users(split.train).x), run.out)
    test = windows.of_users(split.test)
    scores = {
        FORMATS[format].number_format: _score_of(load_model(paths[format]).probabilities(test.x), test)
        for format in WRITTEN[:2]
    }
    card = replace(
        card,
        scores={kind: CardScore(score["macro_f1"], score["accuracy"], len(test.y)) for kind, score in scores.items()},
    )
    for format, path in paths.items():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        own = replace(card, name=card.name + FORMATS[format].suffix, sha256=digest)
        write_bytes(card_path(path), f"{own.to_json()}\n".encode())
    network.projector = nn.Identity()
    return {
        "name": name,
        "parameters": parameter_count(network),
        "macs": count(network, WINDOW, len(CHANNELS)).macs,
        "epochs": record.epochs,
        "best_epoch": record.best_epoch,
        "training_seconds": round(record.seconds),
        "precision": record.precision,
        "validation_macro_f1": record.validation_macro_f1,
        "scores": scores,
    }


def _forest(windows: WindowSet, split: UserSplit, runs: Path) -> dict[str, Any]:
    """Fit the forest, convert it to ONNX and score that."""
    train, validation, test = (windows.of_users(getattr(split, part)) for part in ("train", "validation", "test"))
    control = Control("random-forest", train, forest.SEED, jobs=2)
    path, kept = _files(runs, FOREST)
    content = forest.to_onnx(control)
    write_bytes(path, content)
    save_windows(train, kept)
    return {
        "name": FOREST,
        "parameters": forest.node_count(control),
        "macs": None,
        "epochs": None,
        "best_epoch": None,
        "training_seconds": None,
        "precision": None,
        "validation_macro_f1": _score_of(forest.probabilities(content, validation.x), validation)["macro_f1"],
        "scores": {"fp32": _score_of(forest.probabilities(content, test.x), test)},
        "same_answer_as_scikit_learn": float(
            (forest.probabilities(content, test.x).argmax(1) == control.probabilities(test.x).argmax(1)).mean()
        ),
    }


def _score_of(probabilities: NDArray[np.float32], windows: WindowSet) -> dict[str, Any]:
    judgement = judge(Predictions(windows.y, probabilities, windows.user, windows.labels))
    scores = judgement.scores
    return {"macro_f1": scores.macro_f1, "accuracy": scores.accuracy, "interval": judgement.interval}


if __name__ == "__main__":
    sys.exit(main())
