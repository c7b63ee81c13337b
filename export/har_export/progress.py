"""Shows and times the steps of an export."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class StepTimer:
    """Measures how long each step takes. Call it with the name of a step that begins, or with "" at the end."""

    def __init__(self, show: Callable[[str], None]):
        self.seconds: dict[str, float] = {}
        """Wall-clock time of each finished step."""
        self._show, self._name, self._begin = show, "", time.perf_counter()

    def __call__(self, name: str) -> None:
        now = time.perf_counter()
        if self._name:
            self.seconds[self._name] = round(now - self._begin, 2)
        self._name, self._begin = name, now
        if name:
            self._show(name)


@contextmanager
def step_display() -> Iterator[Callable[[str], None]]:
    """Yield a function that shows the current step on stderr: in one changing line on a terminal, otherwise as a line
    for each step."""
    if not sys.stderr.isatty():
        yield lambda step: print(f"{step} ...", file=sys.stderr, flush=True)
        return
    columns = SpinnerColumn(), TextColumn("{task.description} ...", markup=False), TimeElapsedColumn()
    # Its own file descriptor, because stderr is silenced while a converter runs.
    with (
        os.fdopen(os.dup(sys.stderr.fileno()), "w") as terminal,
        Progress(*columns, console=Console(file=terminal), transient=True) as progress,
    ):
        task = progress.add_task("loading")
        yield lambda step: progress.update(task, description=step)
