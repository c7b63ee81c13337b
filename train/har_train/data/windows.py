"""Labelled windows of many recordings, as arrays."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.families import STILL
from har_runtime.contract import PLACE_OF, PLACES
from har_runtime.errors import DataError
from har_runtime.recording import CutRecording, Recording, cut_recording
from har_runtime.signal.upright import UprightTracker, turned_by_gravity
from har_runtime.signal.window import Window
from har_runtime.tables import TableError, from_table, parse_json
from har_train.data.arrays import read_arrays, write_arrays
from har_train.datasets import find, load
from har_train.recipe import DataConfig

COLUMNS = ("x", "y", "user", "recording", "start_ns", "dataset", "place")
STILL_EVERY = 8
"""Of so many windows of a posture one also trains the choice `STILL`: it is all that its own gravity shows."""
NO_PLACE = -1
"""Of a window of a sensor whose place is unknown."""


@dataclass(frozen=True)
class WindowSet:
    """Labelled windows, ready to train on or to score."""

    x: NDArray[np.float32]
    """Shape (n, 50, 6), SI units, contract channel order."""
    y: NDArray[np.int64]
    """Index into `labels`, shape (n,); from len(labels) on, index into `choices`."""
    user: NDArray[np.str_]
    """Who wore the sensor, shape (n,)."""
    recording: NDArray[np.str_]
    """The recording that each window was cut from, shape (n,)."""
    start_ns: NDArray[np.int64]
    """Sensor time of each window's first sample, shape (n,)."""
    dataset: NDArray[np.str_]
    """The data set of each window, shape (n,)."""
    place: NDArray[np.int64]
    """Index into `contract.PLACES` of where the sensor was worn, `NO_PLACE` if unknown, shape (n,)."""
    labels: tuple[str, ...]
    choices: tuple[tuple[str, ...], ...] = ()
    """Labels of which a window has one that is not known: stairs may be stairs_up or stairs_down."""

    def select(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "WindowSet":
        """The windows where `rows`, shape (n,), is true, or those at these indices, repetitions allowed."""
        return replace(self, **{name: getattr(self, name)[rows] for name in COLUMNS})

    @property
    def single(self) -> "WindowSet":
        """The windows with one label instead of a choice."""
        return replace(self.select(self.y < len(self.labels)), choices=())

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """Whether a window whose y is the row may have the label of the column, shape (labels + choices, labels)."""
        rows = [(label,) for label in self.labels]
        return np.array([[label in row for label in self.labels] for row in (*rows, *self.choices)])

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


def cut_windows(recordings: Sequence[Recording], config: DataConfig, dataset: str | None = None) -> WindowSet:
    """All windows labelled with one of the activities or choices, cut as the runtime cuts them.

    In the frame "upright", recordings with the same mounting share the reference that their gait shows. Without a
    reference, windows of postures have the choice "still", or are skipped if the recipe has no such choice; with one,
    every eighth of them also trains that choice, turned by its own gravity.

    Args:
        dataset: name of the recordings' data set; None for the recipe's only one.

    Raises:
        DataError: a recording with NaN, or no labelled window at all.
    """
    names = (*config.activities, *config.choices)
    index = {label: position for position, label in enumerate(names)}
    rows: list[tuple[NDArray[np.float32], int, str, str, int, int]] = []
    for recording in recordings:
        gyro = recording.gyro
        if not np.isfinite(recording.acc).all() or (gyro is not None and not np.isfinite(gyro).all()):
            raise DataError(f"recording {recording.name}: holds NaN or infinite samples; repair or remove it")
    for recording, cut in in_frame_of(recordings, config):
        place = PLACE_OF.get(recording.placement or "")
        number = NO_PLACE if place is None else PLACES.index(place)
        user = recording.user or recording.name
        for count, (window, label) in enumerate(zip(cut.windows, cut.labels, strict=True)):
            for x, y in _examples(window, config.activity_of(label, recording.placement), index, config, count):
                rows.append((x, y, user, recording.name, window.start_ns, number))
    if not rows:
        where = dataset or config.dataset
        raise DataError(f"{where}: no window of the recordings is labelled with any of {', '.join(names)}")
    x, y, user, recording_name, start_ns, place = zip(*rows, strict=True)
    return WindowSet(
        x=np.stack(x),
        y=np.array(y, np.int64),
        user=np.array(user),
        recording=np.array(recording_name),
        start_ns=np.array(start_ns, np.int64),
        dataset=np.full(len(rows), dataset or config.dataset),
        place=np.array(place, np.int64),
        labels=config.activities,
        choices=tuple(config.choices.values()),
    )


def _examples(
    window: Window, activity: str, index: dict[str, int], config: DataConfig, count: int
) -> Iterator[tuple[NDArray[np.float32], int]]:
    """What a window trains: itself, unless its axes do not show its posture; and, of every few windows of a posture in
    the frame "upright", itself as if nobody had walked yet, which is still and nothing more."""
    if config.frame != "upright" or activity in config.gait:
        if activity in index:
            yield window.imu, index[activity]
        return
    assert window.up is not None
    if activity in index and window.up.shows_posture:
        yield window.imu, index[activity]
    if activity in config.choices.get(STILL, ()) and not (window.up.shows_posture and count % STILL_EVERY):
        yield turned_by_gravity(window).imu, index[STILL]


def in_frame_of(recordings: Sequence[Recording], config: DataConfig) -> Iterator[tuple[Recording, CutRecording]]:
    """Each recording with its windows in the frame of a recipe; those of a mounting together in the frame "upright".

    The reference of the frame "upright" is what the tracker gives. It sees the recordings of a mounting twice, in their
    order, and its second sight counts: else the first recordings of a mounting would have none.
    """
    if config.frame != "upright":
        for recording in recordings:
            cut = _cut(recording, config)
            if config.frame == "gravity":
                cut = replace(cut, windows=[turned_by_gravity(window) for window in cut.windows])
            yield recording, cut
        return
    mountings: dict[str, list[Recording]] = {}
    for recording in recordings:
        mountings.setdefault(recording.mounting or recording.name, []).append(recording)
    for group in mountings.values():
        cuts = [_cut(recording, config) for recording in group]
        tracker = UprightTracker()
        _turned(cuts, tracker)
        yield from zip(group, _turned(cuts, tracker), strict=True)


def _cut(recording: Recording, config: DataConfig) -> CutRecording:
    return cut_recording(recording, config.window, config.hop, config.label_rule)


def _turned(cuts: Sequence[CutRecording], tracker: UprightTracker) -> list[CutRecording]:
    turned: list[CutRecording] = []
    for cut in cuts:
        tracker.interrupt()
        turned.append(replace(cut, windows=[tracker.step(window) for window in cut.windows]))
    return turned


def load_recordings_of(config: DataConfig, data: Path) -> dict[str, list[Recording]]:
    """The recordings of each data set of a recipe.

    Args:
        data: archive or folder of the data set, or the folder that all of them lie in.

    Raises:
        DataError: missing or damaged data, or two data sets of the same people, who would be on both sides of a split.
    """
    sets: dict[str, str] = {}
    for name in config.set_names:
        if (other := sets.setdefault(find(name).people, name)) != name:
            raise DataError(f"{other} and {name} are recordings of the same people: a recipe can have one of them")
    recordings: dict[str, list[Recording]] = {}
    for name, placement in config.sets:
        recordings.setdefault(name, []).extend(load(name, data, placement))
    return recordings


def joined_windows(parts: Iterable[WindowSet]) -> WindowSet:
    """The windows of several data sets as one set; they must have the same labels and choices."""
    sets = list(parts)
    return replace(sets[0], **{name: np.concatenate([getattr(part, name) for part in sets]) for name in COLUMNS})


def windows_of(recordings: dict[str, list[Recording]], config: DataConfig) -> WindowSet:
    """The windows of the recordings of each data set of a recipe."""
    return joined_windows(cut_windows(part, config, name) for name, part in recordings.items())


def load_windows_of(config: DataConfig, data: Path) -> tuple[WindowSet, str | None]:
    """Read a recipe's data sets and cut them into windows.

    Args:
        data: archive or folder of the data set, or the folder that all of them lie in.

    Returns:
        The windows, and where all of them were worn; None if that differs or is unknown.
    """
    recordings = load_recordings_of(config, data)
    places = {recording.placement for part in recordings.values() for recording in part}
    return windows_of(recordings, config), places.pop() if len(places) == 1 else None


@dataclass(frozen=True)
class _Choices:
    """The activities that each choice stands for, as `save_windows` stores them."""

    rows: tuple[tuple[str, ...], ...]


def save_windows(windows: WindowSet, path: Path) -> None:
    """Write windows atomically, for the processes of a cross-validation."""
    columns = {name: getattr(windows, name) for name in COLUMNS}
    choices = np.array(json.dumps(windows.choices, allow_nan=False))
    write_arrays(path, **columns, labels=np.array(windows.labels), choices=choices)


def load_windows(path: Path) -> WindowSet:
    """Read what `save_windows` wrote.

    Raises:
        DataError: missing or damaged.
    """
    *columns, labels, choices = read_arrays(path, *COLUMNS, "labels", "choices")
    try:
        members = from_table(_Choices, {"rows": parse_json(str(choices.item()))}).rows
    except (TableError, ValueError) as error:
        raise DataError(f"{path}: damaged ({error}); delete it and start the command again") from error
    return WindowSet(**dict(zip(COLUMNS, columns, strict=True)), labels=tuple(labels.tolist()), choices=members)
