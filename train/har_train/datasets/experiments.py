"""The layout of HAPT and DiFronzo: `acc_expNN_userNN.txt`, `gyro_expNN_userNN.txt`, and one `labels.txt` for all."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_train.datasets.archive import Archive
from har_train.datasets.table import read_numbers


@dataclass(frozen=True)
class Experiment:
    """The files of one recording, as published."""

    number: str
    user: str
    acc: NDArray[np.float64]
    """In the unit of the archive, shape (n, 3)."""
    gyro: NDArray[np.float64]
    """In the unit of the archive, shape (n, 3)."""
    labels: NDArray[np.str_]
    """Activity at each sample, shape (n,); an empty string if it has no label."""


def read_experiments(
    archive: Archive, folder: str, activities: dict[int, str], corrections: dict[tuple[int, ...], tuple[int, ...]]
) -> Iterator[Experiment]:
    """The recordings in `folder`, in the order of their experiment numbers.

    Rows of labels.txt are experiment, user, activity, first and last sample; the samples are 1-based and inclusive.

    Args:
        activities: the activity of each number in labels.txt.
        corrections: known misprints, a row of labels.txt to the right one.

    Raises:
        DataError: files that are missing, damaged or do not fit each other.
    """
    rows = [tuple(row) for row in read_numbers(archive, f"{folder}/labels.txt", 5).astype(int).tolist()]
    rows = [corrections.get(row, row) for row in rows]
    pattern = re.compile(re.escape(folder) + r"/acc_exp(\d+)_user(\d+)\.txt")
    files = sorted((match for name in archive.names if (match := pattern.fullmatch(name))), key=lambda m: int(m[1]))
    if not files:
        raise DataError(f"{archive.path}: no {folder}/acc_exp*_user*.txt in it; this is not the official archive")
    for match in files:
        number, user = match[1], match[2]
        acc = read_numbers(archive, match[0], 3)
        gyro_name = f"{folder}/gyro_exp{number}_user{user}.txt"
        gyro = read_numbers(archive, gyro_name, 3)
        if len(acc) != len(gyro):
            raise DataError(f"{archive.path}: {gyro_name} has {len(gyro)} rows, its accelerometer file {len(acc)}")
        labels = np.full(len(acc), "", dtype="U16")
        for experiment, labelled_user, activity, first, last in rows:
            if experiment != int(number):
                continue
            if labelled_user != int(user) or activity not in activities or not 1 <= first <= last <= len(acc):
                raise DataError(
                    f"{archive.path}: {folder}/labels.txt: experiment {experiment}, rows {first} to {last}: does not "
                    f"fit user {int(user)}, the activities {min(activities)} to {max(activities)} or the {len(acc)} "
                    "rows of the recording"
                )
            labels[first - 1 : last] = activities[activity]
        yield Experiment(number, user, acc, gyro, labels)
