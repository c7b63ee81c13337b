"""Data sets without headers that hold sensors at several places."""

import re
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import ROWS, WEARER, G, is_the_wearer, read, table

from har_runtime.errors import DataError
from har_runtime.sources.replay.known_layouts import LAYOUTS, KnownLayout

assert WEARER.gyro is not None
STEP_S = 0.02
GYRO = WEARER.gyro


def _row(layout: KnownLayout, number: int) -> list[float]:
    """A row in which each place has the wearer's readings, and nothing else looks like one."""
    cells = [float(17 * (number * column % 23) - 190) for column in range(layout.width)]
    if layout.times is not None:
        cells[0] = number * STEP_S * (1 if layout.times[1] < 1 else 1000)
    for acc, gyro in layout.places.values():
        cells[acc - 1 : acc + 2] = (WEARER.acc[number] * layout.gravity / G).tolist()
        if gyro is not None:
            cells[gyro - 1 : gyro + 2] = GYRO[number].tolist()
    if layout.label is not None:
        cells[layout.label - 1] = number * 2 // ROWS
    return cells


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_the_options_that_the_message_names_read_each_place(tmp_path: Path, layout: KnownLayout) -> None:
    path = tmp_path / "subject1.dat"
    path.write_text(table("", lambda n, t, a, w: " ".join(f"{value:.6f}" for value in _row(layout, n))))
    with pytest.raises(DataError, match=f"{layout.width} columns are those of {layout.name}") as refused:
        read(path)
    options = dict(re.findall(r"columns=(\S+) for '([^']+)'", str(refused.value)))

    assert sorted(options.values()) == sorted(layout.places)
    for option, place in options.items():
        found = read(path, f"&columns={option}")
        is_the_wearer(found, gyroscope=layout.places[place][1] is not None)
        if "label" in option:
            assert found.labels is not None
            assert len(np.unique(found.labels)) == 2


def test_other_numbers_of_as_many_columns_are_no_data_set(tmp_path: Path) -> None:
    path = tmp_path / "walk.txt"
    others = " 0.7 0.1 0.2 0.3"
    path.write_text(table("", lambda n, t, a, w: " ".join(f"{value:.6f}" for value in (1000 * t, *a, *w)) + others))

    is_the_wearer(read(path, "&gyro=rad/s"))


def test_two_accelerometers_that_point_elsewhere_are_no_gyroscope(tmp_path: Path) -> None:
    path = tmp_path / "walk.txt"
    path.write_text(table("", lambda n, t, a, w: " ".join(f"{value:.6f}" for value in (t, *a, -a[1], a[0], a[2]))))

    with pytest.raises(DataError, match=r"columns 2 to 4 and 5 to 7 both look like acceleration"):
        read(path)
