"""The display of the step that is running."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, TextColumn


@contextmanager
def step_display() -> Iterator[Callable[[str], None]]:
    """Show the step that is running on standard error, if that is a terminal; yields the function that shows one.

    It draws only when the step changes: a thread that draws would disturb what is measured.
    """
    console = Console(stderr=True)
    columns = TextColumn("{task.description}", markup=False)
    with Progress(
        columns, console=console, auto_refresh=False, transient=True, disable=not console.is_terminal
    ) as shown:
        task = shown.add_task("")
        yield lambda step: shown.update(task, description=f"{step} ...", refresh=True)
