"""Activities that a network never learnt: how well each score tells their windows from the known ones.

    python -m har_bench.unknowns.left_out_activities --runs DIR --out benchmarks/results/left_out.json

For each activity of the shipped model a network is trained without it, on the same people, in a short run; what the
runtime needs to doubt is fitted to that network, and the test users' whole recordings are scored. Finished runs
in DIR are not trained again, and one that was stopped goes on where it was.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from har_bench.results import read_result, write_result
from har_bench.unknowns.other_placements import tracks_of
from har_bench.unknowns.scores import areas, scorer_of, select, unknown_share, window_labels
from har_runtime.cli.common import data_folder, run_command
from har_runtime.model.load import load_model
from har_runtime.recording import Recording
from har_runtime.scores import score
from har_train.data.splits import UserSplit
from har_train.data.windows import cut_windows
from har_train.datasets import find, load
from har_train.fit.answer_parameters import fit_answers
from har_train.fit.checkpoint import Checkpoint, load_checkpoint
from har_train.fit.hardware import choose_precision
from har_train.fit.run import Run
from har_train.fit.trainer import fit
from har_train.recipe import load_recipe

SHORT = ("optimiser.epochs=8", 'optimiser.schedule="one-cycle"', "optimiser.learning_rate=1e-3")
"""Eight epochs come near the shipped model's macro-F1 on validation users."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m har_bench.unknowns.left_out_activities",
        description="Score activities that a network never learnt as unknown.",
    )
    parser.add_argument("--runs", type=Path, required=True, help="folder of the runs, one for each activity")
    parser.add_argument("--out", type=Path, required=True, help="JSON to write")
    parser.add_argument("--data", help="folder of the data sets (default: $HAREDGE_DATA)")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.set_defaults(run=_run)
    return run_command(parser, arguments)


def _run(options: argparse.Namespace) -> int:
    recordings = load("hapt", data_folder(options.data))
    rows: list[dict[str, Any]] = read_result(options.out)["rows"] if options.out.exists() else []
    for activity in load_model("waist").card.labels:
        if any(row["left_out"] == activity for row in rows):
            continue
        print(f"without {activity}", file=sys.stderr, flush=True)
        rows.append(score_without(activity, train_without(activity, recordings, options.runs), recordings))
        write_result(options.out, {"recipe": list(SHORT), "rows": rows})
    return 0


def train_without(activity: str, recordings: Sequence[Recording], runs: Path) -> Checkpoint:
    """The network that never learnt `activity`, trained where `runs` does not hold it yet."""
    folder = runs / activity
    if not (folder / "model.safetensors").exists():
        card = load_model("waist").card
        known = [label for label in card.labels if label != activity]
        split = UserSplit(card.training.trained_on, card.training.chosen_on, card.training.never_seen)
        recipe = load_recipe("uci-har-supervised", (*SHORT, f"data.activities={known}"))
        run = Run(folder, precision=choose_precision("auto"), resume=(folder / "run.json").exists())
        fit(recipe, find("hapt"), cut_windows(recordings, recipe.data), "waist", run, split)
    return load_checkpoint(folder)


def score_without(activity: str, checkpoint: Checkpoint, recordings: Sequence[Recording]) -> dict[str, Any]:
    """A row of the report."""
    record = checkpoint.record
    windows = cut_windows(recordings, record.recipe.data)
    answers = fit_answers(recordings, windows, record.split, checkpoint.probabilities)
    scorer = scorer_of(checkpoint, answers, windows.of_users(record.split.train))
    tracks = tracks_of([entry for entry in recordings if entry.user in record.split.test])
    labels, scores = window_labels(tracks), scorer.scores(tracks)
    known, left_out = select(scores, np.isin(labels, record.labels)), select(scores, labels == activity)
    test = windows.of_users(record.split.test)
    return {
        "left_out": activity,
        "windows": int((labels == activity).sum()),
        "known_windows": int(np.isin(labels, record.labels).sum()),
        "known_macro_f1": score(test.y, checkpoint.logits(test.x).argmax(axis=1), test.labels).macro_f1,
        "auc": areas(known, left_out),
        "called_unknown": unknown_share(left_out),
        "known_called_unknown": unknown_share(known),
    }


if __name__ == "__main__":
    sys.exit(main())
