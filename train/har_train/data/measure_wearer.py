"""Measures on real recordings what `har_runtime.sources.simulated.wearer` simulates: posture means and gait harmonics.

    python -m har_train.data.measure_wearer OUT.json

It measures only training users of seed 0 of the `uci-har` recipe, in their order, so that the users that a model is
scored on do not influence the simulation. All activities of a person come from one recording, so that the phone sits
the same way in each: a posture comes from its longest bout, a gait from the four seconds that harmonics explain best.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.cli.common import data_folder, run_command
from har_runtime.contract import SAMPLE_RATE_HZ
from har_runtime.errors import DataError
from har_runtime.files import write_bytes
from har_runtime.recording import Recording
from har_train.data.splits import split_users
from har_train.datasets import load
from har_train.recipe import load_recipe

POSTURES = ("sitting", "standing", "lying")
GAITS = ("walking", "stairs_up", "stairs_down")
PEOPLE = 6
HARMONICS = 10
"""Up to 10 Hz: above it, walking at the waist has almost no energy."""
PIECE = 4 * SAMPLE_RATE_HZ
STRIDES_HZ = np.arange(0.65, 1.25, 0.005)


def measure(recording: Recording) -> dict[str, dict[str, Any]]:
    """One person's activities.

    Raises:
        DataError: no gyroscope that shares the accelerometer's times.
    """
    person: dict[str, dict[str, Any]] = {}
    for activity in POSTURES:
        signal = max(_bouts(recording, activity), key=len)
        person[activity] = {"mean": _rounded(_still_mean(signal)), "spread": _rounded(_still_spread(signal))}
    for activity in GAITS:
        pieces = [
            bout[begin : begin + PIECE]
            for bout in _bouts(recording, activity)
            for begin in range(0, len(bout) - PIECE + 1, PIECE // 2)
        ]
        fits = [_fit_gait(piece) for piece in pieces]
        person[activity] = max(fits, key=lambda fit: fit[0])[1]
    return person


def _bouts(recording: Recording, activity: str) -> list[NDArray[np.float64]]:
    assert recording.labels is not None
    if recording.gyro is None or recording.gyro_times_ns is not None:
        raise DataError(f"recording {recording.name}: a wearer is measured with both sensors at the same times")
    edges = np.flatnonzero(np.diff(np.concatenate([[False], recording.labels == activity, [False]])))
    imu = np.concatenate([recording.acc, recording.gyro], axis=1)
    return [imu[begin:end] for begin, end in edges.reshape(-1, 2)]


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
    parser = argparse.ArgumentParser(
        prog="python -m har_train.data.measure_wearer", description="Measure the simulated wearer."
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", help="folder or archive of HAPT (default: $HAREDGE_DATA)")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.set_defaults(run=_run)
    return run_command(parser, arguments)


def _run(options: argparse.Namespace) -> int:
    recipe = load_recipe("uci-har")
    recordings = load(recipe.data.dataset, data_folder(options.data))
    users = split_users([str(entry.user) for entry in recordings], seed=0).train[:PEOPLE]
    people = [measure(next(entry for entry in recordings if entry.user == user)) for user in users]
    table = {"source": f"{recipe.data.dataset}, training users of seed 0", "people": people}
    write_bytes(options.out, json.dumps(table, separators=(",", ":")).encode() + b"\n")
    print(f"{len(people)} people written to {options.out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
