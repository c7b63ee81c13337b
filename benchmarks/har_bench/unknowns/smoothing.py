"""How much smoothing and rejection improve the answers for whole recordings, with changes of activity.

    python -m har_bench.unknowns.smoothing --out benchmarks/results/smoothing.json

The runtime answers every recording of the people that `waist` never saw, with each kind of smoothing, with and without
rejection; `har_train.data.continuous` scores the answers.
"""

import argparse
import sys
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from har_bench.results import write_result
from har_bench.script import run_script, script_parser
from har_runtime.answers.answer import UNKNOWN
from har_runtime.answers.answering import Answering
from har_runtime.answers.smoothing import SMOOTHERS
from har_runtime.classify import Prediction, classify_recording
from har_runtime.cli.common import data_folder
from har_runtime.model.card import ModelCard
from har_runtime.model.load import load_model
from har_train.data.continuous import score_tracks, track_of
from har_train.datasets import load


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("unknowns.smoothing", "Score raw and smoothed answers over whole recordings.", "out", "data")
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    model = load_model("waist")
    card = model.card
    labels = tuple(label for label in card.labels if label != UNKNOWN)
    users = card.training.never_seen
    recordings = [entry for entry in load(card.training.data, data_folder(options.data)) if entry.user in users]
    predictions = [classify_recording(model, recording) for recording in recordings]
    tracks = [track for recording in recordings if (track := track_of(recording))]
    hours = sum(len(recording.times_ns) for recording in recordings) / card.sample_rate_hz / 3600
    rows: list[dict[str, Any]] = []
    for rejecting in (False, True):
        for smoothing in SMOOTHERS:
            own = card if rejecting else replace(card, rejection=None)
            found = [_answered(own, labels, smoothing, part) for part in predictions]
            scores = score_tracks(tracks, [answers for answers, _ in found], labels)
            starts = sum(count for _, count in found)
            rows.append(
                {"smoothing": smoothing, "doubt": rejecting, "starts_per_hour": starts / hours, **asdict(scores)}
            )
    write_result(options.out, {"users": users, "recordings": len(recordings), "hours": hours, "rows": rows})
    return 0


def _answered(
    card: ModelCard, labels: tuple[str, ...], smoothing: str, predictions: list[Prediction]
) -> tuple[np.ndarray, int]:
    """Index into `labels` of the answer to each window, len(labels) for unknown; and the number of reported starts.

    No answer is a family: the scores are of labels.
    """
    answering, names = Answering(card, smoothing, coarse=False), (*labels, UNKNOWN)
    answers = [answering.step(prediction) for prediction in predictions]
    starts = sum(event.kind == "started" for answer in answers for event in answer.events)
    return np.array([names.index(answer.activity) for answer in answers]), starts


if __name__ == "__main__":
    sys.exit(main())
