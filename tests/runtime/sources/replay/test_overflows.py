"""Clocks whose counters overflow in the middle of a recording."""

from pathlib import Path

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import cells, is_the_wearer, read, table

BITS_16, BITS_32 = 2**16, 2**32
CLOCKS = {
    "millis() of 32 bits": ("millis", BITS_32 - 3000, 20, BITS_32),
    "micros() of 32 bits": ("micros", BITS_32 - 3_000_000, 20_000, BITS_32),
    "among the rows that show the unit": ("t", BITS_32 - 200_000, 20_000, BITS_32),
    "milliseconds of 16 bits": ("ms", 60_000, 20, BITS_16),
    "microseconds of 16 bits": ("us", 60_000, 20_000, BITS_16),
    "milliseconds of the day": ("time (ms)", 86_397_000, 20, 86_400_000),
}


@pytest.mark.parametrize(
    ("clock", "signed"),
    [(clock, signed) for clock in CLOCKS for signed in (False, True) if not (signed and "of the day" in clock)],
)
def test_times_go_on_over_the_end_of_a_counter(tmp_path: Path, clock: str, signed: bool) -> None:
    name, first, step, size = CLOCKS[clock]
    half = size // 2 if signed else 0
    path = tmp_path / "walk.csv"
    path.write_text(
        table(f"{name},ax,ay,az", lambda n, _, a, w: cells((first - half + n * step + half) % size - half, *a))
    )

    is_the_wearer(read(path), gyroscope=False)


def test_a_clock_that_starts_again_is_no_overflow(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(table("time (ms),ax,ay,az", lambda n, _, a, w: cells(20 * (n % 300), *a)))

    steps = np.diff(read(path).times_ns)

    assert np.flatnonzero(steps < 0).tolist() == [299]


def test_a_sample_out_of_its_order_is_no_overflow(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(table("us,ax,ay,az", lambda n, _, a, w: cells(20_000 * n - 21_500 * (n == 3), *a)))

    times = read(path).times_ns

    assert (times[2], times[3], times[4]) == (40_000_000, 38_500_000, 80_000_000)
