"""Counts instructions with valgrind's callgrind, on Linux; half a minute for a model.

It shows programs a processor of its own, on x86-64 one with AVX2 and without AVX-512 and dot products, whatever the
machine has: the count is of the kernels for that one.
"""

import os
import re
import shutil
import subprocess
import sys

from har_bench.measure.worker_client import Task
from har_runtime.errors import HarError

INFERENCES = 50


def why_not() -> str | None:
    """Why this machine cannot do it; None if it can."""
    return None if shutil.which("valgrind") else "not installed; apt-get install valgrind"


def count(task: Task) -> int:
    """Instructions of one inference: a process that makes twice as many, minus one that makes some.

    Raises:
        HarError: valgrind or the model failed.
    """
    once, twice = (_of_process(task, inferences) for inferences in (INFERENCES, 2 * INFERENCES))
    return round((twice - once) / INFERENCES)


def _of_process(task: Task, inferences: int) -> int:
    done = subprocess.run(
        [
            *("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable),
            *("-m", "har_bench.measure.worker", task.runtime, str(task.path), str(task.threads)),
        ],
        input=f'{{"invoke": {inferences}}}\n',
        env={**os.environ, "PYTHONHASHSEED": "0"},  # Both processes start in the same way.
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or found is None or "error" in done.stdout:
        last = (done.stdout if "error" in done.stdout else done.stderr).strip().splitlines()[-1:]
        raise HarError(f"valgrind: {task.path.name} cannot be counted ({' '.join(last)[:300]})")
    return int(found[1])
