"""Recordings with a file for each sensor: folders and zips of Sensor Logger and phyphox, joined by their times."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import FIRST_UNIX_NS, WEARER, cells, is_the_wearer, own, read, table

from har_runtime.errors import DataError
from har_runtime.sources import open_source
from har_runtime.sources.replay.parts import recordings_in

GRAVITY = (9.6, -2.5, 1.0)
Values = Callable[[list[float], list[float]], list[float]]


def sensor_logger(values: Values) -> str:
    return table(
        "time,seconds_elapsed,z,y,x",
        lambda i, time, acc, gyro: cells(FIRST_UNIX_NS + 20_000_000 * i, time, *values(acc, gyro)[::-1]),
    )


def phyphox(unit: str, values: Values, late_s: float = 0.0) -> str:
    header = ",".join(['"Time (s)"', *(f'"{axis} ({unit})"' for axis in "XYZ")])
    return table(header, lambda _, time, acc, gyro: cells(time + late_s, *values(acc, gyro)))


def total(acc: list[float], _: list[float]) -> list[float]:
    return acc


def linear(acc: list[float], _: list[float]) -> list[float]:
    return [value - down for value, down in zip(acc, GRAVITY, strict=True)]


def rates(_: list[float], gyro: list[float]) -> list[float]:
    return gyro


def reversed_sign(values: Values) -> Values:
    return lambda acc, gyro: [-value for value in values(acc, gyro)]


ANDROID = {
    "Accelerometer.csv": sensor_logger(linear),
    "Gravity.csv": sensor_logger(lambda *_: list(GRAVITY)),
    "TotalAcceleration.csv": sensor_logger(total),
    "Gyroscope.csv": sensor_logger(rates),
    "Barometer.csv": "time,seconds_elapsed,pressure\n1,2,3\n",
    "Metadata.csv": "version,platform,standardisation\n3,android,false\n",
    "._Gravity.csv": "\0\5\26\7",
}
IPHONE = {
    "Accelerometer.csv": sensor_logger(reversed_sign(linear)),
    "Gravity.csv": sensor_logger(lambda *_: [-value for value in GRAVITY]),
    "Gyroscope.csv": sensor_logger(rates),
    "Metadata.csv": "version,device name,platform,standardisation\n3,my phone,ios,false\n",
}
PHYPHOX = {
    "Accelerometer.csv": phyphox("m/s^2", total),
    "Gyroscope.csv": phyphox("rad/s", rates, late_s=0.003),
    "meta/device.csv": "property,value\nbrand,x\n",
    "meta/time.csv": "event,experiment time\nSTART,0\n",
}


NO_HEADERS = {
    f"data_1600_{name}_watch.txt": table(
        "", lambda n, _, acc, gyro, values=values: cells(1600, "A", FIRST_UNIX_NS + 20_000_000 * n, *values(acc, gyro))
    )
    for name, values in (("accel", total), ("gyro", rates))
}


def laid_out(folder: Path, files: dict[str, str], packed: bool) -> Path:
    if packed:
        with zipfile.ZipFile(folder / "walk.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                archive.writestr(f"export/{name}", text)
            archive.writestr("__MACOSX/export/._Gyroscope.csv", "\0")
        return folder / "walk.zip"
    for name, text in files.items():
        (folder / "walk" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "walk" / name).write_text(text)
    return folder / "walk"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("files", "tables"),
    [
        (ANDROID, "TotalAcceleration + Gyroscope"),
        (IPHONE, "Accelerometer + Gravity + Gyroscope"),
        (PHYPHOX, "Accelerometer + Gyroscope"),
        (NO_HEADERS, "data_1600_accel_watch + data_1600_gyro_watch"),
    ],
)
def test_the_tables_of_an_app_are_joined(tmp_path: Path, files: dict[str, str], tables: str, packed: bool) -> None:
    found = read(laid_out(tmp_path, files, packed), "" if files is not NO_HEADERS else "&gyro=rad/s")
    is_the_wearer(found)
    assert f"; {tables}" in found.replay.description


def test_sensors_keep_times_of_their_own(tmp_path: Path) -> None:
    lines = PHYPHOX["Gyroscope.csv"].splitlines()
    fewer = {**PHYPHOX, "Gyroscope.csv": "\n".join([lines[0], *lines[1::2]]) + "\n"}
    found = read(laid_out(tmp_path, fewer, packed=False))
    assert WEARER.gyro is not None
    assert found.gyro is not None
    np.testing.assert_allclose(found.gyro, WEARER.gyro[::2], atol=1e-6)
    np.testing.assert_allclose(found.acc, WEARER.acc, atol=1e-6)


def test_uncalibrated_sensors_are_read_if_there_are_no_others(tmp_path: Path) -> None:
    files = {
        "AccelerometerUncalibrated.csv": sensor_logger(total),
        "GyroscopeUncalibrated.csv": sensor_logger(rates),
        "Accelerometer.csv": sensor_logger(linear),
    }
    is_the_wearer(read(laid_out(tmp_path, files, packed=False)))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"Accelerometer.csv": sensor_logger(linear), "Gyroscope.csv": sensor_logger(rates)}, "gravity is missing"),
        ({"Linear Acceleration.csv": phyphox("m/s^2", linear)}, "gravity is missing"),
        ({"a.csv": own(), "b.csv": own()}, r"several recordings in it \(a, b, ...\); name one of them"),
        ({"a.pdf": "%PDF"}, "no table"),
        ({"Gyroscope.csv": phyphox("rad/s", rates)}, "no acceleration in it"),
        (
            {"Accelerometer.csv": phyphox("m/s^2", total), "Gyroscope.csv": phyphox("rad/s", rates, late_s=1e5)},
            "not of one recording, or not on one clock",
        ),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_what_is_not_one_recording_is_refused(tmp_path, files: dict[str, str], message: str, packed: bool) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(laid_out(tmp_path, files, packed))
    assert "\n" not in str(caught.value)


def test_a_table_of_sensor_logger_without_gravity_is_not_read_alone(tmp_path: Path) -> None:
    folder = laid_out(tmp_path, ANDROID, packed=False)
    with pytest.raises(DataError, match="Sensor Logger's Accelerometer is without it; record Gravity or Total"):
        read(folder / "Accelerometer.csv")
    with pytest.raises(DataError, match="gravity alone"):
        read(folder / "Gravity.csv")
    is_the_wearer(read(folder / "TotalAcceleration.csv"), gyroscope=False)


def test_archives_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "walk.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
    with pytest.raises(DataError, match="a document of an office program, not a table: save the table as CSV"):
        read(path)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(1001):
            archive.writestr(f"{number}.csv", "")
    with pytest.raises(DataError, match="more than 1000 files in it"):
        read(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.csv", "1,2,3,4\n" * 3_000_000)
    with pytest.raises(DataError, match="24000000 bytes packed into"):
        read(path)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(DataError, match="not an intact zip"):
        read(path)


def test_numbered_values_are_those_of_the_sensor_that_the_file_is_named_after(tmp_path: Path) -> None:
    """AWARE's tables, whose names leave the sensor to the file."""
    header = "_id,timestamp,device_id,double_values_0,double_values_1,double_values_2,accuracy,label"
    for name, values in (("accelerometer", total), ("gyroscope", rates)):
        row = lambda n, _, a, w, values=values: cells(n, 1_790_000_000_000 + 20 * n, "8d31", *values(a, w), 3, "")  # noqa: E731
        (tmp_path / f"{name}.csv").write_text(table(header, row))
    is_the_wearer(read(tmp_path, "&gyro=rad/s"))


def test_neither_sensor_is_read_far_ahead_of_the_other(tmp_path: Path) -> None:
    """An answer waits for both; a sensor without samples for some seconds would be taken for dead."""
    for name, values in (("Accelerometer", total), ("Gyroscope", rates)):
        (tmp_path / f"{name}.csv").write_text(phyphox("m/s^2" if values is total else "rad/s", values))
    newest = {"acc": 0, "gyro": 0}
    replay = open_source(f"replay:{tmp_path}?speed=max")
    for chunk in replay:
        newest["acc" if chunk.acc is not None else "gyro"] = int(chunk.times_ns[-1])
        if all(newest.values()):
            assert abs(newest["acc"] - newest["gyro"]) <= 2.1e9
    replay.close()
    assert all(newest.values())


def test_json_beside_tables_describes_them(tmp_path: Path) -> None:
    (tmp_path / "walk.csv").write_text(own())
    (tmp_path / "session.json").write_text('{"device": "watch", "ax": 1}')
    is_the_wearer(read(tmp_path))
    assert recordings_in(tmp_path) == [tmp_path / "walk.csv"]


def test_a_person_s_number_in_the_name_of_a_file_does_not_make_its_acceleration_linear(tmp_path: Path) -> None:
    for name, values in (("acc", total), ("gyro", rates)):
        (tmp_path / f"{name}_exp01_user01.txt").write_text(
            table("", lambda n, _, acc, gyro, values=values: cells(*values(acc, gyro), mark=" "))
        )

    is_the_wearer(read(tmp_path, "&rate=50&gyro=rad/s"))
