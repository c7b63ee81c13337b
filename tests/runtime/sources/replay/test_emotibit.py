"""EmotiBit's recordings as its card has them."""

from pathlib import Path

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import DEGREES, ROWS, WEARER, G, is_the_wearer, read

from har_runtime.errors import DataError

PACKET = 3


def _recording() -> str:
    columns = {
        **{f"A{axis}": WEARER.acc[:, place] / G for place, axis in enumerate("XYZ")},
        **{f"G{axis}": DEGREES[:, place] for place, axis in enumerate("XYZ")},
        "PI": np.full(ROWS, 123_456.0),
    }
    lines = ["15000,0,1,RD,1,100,1", "15000,1,4,TL,1,100,2026,10,02,07"]
    for first in range(0, ROWS, PACKET):
        for tag, values in columns.items():
            readings = ",".join(f"{value:.6f}" for value in values[first : first + PACKET])
            lines.append(f"{15_000 + 20 * first},{len(lines)},{PACKET},{tag},1,100,{readings}")
    return "\n".join([*lines, ""])


def test_packets_are_rows_whose_times_are_spread_if_asked(tmp_path: Path) -> None:
    path = tmp_path / "2026-10-02_07-48-51.csv"
    path.write_text(_recording())

    with pytest.raises(DataError, match=r"its times repeat \(about 3 samples have one time\).*add time=spread"):
        read(path)
    found = read(path, "&time=spread")

    is_the_wearer(found)
    assert "acceleration in g (by the header), angular rate in deg/s (by the header)" in found.replay.description


def test_a_lost_packet_of_one_axis_costs_its_readings_and_mixes_none(tmp_path: Path) -> None:
    lines = _recording().splitlines()
    path = tmp_path / "walk.csv"
    path.write_text("\n".join(line for place, line in enumerate(lines) if place != 2 + 7 * 10 + 1))

    found = read(path, "&time=spread")

    assert len(found.acc) == ROWS - PACKET
    kept = np.delete(WEARER.acc, slice(10 * PACKET, 11 * PACKET), axis=0)
    np.testing.assert_allclose(found.acc, kept, atol=2e-5)
