"""Progress on stderr: a bar of rich in a terminal, plain lines elsewhere."""

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn

from har_runtime.text import MAX_LINE, clean


def progress_bar(*columns: ProgressColumn) -> Progress:
    """A bar with a description and the remaining time, to be used as a context; hidden if stderr is not a terminal.

    Args:
        columns: what is shown between the bar and the remaining time.
    """
    console = Console(stderr=True)
    text = TextColumn("{task.description}", markup=False)
    hidden = not console.is_terminal
    return Progress(text, BarColumn(), *columns, TimeRemainingColumn(), console=console, disable=hidden)


def print_line(progress: Progress, text: str) -> None:
    """Print a line on stderr, above the bar if one is shown."""
    progress.console.print(clean(text, MAX_LINE), markup=False, highlight=False, soft_wrap=True)
