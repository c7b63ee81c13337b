"""Tables with decimal commas whose cells are parted by commas as well."""

from pathlib import Path

import pytest
from tests.runtime.sources.replay.tables import cells, is_the_wearer, read, table

from har_runtime.sources.replay.split_decimals import with_joined_decimals


def test_the_parts_of_each_number_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(table("time,ax,ay,az", lambda _, time, acc, __: cells(time, *acc).replace(".", ",")))

    is_the_wearer(read(path), gyroscope=False)


def test_a_row_that_is_written_in_another_way_is_lost_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(
        table(
            "time,ax,ay,az",
            lambda number, time, acc, _: cells(time, *acc).replace(".", ",") if number != 400 else "14,9,81,0,0",
        )
    )

    assert read(path).replay.report.lost == {"line that is no sample": 1}


@pytest.mark.parametrize(
    "row", ["1,2,3,4", "0,5,9,8,1,2", "0.5,9.8,0.1,0.2,1,2,3,4", "0,5,9,-8", "0,-5,9,8", "0,5;9,8"]
)
def test_other_rows_stay_as_they_are(row: str) -> None:
    names = "time,ax,ay,az" if row != "0,5,9,-8" and row != "0,-5,9,8" else "time,ax"

    assert with_joined_decimals([names, *([row] * 5)]) is None
