"""Steps as `har_runtime.signal.steps` counts them, against peaks of the vertical acceleration counted by eye.

    python -m har_bench.stream.step_counts plot --out benchmarks/assets/step_stretches.png
    python -m har_bench.stream.step_counts --out benchmarks/results/step_counts.json

`plot` draws the stretches in which the peaks were counted; the counts are in `BY_EYE`. The people are not those on whom
the counter's constants were chosen: those are every second of HAPT and MotionSense from the first on, and every fourth
of WISDM. In HAPT a stretch is a whole bout of gait with three seconds before and after it, so that what is lost or
added at its edges counts; elsewhere it is 15 s within a long recording.
"""

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_bench.results import write_and_print
from har_bench.script import run_script, script_parser
from har_runtime.answers.answering import Answering
from har_runtime.classify import classify
from har_runtime.cli.common import data_folder
from har_runtime.contract import HOP, HOP_S, SAMPLE_RATE_HZ
from har_runtime.files import write_bytes
from har_runtime.model.load import DEFAULT_MODEL, load_model
from har_runtime.recording import Recording, cut_recording
from har_runtime.signal.steps import StepCounter
from har_runtime.signal.upright import in_frame
from har_train.datasets import load

EDGE_S, MIDDLE_S = 3.0, 15.0
"""Seconds shown before and after a bout of HAPT, and of other recordings."""
CHOSEN: dict[str, tuple[tuple[str, str, int], ...]] = {
    "hapt": (
        ("waist", "walking", 3),
        ("waist", "stairs_up", 2),
        ("waist", "stairs_down", 2),
    ),
    "motionsense": (
        ("pocket", "walking", 2),
        ("pocket", "running", 1),
        ("pocket", "stairs_up", 1),
        ("pocket", "stairs_down", 1),
    ),
    "wisdm": (
        ("wrist", "walking", 2),
        ("wrist", "running", 2),
        ("wrist", "stairs", 1),
        ("pocket", "walking", 1),
        ("pocket", "running", 1),
        ("pocket", "stairs", 1),
    ),
}
"""Placement, activity and number of stretches of each set, each of another person: the last of those left for it."""
WITHOUT_STEPS = ("sitting", "standing", "lying", "typing", "clapping")
BY_EYE = {
    "hapt-60 waist walking": 40,
    "hapt-56 waist walking": 37,
    "hapt-52 waist walking": 37,
    "hapt-48 waist stairs up": 22,
    "hapt-44 waist stairs up": 22,
    "hapt-40 waist stairs down": 21,
    "hapt-36 waist stairs down": 21,
    "motionsense-24-wlk 7 pocket walking": 30,
    "motionsense-22-wlk 7 pocket walking": 29,
    "motionsense-20-jog 9 pocket running": 42,
    "motionsense-18-ups 3 pocket stairs up": 24,
    "motionsense-16-dws 1 pocket stairs down": 32,
    "wisdm-1650-watch-A wrist walking": 28,
    "wisdm-1648-watch-A wrist walking": 27,
    "wisdm-1647-watch-B wrist running": 42,
    "wisdm-1646-watch-B wrist running": 19,
    "wisdm-1644-watch-C wrist stairs": 22,
    "wisdm-1640-phone-A pocket walking": 28,
    "wisdm-1639-phone-B pocket running": 39,
    "wisdm-1638-phone-C pocket stairs": 20,
}
"""Steps of each stretch, counted in the plot: the peaks of its rhythm, two for a stride whose second foot shows only a
smaller one. Peaks without a rhythm (before and after gait, and the first half of the second run of WISDM) are none."""


@dataclass(frozen=True)
class Stretch:
    """Seconds of a recording with gait."""

    name: str
    """Recording and activity."""
    begin_s: float
    vertical: NDArray[np.float64]
    """m/s^2 at 50 Hz, z of the upright frame."""
    steps: int
    """As counted by the runtime."""


def people_of(recordings: Iterable[Recording], name: str) -> tuple[list[str], list[str]]:
    """Those on whom the constants were chosen, and the others."""
    users = sorted({recording.user or "" for recording in recordings}, key=lambda user: (len(user), user))
    apart = 4 if name == "wisdm" else 2
    return users[::apart], [user for index, user in enumerate(users) if index % apart]


def stretches(recordings: list[Recording], name: str) -> Iterator[Stretch]:
    """Those of a data set."""
    _, others = people_of(recordings, name)
    for placement, activity, count in CHOSEN[name]:
        found = 0
        for user in reversed(list(others)):
            own = [it for it in recordings if it.user == user and it.placement == placement and _has(it, activity)]
            if own and (stretch := _stretch(own[0], activity, whole=name == "hapt")) and found < count:
                others.remove(user)
                found += 1
                yield stretch


def _has(recording: Recording, activity: str) -> bool:
    return recording.labels is not None and bool((recording.labels == activity).any())


def _stretch(recording: Recording, activity: str, whole: bool) -> Stretch | None:
    """The longest bout of an activity, or the middle of it; None if it is too short."""
    cut = cut_recording(recording)
    is_it = np.array([label == activity for label in cut.labels])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_it, [False]]).astype(int)))
    bouts = edges.reshape(-1, 2)
    first, end = bouts[(bouts[:, 1] - bouts[:, 0]).argmax()]
    if whole:
        first, end = max(0, first - round(EDGE_S / HOP_S)), min(len(is_it), end + round(EDGE_S / HOP_S))
    else:
        middle = (first + end) // 2
        first, end = middle - round(MIDDLE_S / HOP_S) // 2, middle + round(MIDDLE_S / HOP_S) // 2
    if first < 0 or end > len(is_it) or len({window.segment for window in cut.windows[first:end]}) > 1:
        return None
    counter = StepCounter()
    counts = [counter.step(window).count for window in cut.windows]
    shown = in_frame(cut.windows, "upright")[first:end]
    vertical = np.concatenate([window.imu[-HOP:, 2].astype(np.float64) for window in shown])
    name = f"{recording.name} {recording.placement} {activity}".replace("_", " ")
    return Stretch(name, shown[0].start_ns / 1e9 + HOP_S, vertical, sum(counts[first:end]))


def draw(found: list[Stretch], path: Path) -> None:
    """A page with a row for each stretch."""
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure((12, 1.2 * len(found)), layout="constrained")
    for axes, (index, stretch) in zip(figure.subplots(len(found)), enumerate(found), strict=True):
        times = np.arange(len(stretch.vertical)) / SAMPLE_RATE_HZ
        axes.plot(times, stretch.vertical, color="black", linewidth=0.8)
        axes.set_title(f"{index + 1}. {stretch.name}", loc="left", size=8, pad=2)
        axes.set_xlim(0, max(times[-1], 1))
        axes.set_xticks(range(int(times[-1]) + 1))
        axes.tick_params(labelsize=6, length=2)
        axes.grid(axis="x", color="#dddddd")
    data = BytesIO()
    figure.savefig(data, format="png", dpi=72, metadata={"Software": None})
    grey = BytesIO()
    Image.open(data).convert("L").quantize(8).save(grey, format="png", optimize=True)  # A fifth of the size.
    write_bytes(path, grey.getvalue())


def without_steps(recordings: list[Recording], name: str) -> dict[str, Any]:
    """Steps that were counted where there are none, by placement and activity: by the counter alone and in the answers
    of the default model, of every second of the people on whom the constants were not chosen."""
    others = people_of(recordings, name)[1][::2]
    model = load_model(DEFAULT_MODEL)
    table: dict[str, Any] = {}
    for recording in recordings:
        if recording.user not in others or not any(_has(recording, activity) for activity in WITHOUT_STEPS):
            continue
        cut = cut_recording(recording)
        counter, answering = StepCounter(), Answering(model.card)
        predictions = classify(model, in_frame(cut.windows, model.card.frame))
        for label, window, prediction in zip(cut.labels, cut.windows, predictions, strict=True):
            taken, answer = counter.step(window), answering.step(prediction)
            if label in WITHOUT_STEPS:
                row = table.setdefault(f"{recording.placement} {label}", {"hours": 0.0, "alone": 0, "answers": 0})
                row["hours"] += HOP_S / 3600
                row["alone"] += taken.count
                row["answers"] += answer.steps
    return table


def compare(found: list[Stretch]) -> dict[str, Any]:
    """The counts of the runtime against those by eye."""
    rows = [
        {"stretch": it.name, "seconds": len(it.vertical) / SAMPLE_RATE_HZ, "by_eye": BY_EYE[it.name], "steps": it.steps}
        for it in found
    ]
    errors = [100 * abs(row["steps"] - row["by_eye"]) / row["by_eye"] for row in rows]
    total, by_eye = (sum(row[name] for row in rows) for name in ("steps", "by_eye"))
    return {
        "stretches": rows,
        "mean_absolute_error_percent": float(np.mean(errors)),
        "median_absolute_error_percent": float(np.median(errors)),
        "worst_absolute_error_percent": max(errors),
        "within_5_percent": sum(error <= 5 for error in errors),
        "total_error_percent": 100 * (total - by_eye) / by_eye,
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the script; returns the exit code."""
    parser = script_parser("stream.step_counts", (__doc__ or "").split("\n\n")[0], "out", "data")
    parser.add_argument("what", nargs="?", choices=("plot", "count"), default="count")
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    found: list[Stretch] = []
    none: dict[str, Any] = {}
    for name in CHOSEN:
        recordings = load(name, data_folder(options.data))
        found += stretches(recordings, name)
        if options.what == "count":
            none |= {f"{name} {key}": row for key, row in without_steps(recordings, name).items()}
    if options.what == "plot":
        draw(found, options.out)
    else:
        write_and_print(options.out, {**compare(found), "without_steps": none})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
