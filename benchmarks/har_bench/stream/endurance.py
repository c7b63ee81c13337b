"""A week of a WitMotion sensor at 100 Hz, processed as fast as possible: bytes in, answers out.

    python -m har_bench.stream.endurance --out benchmarks/results/endurance.json [--model waist] [--samples 1000000]

The simulated wearer's bytes go through the parser, the clock, the resampler, the windower and the int8 model in pieces
of random size. The sensor is unplugged seven times. Memory is read throughout; the expected windows and their start
times are computed beforehand.
"""

import argparse
import itertools
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from har_bench.progress import step_display
from har_bench.results import write_and_print
from har_bench.script import run_script, script_parser
from har_runtime.contract import HOP, PERIOD_NS, WINDOW
from har_runtime.errors import DataError
from har_runtime.model.load import DEFAULT_MODEL, load_model
from har_runtime.recognizer import Recognizer
from har_runtime.signal.stretch import KERNEL_HALF_WIDTH_NS
from har_runtime.sources.base import SourceReport
from har_runtime.sources.serial_port.decode import WitmotionDecoder
from har_runtime.sources.serial_port.virtual_sensor import SampledWearer
from har_runtime.sources.serial_port.witmotion import MS_OF_DAY, encode_samples

SAMPLES = 60_000_000
RATE_HZ = 100
STEP_MS = 1000 // RATE_HZ
SPANS = 8
"""Parts of the week between which the sensor is unplugged."""
UNPLUGGED_MS = 5_000
START_MS = MS_OF_DAY // 2
"""The sensor's clock starts at noon, so it wraps at the first midnight."""
SIGNAL_S = 600
"""The wearer's movements repeat after ten minutes."""
ENCODED = 1_000
"""Samples turned into bytes at a time."""
LARGEST_PIECE = 8_000
"""Bytes passed to the parser at a time, at most."""
WARM_UP = 0.1
"""Share of the week after which memory must be flat: neither its end nor its maximum may grow further."""
FLAT_BYTES = 2_000_000


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns 0 if memory stayed flat and no window was lost or doubled."""
    parser = script_parser("stream.endurance", "Process a week of samples.", "out", "model")
    parser.add_argument("--samples", type=int, default=SAMPLES, help=f"how many (default: {SAMPLES:,})")
    parser.add_argument("--seed", type=int, default=0, help="of the wearer and of the piece sizes (default: 0)")
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    if options.samples < 1000 * SPANS:
        raise DataError(f"--samples {options.samples}: at least {1000 * SPANS}")
    with step_display() as show_step:
        result = run_endurance(options.samples, options.seed, show_step, options.model)
    write_and_print(options.out, result)
    return 0 if result["windows"]["as_expected"] and result["memory"]["flat"] else 1


def plugged_in(samples: int) -> list[tuple[int, int]]:
    """Spans in which the sensor is plugged in: time of the first sample, ms since START_MS, and number of samples."""
    edges = [samples * index // SPANS for index in range(SPANS + 1)]
    pairs = enumerate(itertools.pairwise(edges))
    return [(first * STEP_MS + index * UNPLUGGED_MS, stop - first) for index, (first, stop) in pairs]


def expected_starts(samples: int) -> NDArray[np.int64]:
    """When each window must begin by the signal contract, ns."""
    starts: list[NDArray[np.int64]] = []
    for first_ms, count in plugged_in(samples):
        first_ns = (START_MS + first_ms) * 1_000_000 + KERNEL_HALF_WIDTH_NS
        span_ns = (count - 1) * STEP_MS * 1_000_000 - 2 * KERNEL_HALF_WIDTH_NS
        windows = max(0, (span_ns // PERIOD_NS + 1 - WINDOW) // HOP + 1)
        starts.append(first_ns + np.arange(windows, dtype=np.int64) * HOP * PERIOD_NS)
    return np.concatenate(starts)


def sensor_bytes(samples: int, seed: int) -> Iterator[bytes]:
    """What the sensor sends, at most a thousand samples at a time."""
    _, signal = SampledWearer(seed, RATE_HZ).samples_until(SIGNAL_S)
    at = 0
    for first_ms, count in plugged_in(samples):
        for begin in range(0, count, ENCODED):
            index = np.arange(begin, min(begin + ENCODED, count))
            rows = signal[(at + index) % len(signal)]
            yield encode_samples(rows[:, :3], rows[:, 3:], START_MS + first_ms + index * STEP_MS)
        at += count


def pieces(blocks: Iterator[bytes], seed: int) -> Iterator[bytes]:
    """The same bytes in pieces of random size, which may end within a frame."""
    rng = np.random.default_rng(seed)
    held = b""
    for block in blocks:
        held += block
        begin = 0
        while (size := int(rng.integers(1, LARGEST_PIECE))) <= len(held) - begin:
            yield held[begin : begin + size]
            begin += size
        held = held[begin:]
    yield held


def run_endurance(
    samples: int, seed: int = 0, show_step: Callable[[str], None] = lambda step: None, model: str = DEFAULT_MODEL
) -> dict[str, Any]:
    """Process `samples` with a model (a pretrained name or a path), and report windows, memory and time."""
    expected = expected_starts(samples)
    recognizer = Recognizer(load_model(model))
    source, process = SourceReport(), psutil.Process()
    decoder = WitmotionDecoder(source)
    labels: Counter[str] = Counter()
    seconds = {"making bytes": 0.0, "parsing": 0.0, "classifying": 0.0}
    came = wrong = shown = 0
    warm_bytes = highest_warm_bytes = end_bytes = highest_bytes = 0
    begin = mark = time.perf_counter()

    def add_time(what: str) -> None:
        nonlocal mark
        now = time.perf_counter()
        seconds[what] += now - mark
        mark = now

    for piece in pieces(sensor_bytes(samples, seed), seed):
        add_time("making bytes")
        chunk = decoder.push(piece, 0)
        add_time("parsing")
        predictions = [] if chunk is None else [answer.prediction for answer in recognizer.push(chunk)]
        add_time("classifying")
        labels.update(prediction.label for prediction in predictions)
        wrong += _differences(predictions, expected[came : came + len(predictions)])
        came += len(predictions)
        if (percent := 100 * decoder.samples // samples) != shown:  # Not more often: drawing takes memory.
            shown = percent
            show_step(f"{percent} %")
        end_bytes = process.memory_info().rss  # While the pipeline still holds everything.
        highest_bytes = max(highest_bytes, end_bytes)
        if decoder.samples < WARM_UP * samples:
            warm_bytes, highest_warm_bytes = end_bytes, highest_bytes
        mark = time.perf_counter()
    predictions = [answer.prediction for answer in recognizer.finish()]
    labels.update(prediction.label for prediction in predictions)
    wrong += _differences(predictions, expected[came : came + len(predictions)])
    came += len(predictions)
    total_s = time.perf_counter() - begin
    report = recognizer.report
    return {
        "model": recognizer.model.card.name,
        "samples": {
            "sent": samples,
            "parsed": decoder.samples,
            "lost": dict(source.lost),
            "gaps": report.accelerometer.gaps,
            "dropped": report.accelerometer.dropped + report.gyroscope.dropped,
        },
        "windows": {
            "expected": len(expected),
            "came": came,
            "start_elsewhere": wrong,
            "as_expected": came == len(expected) and not wrong,
            "labels": dict(labels.most_common()),
        },
        "memory": {
            "warm_bytes": warm_bytes,
            "end_bytes": end_bytes,
            "highest_while_warming_up_bytes": highest_warm_bytes,
            "highest_bytes": highest_bytes,
            "flat": max(end_bytes - warm_bytes, highest_bytes - highest_warm_bytes) <= FLAT_BYTES,
        },
        "seconds": {**seconds, "all": total_s},
        "times_real_time": samples / RATE_HZ / total_s,
    }


def _differences(predictions: list[Any], expected: NDArray[np.int64]) -> int:
    """How many windows do not start where they must; unexpected windows at the end count too."""
    starts = np.array([prediction.window.start_ns for prediction in predictions], np.int64)
    return int(np.count_nonzero(starts[: len(expected)] != expected)) + len(starts) - len(expected)


if __name__ == "__main__":
    sys.exit(main())
