"""UCI HAR v1: HAPT's people and recordings as their authors first cut them, filtered, in windows of 2.56 s at 50 Hz."""

import itertools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import PERIOD_NS, STANDARD_GRAVITY
from har_runtime.errors import DataError
from har_runtime.recording import Recording
from har_train.datasets import hapt
from har_train.datasets.archive import Archive, Limits
from har_train.datasets.base import DataSet, Download
from har_train.datasets.table import read_numbers

ACTIVITIES = {number: hapt.ACTIVITIES[number] for number in range(1, 7)}
WINDOW = 128
STEP = 64
"""Samples from one official window to the next."""
SIGNALS = tuple(f"{sensor}_{axis}" for sensor in ("total_acc", "body_gyro") for axis in "xyz")


def load(path: Path) -> list[Recording]:
    """The official windows, joined again into continuous recordings for the runtime to resample and cut.

    A window continues the previous one if both are of the same user and the last 64 samples of the previous one are its
    first 64, in all six channels; otherwise a new recording starts. A sample that two windows label differently has no
    label. Acceleration (with gravity) is converted from g; angular rate is in rad/s. Frame and placement are HAPT's: x
    points up when the wearer stands. Unlike HAPT's, the signals were passed through a median filter and a low-pass of
    20 Hz (README of the archive). Which recordings are of the same one of a person's two experiments is not known; as
    HAPT shows, the phone sat alike in both.

    Raises:
        DataError: not the archive, damaged, or files whose rows do not match.
    """
    with Archive(path, "train/Inertial Signals/total_acc_x_train.txt", Limits(50_000_000)) as archive:
        return [recording for part in ("train", "test") for recording in _part(archive, part)]


def _part(archive: Archive, part: str) -> list[Recording]:
    y = _whole_numbers(archive, f"{part}/y_{part}.txt", max(ACTIVITIES), "activities")
    user = _whole_numbers(archive, f"{part}/subject_{part}.txt", 30, "subjects")
    channels = []
    for signal in SIGNALS:
        name = f"{part}/Inertial Signals/{signal}_{part}.txt"
        channels.append(read_numbers(archive, name, WINDOW))
        if len(channels[-1]) != len(y):
            raise DataError(f"{archive.path}: {name} has {len(channels[-1])} windows, y_{part}.txt {len(y)}")
    if len(user) != len(y):
        raise DataError(f"{archive.path}: subject_{part}.txt has {len(user)} rows, y_{part}.txt {len(y)}")
    windows = np.stack(channels, axis=2)
    overlap = windows[:-1, STEP:] == windows[1:, :STEP]
    follows = (user[1:] == user[:-1]) & overlap.all(axis=(1, 2))
    starts = [0, *(np.flatnonzero(~follows) + 1).tolist(), len(y)]
    counts: dict[int, int] = {}
    recordings = []
    for begin, end in itertools.pairwise(starts):
        wearer = int(user[begin])
        counts[wearer] = counts.get(wearer, 0) + 1
        name = f"uci-har-{wearer:02d}-{counts[wearer]:03d}"
        recordings.append(_joined(name, windows[begin:end], y[begin:end], f"uci-har-{wearer:02d}"))
    return recordings


def _joined(name: str, windows: NDArray[np.float64], y: NDArray[np.int_], user: str) -> Recording:
    samples = np.concatenate([windows[0], *windows[1:, STEP:]])
    # A half that two windows cover has a label only if they agree.
    first, second = np.append(y, y[-1]), np.insert(y, 0, y[0])
    halves = [ACTIVITIES[int(a)] if a == b else "" for a, b in zip(first, second, strict=True)]
    labels = np.repeat(np.array(halves, np.str_), STEP)
    times = np.arange(len(samples), dtype=np.int64) * PERIOD_NS
    acc, gyro = samples[:, :3] * STANDARD_GRAVITY, samples[:, 3:]
    return Recording(name, times, acc, gyro, labels, user, "waist", 50.0, mounting=user)


def _whole_numbers(archive: Archive, name: str, largest: int, what: str) -> NDArray[np.int_]:
    column = read_numbers(archive, name, 1)[:, 0]
    wrong = np.flatnonzero(~np.isin(column, np.arange(1, largest + 1)))
    if len(wrong):
        raise DataError(f"{archive.path}: {name}: row {wrong[0] + 1} is not one of the {what} 1 to {largest}")
    return column.astype(int)


DATASET = DataSet(
    name="uci-har",
    title="UCI HAR v1 (Human Activity Recognition Using Smartphones), official windows",
    files=("uci-har.zip", "UCI HAR Dataset.zip", "UCI HAR Dataset"),
    load=load,
    activities=tuple(ACTIVITIES.values()),
    placements=("waist",),
    page="https://archive.ics.uci.edu/dataset/240",
    downloads=(
        Download(
            "https://archive.ics.uci.edu/static/public/240/human+activity+recognition+using+smartphones.zip",
            "uci-har.zip",
            "c00b803081a5c797cd5e4b83700a9810b38d53d9d84e01917e090e1fdbc81031",
        ),
    ),
    citation=(
        "Anguita, Ghio, Oneto, Parra and Reyes-Ortiz: A Public Domain Dataset for Human Activity Recognition Using "
        "Smartphones, ESANN 2013"
    ),
    licence="CC BY 4.0 by its UCI page; the README inside the archive forbids commercial use",
    recorded_as="hapt",
    official_test=tuple(f"uci-har-{user:02d}" for user in hapt.TEST_USERS),
)
