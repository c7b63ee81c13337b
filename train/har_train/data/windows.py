"""Labelled windows of many recordings as arrays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.recording import Recording, cut_recording
from har_train.data.arrays import read_arrays, write_arrays
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
    """The recording each was cut from, shape (n,)."""
    start_ns: NDArray[np.int64]
    """Sensor time of each first sample in its recording, shape (n,)."""
    labels: tuple[str, ...]

    def select(self, keep: NDArray[np.bool_]) -> "WindowSet":
        """The windows where `keep`, shape (n,), is true."""
        return WindowSet(
            self.x[keep], self.y[keep], self.user[keep], self.recording[keep], self.start_ns[keep], self.labels
        )

    def require_all_classes(self) -> None:
        """Make sure that there is something to learn of every class.

        Raises:
            DataError: a class without a window, named.
        """
        for index, label in enumerate(self.labels):
            if not np.any(self.y == index):
                raise DataError(
                    f"no training user has a window of '{label}'; choose another seed or leave the class out"
                )

    def of_users(self, users: Iterable[str]) -> "WindowSet":
        """The windows of these users."""
        return self.select(np.isin(self.user, list(users)))


def cut_windows(recordings: Sequence[Recording], config: DataConfig) -> WindowSet:
    """All windows that carry one of the activities, cut as the runtime cuts them.

    Raises:
        DataError: a recording with NaN, or no labelled window at all.
    """
    index = {label: position for position, label in enumerate(config.activities)}
    x: list[NDArray[np.float32]] = []
    y: list[int] = []
    start_ns: list[int] = []
    names: list[tuple[str, str]] = []
    for recording in recordings:
        if not (np.isfinite(recording.acc).all() and np.isfinite(recording.gyro).all()):
            raise DataError(f"recording {recording.name}: holds NaN or infinite samples; repair or leave it out")
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
