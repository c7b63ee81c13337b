"""Labelled windows of many recordings, as arrays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.recording import Recording, cut_recording
from har_train.data.arrays import read_arrays, write_arrays
from har_train.datasets import load
from har_train.recipe import DataConfig

COLUMNS = ("x", "y", "user", "recording", "start_ns")


@dataclass(frozen=True)
class WindowSet:
    """Labelled windows, ready to train on or to score."""

    x: NDArray[np.float32]
    """Shape (n, 50, 6), SI units, contract channel order."""
    y: NDArray[np.int64]
    """Index into `labels`, shape (n,)."""
    user: NDArray[np.str_]
    """Who wore the sensor, shape (n,)."""
    recording: NDArray[np.str_]
    """The recording that each window was cut from, shape (n,)."""
    start_ns: NDArray[np.int64]
    """Sensor time of each window's first sample, shape (n,)."""
    labels: tuple[str, ...]

    def select(self, keep: NDArray[np.bool_]) -> "WindowSet":
        """The windows where `keep`, shape (n,), is true."""
        return WindowSet(
            self.x[keep], self.y[keep], self.user[keep], self.recording[keep], self.start_ns[keep], self.labels
        )

    def require_all_classes(self) -> None:
        """Make sure that there is a window of every class.

        Raises:
            DataError: a class without a window, named.
        """
        for index, label in enumerate(self.labels):
            if not np.any(self.y == index):
                raise DataError(f"no training user has a window of '{label}'; choose another seed or remove the class")

    def of_users(self, users: Iterable[str]) -> "WindowSet":
        """The windows of these users."""
        return self.select(np.isin(self.user, list(users)))


def cut_windows(recordings: Sequence[Recording], config: DataConfig) -> WindowSet:
    """All windows labelled with one of the activities, cut as the runtime cuts them.

    The angular rates of a recording without a gyroscope are 0.

    Raises:
        DataError: a recording with NaN, or no labelled window at all.
    """
    index = {label: position for position, label in enumerate(config.activities)}
    x: list[NDArray[np.float32]] = []
    y: list[int] = []
    start_ns: list[int] = []
    names: list[tuple[str, str]] = []
    for recording in recordings:
        values = [recording.acc] if recording.gyro is None else [recording.acc, recording.gyro]
        if not all(np.isfinite(sensor).all() for sensor in values):
            raise DataError(f"recording {recording.name}: holds NaN or infinite samples; repair or remove it")
        cut = cut_recording(recording, config.window, config.hop, config.label_rule)
        for window, label in zip(cut.windows, cut.labels, strict=True):
            if label in index:
                x.append(window.imu)
                y.append(index[label])
                start_ns.append(window.start_ns)
                names.append((recording.user or recording.name, recording.name))
    if not x:
        raise DataError(f"no window of the recordings is labelled with any of {', '.join(config.activities)}")
    user, recording_name = (np.array(column) for column in zip(*names, strict=True))
    return WindowSet(
        np.stack(x), np.array(y, np.int64), user, recording_name, np.array(start_ns, np.int64), config.activities
    )


def load_windows_of(config: DataConfig, data: Path) -> tuple[WindowSet, str | None]:
    """Read a recipe's data set and cut it into windows.

    Args:
        data: archive or folder of the data set, or the folder it lies in.

    Returns:
        The windows, and where all of them were worn; None if that differs or is unknown.
    """
    recordings = load(config.dataset, data, config.placement)
    places = {recording.placement for recording in recordings}
    return cut_windows(recordings, config), places.pop() if len(places) == 1 else None


def save_windows(windows: WindowSet, path: Path) -> None:
    """Write windows atomically, for the processes of a cross-validation."""
    columns = {name: getattr(windows, name) for name in COLUMNS}
    write_arrays(path, **columns, labels=np.array(windows.labels))


def load_windows(path: Path) -> WindowSet:
    """Read what `save_windows` wrote.

    Raises:
        DataError: missing or damaged.
    """
    *columns, labels = read_arrays(path, *COLUMNS, "labels")
    return WindowSet(**dict(zip(COLUMNS, columns, strict=True)), labels=tuple(labels.tolist()))
