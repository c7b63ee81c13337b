"""One model in one runtime with a number of threads, and what was measured of it."""

import math
import statistics
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_bench.measure.energy import Meter
from har_bench.measure.int8_peak import SIZES, product_macs
from har_bench.measure.measured_model import MeasuredModel
from har_bench.measure.runtimes import RUNTIMES
from har_bench.measure.worker_client import Task, Worker
from har_runtime.contract import HOP_S

TURN_S = 0.05
"""A turn is as many windows as fit into this, at least one."""
UNTIMED_SHARE = 0.1
"""Share of a turn that runs before it is timed: the turns of the others have emptied the caches."""
WARM_UP = 20
"""Windows before the first turn."""
CHECKED = 10_000
"""Windows whose sum --check compares with the processor time that the kernel reports."""
ENERGY_S = 3.0
"""For each model, and once for the idle machine."""


@dataclass
class Measurement:
    """One model in one runtime, in a process of its own."""

    model: MeasuredModel
    runtime_key: str
    threads: int
    worker: Worker
    turn_windows: int = 0
    turns: list[NDArray[np.float64]] = field(default_factory=list)
    """Microseconds of each window."""
    cpu_seconds: float = 0.0
    check: dict[str, float] | None = None
    energy: dict[str, float] | None = None

    @classmethod
    def start(cls, model: MeasuredModel, runtime_key: str, threads: int, stack: ExitStack) -> "Measurement":
        """Load a model in a worker, which `stack` ends.

        Raises:
            ModelError: the runtime cannot load the model.
        """
        worker = stack.enter_context(Worker(Task(runtime_key, model.path, threads)))
        return cls(model, runtime_key, threads, worker)

    @property
    def is_fast_int8(self) -> bool:
        """Whether it can be compared with the int8 peak, which is of LiteRT on one thread."""
        return self.model.is_int8 and self.runtime_key == "litert" and self.threads == 1

    @property
    def microseconds(self) -> NDArray[np.float64]:
        """Of every window, all turns together."""
        return np.concatenate(self.turns)

    @property
    def turn_medians(self) -> NDArray[np.float64]:
        """Microseconds of a window, for each turn."""
        return np.array([np.median(turn) for turn in self.turns])

    def warm_up(self) -> None:
        """Run some windows, and find out how many make a turn."""
        self.worker.ask(windows=WARM_UP)
        once = statistics.median(self.worker.ask(windows=WARM_UP)["nanoseconds"]) / 1e9
        self.turn_windows = max(1, round(TURN_S / once))

    def take_turn(self) -> None:
        """Time the windows of one turn."""
        self.worker.ask(loop=max(1, round(UNTIMED_SHARE * self.turn_windows)))
        answer = self.worker.ask(windows=self.turn_windows)
        self.turns.append(np.array(answer["nanoseconds"]) / 1e3)
        self.cpu_seconds += answer["cpu_seconds"]

    def compare_with_kernel(self) -> None:
        """Compare the sum of single latencies with the processor time of as many windows, read from outside."""
        before = self.worker.cpu_seconds
        self.worker.ask(loop=CHECKED)
        outside = self.worker.cpu_seconds - before
        inside = CHECKED * float(self.microseconds.mean()) / 1e6
        self.check = {
            "windows": CHECKED,
            "kernel_seconds": outside,
            "latency_sum_seconds": inside,
            "difference_percent": 100 * (inside / outside - 1),
        }

    def measure_energy(self, meter: Meter, idle_watts: float) -> None:
        """Measure the energy of a window, with and without what the idle machine uses."""
        windows = max(1, round(ENERGY_S * 1e6 / float(self.microseconds.mean())))
        began = time.perf_counter()
        used = meter.joules(lambda: self.worker.ask(loop=windows))
        seconds = time.perf_counter() - began
        self.energy = {
            "microjoules": 1e6 * used / windows,
            "above_idle_microjoules": 1e6 * (used - idle_watts * seconds) / windows,
            "idle_watts": idle_watts,
        }

    def to_dict(self, empty_bytes: int, peak: float | None, first: "Measurement") -> dict[str, Any]:
        """As plain JSON-able values.

        Args:
            first: the first one of the run, whose latency is the unit of "times_first".
            empty_bytes: memory of a worker without a model.
            peak: int8 multiply-accumulates a second that this machine reaches; None if not measured.
        """
        took, runtime, loaded = self.microseconds, RUNTIMES[self.runtime_key], self.worker.loaded
        p50, p90, p99 = (float(value) for value in np.percentile(took, [50, 90, 99]))
        low, high = (float(value) for value in np.percentile(self.turn_medians, [10, 90]))
        cpu = 1e6 * self.cpu_seconds / len(took)
        macs = self.model.graph.macs if self.model.graph else None
        # If the process fitted its model itself, its memory and load time include the fitting.
        fitted_here = loaded["fitted_here"]
        return {
            "model": self.model.name,
            "runtime": runtime.name,
            "version": runtime.version,
            "threads": self.threads,
            "import_seconds": loaded["import_seconds"],
            "load_seconds": None if fitted_here else loaded["load_seconds"],
            "rss_above_empty_bytes": None if fitted_here else self.worker.memory_bytes - empty_bytes,
            "peak_rss_bytes": None if fitted_here else self.worker.peak_memory_bytes,
            "windows": len(took),
            "latency_us": {"p50": p50, "p90": p90, "p99": p99, "mean": float(took.mean())},
            "turn_medians_us": [low, high],
            "times_first": times_first(self.turn_medians / first.turn_medians),
            "windows_per_second": 1e6 / float(took.mean()),
            "cpu_us": cpu,
            "share_of_core": cpu / 1e6 / HOP_S,
            "share_of_int8_peak": macs * 1e6 / p50 / peak if peak and macs and self.is_fast_int8 else None,
            "energy": self.energy,
            "check": self.check,
        }


def times_first(ratios: NDArray[np.float64]) -> dict[str, Any]:
    """The median of the ratios of turns that were taken side by side, and its 95 % interval, shape (turns,).

    What slows the machine down for a while slows down both turns of a pair. The interval is that of order statistics,
    which supposes nothing about how the ratios are spread; None for fewer than six turns, which have none.
    """
    ordered, count = np.sort(ratios), len(ratios)
    below = np.cumsum([math.comb(count, number) / 2**count for number in range(count)])
    rank = int(np.searchsorted(below, 0.025, side="right"))  # So many ratios lie outside at each end.
    interval = [float(ordered[rank - 1]), float(ordered[count - rank])] if rank else None
    return {"median": float(np.median(ratios)), "interval": interval}


def start_peaks(stack: ExitStack) -> list[Measurement]:
    """Load the matrix products of `int8_peak`."""
    names = (f"{rows} x {width} x {width}" for rows, width in SIZES)
    models = [MeasuredModel(name, Path(str(number)), "peak", None) for number, name in enumerate(names)]
    return [Measurement.start(model, "peak", 1, stack) for model in models]


def peak_rates(peaks: Iterable[Measurement]) -> dict[str, float]:
    """Multiply-accumulates a second of each matrix product, at the median."""
    return {
        peak.model.name: product_macs(int(peak.model.path.name)) * 1e6 / float(np.median(peak.microseconds))
        for peak in peaks
    }
