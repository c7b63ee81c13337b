"""Tables whose rows are of two devices in turn: one is read, the one that the user names."""

from pathlib import Path

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import ROWS, WEARER, Row, cells, is_the_wearer, read, table

from har_runtime.errors import DataError

assert WEARER.gyro is not None
HEADER = "device_id,timestamp_ms,ax,ay,az,gx,gy,gz"
RATES = "gyro=rad/s"


def _of(device: object, number: int, roll: int, later_ms: int) -> str:
    """A reading; that of another device has its axes turned."""
    assert WEARER.gyro is not None
    acc, gyro = np.roll(WEARER.acc[number], roll).tolist(), np.roll(WEARER.gyro[number], roll).tolist()
    return cells(device, 1_790_937_470_000 + 20 * number + later_ms, *acc, *gyro)


def _in_turn(first: object, second: object, later_ms: int) -> Row:
    return lambda number, _, __, ___: f"{_of(first, number, 0, 0)}\n{_of(second, number, 1, later_ms)}"


def _in_bunches(number: int, *_: object) -> str:
    if number % 10:
        return ""
    return "\n".join(_of(device, one, device, 0) for device in (0, 1) for one in range(number, number + 10))


TABLES: dict[str, tuple[str, str]] = {
    "between the other's": (table(HEADER, _in_turn("A1", "B2", 10)), "A1"),
    "at the same times": (table(HEADER, _in_turn("A1", "B2", 0)), "a1"),
    "by numbers": (table(HEADER, _in_turn(1, 2, 10)), "1"),
    "by a part of its name": (table(HEADER, _in_turn("WT901(c0:ff:01)", "WT901(c0:ff:02)", 9)), "ff:01"),
    "in bunches": (table(HEADER, _in_bunches), "0"),
    "without a header": (table("", _in_turn("wrist", "ankle", 10)), "wrist"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_the_rows_of_the_device_that_is_named_are_read(tmp_path: Path, kind: str) -> None:
    text, device = TABLES[kind]
    path = tmp_path / "two.csv"
    path.write_text(text)

    with pytest.raises(DataError, match=r"its rows are of several devices.*add device= and one of them"):
        read(path, f"&{RATES}")
    is_the_wearer(read(path, f"&{RATES}&device={device}"))


@pytest.mark.parametrize(("device", "message"), [("C3", "none of its devices ('A1', 'B1')"), ("1", "several of its")])
def test_a_device_that_is_none_of_them_or_may_be_two_is_refused(tmp_path: Path, device: str, message: str) -> None:
    (tmp_path / "two.csv").write_text(table(HEADER, _in_turn("A1", "B1", 10)))

    with pytest.raises(DataError) as refused:
        read(tmp_path / "two.csv", f"&{RATES}&device={device}")

    assert message in str(refused.value)


def test_a_device_is_refused_where_no_column_tells_any(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text(table("time,ax,ay,az", lambda _, time, acc, __: cells(time, *acc)))

    with pytest.raises(DataError, match="its first rows are not of several devices"):
        read(tmp_path / "one.csv", "&device=A1")


_STATES = np.random.default_rng(1).integers(2, size=ROWS).tolist()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda number: ("still", "moving")[_STATES[number]], id="a word that changes now and then"),
        pytest.param(lambda number: number % 4, id="the number of a sample in its packet"),
        pytest.param(lambda number: round(float(np.linalg.norm(WEARER.acc[number])) / 3), id="a rounded reading"),
    ],
)
def test_another_column_of_few_values_is_no_device(tmp_path: Path, other) -> None:
    path = tmp_path / "one.csv"
    path.write_text(table("time,other,ax,ay,az", lambda number, time, acc, _: cells(time, other(number), *acc)))

    is_the_wearer(read(path), gyroscope=False)
