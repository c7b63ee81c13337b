"""What `--adapt` is worth: the answers to whole recordings of people that the model never saw, with and without it.

    python -m har_bench.stream.adapt --out benchmarks/results/adapt.json

The recordings of one mounting after another are answered as `Recognizer` does.
"""

import argparse
import statistics
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_bench.results import write_and_print
from har_bench.script import run_script, script_parser
from har_bench.stream.turns import Stream, streams_of
from har_runtime.answers.answer import UNKNOWN
from har_runtime.answers.answering import Answering
from har_runtime.classify import classify
from har_runtime.cli.common import data_folder
from har_runtime.contract import HOP_S
from har_runtime.errors import DataError
from har_runtime.model.load import Model, load_model
from har_runtime.personal.drift import Drift
from har_runtime.personal.model import drifting
from har_runtime.scores import score
from har_runtime.signal.upright import in_frame
from har_train.datasets import load
from har_train.recipe_file import load_recipe

WAYS = ("shipped", "adapt")
MIN_WINDOWS = 20
"""Of an activity that a person is scored by."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("stream.adapt", "Score a model with and without --adapt.", "out", "data")
    parser.add_argument("--model", default="anywhere", metavar="NAME|PATH", help="(default: %(default)s)")
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    model = load_model(options.model)
    never_seen = set(model.card.training.never_seen)
    rows: list[dict[str, Any]] = []
    for name, placement in load_recipe(model.card.training.recipe).data.sets:
        recordings = [one for one in load(name, data_folder(options.data), placement) if one.user in never_seen]
        print(f"{name}: {len(recordings)} recordings", file=sys.stderr, flush=True)
        people: dict[str, list[Stream]] = {}
        for stream in streams_of(recordings):
            people.setdefault(stream.user, []).append(stream)
        rows += [row for user, streams in people.items() if (row := person_row(model, name, user, streams))]
    if not rows:
        raise DataError(f"{model.card.name}: no recording of the people that it never saw")
    result = {"model": model.card.name, "people": rows, "summary": summary(rows)}
    write_and_print(options.out, result)
    return 0


def person_row(model: Model, name: str, user: str, streams: list[Stream]) -> dict[str, Any] | None:
    """Macro-F1 of one person each way, over the activities that they did and the model knows; None without any."""
    labels = model.card.labels
    truth = np.array(
        [labels.index(one) if one in labels and one != UNKNOWN else -1 for stream in streams for one in stream.labels]
    )
    counts = np.bincount(truth[truth >= 0], minlength=len(labels))
    scored = (truth >= 0) & (counts[truth] >= MIN_WINDOWS)
    if not scored.any():
        return None
    row: dict[str, Any] = {"set": name, "user": user, "windows": int(scored.sum())}
    for way in WAYS:
        found = [answered(model, stream, way) for stream in streams]
        guesses = np.concatenate([guess for guess, _ in found])
        classes = score(truth[scored], guesses[scored], labels).classes
        row[way] = statistics.mean(one.f1 for one in classes if one.support)
        if way == "adapt":
            drifts = [drift for _, drift in found if drift is not None]
            row["counted_s"] = sum(drift.seconds for drift in drifts)
            row["moved"] = max((one.moved for drift in drifts for one in drift.report()), default=0.0)
    row["hours"] = HOP_S * sum(len(stream.windows) for stream in streams) / 3600
    return row


def answered(model: Model, stream: Stream, way: str) -> tuple[NDArray[np.int64], Drift | None]:
    """The likeliest label of each window after smoothing, index into the card's labels, and what has drifted."""
    windows = in_frame(stream.windows, model.card.frame)
    own, head = drifting(model)
    drift = Drift(head, own.card.places) if way == "adapt" else None
    answering = Answering(own.card, clock=lambda: 0.0)
    found: list[int] = []
    for part in [[window] for window in windows] if drift else [windows]:
        for prediction in classify(own, part):
            answer = answering.step(prediction)
            found.append(int(answer.probabilities.argmax()))
            if drift is not None:
                drift.step(answer)
    return np.array(found, np.int64), drift


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over people, and the largest loss of one of them by the drift."""
    return {
        "people": len(rows),
        "hours": sum(row["hours"] for row in rows),
        **{way: statistics.mean(row[way] for row in rows) for way in WAYS},
        "largest_gain": max(row["adapt"] - row["shipped"] for row in rows),
        "largest_loss": max(row["shipped"] - row["adapt"] for row in rows),
    }


if __name__ == "__main__":
    sys.exit(main())
