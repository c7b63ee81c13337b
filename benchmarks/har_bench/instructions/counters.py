"""The ways to count instructions, and the choice of one."""

from collections.abc import Callable
from dataclasses import dataclass

from har_bench.instructions import perf, stepping, valgrind
from har_bench.measure.worker_client import Task
from har_runtime.errors import HarError


@dataclass(frozen=True)
class Counter:
    """One way to count."""

    description: str
    why_not: Callable[[], str | None]
    """Why this machine cannot do it; None if it can."""
    count: Callable[[Task], int]
    """Instructions of one inference of a model in LiteRT."""


COUNTERS = {
    "perf": Counter("perf, the processor's counter", perf.why_not, perf.count),
    "stepping": Counter("stepping through the process with ptrace", stepping.why_not, stepping.count),
    "valgrind": Counter(
        "valgrind, which shows programs a processor of its own, on x86-64 one with AVX2 and without dot products",
        valgrind.why_not,
        valgrind.count,
    ),
}
"""By name; the first that works here is the default."""


def choose(name: str | None) -> str:
    """The counter of this name, or the first that works on this machine.

    Raises:
        HarError: it does not work here, or none does; the message says why.
    """
    reasons: list[str] = []
    for key in [name] if name else COUNTERS:
        reason = COUNTERS[key].why_not()
        if reason is None:
            return key
        reasons.append(f"{key}: {reason}")
    raise HarError(f"instructions cannot be counted here ({'; '.join(reasons)})")
