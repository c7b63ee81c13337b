"""A process that runs one model in one runtime: `python -m har_bench.measure.worker RUNTIME PATH THREADS`.

It reads a JSON object from each line of standard input and answers with one on standard output. It does nothing between
them, so that many can take turns. Without arguments it has no model: the empty process that memory is told above.
"""

import importlib
import itertools
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_bench.measure.loaded_model import LoadedModel
from har_bench.measure.process import memory_bytes
from har_bench.measure.runtimes import RUNTIMES
from har_runtime.contract import CHANNELS, STANDARD_GRAVITY, WINDOW

WINDOWS = 64
"""Different ones, in turn."""


def main(arguments: list[str]) -> int:
    """Entry point; returns when standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer.
    # What C++ libraries print must not stand between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    opened: LoadedModel | None = None
    feed: list[NDArray[Any]] = []
    said: dict[str, Any] = {}
    try:
        if arguments:
            runtime, path, threads = RUNTIMES[arguments[0]], Path(arguments[1]), int(arguments[2])
            began = time.perf_counter()
            importlib.import_module(runtime.module)
            imported = time.perf_counter()
            opened = runtime.open(path, threads)
            feed = windows(opened.dtype)
            opened(feed[0])  # XNNPACK prepares its weights on the first call.
            said = {
                "import_seconds": imported - began,
                "load_seconds": time.perf_counter() - imported,
                "arena_bytes": getattr(opened, "arena_bytes", None),
                "fitted_here": getattr(opened, "fitted_here", False),
            }
    except Exception as error:  # Each runtime has its own for a model that it cannot run.
        said = {"error": " ".join(str(error).split())[:300]}
    print(json.dumps(said), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(_answer(opened, feed, json.loads(line))), file=answers, flush=True)
    return 0


def windows(dtype: str) -> list[NDArray[Any]]:
    """Windows of noise about as strong as a person's movement, each of shape (1, 50, 6)."""
    rng = np.random.default_rng(0)
    x = rng.normal(0, 3, (WINDOWS, 1, WINDOW, len(CHANNELS))).astype(np.float32)
    x[..., 2] += STANDARD_GRAVITY
    return list(x if dtype == "float32" else np.clip(np.rint(x), -128, 127).astype(np.int8))


def _answer(opened: LoadedModel | None, feed: list[NDArray[Any]], asked: dict[str, int]) -> dict[str, Any]:
    if opened is None or "memory" in asked:
        return {"rss_bytes": memory_bytes("VmRSS"), "peak_bytes": memory_bytes("VmHWM")}
    if "loop" in asked:  # No clock is read in it: it is the caller's to time.
        for window in itertools.islice(itertools.cycle(feed), asked["loop"]):
            opened(window)
        return {}
    began_cpu, clock, took = time.process_time(), time.perf_counter_ns, []
    for window in itertools.islice(itertools.cycle(feed), asked["windows"]):
        began = clock()
        opened(window)
        took.append(clock() - began)
    return {"nanoseconds": took, "cpu_seconds": time.process_time() - began_cpu}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
