"""Measures models in runtimes, in turns: every model in every runtime has a process of its own, and they alternate.

What disturbs the machine for a while disturbs all of them, and no model finds the caches as it left them.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

import numpy as np

from har_bench.graphs.graph import CONVENTION
from har_bench.measure import measurement
from har_bench.measure.energy import Meter, NotMeasurableError, find_meter
from har_bench.measure.machine_state import MachineState, read_state
from har_bench.measure.measured_model import MeasuredModel
from har_bench.measure.measurement import Measurement, peak_rates, start_peaks
from har_bench.measure.noise import Noise, assess, read_cpu_times, time_loop
from har_bench.measure.options import Settings
from har_bench.measure.process import cpu_seconds
from har_bench.measure.runtimes import RUNTIMES
from har_bench.measure.worker_client import Worker
from har_runtime.errors import ModelError


def measure(
    models: Sequence[MeasuredModel], settings: Settings, show_step: Callable[[str], None] = lambda step: None
) -> dict[str, Any]:
    """Measure models on this machine.

    Returns:
        Plain JSON-able values: "models" (what they are), "runs" (what each needs in each runtime), "noise", "state" and
        others; see benchmarks/README.md.

    Raises:
        ModelError: a requested runtime is not installed, or cannot load a model.
        NotMeasurableError: energy was requested, and the machine does not report it.
    """
    meter, no_meter = _meter(settings.energy)
    planned, skipped = _plan(models, settings)
    with ExitStack() as stack:
        empty_bytes = stack.enter_context(Worker()).memory_bytes
        runs: list[Measurement] = []
        for model, key, threads in planned:
            show_step(f"loading {model.name} in {RUNTIMES[key].name}")
            try:
                runs.append(Measurement.start(model, key, threads, stack))
            except ModelError as error:
                if key != "tflm" or settings.runtimes is not None:
                    raise
                skipped.append(str(error))  # TFLM lacks some operators, and the user has not asked for TFLM.
        peaks = start_peaks(stack) if any(run.is_fast_int8 for run in runs) else []
        noise, before, after = _take_turns([*runs, *peaks], settings.repetitions, show_step)
        seconds = measurement.ENERGY_S
        idle_watts = meter.joules(lambda: time.sleep(seconds)) / seconds if meter else 0.0
        for run in runs:
            if settings.check and run.threads == 1:  # With several threads, processor time is not latency.
                show_step(f"checking {run.model.name} in {RUNTIMES[run.runtime_key].name}")
                run.compare_with_kernel()
            if meter is not None:
                show_step(f"energy of {run.model.name} in {RUNTIMES[run.runtime_key].name}")
                run.measure_energy(meter, idle_watts)
        rates = peak_rates(peaks)
        return {
            "convention": CONVENTION,
            "settings": asdict(settings),
            "state": {"before": asdict(before), "after": asdict(after)},
            "noise": asdict(noise),
            "energy": {"meter": meter.name if meter else None, "why_not": no_meter},
            "empty_process_bytes": empty_bytes,
            "int8_peak": {"macs_per_second": max(rates.values()), "products": rates} if rates else None,
            "models": [{**model.to_dict(), "tflm_arena_bytes": _arena_bytes(model, runs)} for model in models],
            "runs": [run.to_dict(empty_bytes, max(rates.values(), default=None), runs[0]) for run in runs],
            "left_out": skipped,
        }


def _meter(wanted: bool | None) -> tuple[Meter | None, str | None]:
    if wanted is False:
        return None, "not requested"
    try:
        return find_meter(), None
    except NotMeasurableError as error:
        if wanted:
            raise
        return None, str(error)


def _plan(
    models: Sequence[MeasuredModel], settings: Settings
) -> tuple[list[tuple[MeasuredModel, str, int]], list[str]]:
    """What to run, and what is skipped and why."""
    for key in settings.runtimes or ():
        if not RUNTIMES[key].is_installed:
            raise ModelError(
                f"--runtimes {key}: {RUNTIMES[key].name} is not installed; pip install {RUNTIMES[key].package}"
            )
    planned: list[tuple[MeasuredModel, str, int]] = []
    skipped: list[str] = []
    for model in models:
        suitable = [key for key, runtime in RUNTIMES.items() if model.format in runtime.formats]
        usable = [key for key in suitable if key in (settings.runtimes or RUNTIMES) and RUNTIMES[key].is_installed]
        if not usable:
            names = ", ".join(f"{RUNTIMES[key].name} (pip install {RUNTIMES[key].package})" for key in suitable)
            kind = "requested" if settings.runtimes else "installed"
            raise ModelError(f"{model.path}: no {kind} runtime can run it; it needs {names}")
        for key in usable:
            if key == "tflm" and settings.runtimes is None and not model.is_int8:
                continue  # Microcontrollers run int8.
            if key == "tflm" and model.graph is not None and model.graph.weights_outside:
                reason = (
                    f"{model.name} in TFLM: its weights lie behind the flatbuffer, where TFLM reads them wrongly; "
                    "export it with har-export"
                )
                if settings.runtimes is not None:
                    raise ModelError(reason)
                skipped.append(reason)
                continue
            threads = settings.threads if RUNTIMES[key].threaded else (1,)
            planned += [(model, key, number) for number in threads]
    return planned, skipped


def _take_turns(
    runs: Sequence[Measurement], repetitions: int, show_step: Callable[[str], None]
) -> tuple[Noise, MachineState, MachineState]:
    """Take all turns, with the fixed loop of `noise` before each.

    Returns:
        The noise, and the machine's state before and after.
    """
    for run in runs:
        run.warm_up()
    before, times, own, began = read_state(), read_cpu_times(), _own_cpu(runs), time.perf_counter()
    load_average = os.getloadavg()[0]
    order, loops = np.random.default_rng(0), []
    for repetition in range(repetitions):
        show_step(f"turn {repetition + 1} of {repetitions}")
        for index in order.permutation(len(runs)):
            loops.append(time_loop())
            runs[index].take_turn()
    after = read_state()
    seconds, own = time.perf_counter() - began, _own_cpu(runs) - own
    noise = assess(loops, seconds, own, times, read_cpu_times(), load_average, _throttling(before, after))
    return noise, before, after


def _own_cpu(runs: Iterable[Measurement]) -> float:
    return cpu_seconds(os.getpid()) + sum(run.worker.cpu_seconds for run in runs)


def _throttling(before: MachineState, after: MachineState) -> list[str]:
    """What the machine reports about heat and voltage."""
    reasons = [f"the Raspberry Pi's firmware reports: {flag}" for flag in after.pi_flags or ()]
    if before.throttled is not None and after.throttled is not None and after.throttled > before.throttled:
        reasons.append(f"the processor slowed down {after.throttled - before.throttled} times to stay cool")
    return reasons


def _arena_bytes(model: MeasuredModel, runs: Sequence[Measurement]) -> int | None:
    """What the model needs in TFLM; None if it did not run there."""
    arenas = (run.worker.loaded["arena_bytes"] for run in runs if run.model is model)
    return next((arena for arena in arenas if arena), None)
