"""Measures models in runtimes, in turns: every model in every runtime has a process of its own, and they alternate.

What disturbs the machine for a while disturbs all of them, and what one leaves in the caches helps none.
"""

import os
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_bench.graphs.graph import CONVENTION
from har_bench.measure.energy import Meter, NotMeasurableError, find_meter
from har_bench.measure.int8_peak import SIZES, product_macs
from har_bench.measure.machine_state import read_state
from har_bench.measure.measured_model import Subject
from har_bench.measure.noise import Noise, judge, read_ticks, time_loop
from har_bench.measure.runtimes import RUNTIMES, Runtime
from har_bench.measure.worker_client import Task, Worker
from har_runtime.contract import HOP_S
from har_runtime.errors import ModelError

TURN_S = 0.05
"""A turn is as many windows as fit into this, at least one."""
UNTIMED_SHARE = 0.1
"""Of a turn, before it is timed: the turns of the others have emptied the caches."""
WARM_UP = 20
"""Windows before the first turn."""
CHECKED = 10_000
"""Windows whose sum --check compares with the kernel's word."""
ENERGY_S = 3.0
"""For each model, and once for the idle machine."""


@dataclass(frozen=True)
class Settings:
    """How to measure."""

    runtimes: tuple[str, ...] | None = None
    """Keys of `RUNTIMES`; None for all that are installed."""
    threads: tuple[int, ...] = (1,)
    repetitions: int = 40
    """Turns of each model."""
    check: bool = False
    """Whether to compare with the processor time of 10,000 windows."""
    energy: bool | None = None
    """None measures energy where the machine can."""


@dataclass
class _Job:
    """One model in one runtime with a number of threads, and what was measured of it."""

    subject: Subject
    runtime: Runtime
    threads: int
    worker: Worker
    windows: int = 0
    """Of a turn."""
    turns: list[NDArray[np.float64]] = field(default_factory=list)
    """Microseconds of each window."""
    cpu_seconds: float = 0.0
    extra: dict[str, Any] = field(default_factory=dict)


def measure(
    subjects: Sequence[Subject], settings: Settings, progress: Callable[[str], None] = lambda step: None
) -> dict[str, Any]:
    """Measure models on this machine.

    Returns:
        Plain JSON-able values: "models" (what they are), "runs" (what they take), "noise", "state" and others; see
        benchmarks/README.md.

    Raises:
        ModelError: a runtime that was asked for is not installed, or cannot load a model.
        NotMeasurableError: energy was asked for, and the machine does not tell.
    """
    meter, no_meter = _meter(settings.energy)
    planned, left_out = _plan(subjects, settings)
    with ExitStack() as stack:
        empty = stack.enter_context(Worker())
        empty_bytes = empty.ask(memory=1)["rss_bytes"]
        jobs: list[_Job] = []
        for subject, key, threads in planned:
            progress(f"loading {subject.name} in {RUNTIMES[key].name}")
            try:
                worker = stack.enter_context(Worker(Task(key, subject.path, threads)))
            except ModelError as error:
                if key != "tflm" or settings.runtimes is not None:
                    raise
                left_out.append(str(error))  # TFLM lacks operators: no fault of the user's, who has not asked for it.
            else:
                jobs.append(_Job(subject, RUNTIMES[key], threads, worker))
        if any(_is_fast_int8(job) for job in jobs):
            jobs += [_peak_job(number, stack) for number in range(len(SIZES))]
        noise, states = _take_turns(jobs, settings.repetitions, progress)
        idle_watts = meter.joules(lambda: time.sleep(ENERGY_S)) / ENERGY_S if meter else 0.0
        for job in jobs:
            job.extra |= job.worker.ask(memory=1)
            if job.subject.format != "peak":
                if settings.check and job.threads == 1:  # Of several threads, processor time is no latency.
                    progress(f"checking {job.subject.name} in {job.runtime.name}")
                    job.extra["check"] = _check(job)
                if meter is not None:
                    progress(f"energy of {job.subject.name} in {job.runtime.name}")
                    job.extra["energy"] = _energy(job, meter, idle_watts)
    peaks = {job.subject.name: _peak_rate(job) for job in jobs if job.subject.format == "peak"}
    runs = [job for job in jobs if job.subject.format != "peak"]
    return {
        "convention": CONVENTION,
        "settings": asdict(settings),
        "state": {"before": asdict(states[0]), "after": asdict(states[1])},
        "noise": asdict(noise),
        "energy": {"meter": meter.name if meter else None, "why_not": no_meter},
        "empty_process_bytes": empty_bytes,
        "int8_peak": {"macs_per_second": max(peaks.values()), "products": peaks} if peaks else None,
        "models": [_model(subject, runs) for subject in subjects],
        "runs": [_run(job, empty_bytes, max(peaks.values(), default=None)) for job in runs],
        "left_out": left_out,
    }


def _meter(wanted: bool | None) -> tuple[Meter | None, str | None]:
    if wanted is False:
        return None, "not asked for"
    try:
        return find_meter(), None
    except NotMeasurableError as error:
        if wanted:
            raise
        return None, str(error)


def _plan(subjects: Sequence[Subject], settings: Settings) -> tuple[list[tuple[Subject, str, int]], list[str]]:
    """What to run, and what is left out and why."""
    for key in settings.runtimes or ():
        if not RUNTIMES[key].is_installed:
            raise ModelError(
                f"--runtimes {key}: {RUNTIMES[key].name} is not installed here; pip install {RUNTIMES[key].package}"
            )
    chosen = settings.runtimes or tuple(RUNTIMES)
    planned: list[tuple[Subject, str, int]] = []
    left_out: list[str] = []
    for subject in subjects:
        able = [key for key, runtime in RUNTIMES.items() if subject.format in runtime.formats]
        here = [key for key in able if key in chosen and RUNTIMES[key].is_installed]
        if not here:
            names = ", ".join(f"{RUNTIMES[key].name} (pip install {RUNTIMES[key].package})" for key in able)
            asked = " that was asked for" if settings.runtimes else " that is installed here"
            raise ModelError(f"{subject.path}: no runtime{asked} runs it; it needs {names}")
        for key in here:
            if key == "tflm" and settings.runtimes is None and not _is_int8(subject):
                continue  # A microcontroller is given int8.
            if key == "tflm" and subject.graph is not None and subject.graph.weights_outside:
                reason = (
                    f"{subject.name} in TFLM: its weights lie behind the flatbuffer, where TFLM reads them wrongly; "
                    "export it with har-export"
                )
                if settings.runtimes is not None:
                    raise ModelError(reason)
                left_out.append(reason)
                continue
            threads = settings.threads if RUNTIMES[key].threaded else (1,)
            planned += [(subject, key, number) for number in threads]
    return planned, left_out


def _is_int8(subject: Subject) -> bool:
    return subject.graph is not None and subject.graph.number_format == "int8"


def _is_fast_int8(job: _Job) -> bool:
    return _is_int8(job.subject) and job.runtime is RUNTIMES["litert"] and job.threads == 1


def _peak_job(number: int, stack: ExitStack) -> _Job:
    rows, width = SIZES[number]
    subject = Subject(f"{rows} x {width} x {width}", Path(str(number)), "peak", None)
    worker = stack.enter_context(Worker(Task("peak", subject.path, 1)))
    return _Job(subject, RUNTIMES["peak"], 1, worker)


def _take_turns(jobs: Sequence[_Job], repetitions: int, progress: Callable[[str], None]) -> tuple[Noise, Any]:
    """All turns, with the fixed loop of `noise` before each; the noise, and the machine's state before and after."""
    for job in jobs:
        job.worker.ask(windows=WARM_UP)
        once = statistics.median(job.worker.ask(windows=WARM_UP)["nanoseconds"]) / 1e9
        job.windows = max(1, round(TURN_S / once))
    before, ticks, cpu, began = read_state(), read_ticks(), _own_cpu(jobs), time.perf_counter()
    load_average = os.getloadavg()[0]
    order, loops = np.random.default_rng(0), []
    for repetition in range(repetitions):
        progress(f"turn {repetition + 1} of {repetitions}")
        for index in order.permutation(len(jobs)):
            loops.append(time_loop())
            _turn(jobs[index])
    after = read_state()
    seconds = time.perf_counter() - began
    own = _own_cpu(jobs) - cpu
    return judge(loops, seconds, own, ticks, read_ticks(), load_average, _heat(before, after)), (before, after)


def _turn(job: _Job) -> None:
    job.worker.ask(loop=max(1, round(UNTIMED_SHARE * job.windows)))
    answer = job.worker.ask(windows=job.windows)
    job.turns.append(np.array(answer["nanoseconds"]) / 1e3)
    job.cpu_seconds += answer["cpu_seconds"]


def _own_cpu(jobs: Iterable[_Job]) -> float:
    mine = resource.getrusage(resource.RUSAGE_SELF)
    return mine.ru_utime + mine.ru_stime + sum(job.worker.cpu_seconds() for job in jobs)


def _heat(before: Any, after: Any) -> list[str]:
    """What the machine says of heat and voltage."""
    reasons = [f"the Raspberry Pi's firmware says: {flag}" for flag in after.pi_flags or ()]
    if before.throttled is not None and after.throttled is not None and after.throttled > before.throttled:
        reasons.append(f"the processor slowed down {after.throttled - before.throttled} times to stay cool")
    return reasons


def _check(job: _Job) -> dict[str, float]:
    """The processor time of many windows, by the kernel's word from outside, beside the sum of single latencies."""
    before = job.worker.cpu_seconds()
    job.worker.ask(loop=CHECKED)
    outside = job.worker.cpu_seconds() - before
    inside = CHECKED * float(np.concatenate(job.turns).mean()) / 1e6
    return {
        "windows": CHECKED,
        "kernel_seconds": outside,
        "latency_sum_seconds": inside,
        "difference_percent": 100 * (inside / outside - 1),
    }


def _energy(job: _Job, meter: Meter, idle_watts: float) -> dict[str, float]:
    windows = max(1, round(ENERGY_S * 1e6 / float(np.concatenate(job.turns).mean())))
    began = time.perf_counter()
    drawn = meter.joules(lambda: job.worker.ask(loop=windows))
    seconds = time.perf_counter() - began
    return {
        "microjoules": 1e6 * drawn / windows,
        "above_idle_microjoules": 1e6 * (drawn - idle_watts * seconds) / windows,
        "idle_watts": idle_watts,
    }


def _peak_rate(job: _Job) -> float:
    """Multiply-accumulates a second at the median."""
    return product_macs(int(job.subject.path.name)) * 1e6 / float(np.median(np.concatenate(job.turns)))


def _model(subject: Subject, jobs: Sequence[_Job]) -> dict[str, Any]:
    graph = subject.graph
    arenas = [arena for job in jobs if job.subject is subject and (arena := job.worker.loaded["arena_bytes"])]
    return {
        "name": subject.name,
        "format": subject.format,
        "number_format": graph.number_format if graph else None,
        "parameters": graph.parameters if graph else None,
        "macs": graph.macs if graph else None,
        "flops": 2 * graph.macs if graph and graph.macs is not None else None,
        "uncounted": graph.uncounted if graph else (),
        "file_bytes": subject.file_bytes,
        "peak_activation_bytes": graph.peak_activation_bytes if graph else None,
        "tflm_arena_bytes": arenas[0] if arenas else None,
        "macro_f1": subject.macro_f1,
    }


def _run(job: _Job, empty_bytes: int, peak: float | None) -> dict[str, Any]:
    took = np.concatenate(job.turns)
    p50, p90, p99 = (float(value) for value in np.percentile(took, [50, 90, 99]))
    medians = [float(np.median(turn)) for turn in job.turns]
    low, high = (float(value) for value in np.percentile(medians, [10, 90]))
    cpu = 1e6 * job.cpu_seconds / len(took)
    macs = job.subject.graph.macs if job.subject.graph else None
    # Where the process made its model itself, its memory and its load time are those of the making.
    made_here = job.worker.loaded["fitted_here"]
    return {
        "model": job.subject.name,
        "runtime": job.runtime.name,
        "version": job.runtime.version,
        "threads": job.threads,
        "import_seconds": job.worker.loaded["import_seconds"],
        "load_seconds": None if made_here else job.worker.loaded["load_seconds"],
        "rss_above_empty_bytes": None if made_here else job.extra["rss_bytes"] - empty_bytes,
        "peak_rss_bytes": None if made_here else job.extra["peak_bytes"],
        "windows": len(took),
        "latency_us": {"p50": p50, "p90": p90, "p99": p99, "mean": float(took.mean())},
        "turn_medians_us": [low, high],
        "windows_per_second": 1e6 / float(took.mean()),
        "cpu_us": cpu,
        "share_of_core": cpu / 1e6 / HOP_S,
        "share_of_int8_peak": macs * 1e6 / p50 / peak if peak and macs and _is_fast_int8(job) else None,
        "energy": job.extra.get("energy"),
        "check": job.extra.get("check"),
    }
