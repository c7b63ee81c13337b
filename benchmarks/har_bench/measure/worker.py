"""A process that runs one model in one runtime: `python -m har_bench.measure.worker RUNTIME PATH THREADS`.

It reads a JSON object from each line of standard input and answers each with one on standard output. It does nothing in
between, so that many workers can take turns. Without arguments it loads no model: the memory of this empty process is
subtracted from that of the others.
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

from har_bench.measure.loaded_model import LiteRt, LoadedModel
from har_bench.measure.runtimes import RUNTIMES
from har_runtime.contract import CHANNELS, STANDARD_GRAVITY, WINDOW

WINDOWS = 64
"""Different windows, used in turn."""
MARK = int(signal.SIGURG)
"""What the process sends itself around the inferences of "marked"; without somebody who watches, it has no effect."""


def main(arguments: list[str]) -> int:
    """Entry point; returns when standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent handles Ctrl-C.
    # What C++ libraries print must not mix with the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    model: LoadedModel | None = None
    inputs: list[NDArray[Any]] = []
    loaded: dict[str, Any] = {}
    try:
        if arguments:
            runtime, path, threads = RUNTIMES[arguments[0]], Path(arguments[1]), int(arguments[2])
            began = time.perf_counter()
            importlib.import_module(runtime.module)
            imported = time.perf_counter()
            model = runtime.load(path, threads)
            inputs = windows(model.dtype)
            model(inputs[0])  # XNNPACK prepares its weights on the first call.
            loaded = {
                "import_seconds": imported - began,
                "load_seconds": time.perf_counter() - imported,
                "arena_bytes": getattr(model, "arena_bytes", None),
                "fitted_here": getattr(model, "fitted_here", False),
            }
    except Exception as error:  # Each runtime has its own error for a model that it cannot run.
        loaded = {"error": " ".join(str(error).split())[:300]}
    print(json.dumps(loaded, allow_nan=False), file=answers, flush=True)
    for line in sys.stdin:
        answer = _answer(model, inputs, json.loads(line)) if model else {}
        print(json.dumps(answer, allow_nan=False), file=answers, flush=True)
    return 0


def windows(dtype: str) -> list[NDArray[Any]]:
    """Windows of noise about as strong as a person's movement, each of shape (1, 50, 6)."""
    rng = np.random.default_rng(0)
    x = rng.normal(0, 3, (WINDOWS, 1, WINDOW, len(CHANNELS))).astype(np.float32)
    x[..., 2] += STANDARD_GRAVITY
    return list(x if dtype == "float32" else np.clip(np.rint(x), -128, 127).astype(np.int8))


def _answer(model: LoadedModel, inputs: list[NDArray[Any]], question: dict[str, int]) -> dict[str, Any]:
    if "invoke" in question and isinstance(model, LiteRt):  # For those who count instructions: the inference alone.
        for _ in range(question["invoke"]):
            model.invoke()
        return {}
    if "marked" in question and isinstance(model, LiteRt):  # The same; nothing after the first mark.
        process = os.getpid()
        os.kill(process, MARK)
        os.kill(process, MARK)
        for _ in range(question["marked"]):
            model.invoke()
            os.kill(process, MARK)
        return {}
    if "loop" in question:  # It reads no clock: the caller times it.
        for window in itertools.islice(itertools.cycle(inputs), question["loop"]):
            model(window)
        return {}
    began_cpu, clock, nanoseconds = time.process_time(), time.perf_counter_ns, []
    for window in itertools.islice(itertools.cycle(inputs), question["windows"]):
        began = clock()
        model(window)
        nanoseconds.append(clock() - began)
    return {"nanoseconds": nanoseconds, "cpu_seconds": time.process_time() - began_cpu}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
