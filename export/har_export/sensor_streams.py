"""Events of sensors that a simulated wearer carries: of any rate, with jitter, turned any way."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.samples import ImuChunk

DECIMALS = 4
"""Of the events' values: the resolution of a 16-bit sensor, and short in a file."""
START_S = 1000.0
"""What the sensors' clock shows at first."""


@dataclass(frozen=True)
class Stream:
    """The events of one sensor in order of arrival."""

    sensor: str
    """"acc" or "gyro"."""
    times_ns: NDArray[np.int64]
    values: NDArray[np.float64]
    """Shape (n, 3), SI units; NaN where the sensor failed."""

    def select(self, index: NDArray[np.bool_] | NDArray[np.int64]) -> "Stream":
        """The events of a mask, or of indices in any order."""
        return Stream(self.sensor, self.times_ns[index], self.values[index])


class Signal:
    """A movement that sensors of any rate can sample."""

    def __init__(self, times_s: NDArray[np.float64], acc: NDArray[np.float64], gyro: NDArray[np.float64]):
        self._t = times_s
        self._values = {"acc": acc, "gyro": gyro}

    @classmethod
    def of(cls, chunks: Iterable[ImuChunk], skip_s: float = 0.0, seconds: float = np.inf) -> "Signal":
        """The movement of a wearer, from `skip_s` on, at least so many seconds."""
        taken: list[ImuChunk] = []
        for chunk in chunks:
            taken.append(chunk)
            if chunk.times_ns[-1] > (skip_s + seconds) * 1e9:
                break
        acc, gyro = np.concatenate([chunk.acc for chunk in taken]), np.concatenate([chunk.gyro for chunk in taken])
        return cls(np.concatenate([chunk.times_ns for chunk in taken]) / 1e9 - skip_s, acc, gyro)

    def turned(self, rotation: NDArray[np.float64], from_s: float = -np.inf) -> "Signal":
        """The same as a device feels it that sits another way, from a time on; shape (3, 3)."""
        later = (self._t >= from_s)[:, None]
        acc, gyro = (np.where(later, values @ rotation.T, values) for values in self._values.values())
        return Signal(self._t, acc, gyro)

    def falling(self, begin_s: float, end_s: float) -> "Signal":
        """The same, but for a free fall."""
        falls = ((self._t >= begin_s) & (self._t < end_s))[:, None]
        return Signal(self._t, np.where(falls, 0.01 * self._values["acc"], self._values["acc"]), self._values["gyro"])

    def sample(
        self, sensor: str, rate_hz: float, jitter_s: float, seconds: float, rng: np.random.Generator, start: float = 0.0
    ) -> Stream:
        """Events of a sensor with times that jitter by +-`jitter_s`."""
        times = start + np.arange(round(seconds * rate_hz)) / rate_hz
        times = times + rng.uniform(-jitter_s, jitter_s, len(times))
        values = np.stack([np.interp(times, self._t, axis) for axis in self._values[sensor].T], axis=1)
        return Stream(sensor, np.rint((times + START_S) * 1e9).astype(np.int64), values.round(DECIMALS))


def by_arrival(streams: list[Stream]) -> list[list[Any]]:
    """The events of all streams, merged by the newest time that each stream has reached; each keeps its own order.

    An event is a list of sensor, time in ns, x, y and z; None for NaN.
    """
    rows: list[tuple[int, int, list[Any]]] = []
    for stream in streams:
        reached = np.maximum.accumulate(stream.times_ns)
        for at, time_ns, values in zip(reached, stream.times_ns, stream.values, strict=True):
            cells = [None if np.isnan(value) else float(value) for value in values]
            rows.append((int(at), len(rows), [stream.sensor, int(time_ns), *cells]))
    return [event for _, _, event in sorted(rows, key=lambda row: row[:2])]
