"""Labelled windows of many recordings as arrays, and their division by users."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.errors import DataError
from har_runtime.recording import Recording, cut_recording


@dataclass(frozen=True)
class WindowSet:
    """Labelled windows, ready to train on or to score."""

    x: NDArray[np.float32]
    """Shape (n, 50, 6), SI units, contract channel order."""
    y: NDArray[np.int64]
    """Index into `labels`, shape (n,)."""
    user: NDArray[np.str_]
    """Who wore the sensor, shape (n,)."""
    labels: tuple[str, ...]

    def of_users(self, users: Iterable[str]) -> "WindowSet":
        """The windows of these users."""
        keep = np.isin(self.user, list(users))
        return WindowSet(self.x[keep], self.y[keep], self.user[keep], self.labels)


def cut_windows(recordings: Sequence[Recording], labels: tuple[str, ...]) -> WindowSet:
    """All windows whose 50 samples carry one of `labels`, cut as the runtime cuts them.

    Raises:
        DataError: a recording with NaN, or no labelled window at all.
    """
    index = {label: position for position, label in enumerate(labels)}
    x: list[NDArray[np.float32]] = []
    y: list[int] = []
    user: list[str] = []
    for recording in recordings:
        if not (np.isfinite(recording.acc).all() and np.isfinite(recording.gyro).all()):
            raise DataError(f"recording {recording.name}: holds NaN or infinite samples; repair or leave it out")
        cut = cut_recording(recording)
        for window, label in zip(cut.windows, cut.labels, strict=True):
            if label in index:
                x.append(window.imu)
                y.append(index[label])
                user.append(recording.user or recording.name)
    if not x:
        raise DataError(f"no window of the recordings is labelled with any of {', '.join(labels)}")
    stacked = np.stack(x) if x else np.empty((0, WINDOW, len(CHANNELS)), np.float32)
    return WindowSet(stacked, np.array(y, np.int64), np.array(user), labels)


@dataclass(frozen=True)
class UserSplit:
    """Who trains, who decides when to stop, and who is only ever scored."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        everyone = [*self.train, *self.validation, *self.test]
        twice = sorted({user for user in everyone if everyone.count(user) > 1})
        if twice:
            raise DataError(f"user {twice[0]} stands in two parts of the split; each user belongs to one")
        if not (self.train and self.validation and self.test):
            raise DataError(f"{len(everyone)} users are too few to divide into train, validation and test")


def split_users(users: Iterable[str], seed: int, validation: float = 0.2, test: float = 0.2) -> UserSplit:
    """Divide users at random, by the paper's 60/20/20 (section 4.1.3).

    >>> split = split_users([f"u{n}" for n in range(10)], seed=0)
    >>> len(split.train), len(split.validation), len(split.test)
    (6, 2, 2)
    """
    names = sorted(set(users))
    order = np.random.default_rng(seed).permutation(len(names))
    n_test, n_validation = round(test * len(names)), round(validation * len(names))
    parts = np.split(order, [n_test, n_test + n_validation])
    chosen = [tuple(sorted(names[index] for index in part)) for part in parts]
    return UserSplit(train=chosen[2], validation=chosen[1], test=chosen[0])
