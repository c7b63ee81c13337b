"""Activities that a network never learnt: how well each score separates their windows from the known ones.

    python -m har_bench.unknowns.left_out_activities --runs DIR --out benchmarks/results/left_out_activities.json

For each activity of the shipped model, a network is trained without it on the same people, in a short run. The
parameters of smoothing and rejection are fitted to that network, and the whole recordings of the test users are scored.
Finished runs in DIR are not repeated, and a run that was stopped is continued.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from har_bench.results import read_result, write_result
from har_bench.script import run_script, script_parser
from har_bench.unknowns.other_placements import tracks_of
from har_bench.unknowns.scores import areas, scorer_of, select, unknown_share, window_labels
from har_runtime.cli.common import data_folder
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
from har_train.recipe_file import load_recipe

SHORT = ("optimiser.epochs=8", 'optimiser.schedule="one-cycle"', "optimiser.learning_rate=1e-3")
"""Eight epochs come near the shipped model's macro-F1 on validation users."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser(
        "unknowns.left_out_activities",
        "Score activities that a network never learnt as unknown.",
        "runs",
        "out",
        "data",
    )
    return run_script(parser, arguments, _run)


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
    """Train the network that never learns `activity`, unless `runs` contains it."""
    folder = runs / activity
    if not (folder / "model.safetensors").exists():
        card = load_model("waist").card
        known = [label for label in card.labels if label != activity]
        split = UserSplit(card.training.trained_on, card.training.chosen_on, card.training.never_seen)
        recipe = load_recipe("uci-har-supervised", (*SHORT, f"data.activities={known}"))
        run = Run(folder, precision=choose_precision("auto"), resume=(folder / "run.json").exists())
        fit(recipe, [find("hapt")], cut_windows(recordings, recipe.data), "waist", run, split)
    return load_checkpoint(folder)


def score_without(activity: str, checkpoint: Checkpoint, recordings: Sequence[Recording]) -> dict[str, Any]:
    """A row of the result."""
    record = checkpoint.record
    windows = cut_windows(recordings, record.recipe.data)
    answers = fit_answers(recordings, windows, record.split, checkpoint.probabilities)
    scorer = scorer_of(checkpoint, answers, windows.of_users(record.split.train))
    tracks = tracks_of([entry for entry in recordings if entry.user in record.split.test])
    labels, scores = window_labels(tracks), scorer.scores(tracks)
    known, unknown = select(scores, np.isin(labels, record.labels)), select(scores, labels == activity)
    test = windows.of_users(record.split.test)
    return {
        "left_out": activity,
        "windows": int((labels == activity).sum()),
        "known_windows": int(np.isin(labels, record.labels).sum()),
        "known_macro_f1": score(test.y, checkpoint.logits(test.x).argmax(axis=1), test.labels).macro_f1,
        "auc": areas(known, unknown),
        "called_unknown": unknown_share(unknown),
        "known_called_unknown": unknown_share(known),
    }


if __name__ == "__main__":
    sys.exit(main())
