"""What a cell holds: a number however a program writes it, or nothing."""

import math

import pytest

from har_runtime.sources.replay.cells import as_number


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("9.81", 9.81),
        ("1,005.2", 1005.2),
        ("1'005.2", 1005.2),
        ("-1\u2019005", -1005.0),
        ("\u22129.81", -9.81),
        ('="9.81"', 9.81),
        ("'-9.81'", -9.81),
        ("'9.81", 9.81),
        ("9.81D+00", 9.81),
        ("-.5d-01", -0.05),
        ("\ufeff0.02", 0.02),
    ],
)
def test_a_number_is_read_however_it_is_written(cell: str, number: float) -> None:
    assert as_number(cell) == number


@pytest.mark.parametrize("cell", ["", " ", "NaN", "n/d", "#N/D", "#NV", "#WERT!", "no data", "-1.#IND", "null"])
def test_what_holds_nothing_is_not_a_number(cell: str) -> None:
    assert math.isnan(as_number(cell) or 0.0)


@pytest.mark.parametrize("cell", ["nine", "1_000", "9D", "D+00", "'", "=", "='walking'", "12'34", "1d5"])
def test_anything_else_is_none(cell: str) -> None:
    assert as_number(cell) is None
