"""Tables with a unit after each number."""

from pathlib import Path

import pytest
from tests.runtime.sources.replay.tables import G, Row, is_the_wearer, read, table

from har_runtime.sources.replay.unit_cells import without_units


def _with(*units: str, mark: str) -> Row:
    """Rows in these units, of which the first is that of times."""
    return lambda _, time, acc, gyro: mark.join(
        f"{value:.8f}{unit}"
        for value, unit in zip([time, *((x / G for x in acc) if units[1] == "g" else acc), *gyro], units, strict=False)
    )


@pytest.mark.parametrize(
    ("header", "row", "gyroscope"),
    [
        ("time,ax,ay,az,gx,gy,gz", _with(" s", *[" m/s²"] * 3, *[" rad/s"] * 3, mark=","), True),
        ("time;ax;ay;az", _with("s", "g", "g", "g", mark=";"), False),
        ("Time,X,Y,Z", _with(" sec", "", "", "", mark=","), False),
    ],
)
def test_the_units_of_the_cells_are_those_of_the_names(tmp_path: Path, header: str, row: Row, gyroscope: bool) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(table(header, row))

    is_the_wearer(read(path), gyroscope=gyroscope)


@pytest.mark.parametrize(
    "row", ["1,0.5,-0.25", "07:48:51 AM,0.5,0.25", "1,0.5 C,25 %", "1,walking,2", "1,1.5e3,2E5", "1,0.5 g,0.25,1"]
)
def test_other_cells_stay_as_they_are(row: str) -> None:
    lines = ["time,a,b", *([row] * 3), "4,0.5,0.25"]

    assert without_units(lines) is None
