"""Whether a machine was quiet enough for its timings to be believed.

A fixed loop is timed before every turn of a model. On a quiet machine it always takes the same; what makes it slower
makes the models slower too. The kernel says besides how much time went to other processes, and how much a host took.
"""

import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LOOP = 100_000
"""Additions in the fixed loop: one to five milliseconds."""
MOST_SPREAD = 0.1
"""Of the loop: the ninth tenth above the first. A quiet laptop or Pi shows 0.01 to 0.03."""
MOST_DRIFT = 0.05
"""Of the loop: the median of the second half of the run against that of the first; a hot machine slows down."""
MOST_STOLEN = 0.01
"""Share of the run's processor time that the host of a virtual machine kept."""
MOST_OTHERS = 0.1
"""Cores that other processes kept busy."""


@dataclass(frozen=True)
class Ticks:
    """Seconds of processor time since the machine was started, all cores together."""

    busy: float
    stolen: float


@dataclass(frozen=True)
class Noise:
    """What disturbed a run."""

    spread: float
    """See `MOST_SPREAD`."""
    drift: float
    """See `MOST_DRIFT`; positive where the loop became slower."""
    stolen: float | None
    """See `MOST_STOLEN`; None where the kernel does not say."""
    others: float | None
    """See `MOST_OTHERS`; None where the kernel does not say."""
    load_average: float
    """Of the last minute, when the run began."""
    reasons: tuple[str, ...]
    """Why timings of this run should not be believed; empty for a quiet machine."""


def time_loop() -> float:
    """Seconds that the fixed loop takes now."""
    began = time.perf_counter()
    sum(range(LOOP))
    return time.perf_counter() - began


def read_ticks(root: Path = Path("/")) -> Ticks | None:
    """The processor times of proc/stat below `root` (proc(5)); None where there is none."""
    try:
        line = (root / "proc/stat").read_text(encoding="ascii").splitlines()[0]
    except (OSError, IndexError):
        return None
    ticks = [int(value) / os.sysconf("SC_CLK_TCK") for value in line.split()[1:]]
    user, nice, system, _idle, _iowait, interrupt, soft_interrupt, stolen = ticks[:8]
    return Ticks(user + nice + system + interrupt + soft_interrupt, stolen)


def judge(
    loops: Sequence[float],
    seconds: float,
    own_cpu: float,
    before: Ticks | None,
    after: Ticks | None,
    load_average: float,
    throttled: Sequence[str] = (),
    cores: int | None = None,
) -> Noise:
    """Judge a run.

    Args:
        loops: seconds that the fixed loop took, in the order of the run.
        seconds: how long the run was.
        own_cpu: processor seconds that the run itself used, its workers included.
        before: processor times when it began.
        after: and when it ended.
        load_average: of the last minute, when it began.
        throttled: what the machine said of heat and voltage.
        cores: of the machine; None for those of this one.
    """
    low, *_, high = statistics.quantiles(loops, n=10)
    half = len(loops) // 2
    spread = high / low - 1
    drift = statistics.median(loops[half:]) / statistics.median(loops[:half]) - 1
    stolen = others = None
    if before is not None and after is not None:
        stolen = (after.stolen - before.stolen) / (seconds * (cores or os.cpu_count() or 1))
        others = max(0.0, (after.busy - before.busy - own_cpu) / seconds)
    reasons: list[str] = []
    if spread > MOST_SPREAD:
        reasons.append(f"a fixed loop took up to {100 * spread:.0f} % longer at times")
    if abs(drift) > MOST_DRIFT:
        reasons.append(
            f"a fixed loop was {100 * abs(drift):.0f} % {'slower' if drift > 0 else 'faster'} towards the end"
        )
    if stolen is not None and stolen > MOST_STOLEN:
        reasons.append(f"the host of this virtual machine kept {100 * stolen:.0f} % of its time")
    if others is not None and others > MOST_OTHERS:
        reasons.append(f"other processes kept {others:.1f} cores busy")
    return Noise(spread, drift, stolen, others, load_average, (*reasons, *throttled))
