"""A line on a terminal that is drawn again in its place, below the lines that stay."""

import shutil
import sys

from har_runtime.text import MAX_LINE, clean, print_lines


class StatusLine:
    """Writes to standard error; draws nothing if that is not a terminal."""

    def __init__(self) -> None:
        self._is_drawn = False

    def __enter__(self) -> "StatusLine":
        return self

    def __exit__(self, *error: object) -> None:
        self.keep()

    def draw(self, line: str) -> None:
        """Show a line instead of the one that was drawn before, cut off where the terminal ends."""
        if sys.stderr.isatty():
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\x1b[K{clean(line, MAX_LINE)[:width]}", end="", file=sys.stderr, flush=True)
            self._is_drawn = True

    def say(self, *lines: str) -> None:
        """Print lines that stay, where the drawn one was."""
        if lines:
            if self._is_drawn:
                print("\r\x1b[K", end="", file=sys.stderr)
            self._is_drawn = False
            print_lines(*lines, file=sys.stderr)

    def keep(self) -> None:
        """Let the drawn line stay; what follows is printed below it."""
        if self._is_drawn:
            print(file=sys.stderr, flush=True)
        self._is_drawn = False
