"""How well each score separates recordings of other placements from those of the shipped model's placement.

    python -m har_bench.unknowns.other_placements --out benchmarks/results/other_placements.json

The known windows are those of the test users of `waist`, to whom nothing was fitted. The unknown ones are those of
MotionSense (trouser pocket), of the watch and the phone of sp-sw-har, and the posture changes of the same test users,
which the network never learnt.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from har_bench.results import REPOSITORY, write_result
from har_bench.script import run_script, script_parser
from har_bench.unknowns.scores import areas, scorer_of, select, unknown_share, window_labels
from har_runtime.cli.common import data_folder
from har_runtime.recording import Recording
from har_train.data.continuous import Track, track_of
from har_train.data.windows import cut_windows
from har_train.datasets import load
from har_train.fit.answer_parameters import fit_answers
from har_train.fit.checkpoint import load_checkpoint

CHECKPOINT = REPOSITORY / "export" / "waist.safetensors"
PLACEMENTS = (("motionsense", "pocket"), ("sp-sw-har", "wrist"), ("sp-sw-har", "pocket"))


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser(
        "unknowns.other_placements", "Score recordings of other placements as unknown.", "out", "data"
    )
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    data = data_folder(options.data)
    checkpoint = load_checkpoint(CHECKPOINT)
    record = checkpoint.record
    config = record.recipe.data
    recordings = load(config.dataset, data)
    windows = cut_windows(recordings, config)
    answers = fit_answers(recordings, windows, record.split, checkpoint.probabilities)
    scorer = scorer_of(checkpoint, answers, windows.of_users(record.split.train))
    tracks = tracks_of([entry for entry in recordings if entry.user in record.split.test])
    labels, scores = window_labels(tracks), scorer.scores(tracks)
    is_known = np.isin(labels, config.activities)
    known = select(scores, is_known)
    others = {"hapt, posture changes": select(scores, (labels != "") & ~is_known)}
    for name, placement in PLACEMENTS:
        print(f"{name}, {placement}", file=sys.stderr, flush=True)
        others[f"{name}, {placement}"] = scorer.scores(without_overlap(tracks_of(load(name, data, placement))))
    rows: list[dict[str, Any]] = [
        {
            "unknown": name,
            "windows": len(next(iter(other.values()))),
            "auc": areas(known, other),
            "called_unknown": unknown_share(other),
        }
        for name, other in others.items()
    ]
    windows_known = int(is_known.sum())
    write_result(
        options.out, {"known_windows": windows_known, "known_called_unknown": unknown_share(known), "rows": rows}
    )
    return 0


def tracks_of(recordings: Sequence[Recording]) -> list[Track]:
    """Cut the labelled recordings that are long enough into windows."""
    return [track for recording in recordings if (track := track_of(recording))]


def without_overlap(tracks: Sequence[Track]) -> list[Track]:
    """Every second window of each track; these share no samples."""
    return [
        replace(track, windows=track.windows[::2], end_ns=track.end_ns[::2], labels=track.labels[::2])
        for track in tracks
    ]


if __name__ == "__main__":
    sys.exit(main())
