"""One simulated wearer in the tables of many apps, and what is read of each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tests.conftest import simulated_recording

from har_runtime.sources import open_source
from har_runtime.sources.replay.source import Replay

ROWS = 600
G = 9.80665
WEARER = simulated_recording(1, ROWS)
assert WEARER.gyro is not None
SECONDS = np.arange(ROWS) / 50 + 6
DEGREES = np.rad2deg(WEARER.gyro)
FIRST_UNIX_MS = 1_719_820_806_000
FIRST_UNIX_NS = 1_767_620_473_350_470_700

Row = Callable[[int, float, list[float], list[float]], str]
"""A line of number, seconds, m/s^2 and rad/s."""


def cells(*values: Any, mark: str = ",") -> str:
    return mark.join(f"{value:.7f}" if isinstance(value, float) else str(value) for value in values)


def table(header: str, row: Row, preamble: str = "", end: str = "\n") -> str:
    assert WEARER.gyro is not None
    samples = zip(SECONDS.tolist(), WEARER.acc.tolist(), WEARER.gyro.tolist(), strict=True)
    lines = [row(number, time, acc, gyro) for number, (time, acc, gyro) in enumerate(samples)]
    return preamble + "".join(line + end for line in ([header] if header else []) + lines)


def own(header: str = "time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z") -> str:
    return table(header, lambda _, time, acc, gyro: cells(time, *acc, *gyro))


def milliseconds(number: int) -> str:
    """The clock of a sample, from 07:48:51."""
    return f"07:48:{51 + number // 50 if number < 450 else number // 50 - 9:02d}.{number % 50 * 20:03d}".replace(
        "07:48", "07:48" if number < 450 else "07:49"
    )


@dataclass(frozen=True)
class Read:
    """All samples of a recording."""

    replay: Replay
    times_ns: np.ndarray
    acc: np.ndarray
    gyro: np.ndarray | None
    labels: np.ndarray | None


def read(path: Path, options: str = "") -> Read:
    replay = open_source(f"replay:{path}?speed=max{options}")
    assert isinstance(replay, Replay)
    chunks = list(replay)
    replay.close()
    measured = [chunk for chunk in chunks if chunk.acc is not None]
    turned = [chunk.gyro for chunk in chunks if chunk.gyro is not None]
    labels = [chunk.labels for chunk in measured if chunk.labels is not None]
    return Read(
        replay,
        np.concatenate([chunk.times_ns for chunk in measured]),
        np.concatenate([chunk.acc for chunk in measured if chunk.acc is not None]),
        np.concatenate(turned) if turned else None,
        np.concatenate(labels) if labels else None,
    )


def is_the_wearer(found: Read, gyroscope: bool = True, steps_ns: float = 1000) -> None:
    """Check that the samples are those of `WEARER`, within the rounding of the tables."""
    assert np.abs(np.diff(found.times_ns) - 20_000_000).max() <= steps_ns
    np.testing.assert_allclose(found.acc, WEARER.acc, atol=2e-5)
    if gyroscope:
        assert found.gyro is not None
        np.testing.assert_allclose(found.gyro, WEARER.gyro, atol=2e-6)
    else:
        assert found.gyro is None
        assert not found.replay.report.gyroscope
        assert "no gyroscope in it" in found.replay.description
