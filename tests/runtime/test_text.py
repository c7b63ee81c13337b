"""Lines for a person are folded between words where a terminal would break them, and nowhere else."""

import io

import pytest

from har_runtime.text import folded, print_lines

LINE = "  units: acceleration in m/s2, by its magnitude; --sign-of-acceleration=apple for that of Apple's"


class Terminal(io.StringIO):
    """A text file that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_a_terminal_gets_lines_that_fit_with_every_word_whole(columns: int, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = folded(LINE, Terminal()).splitlines()
    assert " ".join(lines).split() == LINE.split()
    assert all(len(line) < columns or len(line.split()) == 1 for line in lines)
    assert lines[0].startswith("  units") and all(line.startswith("      ") for line in lines[1:])


def test_a_file_gets_the_line_as_it_is(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    file, terminal = io.StringIO(), Terminal()
    print_lines(LINE, file=file)
    print_lines(LINE, file=terminal)
    assert file.getvalue() == f"{LINE}\n"
    assert terminal.getvalue().count("\n") > 3
