"""Whether a model's answers stay the same however the device is turned, over whole recordings.

    python -m har_bench.stream.turns anywhere --out benchmarks/results/turns.json

The recordings of HAPT and MotionSense, those of one mounting after another as one stream, are answered as `Recognizer`
does: as they are, turned by the other 23 quarter turns, and by 24 random rotations. By default these are the recordings
of the people that the model never saw, with --all everybody's. Windows are cut once and then turned, since resampling
treats each axis alike.
"""

import argparse
import functools
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_bench.intervals import interval_over_people
from har_bench.results import write_and_print
from har_bench.script import run_script, script_parser
from har_bench.stream.mountings import by_mounting, sets_in
from har_bench.stream.turned_windows import quarter_turns, random_turns, turned
from har_runtime.answers.answer import UNKNOWN, Answer
from har_runtime.answers.answering import Answering
from har_runtime.answers.families import activities_of
from har_runtime.classify import classify
from har_runtime.cli.common import data_folder, whole_number
from har_runtime.errors import DataError
from har_runtime.model.card import ModelCard
from har_runtime.model.load import Model, load_model
from har_runtime.recording import Recording, cut_recording
from har_runtime.scores import score_confusion
from har_runtime.signal.upright import in_frame
from har_runtime.signal.window import Window
from har_train.datasets import load

SETS = ("hapt", "motionsense")
RANDOM_TURNS = 24
SEED = 0
"""Of the random rotations."""
PAUSE_NS = 10_000_000_000
"""Between two recordings of a mounting, so that their times go on."""


@dataclass(frozen=True)
class Stream:
    """The windows of a mounting, in the axes of the device."""

    user: str
    recordings: int
    windows: tuple[Window, ...]
    labels: tuple[str | None, ...]
    """Of each window; None if it has none."""


@dataclass(frozen=True)
class Answered:
    """The answers to a stream, a row for each turn; the first is the stream as it is."""

    answers: NDArray[np.int64]
    """Index into `activities_of(card)`, shape (turns, windows)."""
    likeliest: NDArray[np.int64]
    """Index into the card's labels of the likeliest after smoothing, shape (turns, windows)."""
    referred: NDArray[np.bool_]
    """Whether it was known which way is up, as the stream is; of a card of the frame "device" always."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("stream.turns", "Compare the answers to turned recordings.", "out", "data")
    parser.add_argument("model", metavar="MODEL", help="a pretrained model or a .tflite or .onnx")
    parser.add_argument("--all", action="store_true", help="everybody, not only the people that the model never saw")
    parser.add_argument(
        "--jobs", type=whole_number(1), default=os.cpu_count() or 1, help="processes (default: one for each core)"
    )
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    data = data_folder(options.data)
    card = load_model(options.model).card
    chosen: dict[str, list[Stream]] = {}
    for name in sets_in(data, SETS):
        recordings = load(name, data)
        never_seen = [entry for entry in recordings if options.all or entry.user in card.training.never_seen]
        if never_seen:
            chosen[name] = streams_of(never_seen)
    if not chosen:
        raise DataError(f"{card.name}: nobody of {', '.join(SETS)} is among the people it never saw; give --all")
    rows: list[dict[str, Any]] = []
    for name, streams in chosen.items():
        answered: list[Answered] = []
        for number, found in enumerate(_all_answered(options.model, streams, options.jobs), 1):
            answered.append(found)
            print(f"{name}: {number} of {len(streams)} mountings", file=sys.stderr, flush=True)
        rows.append({"set": name, **row_of(card, streams, answered)})
    result = {"model": card.name, "frame": card.frame, "everybody": options.all, "seed": SEED, "rows": rows}
    write_and_print(options.out, result)
    return 0


def streams_of(recordings: Iterable[Recording]) -> list[Stream]:
    """The recordings of each mounting as one stream, with a pause between two of them."""
    found: list[Stream] = []
    for group in by_mounting(recordings):
        windows: list[Window] = []
        labels: list[str | None] = []
        for number, recording in enumerate(group):
            cut = cut_recording(recording)
            if not cut.windows:
                continue
            shift = (windows[-1].end_ns + PAUSE_NS if windows else 0) - cut.windows[0].start_ns
            windows += [replace(window, segment=number, start_ns=window.start_ns + shift) for window in cut.windows]
            labels += cut.labels
        if windows:
            found.append(Stream(group[0].user or group[0].name, len(group), tuple(windows), tuple(labels)))
    return found


def all_turns() -> list[NDArray[np.float64]]:
    """None, the other quarter turns, and the random ones."""
    return [*quarter_turns(), *random_turns(RANDOM_TURNS, SEED)]


def answers_to(model: Model, windows: Sequence[Window]) -> list[Answer]:
    """The answers to a stream of windows in the axes of the device, as those of `Recognizer`."""
    answering = Answering(model.card, clock=lambda: 0.0)
    return [answering.step(prediction) for prediction in classify(model, in_frame(windows, model.card.frame))]


def answered(model: Model, stream: Stream) -> Answered:
    """The answers to a stream, as it is and turned."""
    index = {activity: number for number, activity in enumerate(activities_of(model.card))}
    found = [answers_to(model, [turned(window, turn) for window in stream.windows]) for turn in all_turns()]
    ups = [answer.prediction.window.up for answer in found[0]]
    return Answered(
        np.array([[index[answer.activity] for answer in row] for row in found]),
        np.array([[int(answer.probabilities.argmax()) for answer in row] for row in found]),
        np.array([up is None or up.shows_posture for up in ups]),
    )


def _all_answered(model: str, streams: Sequence[Stream], jobs: int) -> Iterator[Answered]:
    if jobs == 1:
        yield from (_answered_in_worker(model, stream) for stream in streams)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_answered_in_worker, [model] * len(streams), streams)


def _answered_in_worker(model: str, stream: Stream) -> Answered:
    return answered(_loaded(model), stream)


@functools.cache
def _loaded(model: str) -> Model:
    return load_model(model)


def row_of(card: ModelCard, streams: Sequence[Stream], found: Sequence[Answered]) -> dict[str, Any]:
    """A row of the result: how the answers to turned streams differ from those to the streams as they are."""
    turns = len(quarter_turns())
    referred = np.concatenate([one.referred for one in found])
    before = np.concatenate([(one.answers[1:] == one.answers[0])[:, ~one.referred] for one in found], axis=1)
    scores = _macro_f1(card, streams, found)
    kinds = {"quarter_turns": slice(1, turns), "random_turns": slice(turns, None)}
    return {
        "users": len({stream.user for stream in streams}),
        "recordings": sum(stream.recordings for stream in streams),
        "windows": len(referred),
        "windows_with_reference": int(referred.sum()),
        "macro_f1": float(scores[0]),
        "same_before_reference": float(before.mean()) if before.size else None,
        **{kind: _difference(streams, found, scores, rows) for kind, rows in kinds.items()},
    }


def _difference(
    streams: Sequence[Stream], found: Sequence[Answered], scores: NDArray[np.float64], rows: slice
) -> dict[str, Any]:
    """Of some of the turns, over the windows with a reference: the share of equal answers in all and in the worst turn,
    and the change of the score."""
    same = [(one.answers[rows] == one.answers[0])[:, one.referred] for one in found]
    people: dict[str, list[tuple[int, int]]] = {}
    for stream, part in zip(streams, same, strict=True):
        people.setdefault(stream.user, []).append((int(part.sum()), part.size))
    every = np.concatenate(same, axis=1)
    changes = scores[rows] - scores[0]
    return {
        "same": float(every.mean()) if every.size else None,
        "interval": interval_over_people(people, _share),
        "same_in_the_worst": float(every.mean(axis=1).min()) if every.size else None,
        "macro_f1_change": float(changes.mean()),
        "macro_f1_change_largest": float(changes[np.abs(changes).argmax()]),
    }


def _share(parts: Sequence[tuple[int, int]]) -> float:
    return sum(same for same, _ in parts) / max(1, sum(windows for _, windows in parts))


def _macro_f1(card: ModelCard, streams: Sequence[Stream], found: Sequence[Answered]) -> NDArray[np.float64]:
    """Macro-F1 of the likeliest labels over the labelled windows with a reference, for each turn; another label than
    those that the people did is a miss. Shape (turns,)."""
    labels = [label for label in card.labels if label != UNKNOWN]
    index = {label: number for number, label in enumerate(card.labels)}
    y = np.concatenate([[index[one] if one in labels else -1 for one in stream.labels] for stream in streams])
    scored = (y >= 0) & np.concatenate([one.referred for one in found])
    guesses = np.concatenate([one.likeliest for one in found], axis=1)[:, scored]
    scores = np.zeros(len(guesses))
    for turn, guess in enumerate(guesses):
        confusion = np.zeros((len(card.labels),) * 2, np.int64)
        np.add.at(confusion, (y[scored], guess), 1)
        classes = score_confusion(confusion, card.labels).classes
        scores[turn] = np.mean([one.f1 for one in classes if one.support] or [0.0])
    return scores


if __name__ == "__main__":
    sys.exit(main())
