"""How well each score tells recordings of another placement from those of the shipped model's.

    python -m har_bench.unknowns.other_placements --out benchmarks/results/rejection.json

Known are the windows of `waist`'s test users, whom nothing was fitted to; unknown are MotionSense's (trouser pocket),
the watch and the phone of sp-sw-har, and the posture changes of the same test users, which the network never learnt.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from har_bench.results import REPOSITORY, write_result
from har_bench.unknowns.scores import areas, scorer_of, select, unknown_share, window_labels
from har_runtime.cli.common import data_folder, run_command
from har_runtime.recording import Recording
from har_train.data.continuous import Track, track_of
from har_train.data.windows import cut_windows
from har_train.datasets import load
from har_train.fit.answer_parameters import fit_answers
from har_train.fit.checkpoint import load_checkpoint

CHECKPOINT = REPOSITORY / "export" / "waist.safetensors"
PLACES = (("motionsense", "pocket"), ("sp-sw-har", "wrist"), ("sp-sw-har", "pocket"))


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m har_bench.unknowns.other_placements",
        description="Score recordings of other placements as unknown.",
    )
    parser.add_argument("--out", type=Path, required=True, help="JSON to write")
    parser.add_argument("--data", help="folder of the data sets (default: $HAREDGE_DATA)")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.set_defaults(run=_run)
    return run_command(parser, arguments)


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
    at_home = np.isin(labels, config.activities)
    known = select(scores, at_home)
    others = {"hapt, posture changes": select(scores, (labels != "") & ~at_home)}
    for name, placement in PLACES:
        print(f"{name}, {placement}", file=sys.stderr, flush=True)
        others[f"{name}, {placement}"] = scorer.scores(side_by_side(tracks_of(load(name, data, placement))))
    rows: list[dict[str, Any]] = [
        {
            "unknown": name,
            "windows": len(next(iter(other.values()))),
            "auc": areas(known, other),
            "called_unknown": unknown_share(other),
        }
        for name, other in others.items()
    ]
    windows_known = int(at_home.sum())
    write_result(
        options.out, {"known_windows": windows_known, "known_called_unknown": unknown_share(known), "rows": rows}
    )
    return 0


def tracks_of(recordings: Sequence[Recording]) -> list[Track]:
    """The labelled recordings that are long enough, cut."""
    return [track for recording in recordings if (track := track_of(recording))]


def side_by_side(tracks: Sequence[Track]) -> list[Track]:
    """Every other window: they share no samples, and there are plenty."""
    return [
        replace(track, windows=track.windows[::2], end_ns=track.end_ns[::2], labels=track.labels[::2])
        for track in tracks
    ]


if __name__ == "__main__":
    sys.exit(main())
