"""How soon and how well the wearer's gait shows which way is up, how soon another mounting is noticed, and the cost.

    python -m har_bench.stream.upright_reference --out benchmarks/results/upright_reference.json

On every data set that is in --data, the windows of each mounting go through the runtime's tracker in their order. The
truth is the mean acceleration over what is labelled as walking or stairs in that mounting. For another mounting, the
labelled walking of each is played as one walk, and then once more with the device turned by each of the quarter turns
that move up by `MOVED_AT_LEAST_DEGREES`. The cost is timed first, before any data is read; nothing else should run.
"""

import argparse
import copy
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_bench.intervals import interval_over_people
from har_bench.results import write_and_print
from har_bench.script import run_script, script_parser
from har_bench.stream.mountings import by_mounting, sets_in
from har_bench.stream.turned_windows import quarter_turns, turned
from har_bench.stream.upright_cost import measure_cost
from har_runtime.cli.common import data_folder
from har_runtime.contract import HOP, HOP_S, PERIOD_NS
from har_runtime.recording import Recording, cut_recording
from har_runtime.signal.upright import GAIT_GRAVITY, UprightTracker, are_gait
from har_runtime.signal.window import Window
from har_train.datasets import load

SETS = ("hapt", "motionsense", "wisdm", "difronzo", "sp-sw-har")
WALKING = ("walking", "stairs", "stairs_up", "stairs_down")
NEAR_DEGREES = 10.0
WRONG_DEGREES = 30.0
JUMP_DEGREES = 20.0
"""One window of gait moves a reference by 5 degrees at most; a reference that moves by more was replaced."""
MOVED_AT_LEAST_DEGREES = 60.0
"""A quarter turn about the vertical leaves up where it was: there is nothing to notice."""
SHORTEST_WALK_S = 20.0
"""Walking of which a mounting must have this much for the test with a turned device."""
NOTICED_WITHIN_S = 10.0


@dataclass(frozen=True)
class Mounting:
    """What a device recorded while it was worn in the same place, the same way up."""

    user: str
    parts: tuple[tuple[tuple[Window, bool], ...], ...]
    """For each recording its windows, in the axes of the device, and whether each is labelled as walking or stairs."""
    up: NDArray[np.float64]
    """The truth: unit vector in the axes of the device, shape (3,)."""

    @property
    def walk(self) -> list[Window]:
        """The labelled walking as one walk without a pause."""
        walking = [window for part in self.parts for window, walks in part if walks]
        return [Window(0, index * HOP * PERIOD_NS, window.imu) for index, window in enumerate(walking)]


@dataclass(frozen=True)
class After:
    """When something happened, by two clocks that stand still while nobody walks; infinite if it never did."""

    walking_s: float
    """Seconds of labelled walking."""
    gait_s: float
    """Seconds that look like gait to the tracker, labelled or not."""


NEVER = After(np.inf, np.inf)


@dataclass(frozen=True)
class Followed:
    """What the tracker found out about a mounting."""

    near_after: After
    """When the reference was within `NEAR_DEGREES` for the first time."""
    windows: int
    referred: int
    """Windows with a reference."""
    wrong: int
    """Windows whose reference was off by more than `WRONG_DEGREES`."""
    wrong_starts: int
    """References that were off by more than that when they were found, or when they replaced another."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("stream.upright_reference", "Measure how gait shows which way is up.", "out", "data")
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    data = data_folder(options.data)
    names = sets_in(data, SETS)
    cost = measure_cost()
    rows: list[dict[str, Any]] = []
    for name in names:
        print(name, file=sys.stderr, flush=True)
        places: dict[str, list[Recording]] = {}
        for recording in load(name, data):
            places.setdefault(recording.placement or "unknown", []).append(recording)
        rows += [{"set": name, "placement": place, **row_of(part)} for place, part in places.items()]
    write_and_print(options.out, {"rows": rows, "cost": cost})
    return 0


def mountings_of(recordings: Iterable[Recording]) -> list[Mounting]:
    """The mountings in which somebody walks, with the recordings of each in their order."""
    found: list[Mounting] = []
    for group in by_mounting(recordings):
        up = _up(group)
        if up is not None:
            found.append(Mounting(group[0].user or group[0].name, tuple(map(_windows, group)), up))
    return found


def _up(recordings: Sequence[Recording]) -> NDArray[np.float64] | None:
    """The direction of the mean acceleration while walking; None if nobody walks."""
    total = np.zeros(3)
    for recording in recordings:
        if recording.labels is not None:
            walks = np.isin(recording.labels, WALKING) & np.isfinite(recording.acc).all(axis=1)
            total += recording.acc[walks].sum(axis=0)
    length = float(np.linalg.norm(total))
    return total / length if length else None


def _windows(recording: Recording) -> tuple[tuple[Window, bool], ...]:
    cut = cut_recording(recording)
    return tuple((window, label in WALKING) for window, label in zip(cut.windows, cut.labels, strict=True))


def follow(mounting: Mounting) -> Followed:
    """Give the tracker the windows of a mounting, in their order."""
    tracker, near_after = UprightTracker(), NEVER
    windows = walking = gait = referred = wrong = wrong_starts = 0
    for part in mounting.parts:
        tracker.interrupt()
        for window, walks in part:
            before = tracker.up
            tracker.step(window)
            windows, walking, gait = windows + 1, walking + walks, gait + _looks_like_gait(window)
            if tracker.up is None:
                continue
            off = _degrees(tracker.up.direction, mounting.up)
            if near_after is NEVER and off <= NEAR_DEGREES:
                near_after = After(_seconds(walking), _seconds(gait))
            is_wrong = off > WRONG_DEGREES
            starts = before is None or _degrees(before.direction, tracker.up.direction) > JUMP_DEGREES
            referred, wrong, wrong_starts = referred + 1, wrong + is_wrong, wrong_starts + (is_wrong and starts)
    return Followed(near_after, windows, referred, wrong, wrong_starts)


def noticed_after(mounting: Mounting) -> list[After]:
    """When a turned device was noticed, for each turn: when the reference was within `WRONG_DEGREES` of what is up now.

    Empty if the walk is shorter than `SHORTEST_WALK_S`, or too unlike gait for a reference.
    """
    walk = mounting.walk
    if _seconds(len(walk)) < SHORTEST_WALK_S:
        return []
    before = UprightTracker()
    for window in walk:
        before.step(window)
    if before.up is None:
        return []
    gait = np.cumsum([_looks_like_gait(window) for window in walk]).tolist()
    turns = [turn for turn in quarter_turns() if _degrees(turn @ mounting.up, mounting.up) >= MOVED_AT_LEAST_DEGREES]
    last = [_windows_until_noticed(before, walk, mounting.up, turn) for turn in turns]
    return [NEVER if index is None else After(_seconds(index + 1), _seconds(gait[index])) for index in last]


def _seconds(windows: int) -> float:
    """Half a second for each window, and another half for the first, of which all is new."""
    return (windows + 1) * HOP_S if windows else 0.0


def _looks_like_gait(window: Window) -> bool:
    acc = window.imu[:, :3].astype(np.float64)
    return GAIT_GRAVITY[0] <= float(np.linalg.norm(acc.mean(axis=0))) <= GAIT_GRAVITY[1] and are_gait(acc[None])[0]


def _windows_until_noticed(
    before: UprightTracker, walk: Sequence[Window], up: NDArray[np.float64], turn: NDArray[np.float64]
) -> int | None:
    """Index of the window of the turned walk with which the tracker noticed; None if it did not."""
    tracker, up = copy.deepcopy(before), turn @ up
    for index, window in enumerate(walk):
        moved = turned(window, turn)
        tracker.step(Window(0, moved.start_ns + len(walk) * HOP * PERIOD_NS, moved.imu))
        assert tracker.up is not None
        if _degrees(tracker.up.direction, up) <= WRONG_DEGREES:
            return index
    return None


def row_of(recordings: Iterable[Recording]) -> dict[str, Any]:
    """A row of the result: the recordings of one data set and place. Infinite times are None."""
    mountings = mountings_of(recordings)
    followed: dict[str, list[Followed]] = {}
    noticed: dict[str, list[After]] = {}
    for mounting in mountings:
        followed.setdefault(mounting.user, []).append(follow(mounting))
        noticed.setdefault(mounting.user, []).extend(noticed_after(mounting))
    noticed = {user: part for user, part in noticed.items() if part}
    return {
        "users": len(followed),
        "mountings": len(mountings),
        "hours": _hours([one for part in followed.values() for one in part]),
        "near_after": _both({user: [one.near_after for one in part] for user, part in followed.items()}),
        "wrong_share": _over_people(followed, _wrong_share),
        "wrong_an_hour": _over_people(followed, lambda parts: sum(one.wrong_starts for one in parts) / _hours(parts)),
        "noticed_after": _both(noticed),
        "noticed_soon": _over_people(noticed, _noticed_soon),
    }


def _hours(parts: Sequence[Followed]) -> float:
    return sum(one.windows for one in parts) * HOP_S / 3600


def _wrong_share(parts: Sequence[Followed]) -> float:
    return sum(one.wrong for one in parts) / max(1, sum(one.referred for one in parts))


def _noticed_soon(parts: Sequence[After]) -> float:
    """Share noticed within `NOTICED_WITHIN_S` of gait."""
    return sum(one.gait_s <= NOTICED_WITHIN_S for one in parts) / len(parts)


def _over_people(people: dict[str, list[Any]], statistic: Callable[[list[Any]], float]) -> dict[str, Any]:
    """A statistic and its interval; None if nobody was measured."""
    parts = [part for person in people.values() for part in person]
    value = statistic(parts) if parts else None
    return {"value": value, "interval": interval_over_people(people, statistic)}


def _both(people: dict[str, list[After]]) -> dict[str, Any]:
    return {
        "walking_s": _times({user: [one.walking_s for one in part] for user, part in people.items()}),
        "gait_s": _times({user: [one.gait_s for one in part] for user, part in people.items()}),
    }


def _times(people: dict[str, list[float]]) -> dict[str, Any]:
    """Median and 90th percentile of times, and how many of them there are and are finite."""
    times = [time for person in people.values() for time in person]
    interval = interval_over_people(people, lambda parts: _quantile(parts, 0.5))
    return {
        "count": len(times),
        "finite": int(np.isfinite(times).sum()),
        "median": _finite(_quantile(times, 0.5)) if times else None,
        "median_interval": interval and [_finite(end) for end in interval],
        "p90": _finite(_quantile(times, 0.9)) if times else None,
    }


def _quantile(values: Sequence[float], share: float) -> float:
    return float(np.quantile(values, share, method="inverted_cdf"))


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _degrees(one: Sequence[float] | NDArray[np.float64], other: Sequence[float] | NDArray[np.float64]) -> float:
    return float(np.degrees(np.arccos(np.clip(np.dot(one, other), -1.0, 1.0))))


if __name__ == "__main__":
    sys.exit(main())
