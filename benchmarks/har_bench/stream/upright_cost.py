"""What windows of the frame "upright" and the belief in a place cost, window by window, on this machine."""

import os
import time
import timeit
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from har_bench.measure.noise import assess, read_cpu_times, time_loop
from har_bench.measure.process import cpu_seconds
from har_runtime.answers.smoothing import HmmFilter, place_smoother
from har_runtime.contract import HOP, PERIOD_NS, PLACES, SAMPLE_RATE_HZ, WINDOW
from har_runtime.model.card import ModelCard, PlaceFilter, Training
from har_runtime.signal.upright import UprightTracker, in_device_axes
from har_runtime.signal.window import Window
from har_runtime.sources.serial_port.virtual_sensor import SampledWearer
from har_train.fit.place_answers import uniform_smoothing

CLASSES = 8
"""Labels of `anywhere`."""
WINDOWS = 200
REPEATS = 20


def measure_cost(repeats: int = REPEATS) -> dict[str, Any]:
    """Time the parts by turns, and what disturbs the machine meanwhile.

    Returns:
        In "us" the median microseconds of a window in each part: the tracker, turning the window back for what judges
        the device, the filter of activity and place, and the filter of activity alone, which that one replaces. In
        "added_us" what the first three add up to without the last. In "noise" the reasons not to trust it, if any.
    """
    windows = _simulated_windows()
    rng = np.random.default_rng(0)
    places, by_place = rng.dirichlet(np.ones(len(PLACES))), rng.dirichlet(np.ones(CLASSES), len(PLACES))
    probabilities = places @ by_place
    card = _card()
    assert card.smoothing is not None
    tracker, joint, alone = UprightTracker(), place_smoother(card, "hmm"), HmmFilter(card.smoothing)
    upright, ends = [tracker.step(window) for window in windows], [window.end_ns for window in windows]
    work: dict[str, Callable[[], object]] = {
        "tracker": lambda: [tracker.step(window) for window in windows],
        "turning_back": lambda: [in_device_axes(window) for window in upright],
        "activity_and_place": lambda: [joint.step(probabilities, places, by_place, end) for end in ends],
        "activity_alone": lambda: [alone.step(probabilities, end) for end in ends],
    }
    took: dict[str, list[float]] = {name: [] for name in work}
    loops: list[float] = []
    times, own, began = read_cpu_times(), cpu_seconds(os.getpid()), time.perf_counter()
    load_average = os.getloadavg()[0]
    for _ in range(repeats):
        for name, step in work.items():
            loops.append(time_loop())
            took[name].append(1e6 * timeit.timeit(step, number=1) / len(windows))
    seconds = time.perf_counter() - began
    noise = assess(loops, seconds, cpu_seconds(os.getpid()) - own, times, read_cpu_times(), load_average)
    medians = {name: float(np.median(values)) for name, values in took.items()}
    added = sum(medians.values()) - 2 * medians["activity_alone"]
    return {"us": medians, "added_us": added, "windows": len(windows), "noise": asdict(noise)}


def _simulated_windows() -> list[Window]:
    """Windows of the simulated wearer, all activities by turns."""
    _, samples = SampledWearer(0, SAMPLE_RATE_HZ).samples_until((WINDOWS + 2) * HOP / SAMPLE_RATE_HZ)
    x = samples.astype(np.float32)
    return [Window(0, index * HOP * PERIOD_NS, x[index * HOP : index * HOP + WINDOW]) for index in range(WINDOWS)]


def _card() -> ModelCard:
    """A card with as many labels and places as that of `anywhere`."""
    labels = tuple(f"activity {number}" for number in range(CLASSES))
    return ModelCard(
        name="none",
        version="0",
        labels=labels,
        placement=None,
        temperature=1.0,
        training=Training("none", "none", "none", "none", 0, (), (), (), "0"),
        scores={},
        places=PLACES,
        place_filter=PlaceFilter(1e-4, 0.2),
        families={"on_foot": labels[:4]},
        smoothing=uniform_smoothing(CLASSES, 10.0, 0.5),
    )
