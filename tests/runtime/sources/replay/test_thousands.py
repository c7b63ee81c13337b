"""Numbers whose thousands are marked, in the tables of spreadsheets."""

from pathlib import Path

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import WEARER, G, read, table

MARKS = {"German": ".", "French": "\u202f", "French, an older spreadsheet": "\u00a0", "Swiss": "'"}


@pytest.mark.parametrize("language", MARKS)
def test_marks_of_thousands_beside_decimal_commas_are_no_decimal_marks(tmp_path: Path, language: str) -> None:
    def number(value: float, digits: int) -> str:
        return f"{value:,.{digits}f}".replace(",", "#").replace(".", ",").replace("#", MARKS[language])

    path = tmp_path / "walk.csv"
    path.write_text(
        table(
            "Zeit (ms);AccX [mg];AccY [mg];AccZ [mg]",
            lambda n, _, a, w: ";".join([number(20 * n, 0), *(number(value / G * 1000, 2) for value in a)]),
        ),
        encoding="utf-8",
    )

    found = read(path)

    assert np.array_equal(np.diff(found.times_ns), np.full(len(WEARER.acc) - 1, 20_000_000))
    np.testing.assert_allclose(found.acc, WEARER.acc, atol=1e-4)
