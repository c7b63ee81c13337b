"""The command `har-data`: what data sets there are, how to get them, what is in them, single recordings of them."""

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from har_runtime.cli.common import Command, Program, add_data, add_json, data_folder
from har_runtime.errors import DataError
from har_runtime.files import atomic_path
from har_runtime.recording import Recording
from har_runtime.text import print_lines


def _add_fetch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="data set, such as hapt")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the folder to save it in: your HAREDGE_DATA"
    )
    add_json(parser)


def _add_describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="data set, such as hapt, or csv-folder for your own")
    add_data(parser)
    parser.add_argument("--placement", metavar="P", help="only sensors worn at this place, such as wrist")
    parser.add_argument("--plot", type=Path, metavar="F.png", help="draw a few typical seconds of each activity")
    add_json(parser)


def _add_cut(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="data set, such as hapt")
    parser.add_argument("--recording", type=int, required=True, metavar="N", help="its number, from 1")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.csv", help="the file to write")
    add_data(parser)
    add_json(parser)


def _add_convert(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="of one recording: a table, a folder or zip, or a table for each sensor",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="OWN.csv", help="the file to write")
    parser.add_argument("--columns", metavar="A,B,...", help="its columns in order, e.g. time_ms,ax,ay,az,gx,gy,gz")
    parser.add_argument("--unit", metavar="U", help="of acceleration: g, mg, m/s2, or the counts of a g, e.g. 16384")
    parser.add_argument("--gyro", metavar="U", help="of angular rate: deg/s, rad/s, or the counts of a deg/s, e.g. 131")
    parser.add_argument("--time", metavar="T", help="of its times: s, ms, us, ns; samples, which count; or spread")
    parser.add_argument("--rate", metavar="HZ", help="samples a second, if it has no times")
    parser.add_argument("--sign", metavar="S", help="of acceleration: android, or apple, which is reversed")
    parser.add_argument("--labels", metavar="1:walking,...", help="words for its labels, or as-written")
    parser.add_argument("--device", metavar="D", help="which of several devices whose rows take turns, or a part of it")
    add_json(parser)


def _list(options: argparse.Namespace) -> int:
    from har_train.datasets import DATASETS

    if options.json:
        rows = [
            {
                "name": dataset.name,
                "title": dataset.title,
                "activities": dataset.activities,
                "placements": dataset.placements,
                "page": dataset.page,
                "registration": dataset.registration,
                "licence": dataset.licence,
                "citation": dataset.citation,
            }
            for dataset in DATASETS.values()
        ]
        print(json.dumps(rows, indent=1, allow_nan=False))
        return 0
    for dataset in DATASETS.values():
        print(f"{dataset.name}: {dataset.title}")
        if dataset.activities:
            print(f"  worn at: {', '.join(dataset.placements)}\n  activities: {', '.join(dataset.activities)}")
        print(f"  page: {dataset.page}\n  licence: {dataset.licence}\n  cite: {dataset.citation}")
        if dataset.registration is not None:
            print(f"  to get it: {dataset.registration}")
    return 0


def _fetch(options: argparse.Namespace) -> int:
    from har_train.data.fetch import fetch
    from har_train.datasets import find

    dataset = find(options.name)
    print(f"{dataset.title}\nlicence: {dataset.licence}\ncite: {dataset.citation}", file=sys.stderr)
    files = [str(file) for file in fetch(dataset, options.out)]
    if options.json:
        print(json.dumps({"name": dataset.name, "files": files, "licence": dataset.licence}, allow_nan=False))
    else:
        print_lines(f"there: {', '.join(files)}", file=sys.stderr)
    return 0


def _describe(options: argparse.Namespace) -> int:
    from har_train.data.describe import describe, description_lines
    from har_train.data.describe_plot import plot_activities
    from har_train.datasets import find, load

    data = data_folder(options.data)
    recordings = load(options.name, data, options.placement)
    dataset = find(options.name, data)
    found = describe(dataset.name, recordings, dataset.activities)
    if options.plot is not None:
        plot_activities(dataset.title, recordings, [row.label for row in found.activities], options.plot)
    if options.json:
        print(json.dumps(found.to_dict(), indent=1, allow_nan=False))
    else:
        print_lines(*description_lines(found))
        if options.plot is not None:
            print_lines("", f"drawn: {options.plot}")
    return 0


def _cut(options: argparse.Namespace) -> int:
    from har_train.datasets import find, load

    dataset = find(options.name)
    recordings = load(dataset.name, data_folder(options.data))
    if not 1 <= options.recording <= len(recordings):
        raise DataError(f"--recording {options.recording}: {dataset.name} has recordings 1 to {len(recordings)}")
    recording = recordings[options.recording - 1]
    write_replay(recording, options.out)
    seconds = (recording.times_ns[-1] - recording.times_ns[0]) / 1e9
    summary = {"recording": recording.name, "user": recording.user, "seconds": float(seconds), "file": str(options.out)}
    if options.json:
        print(json.dumps(summary, allow_nan=False))
    else:
        what = f"{recording.name} of user {recording.user}, {seconds:.0f} s, written to {options.out}"
        print_lines(what, file=sys.stderr)
    return 0


def _convert(options: argparse.Namespace) -> int:
    from har_runtime.sources.replay.options import NAMES
    from har_train.data.convert import convert, options_from, print_report

    given = options_from({name: getattr(options, name) for name in NAMES})
    found = convert(options.files, options.out, given)
    if options.json:
        print(json.dumps({"file": str(options.out), **asdict(found)}, indent=1, allow_nan=False))
    else:
        print_report(found, options.out)
    return 0


def write_replay(recording: Recording, path: Path) -> None:
    """Write a recording as a replay file, losslessly: the numbers read back are the numbers written.

    If the sensors have times of their own, each row holds one of them. Without a gyroscope the file has no columns for
    it.
    """
    columns = ["time", "acc_x", "acc_y", "acc_z", *([] if recording.gyro is None else ["gyro_x", "gyro_y", "gyro_z"])]
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*columns, "label"])
        writer.writerows(_replay_rows(recording))


def _replay_rows(recording: Recording) -> Iterator[list[float | str]]:
    labels = [""] * len(recording.times_ns) if recording.labels is None else recording.labels.tolist()
    samples = zip(recording.times_ns.tolist(), recording.acc.tolist(), labels, strict=True)
    if recording.gyro is None:
        yield from ([time / 1e9, *acc, label] for time, acc, label in samples)
        return
    rates = recording.gyro.tolist()
    if recording.gyro_times_ns is None:
        yield from ([t / 1e9, *acc, *rate, label] for (t, acc, label), rate in zip(samples, rates, strict=True))
        return
    nothing = ["", "", ""]
    rows = [[time / 1e9, *acc, *nothing, label] for time, acc, label in samples]
    times = recording.gyro_times_ns.tolist()
    rows += [[time / 1e9, *nothing, *rate, ""] for time, rate in zip(times, rates, strict=True)]
    # By time, but with each sensor's rows in their order, even if its times go back.
    sensors = (recording.times_ns, recording.gyro_times_ns)
    order = np.concatenate([np.maximum.accumulate(sensor) for sensor in sensors])
    yield from (rows[index] for index in np.argsort(order, kind="stable").tolist())


PROGRAM = Program(
    "har-data",
    "Public activity recognition data sets.",
    (
        Command("list", "the data sets that haredge reads, their terms and what to cite", add_json, _list),
        Command(
            "fetch",
            "download a data set from its official address",
            _add_fetch,
            _fetch,
            "Download a data set from its official address. A download that broke off continues where it stopped.",
        ),
        Command(
            "describe",
            "users, minutes of each activity, rates, gaps, gravity",
            _add_describe,
            _describe,
            "Say what is in a data set, as the runtime resamples and windows it, and draw each activity.",
        ),
        Command(
            "cut",
            "write one recording as a CSV that har-stream replays",
            _add_cut,
            _cut,
            "Write one recording as a CSV in SI units with its labels: har-stream --source replay:FILE.",
        ),
        Command(
            "convert",
            "write a recording of any app or board as such a CSV",
            _add_convert,
            _convert,
            "Read a recording as har-stream does, whatever app or board wrote it (SOURCES.md, 'Recordings'), and write "
            "it as a CSV in SI units.",
        ),
    ),
    extras=("train",),
)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return PROGRAM.main(arguments)
