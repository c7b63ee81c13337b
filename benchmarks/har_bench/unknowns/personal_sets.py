"""Profiles on data sets that taught a network nothing: other people, other devices, other laboratories.

    python -m har_bench.unknowns.personal_sets --runs DIR --out benchmarks/results/personal_sets.json

DIR holds a folder for each data set, named after it, with the run of a network that was trained on all others: what
`har-train cross-validate --protocol leave-one-set-out` writes. Prototypes and their settings come from that network's
own training and validation users; every person of the set that was left out is then scored as in `unknowns.personal`,
in float32, with at most a minute of each activity. Sets that the result has already are not repeated.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_bench.results import read_result, write_result
from har_bench.script import run_script, script_parser
from har_bench.unknowns.personal import person_row, summary
from har_runtime.cli.common import data_folder
from har_runtime.errors import DataError
from har_train.data.windows import WindowSet, load_windows_of
from har_train.fit.card import card_of
from har_train.fit.checkpoint import Checkpoint, load_checkpoint
from har_train.fit.prototypes import fit_prototypes, wearers

PERSON_WINDOWS = 120
"""Of each activity of a person who is scored: the first minute."""
TRAINING_WINDOWS = 20
"""Of each activity of a training user, evenly spaced: prototypes are means over many people."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("unknowns.personal_sets", "Profiles on data sets left out.", "runs", "out", "data")
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    folders = sorted(path.parents[1] for path in options.runs.glob("*/run/model.safetensors"))
    if not folders:
        raise DataError(f"{options.runs}: no SET/run/model.safetensors in it; see har-train cross-validate")
    windows: WindowSet | None = None
    rows: list[dict[str, Any]] = read_result(options.out)["rows"] if options.out.exists() else []
    for folder in folders:
        if any(row["set"] == folder.name for row in rows):
            continue
        checkpoint = load_checkpoint(folder / "run")
        if windows is None:
            print("reading the data", file=sys.stderr, flush=True)
            windows = load_windows_of(checkpoint.record.recipe.data, data_folder(options.data))[0].single
        print(f"without {folder.name}", file=sys.stderr, flush=True)
        row = left_out(checkpoint, windows)
        if row is None:
            print(f"{folder.name}: nobody did two activities for long enough", file=sys.stderr)
            continue
        rows.append({"set": folder.name, **row})
        write_result(options.out, {"recipe": checkpoint.record.recipe.name, "rows": rows})
    return 0


def left_out(checkpoint: Checkpoint, windows: WindowSet) -> dict[str, Any] | None:
    """The result of one network on the people that its training left out; None if nobody of them can be scored.

    Args:
        windows: of all data sets.
    """
    record = checkpoint.record
    windows = _relabelled(windows, record.labels)
    train = _few(windows, record.split.train, TRAINING_WINDOWS, evenly=True)
    validation = _few(windows, record.split.validation, PERSON_WINDOWS)
    prototypes = fit_prototypes(windows.select(np.concatenate([train, validation])), checkpoint)
    test = windows.select(_few(windows, record.split.test, PERSON_WINDOWS))
    outputs = replace(checkpoint.outputs(test.x), features=checkpoint.last_features(test.x))
    card = replace(card_of(record, record.recipe.name), prototypes=prototypes)
    scored = [wearer for wearer in wearers(test) if wearer.place in card.places]
    rows = [person_row(card, outputs, test, wearer) for wearer in scored]
    if not rows:
        return None
    return {
        "prior_weight": prototypes.prior_weight,
        "sharpness": prototypes.sharpness,
        "network_share": prototypes.network_share,
        "people": len(rows),
        "windows": sum(row["windows"] for row in rows),
        "summary": summary(rows),
    }


def _relabelled(windows: WindowSet, labels: tuple[str, ...]) -> WindowSet:
    """The windows of these activities: a network does not know those that only the set left out has."""
    index = np.array([labels.index(label) if label in labels else -1 for label in windows.labels])
    chosen = windows.select(index[windows.y] >= 0)
    return replace(chosen, y=index[chosen.y], labels=labels)


def _few(windows: WindowSet, users: Sequence[str], count: int, evenly: bool = False) -> NDArray[np.int64]:
    """Rows of some windows of each activity of each user at each place: the first ones, or evenly spaced ones."""
    rows: list[NDArray[np.int64]] = []
    for user in users:
        own = np.flatnonzero(windows.user == user)
        keys = windows.place[own] * len(windows.labels) + windows.y[own]
        for key in np.unique(keys):
            part = own[keys == key]
            if evenly and len(part) > count:
                part = part[np.linspace(0, len(part) - 1, count).round().astype(np.int64)]
            rows.append(part[:count])
    return np.concatenate(rows)


if __name__ == "__main__":
    sys.exit(main())
