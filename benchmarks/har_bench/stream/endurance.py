"""A week of a WitMotion sensor at 100 Hz, as fast as it goes: bytes in, answers out.

    python -m har_bench.stream.endurance --out benchmarks/results/week.json [--samples 1000000]

The simulated wearer's bytes go through the parser, the clock, the resampler, the windower and the int8 model, in pieces
of any size. The sensor is unplugged seven times. Memory is read all along; which windows must come out, and when each
begins, is worked out beforehand.
"""

import argparse
import itertools
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from har_bench.results import write_and_print
from har_runtime.cli.common import run_command
from har_runtime.contract import HOP, PERIOD_NS, WINDOW
from har_runtime.errors import DataError
from har_runtime.model.load import load_model
from har_runtime.recognizer import Recognizer
from har_runtime.signal.stretch import KERNEL_HALF_WIDTH_NS
from har_runtime.sources.base import SourceReport
from har_runtime.sources.serial_port.decode import WitmotionDecoder
from har_runtime.sources.serial_port.virtual_sensor import SampledWearer
from har_runtime.sources.serial_port.witmotion import MS_OF_DAY, encode_samples

SAMPLES = 60_000_000
RATE_HZ = 100
STEP_MS = 1000 // RATE_HZ
STRETCHES = 8
"""Parts of the week between which the sensor is unplugged."""
UNPLUGGED_MS = 5_000
START_MS = MS_OF_DAY // 2
"""The sensor's clock starts at noon, and so runs over at the first midnight."""
SIGNAL_S = 600
"""The wearer's life repeats after ten minutes."""
ENCODED = 1_000
"""Samples turned into bytes at a time."""
LARGEST_PIECE = 8_000
"""Bytes passed to the parser at a time, at most."""
WARM_UP = 0.1
"""Part of the week after which memory must be flat: neither where it stands nor its highest may grow from there."""
FLAT_BYTES = 2_000_000
BAR_WIDTH = 40


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns 0 where memory stayed flat and no window was lost or doubled."""
    parser = argparse.ArgumentParser(
        prog="python -m har_bench.stream.endurance", description="Run a week of samples through."
    )
    parser.add_argument("--out", type=Path, required=True, help="JSON to write")
    parser.add_argument("--samples", type=int, default=SAMPLES, help=f"how many (default: {SAMPLES:,})")
    parser.add_argument("--seed", type=int, default=0, help="of the wearer and of the sizes of the pieces (default: 0)")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.set_defaults(run=_run)
    return run_command(parser, arguments)


def _run(options: argparse.Namespace) -> int:
    if options.samples < 1000 * STRETCHES:
        raise DataError(f"--samples {options.samples}: at least {1000 * STRETCHES}")
    result = run_week(options.samples, options.seed)
    write_and_print(options.out, result)
    return 0 if result["windows"]["as_expected"] and result["memory"]["flat"] else 1


def stretches(samples: int) -> list[tuple[int, int]]:
    """Time of the first sample, ms since START_MS, and number of samples between two unpluggings."""
    edges = [samples * index // STRETCHES for index in range(STRETCHES + 1)]
    pairs = enumerate(itertools.pairwise(edges))
    return [(first * STEP_MS + index * UNPLUGGED_MS, stop - first) for index, (first, stop) in pairs]


def expected_starts(samples: int) -> NDArray[np.int64]:
    """When each window must begin, ns, by the signal contract alone."""
    starts: list[NDArray[np.int64]] = []
    for first_ms, count in stretches(samples):
        first_ns = (START_MS + first_ms) * 1_000_000 + KERNEL_HALF_WIDTH_NS
        span_ns = (count - 1) * STEP_MS * 1_000_000 - 2 * KERNEL_HALF_WIDTH_NS
        windows = max(0, (span_ns // PERIOD_NS + 1 - WINDOW) // HOP + 1)
        starts.append(first_ns + np.arange(windows, dtype=np.int64) * HOP * PERIOD_NS)
    return np.concatenate(starts)


def sensor_bytes(samples: int, seed: int) -> Iterator[bytes]:
    """What the sensor sends, some thousand samples at a time."""
    _, signal = SampledWearer(seed, RATE_HZ).samples_until(SIGNAL_S)
    at = 0
    for first_ms, count in stretches(samples):
        for begin in range(0, count, ENCODED):
            index = np.arange(begin, min(begin + ENCODED, count))
            rows = signal[(at + index) % len(signal)]
            yield encode_samples(rows[:, :3], rows[:, 3:], START_MS + first_ms + index * STEP_MS)
        at += count


def pieces(blocks: Iterator[bytes], seed: int) -> Iterator[bytes]:
    """The same bytes cut elsewhere, in the middle of frames as it happens."""
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


def run_week(samples: int, seed: int = 0) -> dict[str, Any]:
    """Run `samples` through, and say what came out."""
    wanted = expected_starts(samples)
    recognizer = Recognizer(load_model("waist"))
    source, process = SourceReport(), psutil.Process()
    decoder = WitmotionDecoder(source)
    labels: Counter[str] = Counter()
    seconds = {"making bytes": 0.0, "parsing": 0.0, "classifying": 0.0}
    came = wrong = 0
    warm_bytes = highest_warm_bytes = end_bytes = highest_bytes = 0
    begin = mark = time.perf_counter()

    def took(what: str) -> None:
        nonlocal mark
        now = time.perf_counter()
        seconds[what] += now - mark
        mark = now

    for piece in pieces(sensor_bytes(samples, seed), seed):
        took("making bytes")
        chunk = decoder.push(piece, 0)
        took("parsing")
        predictions = [] if chunk is None else [answer.prediction for answer in recognizer.push(chunk)]
        took("classifying")
        labels.update(prediction.label for prediction in predictions)
        wrong += _differences(predictions, wanted[came : came + len(predictions)])
        came += len(predictions)
        _show_progress(decoder.samples / samples)
        end_bytes = process.memory_info().rss  # Of the last piece, while all that is needed is still held.
        highest_bytes = max(highest_bytes, end_bytes)
        if decoder.samples < WARM_UP * samples:
            warm_bytes, highest_warm_bytes = end_bytes, highest_bytes
        mark = time.perf_counter()
    predictions = [answer.prediction for answer in recognizer.finish()]
    labels.update(prediction.label for prediction in predictions)
    wrong += _differences(predictions, wanted[came : came + len(predictions)])
    came += len(predictions)
    total_s = time.perf_counter() - begin
    report = recognizer.report
    return {
        "samples": {
            "sent": samples,
            "parsed": decoder.samples,
            "lost": dict(source.lost),
            "gaps": report.accelerometer.gaps,
            "dropped": report.accelerometer.dropped + report.gyroscope.dropped,
        },
        "windows": {
            "expected": len(wanted),
            "came": came,
            "start_elsewhere": wrong,
            "as_expected": came == len(wanted) and not wrong,
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


def _show_progress(part: float) -> None:
    """A bar on the terminal; rich's would fill caches of its own, and blur what is measured."""
    if sys.stderr.isatty():
        done = int(part * BAR_WIDTH)
        end = "\n" if part >= 1 else ""
        sys.stderr.write(f"\r{'█' * done}{'░' * (BAR_WIDTH - done)} {100 * part:5.1f} %{end}")
        sys.stderr.flush()


def _differences(predictions: list[Any], wanted: NDArray[np.int64]) -> int:
    """How many windows do not start where they must; those beyond the last one wanted count as well."""
    starts = np.array([prediction.window.start_ns for prediction in predictions], np.int64)
    return int(np.count_nonzero(starts[: len(wanted)] != wanted)) + len(starts) - len(wanted)


if __name__ == "__main__":
    sys.exit(main())
