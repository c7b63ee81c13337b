"""Profiles on people whom a network never saw: those of a data set that taught it nothing, or of a group.

    python -m har_bench.unknowns.personal_sets --runs DIR --out benchmarks/results/personal_sets.json
    python -m har_bench.unknowns.personal_sets --runs DIR --out benchmarks/results/personal_groups.json

DIR holds a folder for each data set, named after it, with the run of a network that was trained on all others, as
`har-train cross-validate --protocol leave-one-set-out` writes it; or a folder fold-NN for each group of people, with
that of a network that was trained on the other groups (`--protocol groups:10`). Prototypes and their settings come from
that network's own training and validation users; every person who was left out is then scored as in
`unknowns.personal`, in float32, with at most a minute of each activity. Sets that the result has already are not
repeated.
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

GROUPS = "groups"
PERSON_WINDOWS = 120
"""Of each activity of a person who is scored: the first minute."""
TRAINING_WINDOWS = 20
"""Of each activity of a training user, evenly spaced: prototypes are means over many people."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser(
        "unknowns.personal_sets", "Profiles on people left out of a training.", "runs", "out", "data"
    )
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    runs = {path.parents[1].name: path.parent for path in sorted(options.runs.glob("*/run/model.safetensors"))}
    folds = {path.parent.name: path.parent for path in sorted(options.runs.glob("fold-*/model.safetensors"))}
    if not (runs or folds):
        raise DataError(f"{options.runs}: neither SET/run nor fold-NN with a model in it; see har-train cross-validate")
    rows: list[dict[str, Any]] = read_result(options.out)["rows"] if options.out.exists() else []
    people: list[dict[str, Any]] = []
    windows: WindowSet | None = None
    for name, run in (runs or folds).items():
        if any(row["set"] == name for row in rows):
            continue
        checkpoint = load_checkpoint(run)
        if windows is None:
            print("reading the data", file=sys.stderr, flush=True)
            windows = load_windows_of(checkpoint.record.recipe.data, data_folder(options.data))[0].single
        print(f"people of {name}", file=sys.stderr, flush=True)
        found = left_out(checkpoint, windows)
        if runs and found:
            rows.append(_row(name, found))
        elif runs:
            print(f"{name}: nobody did two activities for long enough", file=sys.stderr)
        else:
            people += found
            rows = [_row(part, [one for one in people if _part(one) == part]) for part in sorted({*map(_part, people)})]
        write_result(options.out, {"recipe": checkpoint.record.recipe.name, "rows": rows})
    return 0


def _part(person: dict[str, Any]) -> str:
    return f"{person['set']}, {person['place']}"


def _row(name: str, people: list[dict[str, Any]]) -> dict[str, Any]:
    windows = sum(one["windows"] for one in people)
    return {"set": name, "people": len(people), "windows": windows, "summary": summary(people)}


def left_out(checkpoint: Checkpoint, windows: WindowSet) -> list[dict[str, Any]]:
    """A row for each person whom the training of a network left out, and who did two activities for long enough.

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
    sets = dict(zip(test.user.tolist(), test.dataset.tolist(), strict=True))
    return [
        {"set": sets[wearer.user], **person_row(card, outputs, test, wearer)}
        for wearer in wearers(test)
        if wearer.place in card.places
    ]


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
