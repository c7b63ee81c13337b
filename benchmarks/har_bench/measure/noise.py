"""Whether a machine was quiet enough to trust its timings.

A fixed loop is timed before every turn of a model. On a quiet machine it always takes the same time, and what slows it
down slows down the models too. psutil adds how much processor time other processes took, and the host of a virtual
machine.
"""

import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psutil

LOOP = 100_000
"""Additions in the fixed loop: one to five milliseconds."""
MAX_SPREAD = 0.1
"""How far the loop's 90th percentile may lie above its 10th. A quiet laptop or Pi shows 0.01 to 0.03."""
MAX_DRIFT = 0.05
"""How far the loop's median may change from the first half of the run to the second; a hot machine slows down."""
MAX_STOLEN = 0.01
"""Share of the processor time that the host of a virtual machine may keep."""
MAX_OTHERS = 0.1
"""Cores that other processes may keep busy."""


@dataclass(frozen=True)
class CpuTimes:
    """Seconds of processor time since the machine was started, all cores together."""

    busy: float
    stolen: float


@dataclass(frozen=True)
class Noise:
    """What disturbed a run."""

    spread: float
    """See `MAX_SPREAD`."""
    drift: float
    """See `MAX_DRIFT`; positive if the loop became slower."""
    stolen: float
    """See `MAX_STOLEN`."""
    others: float
    """See `MAX_OTHERS`."""
    load_average: float
    """Of the last minute, when the run began."""
    reasons: tuple[str, ...]
    """Why the timings of this run cannot be trusted; empty for a quiet machine."""


def time_loop() -> float:
    """Seconds that the fixed loop takes now."""
    began = time.perf_counter()
    sum(range(LOOP))
    return time.perf_counter() - began


def read_cpu_times() -> CpuTimes:
    """The processor time of the machine so far."""
    times: Any = psutil.cpu_times()
    return CpuTimes(times.user + times.nice + times.system + times.irq + times.softirq, times.steal)


def assess(
    loops: Sequence[float],
    seconds: float,
    own_cpu: float,
    before: CpuTimes,
    after: CpuTimes,
    load_average: float,
    throttled: Sequence[str] = (),
    cores: int | None = None,
) -> Noise:
    """Assess the noise of a run.

    Args:
        loops: seconds that the fixed loop took, in the order of the run.
        seconds: how long the run was.
        own_cpu: processor seconds that the run itself used, including its workers.
        before: processor times when it began.
        after: processor times when it ended.
        load_average: of the last minute, when it began.
        throttled: what the machine reported about heat and voltage.
        cores: of the machine; None for the cores of this one.
    """
    low, *_, high = statistics.quantiles(loops, n=10)
    half = len(loops) // 2
    spread = high / low - 1
    drift = statistics.median(loops[half:]) / statistics.median(loops[:half]) - 1
    stolen = (after.stolen - before.stolen) / (seconds * (cores or os.cpu_count() or 1))
    others = max(0.0, (after.busy - before.busy - own_cpu) / seconds)
    reasons: list[str] = []
    if spread > MAX_SPREAD:
        reasons.append(f"a fixed loop took up to {100 * spread:.0f} % longer at times")
    if abs(drift) > MAX_DRIFT:
        reasons.append(
            f"a fixed loop was {100 * abs(drift):.0f} % {'slower' if drift > 0 else 'faster'} towards the end"
        )
    if stolen > MAX_STOLEN:
        reasons.append(f"the host of this virtual machine kept {100 * stolen:.0f} % of its time")
    if others > MAX_OTHERS:
        reasons.append(f"other processes kept {others:.1f} cores busy")
    return Noise(spread, drift, stolen, others, load_average, (*reasons, *throttled))
