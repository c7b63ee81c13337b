"""Measures on real recordings what `har_runtime.sources.simulated.people` holds: posture means and gait harmonics.

    python -m har_train.data.measure_wearer OUT.json

It measures only training users of seed 0, so that the users that a model is scored on do not influence the simulation:
at the waist the first of HAPT in the recipe `uci-har`, in their order; in the pocket, of MotionSense and DiFronzo in
the recipe `anywhere`, those who are nearest to the median person, the nearest first. All activities of a person come
from recordings of one mounting, so that the phone sits the same way in each: a posture comes from its longest bout, a
gait from the four seconds that harmonics explain best.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.cli.common import OneLineParser, data_folder, run_command
from har_runtime.contract import SAMPLE_RATE_HZ
from har_runtime.errors import DataError
from har_runtime.files import write_bytes
from har_runtime.recording import Recording
from har_train.data.splits import split_users
from har_train.datasets import load
from har_train.recipe import Recipe
from har_train.recipe_file import load_recipe

GAITS = ("walking", "stairs_up", "stairs_down")
AT_WAIST = ("sitting", "standing", "lying", *GAITS)
IN_POCKET = ("sitting", "standing", *GAITS)
POCKET_SETS = ("motionsense", "difronzo")
PEOPLE_AT_WAIST, PEOPLE_IN_POCKET = 6, 4
HARMONICS = 10
"""Up to 10 Hz: above it, walking at the waist has almost no energy."""
PIECE = 4 * SAMPLE_RATE_HZ
STRIDES_HZ = np.arange(0.65, 1.25, 0.005)


def measure_at_waist(recording: Recording) -> dict[str, dict[str, Any]]:
    """One person's activities.

    Raises:
        DataError: no gyroscope that shares the accelerometer's times.
    """
    person: dict[str, dict[str, Any]] = {}
    for activity in AT_WAIST:
        bouts = _bouts([recording], activity)
        if activity in GAITS:
            person[activity] = _most_regular(_pieces(bouts))
        else:
            signal = max(bouts, key=len)
            person[activity] = {"mean": _rounded(_still_mean(signal)), "spread": _rounded(_still_spread(signal))}
    return person


def measure_in_pocket(recordings: Sequence[Recording]) -> dict[str, dict[str, Any]]:
    """One person's activities, in recordings of one mounting.

    In a pocket the phone moves more freely: the half of a person's gait whose statistics are farthest from the person's
    median is not considered, and the trembling of postures is slow.

    Raises:
        DataError: no gyroscope that shares the accelerometer's times.
    """
    person: dict[str, dict[str, Any]] = {}
    for activity in IN_POCKET:
        bouts = _bouts(recordings, activity)
        if activity in GAITS:
            pieces = _pieces(bouts)
            order = _nearest_to_median([_movement(piece) for piece in pieces])
            person[activity] = _most_regular([pieces[index] for index in order[: -(-len(order) // 2)]])
        else:
            signal = max(bouts, key=len)
            person[activity] = {"mean": _rounded(_still_mean(signal)), **_trembling(_pieces(bouts))}
    return person


def most_usual(people: Mapping[str, Sequence[Recording]]) -> list[str]:
    """Names of people with a phone in the pocket, by how far its leaning and its movement in each activity are from the
    median person's, the nearest first.

    Args:
        people: recordings of one mounting of each person, with all activities of `IN_POCKET`.
    """
    features = [_features(recordings) for recordings in people.values()]
    return [list(people)[index] for index in _nearest_to_median(features)]


def _nearest_to_median(features: Sequence[Sequence[float]]) -> list[int]:
    """Indices of rows, the one nearest to the median first; each feature in units of its median absolute deviation."""
    away = np.abs(np.array(features) - np.median(features, axis=0))
    return np.argsort((away / np.maximum(np.median(away, axis=0), 1e-6)).mean(axis=1), kind="stable").tolist()


def _features(recordings: Sequence[Recording]) -> list[float]:
    """For each activity the angle from walking, and logarithms of how much acceleration and angular rate vary."""
    signals = {activity: np.concatenate(_bouts(recordings, activity)) for activity in IN_POCKET}
    up = signals["walking"][:, :3].mean(axis=0)
    features: list[float] = []
    for activity, signal in signals.items():
        mean = signal[:, :3].mean(axis=0)
        if activity != "walking":
            features.append(float(np.arccos(mean @ up / np.linalg.norm(mean) / np.linalg.norm(up))))
        features += _movement(signal)[3:]
    return features


def _movement(signal: NDArray[np.float64]) -> list[float]:
    """Mean acceleration, and logarithms of how much acceleration and angular rate vary, shape (5,)."""
    acc, gyro = signal[:, :3], signal[:, 3:]
    return [
        *acc.mean(axis=0).tolist(),
        float(np.log(acc.var(axis=0).sum())),
        float(np.log((gyro**2).sum(axis=1).mean())),
    ]


def _bouts(recordings: Sequence[Recording], activity: str) -> list[NDArray[np.float64]]:
    """Acceleration and angular rate of each bout, shape (n, 6)."""
    bouts: list[NDArray[np.float64]] = []
    for recording in recordings:
        assert recording.labels is not None
        if recording.gyro is None or recording.gyro_times_ns is not None:
            raise DataError(f"recording {recording.name}: a wearer is measured with both sensors at the same times")
        edges = np.flatnonzero(np.diff(np.concatenate([[False], recording.labels == activity, [False]])))
        imu = np.concatenate([recording.acc, recording.gyro], axis=1)
        bouts += [imu[begin:end] for begin, end in edges.reshape(-1, 2)]
    return bouts


def _pieces(bouts: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Four seconds each, that overlap by half."""
    return [bout[begin : begin + PIECE] for bout in bouts for begin in range(0, len(bout) - PIECE + 1, PIECE // 2)]


def _most_regular(pieces: Sequence[NDArray[np.float64]]) -> dict[str, Any]:
    """The gait of the piece that harmonics explain best."""
    return max((_fit_gait(piece) for piece in pieces), key=lambda fit: fit[0])[1]


def _still_mean(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over a bout, with its acceleration scaled to the mean magnitude of the samples.

    If the wearer turned over, the mean of the two directions would be shorter than gravity."""
    mean = signal.mean(axis=0)
    mean[:3] *= np.linalg.norm(signal[:, :3], axis=1).mean() / np.linalg.norm(mean[:3])
    return mean


def _still_spread(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviation within a second, the median over seconds: shifts of posture do not count as noise."""
    seconds = len(signal) // SAMPLE_RATE_HZ
    return np.median(signal[: seconds * SAMPLE_RATE_HZ].reshape(seconds, SAMPLE_RATE_HZ, 6).std(axis=1), axis=0)


def _trembling(pieces: Sequence[NDArray[np.float64]]) -> dict[str, Any]:
    """Standard deviation within four seconds and correlation between consecutive samples, medians over pieces."""
    rest = np.array([piece - piece.mean(axis=0) for piece in pieces])
    lag1 = (rest[:, 1:] * rest[:, :-1]).sum(axis=1) / (rest**2).sum(axis=1)
    return {
        "spread": _rounded(np.median(rest.std(axis=1), axis=0)),
        "lag1": _rounded(np.clip(np.median(lag1, axis=0), 0, 0.99)),
    }


def _fit_gait(piece: NDArray[np.float64]) -> tuple[float, dict[str, Any]]:
    """Explained fraction of the variance, and the harmonics at the stride frequency that explains most."""
    mean = piece.mean(axis=0)
    spread = piece.std(axis=0)
    scaled = (piece - mean) / spread
    best: tuple[float, dict[str, Any]] = (-np.inf, {})
    time = np.arange(len(piece)) / SAMPLE_RATE_HZ
    for stride in STRIDES_HZ:
        phase = 2 * np.pi * stride * time[:, None] * np.arange(1, HARMONICS + 1)
        basis = np.concatenate([np.cos(phase), np.sin(phase)], axis=1)
        weights = np.linalg.lstsq(basis, scaled, rcond=None)[0]
        rest = scaled - basis @ weights
        explained = 1 - float((rest**2).mean())
        if explained > best[0]:
            lag1 = np.clip((rest[1:] * rest[:-1]).mean(axis=0) / (rest**2).mean(axis=0), 0, 0.95)
            best = (
                explained,
                {
                    "mean": _rounded(mean),
                    "stride_hz": round(float(stride), 4),
                    "cosine": _rounded(weights[:HARMONICS] * spread),
                    "sine": _rounded(weights[HARMONICS:] * spread),
                    "residual": _rounded(rest.std(axis=0) * spread),
                    "residual_lag1": _rounded(lag1),
                },
            )
    return best


def _rounded(values: NDArray[np.float64]) -> Any:
    return np.round(values, 4).tolist()


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = OneLineParser(prog="python -m har_train.data.measure_wearer", description="Measure the simulated wearer.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", help="folder with the data sets (default: $HAREDGE_DATA)")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.set_defaults(run=_run)
    return run_command(parser, arguments)


def _run(options: argparse.Namespace) -> int:
    data = data_folder(options.data)
    table = {"waist": _at_waist(data), "pocket": _in_pocket(data)}
    write_bytes(options.out, json.dumps(table, separators=(",", ":"), allow_nan=False).encode() + b"\n")
    for place, measured in table.items():
        print(f"{place}: {len(measured['people'])} people of {measured['source']}", file=sys.stderr)
    print(f"written to {options.out}", file=sys.stderr)
    return 0


def _at_waist(data: Path) -> dict[str, Any]:
    recordings, users = _training(load_recipe("uci-har"), data)
    people = [next(entry for entry in recordings["hapt"] if entry.user == user) for user in users[:PEOPLE_AT_WAIST]]
    return {"source": "hapt, training users of seed 0", "people": [measure_at_waist(person) for person in people]}


def _in_pocket(data: Path) -> dict[str, Any]:
    recordings, users = _training(load_recipe("anywhere"), data)
    mountings: dict[str, list[Recording]] = {}
    for recording in (entry for dataset in POCKET_SETS for entry in recordings[dataset]):
        if recording.user in users and recording.mounting is not None:
            mountings.setdefault(recording.mounting, []).append(recording)
    whole = {
        mounting: recordings
        for mounting, recordings in mountings.items()
        if all(_bouts(recordings, activity) for activity in IN_POCKET)
    }
    chosen = most_usual(whole)[:PEOPLE_IN_POCKET]
    return {
        "source": f"{' and '.join(POCKET_SETS)}, training users of seed 0, nearest to the median: {', '.join(chosen)}",
        "people": [measure_in_pocket(whole[mounting]) for mounting in chosen],
    }


def _training(recipe: Recipe, data: Path) -> tuple[dict[str, list[Recording]], tuple[str, ...]]:
    """All recordings of each data set of a recipe, and its training users of seed 0."""
    recordings = {name: load(name, data, placement) for name, placement in recipe.data.sets}
    everybody = [str(entry.user) for entries in recordings.values() for entry in entries]
    return recordings, split_users(everybody, 0, recipe.data.validation, recipe.data.test).train


if __name__ == "__main__":
    sys.exit(main())
