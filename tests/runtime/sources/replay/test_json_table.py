"""Recordings as JSON: whatever way apps and data tools write it, the samples are the same, and it is read in pieces."""

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import FIRST_UNIX_NS, SECONDS, WEARER, is_the_wearer, read

from har_runtime.errors import DataError
from har_runtime.sources.replay import json_table

assert WEARER.gyro is not None
NAMES = ("ax", "ay", "az", "gx", "gy", "gz")
ACC, GYRO = WEARER.acc.astype(float).tolist(), WEARER.gyro.astype(float).tolist()
TIMES = SECONDS.tolist()
RECORDS: list[dict[str, Any]] = [
    {"time_s": time, **dict(zip(NAMES, (*acc, *gyro), strict=True))}
    for time, acc, gyro in zip(TIMES, ACC, GYRO, strict=True)
]


def by_sensor(name: str, values: list[list[float]]) -> list[dict[str, Any]]:
    """The rows of one sensor, as Sensor Logger's JSON export has them: numbers as text."""
    return [
        {
            "sensor": name,
            "time": str(FIRST_UNIX_NS + 20_000_000 * number),
            "seconds_elapsed": f"{time:.4f}",
            **{axis: f"{value:.7f}" for axis, value in zip("zyx", row[::-1], strict=True)},
        }
        for number, (time, row) in enumerate(zip(TIMES, values, strict=True))
    ]


def edge_impulse() -> dict[str, Any]:
    sensors = [{"name": f"acc{axis}", "units": "m/s2"} for axis in "XYZ"]
    sensors += [{"name": f"gyr{axis}", "units": "rad/s"} for axis in "XYZ"]
    values = [[*acc, *gyro] for acc, gyro in zip(ACC, GYRO, strict=True)]
    payload = {"device_type": "NANO33BLE", "interval_ms": 20, "sensors": sensors, "values": values}
    return {"protected": {"ver": "v1", "alg": "none"}, "signature": "0" * 64, "payload": payload}


WRITTEN: dict[str, Callable[[], str]] = {
    "an array of records": lambda: json.dumps(RECORDS),
    "the same over many lines": lambda: json.dumps(RECORDS, indent=2),
    "lines of records": lambda: "\n".join(map(json.dumps, RECORDS)),
    "records with a record for each sensor": lambda: json.dumps(
        [
            {"t": t, "acc": dict(zip("xyz", a, strict=True)), "gyro": dict(zip("xyz", g, strict=True))}
            for t, a, g in zip(TIMES, ACC, GYRO, strict=True)
        ]
    ),
    "records with a list for each sensor": lambda: json.dumps(
        [{"t": t, "acc": a, "gyro": g} for t, a, g in zip(TIMES, ACC, GYRO, strict=True)]
    ),
    "records inside a description": lambda: json.dumps({"device": "watch", "rate": 50, "samples": RECORDS}),
    "columns": lambda: json.dumps({name: [row[name] for row in RECORDS] for name in RECORDS[0]}),
    "columns by the number of the row": lambda: json.dumps(
        {name: {str(at): row[name] for at, row in enumerate(RECORDS)} for name in RECORDS[0]}
    ),
    "names and rows": lambda: json.dumps(
        {"columns": list(RECORDS[0]), "index": TIMES, "data": [list(row.values()) for row in RECORDS]}
    ),
    "rows by their names": lambda: json.dumps({str(number): row for number, row in enumerate(RECORDS)}),
    "rows by their times": lambda: json.dumps(
        {f"{row['time_s']:.6f}": {name: row[name] for name in row if name != "time_s"} for row in RECORDS}
    ),
    "columns by the times of the rows": lambda: json.dumps(
        {name: {f"{row['time_s']:.6f}": row[name] for row in RECORDS} for name in RECORDS[0] if name != "time_s"}
    ),
    "names and rows with times as their index": lambda: json.dumps(
        {
            "columns": list(RECORDS[0])[1:],
            "index": [row["time_s"] for row in RECORDS],
            "data": [list(row.values())[1:] for row in RECORDS],
        }
    ),
    "columns of three axes": lambda: json.dumps({"t": TIMES, "accel": ACC, "gyro": GYRO, "rate": 50}),
    "columns in an object for each sensor": lambda: json.dumps(
        {
            "time": TIMES,
            "acc": {axis: [row[at] for row in ACC] for at, axis in enumerate("xyz")},
            "gyro": {axis: [row[at] for row in GYRO] for at, axis in enumerate("xyz")},
        }
    ),
    "a list for each sensor": lambda: json.dumps(
        {
            name: [{"t": t, "x": x, "y": y, "z": z} for t, (x, y, z) in zip(TIMES, values, strict=True)]
            for name, values in (("accelerometer", ACC), ("gyroscope", GYRO))
        }
    ),
    "rows without names": lambda: json.dumps([list(row.values()) for row in RECORDS]),
    "Edge Impulse": lambda: json.dumps(edge_impulse()),
    "Sensor Logger, one sensor after the other": lambda: json.dumps(
        [{"sensor": "Metadata", "version": "3"}, *by_sensor("TotalAcceleration", ACC), *by_sensor("Gyroscope", GYRO)]
    ),
    "Sensor Logger, by time": lambda: json.dumps(
        sorted([*by_sensor("Gyroscope", GYRO), *by_sensor("TotalAcceleration", ACC)], key=lambda row: row["time"])
    ),
    "sensors that take turns": lambda: "\n".join(
        json.dumps({"t": t, "acc": a}) + "\n" + json.dumps({"t": t, "gyro": g})
        for t, a, g in zip(TIMES, ACC, GYRO, strict=True)
    ),
}


@pytest.mark.parametrize("way", WRITTEN)
def test_whatever_way_it_is_written_the_samples_are_the_wearers(way: str, tmp_path: Path) -> None:
    path = tmp_path / "walk.json"
    path.write_text(WRITTEN[way]())
    found = read(path, "" if "Sensor Logger" in way else "&gyro=rad/s")
    if found.acc.shape != WEARER.acc.shape:  # A row of each sensor: the other's is without a value.
        found = type(found)(
            found.replay,
            found.times_ns[np.isfinite(found.acc).all(axis=1)],
            found.acc[np.isfinite(found.acc).all(axis=1)],
            None if found.gyro is None else found.gyro[np.isfinite(found.gyro).all(axis=1)],
            None,
        )
    is_the_wearer(found)


def test_labels_of_records_are_read(tmp_path: Path) -> None:
    path = tmp_path / "walk.jsonl"
    path.write_text("\n".join(json.dumps(row | {"activity": "Walking"}) for row in RECORDS))
    found = read(path, "&gyro=rad/s")
    assert found.labels is not None
    assert set(found.labels.tolist()) == {"walking"}


def test_what_a_recorder_that_was_stopped_has_left_is_read(tmp_path: Path) -> None:
    path = tmp_path / "walk.json"
    whole = json.dumps(RECORDS)
    path.write_text(whole[: whole.rindex('"gx"')])
    found = read(path, "&gyro=rad/s")
    np.testing.assert_allclose(found.acc, WEARER.acc[:-1], atol=2e-5)


def test_a_long_array_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "walk.json"
    many = 40
    with path.open("w") as file:
        file.write("[")
        for turn in range(many):
            rows = [{**row, "time_s": row["time_s"] + 12 * turn} for row in RECORDS]
            file.write((", " if turn else "") + json.dumps(rows)[1:-1])
        file.write("]")
    tracemalloc.start()
    found = read(path, "&gyro=rad/s")
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.times_ns) == many * len(RECORDS)
    assert used < path.stat().st_size + 4e6, "what was read, and little more"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": [1, 2,', "it begins as JSON, but is not: Expecting value"),
        ('[{"a":' + "[" * 100_000, "its JSON is nested too deeply"),
        ("[{}]", "no sample in it"),
        ('{"hello": "world", "x": 1}', "it needs columns of acceleration"),
        ('[{"temperature": 20.5, "pressure": 1013.2, "humidity": 40.5}]', "no acceleration among its columns"),
        ('[{"t": 1, "ax": ' + "9" * 5000 + "}]", "it begins as JSON, but is not: Exceeds the limit"),
        ("\n".join(['{"t": 1, "ax": 1}'] + ["{oops"] * 30), "it begins as JSON, but 11 of its lines are not"),
    ],
)
def test_what_is_no_recording_is_refused_in_one_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "walk.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"walk\.json: ") as found:
        read(path)
    assert message in str(found.value)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    "damage", ['{"time_s": 0.3, "ax": 0.', '{"time_s": 0.3, oops}', '{"time_s": ' + "9" * 5000 + "}"]
)
@pytest.mark.parametrize("is_array", [False, True])
def test_a_damaged_line_costs_itself_alone_however_much_follows(
    damage: str, is_array: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_table, "MAX_VALUE", 40_000)
    monkeypatch.setattr(json_table, "HEAD_BYTES", 1000)
    lines = [*map(json.dumps, RECORDS)]
    lines[10] = damage
    path = tmp_path / "walk.json"
    path.write_text("[" + ",\n".join(lines) + "]" if is_array else "\n".join(lines))
    assert path.stat().st_size > 45_000
    assert len(read(path, "&gyro=rad/s").times_ns) == len(RECORDS) - 1


def test_a_mistake_in_an_array_of_one_line_is_said_and_does_not_end_the_recording_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "walk.json"
    path.write_text(json.dumps(RECORDS).replace("}, {", "}, oops, {", 1))
    with pytest.raises(DataError, match="its JSON is damaged after 1 records: Expecting value"):
        read(path, "&gyro=rad/s")


def test_zeros_and_the_part_of_a_letter_that_a_power_failure_leaves_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "walk.json"
    whole = "\n".join(map(json.dumps, RECORDS)).encode()
    path.write_bytes(whole + b"\n" + bytes(4096))
    padded = read(path, "&gyro=rad/s")
    path.write_bytes(whole + '\n{"label": "gr\u00f6'.encode()[:-1])
    assert len(padded.times_ns) == len(read(path, "&gyro=rad/s").times_ns) == len(RECORDS)


def test_control_characters_in_texts_do_not_make_it_another_file(tmp_path: Path) -> None:
    path = tmp_path / "walk.json"
    path.write_text(json.dumps([{**row, "activity": "a\0\x1b[2J\ud800b", "te\amp": 1} for row in RECORDS]))
    found = read(path, "&gyro=rad/s")
    assert found.labels is not None
    assert set(found.labels.tolist()) == {"a??[2J?b"}


def test_what_is_held_of_large_records_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "walk.json"
    inner = {f"k{number:06d}": "x" * 100 for number in range(300)}
    many = json.dumps({f"s{number}": inner for number in range(100)} | {"text": "y" * 1_000_000})
    row = json.dumps(list(range(1_000_000, 1_100_000)))
    for one in (many, row):
        path.write_text("\n".join([one] * 20))
        tracemalloc.start()
        with pytest.raises(DataError):
            read(path)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert used < 40e6, "one or two records as they are read, and little of the others"


@pytest.mark.parametrize("part", ["[],", '{"a":1},', "1e9,"])
def test_a_value_of_too_many_parts_is_refused_before_it_is_made(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"FEW": 100_000, "MAX_PARTS": 20_000, "MAX_NUMBERS": 100_000}.items():
        monkeypatch.setattr(json_table, name, value)
    path = tmp_path / "walk.json"
    path.write_text('{"a": [' + part * 150_000 + "0]}")
    tracemalloc.start()
    with pytest.raises(DataError, match="too many parts: export it as CSV"):
        read(path)
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert used < 6 * path.stat().st_size + 1e6
