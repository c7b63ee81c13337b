"""What the simulated wearer does is measured on real people, can be measured again, and is like what they do."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from har_runtime.contract import SAMPLE_RATE_HZ
from har_runtime.sources.simulated import people
from har_runtime.sources.simulated.carry import Carry
from har_runtime.sources.simulated.wearer import Wearer
from har_train.data.measure_wearer import GAITS, IN_POCKET, POCKET_SETS, main
from har_train.datasets import load

PIECE = 4 * SAMPLE_RATE_HZ
BANDS_HZ = (0.4, 3.0, 8.0, 25.0)
SHIPPED = Path(people.__file__).with_name("wearer.json")


def leaves(value: Any) -> Iterator[Any]:
    """Keys, words and numbers of a JSON value, in order."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


@pytest.mark.slow
def test_measuring_again_gives_the_file_that_ships(data: Path, tmp_path: Path) -> None:
    assert main([str(tmp_path / "wearer.json"), "--data", str(data)]) == 0
    again, shipped = (list(leaves(json.loads(path.read_text()))) for path in (tmp_path / "wearer.json", SHIPPED))
    assert len(again) == len(shipped)
    for one, other in zip(again, shipped, strict=True):
        assert one == (pytest.approx(other, abs=2e-4) if isinstance(other, float) else other)


Pieces = dict[str, list[NDArray[np.float64]]]
"""Four seconds each, shape (200, 6), by activity."""


@pytest.fixture(scope="module")
def wearers(data: Path) -> list[Pieces]:
    """Every mounting of all people with a phone in the pocket in which somebody walks, stands and sits."""
    wearers: dict[str, Pieces] = {}
    for recording in (recording for name in POCKET_SETS for recording in load(name, data)):
        assert recording.labels is not None
        assert recording.gyro is not None
        imu = np.concatenate([recording.acc, recording.gyro], axis=1)
        for begin in range(0, len(imu) - PIECE, PIECE):
            label = str(recording.labels[begin])
            if recording.mounting and label in IN_POCKET and (recording.labels[begin : begin + PIECE] == label).all():
                pieces = wearers.setdefault(recording.mounting, {})
                pieces.setdefault(label, []).append(imu[begin : begin + PIECE])
    return [pieces for pieces in wearers.values() if "walking" in pieces]


def simulated(seed: int) -> Pieces:
    pieces: Pieces = {}
    for activity in IN_POCKET:
        chunk = next(iter(Wearer(seed, [(activity, 60)], Carry("pocket", (0.6, 0.0, 0.8), 30))))
        pieces[activity] = list(np.concatenate([chunk.acc, chunk.gyro], axis=1).reshape(-1, PIECE, 6))
    return pieces


def features(pieces: list[NDArray[np.float64]], walking: list[NDArray[np.float64]], gait: bool) -> dict[str, float]:
    """What does not depend on how the phone is turned; medians over pieces."""
    up, mean = (np.concatenate(some)[:, :3].mean(axis=0) for some in (walking, pieces))
    found = {
        "lean_degrees": float(np.degrees(np.arccos(min(1, mean @ up / np.linalg.norm(mean) / np.linalg.norm(up))))),
        "length": float(np.median([np.linalg.norm(piece[:, :3], axis=1).mean() for piece in pieces])),
    }
    taper = np.hanning(PIECE)[:, None]
    rest = np.array([piece - piece.mean(axis=0) for piece in pieces])
    power = np.abs(np.fft.rfft(rest * taper, axis=1)) ** 2
    hz = np.fft.rfftfreq(PIECE, 1 / SAMPLE_RATE_HZ)
    for name, channels in (("acc", slice(0, 3)), ("gyro", slice(3, 6))):
        found[f"{name}_spread"] = float(np.median(np.sqrt(rest[:, :, channels].var(axis=1).sum(axis=1))))
        sensor = power[:, :, channels].sum(axis=2)
        for low, high in itertools.pairwise(BANDS_HZ):
            share = sensor[:, (hz >= low) & (hz < high)].sum(axis=1) / sensor[:, hz >= BANDS_HZ[0]].sum(axis=1)
            found[f"{name}_share_{low:g}_hz"] = float(np.median(share))
    if gait:
        length = np.linalg.norm([piece[:, :3] for piece in pieces], axis=2)
        spectra = np.abs(np.fft.rfft((length - length.mean(axis=1, keepdims=True)) * taper[:, 0], axis=1))
        spectra[:, (hz < 1) | (hz > 3)] = 0  # Steps, neither strides nor impacts.
        found["step_hz"] = float(np.median(hz[spectra.argmax(axis=1)]))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("activity", IN_POCKET)
def test_a_phone_in_the_simulated_pocket_moves_as_in_real_ones(activity: str, wearers: list[Pieces]) -> None:
    gait = activity in GAITS
    real = [features(own[activity], own["walking"], gait) for own in wearers if activity in own]
    assert len(real) >= 25
    for seed in range(6):
        own = simulated(seed)
        for name, value in features(own[activity], own["walking"], gait).items():
            everyone = np.array([one[name] for one in real])
            low, high = everyone.min(), everyone.max()
            slack = 0.1 * (high - low)
            assert low - slack <= value <= high + slack, (seed, name)
