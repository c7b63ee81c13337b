"""Times that are written alike are read at once, to what one by one gives."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from har_runtime.sources.replay.cells import NO_TIME, read_times, time_format

BEGIN = datetime(2026, 2, 27, 22, 59, 58, 990_000)
TIMES = [BEGIN + timedelta(seconds=37.01 * number) for number in range(3000)]
"""Over two midnights, the end of a month, and noon."""
FORMS = {
    "ISO": "%Y-%m-%dT%H:%M:%S.%f",
    "ISO, UTC": "%Y-%m-%dT%H:%M:%S.%fZ",
    "ISO, a zone": "%Y-%m-%d %H:%M:%S.%f+05:30",
    "without marks": "%Y%m%dT%H%M%S.%f",
    "day first": "%d.%m.%Y %H:%M:%S,%f",
    "month first": "%m/%d/%Y %I:%M:%S.%f %p",
    "a month's name": "%d-%b-%Y %H:%M:%S.%f",
    "a month's name first": "%b %d, %Y %I:%M:%S.%f %p",
    "time of day": "%H:%M:%S.%f",
    "time of day of twelve hours": "%I:%M:%S.%f %p",
    "minutes": "%M:%S.%f",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("digits", [6, 3])
def test_times_that_are_read_at_once_are_those_that_are_read_one_by_one(form: str, digits: int) -> None:
    cells = [time.strftime(FORMS[form].replace("%f", f"{time.microsecond:06d}"[:digits])) for time in TIMES]
    found = time_format(cells[:2500])
    assert found is not None

    at_once = read_times(cells, found)

    assert at_once.tolist() == [read_times([cell], found).item() for cell in cells]
    if "zone" not in form and "%Y" in FORMS[form]:
        assert np.diff(at_once).tolist() == [37_010_000_000] * (len(TIMES) - 1)


def test_parts_of_a_second_of_any_length_are_read_and_a_missing_time_is_none() -> None:
    cells = [
        f"2026-10-02 7:48:{number // 100:02d}.{number % 100:02d}".rstrip("0").rstrip(".")
        for number in range(1000, 2000)
    ]
    cells[500] = "null"
    found = time_format(cells)
    assert found is not None

    times = read_times(cells, found)

    assert times[500] == NO_TIME
    assert set(np.diff(np.delete(times, 500)).tolist()) == {10_000_000, 20_000_000}


@pytest.mark.parametrize(
    "cell", ["2026-02-29 07:48:51", "2026-13-01 07:48:51", "2026-10-02 07:60:51", "1066-10-14 07:48:51"]
)
def test_a_time_that_does_not_exist_is_invalid_among_others(cell: str) -> None:
    cells = [f"2026-10-02 07:48:{second:02d}" for second in range(50)]
    found = time_format(cells)
    assert found is not None

    with pytest.raises(ValueError, match=cell[:4]):
        read_times([*cells, cell], found)
