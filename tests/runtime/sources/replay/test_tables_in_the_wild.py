"""Tables of further apps, boards and data sets, by the headers of their documentation or of public recordings."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import (
    DEGREES,
    FIRST_UNIX_MS,
    ROWS,
    WEARER,
    G,
    cells,
    is_the_wearer,
    read,
    table,
)

from har_runtime.errors import DataError

assert WEARER.gyro is not None
GRAVITY = np.tile(WEARER.acc.mean(axis=0), (ROWS, 1))
LINEAR = WEARER.acc - GRAVITY


def g(acc: list[float]) -> list[float]:
    return [value / G for value in acc]


def axes(name: str, unit: str = "") -> str:
    return ",".join(f"{name.replace('*', axis)}{unit}" for axis in "xyz")


WITH_BOTH: dict[str, tuple[str, Any]] = {
    **{
        f"phyphox in {language}": (
            f'"{time} (s)",' + axes(f"{acc} *", " (m/s^2)") + "," + axes(f"{gyro} *", " (rad/s)"),
            lambda _, t, a, w: cells(t, *a, *w),
        )
        for language, time, acc, gyro in (
            ("French", "Temps", "Accélération", "Gyroscope"),
            ("Spanish", "Tiempo", "Aceleración", "Giroscopio"),
            ("Dutch", "Tijd", "Versnelling", "Gyroscoop"),
            ("Polish", "Czas", "Przyspieszenie", "Żyroskop"),
        )
    },
    "words that are not known, by their units": (
        "time," + axes("Gyorsulás *", " (m/s²)") + "," + axes("Giroszkóp *", " (°/s)"),
        lambda n, t, a, w: cells(t, *a, *DEGREES[n].tolist()),
    ),
    "EuRoC": (
        "#timestamp [ns]," + axes("w_RS_S_*", " [rad s^-1]") + "," + axes("a_RS_S_*", " [m s^-2]"),
        lambda n, _, a, w: cells((FIRST_UNIX_MS + 20 * n) * 1_000_000, *w, *a),
    ),
    "rostopic echo, whose linear acceleration has gravity": (
        "%time,field.header.frame_id,field.orientation.x,"
        + axes("field.angular_velocity.*")
        + ","
        + axes("field.linear_acceleration.*"),
        lambda n, _, a, w: cells((FIRST_UNIX_MS + 20 * n) * 1_000_000, "imu", 0.1, *w, *a),
    ),
    "axes by numbers, one sensor by its unit alone": (
        "Time (s),ARS1 (deg/s),ARS2 (deg/s),ARS3 (deg/s),Acc1 (g),Acc2 (g),Acc3 (g)",
        lambda n, t, a, w: cells(t, *DEGREES[n].tolist(), *g(a)),
    ),
    "German names of date and time, in a spreadsheet's language": (
        "Datum;Uhrzeit;"
        + ";".join(f"Beschleunigung {axis} [m/s²]" for axis in "XYZ")
        + ";"
        + ";".join(f"Drehrate {axis} [rad/s]" for axis in "XYZ"),
        lambda n, _, a, w: (
            cells("02.10.2026", f"07:48:{30 + n // 50}.{n % 50 * 20:03d}", *a, *w, mark=";")
            .replace("02.10.2026", "02/10/2026")
            .replace(".", ",")
            .replace("02/10/2026", "02.10.2026")
        ),
    ),
    "times under a name that says nothing": (
        "wann,ax,ay,az,gx,gy,gz",
        lambda n, _, a, w: cells(f"02.10.2026 07:48:{30 + n // 50}.{n % 50 * 20:03d}", *a, *w),
    ),
    "times that grow under a name that says nothing": (
        "aika,ax,ay,az,gx,gy,gz",
        lambda n, t, a, w: cells(t, *a, *w),
    ),
    "American dates with the month's name": (
        "when,ax,ay,az,gx,gy,gz",
        lambda n, _, a, w: cells(f'"Oct 2, 2026 07:48:{30 + n // 50}.{n % 50 * 20:03d} AM"', *a, *w),
    ),
    "thousands marked by commas": (
        "time_ms," + axes("acc_*", " (mm/s2)") + "," + axes("gyro_*", " (rad/s)"),
        lambda n, _, a, w: cells(f'"{20 * n:,}"', *(f'"{1000 * value:,.5f}"' for value in a), *w),
    ),
    "R's numbers before its rows": (
        '"time" ' + " ".join(f'"{name}"' for name in ("ax", "ay", "az", "gx", "gy", "gz")),
        lambda n, t, a, w: cells(f'"{n + 1}"', t, *a, *w, mark=" "),
    ),
    "a comma in the time, as Python's logging writes it": (
        "timestamp,ax,ay,az,gx,gy,gz",
        lambda n, _, a, w: cells(f"2026-10-02 07:48:{30 + n // 50},{n % 50 * 20:03d}", *a, *w),
    ),
    "lists of Python and arrays of NumPy in cells": (
        "time,label,acc,gyro",
        lambda n, t, a, w: cells(t, "walking", f'"{a}"', f'"[ {w[0]:.7f}  {w[1]:.7e} {w[2]:.7f}]"'),
    ),
    "objects of JSON in cells": (
        "time,label,acc,gyro",
        lambda n, t, a, w: cells(
            t, "walking", *('"' + json.dumps(dict(zip("xyz", v, strict=True))).replace('"', '""') + '"' for v in (a, w))
        ),
    ),
    "dictionaries of Python in cells": (
        "time;acc;gyro",
        lambda n, t, a, w: cells(t, dict(zip("xyz", a, strict=True)), dict(zip("xyz", w, strict=True)), mark=";"),
    ),
    "three numbers in a cell": (
        "time,acc,gyro",
        lambda n, t, a, w: cells(t, cells(*a, mark=";"), cells(*w, mark=" ")),
    ),
    "a table of pandas as it is printed": (
        "   time  ax  ay  az  gx  gy  gz",
        lambda n, t, a, w: cells(n, t, *a, *w, mark="  "),
    ),
    "Spanish words": (
        "tempo,acelerometro_x,acelerometro_y,acelerometro_z,giro_x,giro_y,giro_z",
        lambda n, t, a, w: cells(t, *a, *w),
    ),
    "a line of types below the units": (
        "time,Acc X,Acc Y,Acc Z,Gyro X,Gyro Y,Gyro Z\nms,g,g,g,deg/s,deg/s,deg/s\nint,float,float,float,,,",
        lambda n, t, a, w: cells(20 * n, *g(a), *DEGREES[n].tolist()),
    ),
    "a time t behind a number of the person": (
        "person,t,ax,ay,az,gx,gy,gz",
        lambda n, t, a, w: cells(7, t, *a, *w),
    ),
    "Betaflight's numbered axes": (
        "time (us),gyroADC[0] (deg/s),gyroADC[1] (deg/s),gyroADC[2] (deg/s),accSmooth[0] (g),accSmooth[1] (g),"
        "accSmooth[2] (g)",
        lambda n, _, a, w: cells(20_000 * n, *DEGREES[n].tolist(), *g(a)),
    ),
    "PX4, with units between names and numbers": (
        "timestamp,gyro_rad[0],gyro_rad[1],gyro_rad[2],gyro_integral_dt,accelerometer_timestamp_relative,"
        "accelerometer_m_s2[0],accelerometer_m_s2[1],accelerometer_m_s2[2]",
        lambda n, _, a, w: cells(112_000_000 + 20_000 * n, *w, 5000, 0, *a),
    ),
    "GoPro, with the axis after the unit": (
        "cts,date,"
        + ",".join(f"Accelerometer [m/s2] ({axis})" for axis in "zxy")
        + ","
        + ",".join(f"Gyroscope [rad/s] ({axis})" for axis in "zxy"),
        lambda n, _, a, w: cells(
            20 * n, f"2026-10-02T07:48:{n // 50:02d}.{n % 50 * 20:03d}Z", a[2], *a[:2], w[2], *w[:2]
        ),
    ),
    "Muse": (
        "TimeStamp,Accelerometer_X,Accelerometer_Y,Accelerometer_Z,Gyro_X,Gyro_Y,Gyro_Z",
        lambda n, _, a, w: cells(f"2026-10-02 07:48:{n // 50:02d}.{n % 50 * 20:03d}", *g(a), *DEGREES[n].tolist()),
    ),
    "Delsys, with a time before each column": (
        ",".join(
            f"X[s],Avanti sensor 1: {sensor}.{axis} 1 [{unit}]"
            for sensor, unit in (("ACC", "g"), ("GYRO", "deg/s"))
            for axis in "XYZ"
        ),
        lambda n, t, a, w: cells(*(value for one in (*g(a), *DEGREES[n].tolist()) for value in (t, one))),
    ),
    "uncalibrated beside calibrated": (
        "time,"
        + ",".join(axes(f"{name}_*") for name in ("accelerometer_uncalibrated", "accelerometer", "gyro_uncal", "gyro")),
        lambda _, t, a, w: cells(t, *[value + 0.3 for value in a], *a, *[value + 0.1 for value in w], *w),
    ),
    "total acceleration that is called gravity": (
        "time," + axes("Acc_*") + "," + axes("Acc_gravity_*") + "," + axes("Gyro_*"),
        lambda n, t, a, w: cells(t, *LINEAR[n].tolist(), *a, *w),
    ),
    "CRC Sensor Logger": (
        "Elapsed Time," + axes("Gra*") + "," + axes("LinearAcc*") + "," + axes("Gyros_*"),
        lambda n, t, a, w: cells(t, *GRAVITY[n].tolist(), *LINEAR[n].tolist(), *w),
    ),
    "two lines of names": (
        ",Accelerometer,,,Gyroscope,,\nTime,X,Y,Z,X,Y,Z",
        lambda _, t, a, w: cells(t, *a, *w),
    ),
    "cm/s^2 and revolutions": (
        "t_ms," + axes("acc_*", " (cm/s^2)") + "," + axes("gyro_*", " (rpm)"),
        lambda n, _, a, w: cells(20 * n, *[100 * value for value in a], *(DEGREES[n] / 6).tolist()),
    ),
}


UNITS = ("rad/s", "rad s", "°/s", "deg/s", "rpm")
UNIT_OF = {"Muse": "&gyro=deg/s"}
"""A few seconds of standing do not show a unit that the header does not name."""


@pytest.mark.parametrize("kind", WITH_BOTH)
def test_further_tables_with_both_sensors_are_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "walk.csv"
    header = WITH_BOTH[kind][0]
    path.write_text(table(*WITH_BOTH[kind]), encoding="utf-8")
    is_the_wearer(read(path, "" if any(unit in header for unit in UNITS) else UNIT_OF.get(kind, "&gyro=rad/s")))


WITHOUT_HEADER = {
    "a time before each sensor, KU-HAR": lambda _, t, a, w: cells(t, *a, t + 0.001, *w),
    "a number before each sensor, Sensorstream": lambda _, t, a, w: cells(t, 3, *a, 4, *w, 5, 20.0, -30.0, 40.0 + a[0]),
    "the gyroscope first": lambda n, _, a, w: cells(20 * n, *w, *a),
}


@pytest.mark.parametrize("kind", WITHOUT_HEADER)
def test_numbers_without_a_header_are_those_of_the_sensors(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(table("", WITHOUT_HEADER[kind]))
    found = read(path, "&gyro=rad/s")
    is_the_wearer(found)
    if "first" in kind:
        assert "columns 5 to 7 are taken for acceleration, columns 2 to 4 are taken" in found.replay.description


def one_after_the_other(line: Any, others: str = "") -> str:
    assert WEARER.gyro is not None
    lines: list[str] = []
    for number, (acc, gyro) in enumerate(zip(WEARER.acc.tolist(), WEARER.gyro.tolist(), strict=True)):
        lines += [line(number, 0, acc), line(number, 1, gyro), *([others] if others else [])]
    return "".join(one + "\n" for one in lines)


ONE_AFTER_THE_OTHER = {
    "a column for the sensor": "timestamp,sensor,x,y,z\n"
    + one_after_the_other(
        lambda n, k, v: cells(FIRST_UNIX_MS + 20 * n + 2 * k, ("accelerometer", "gyroscope")[k], *v),
        others=cells(FIRST_UNIX_MS, "magnetometer", 1.0, 2.0, 3.0),
    ),
    "no header": one_after_the_other(lambda n, k, v: cells(FIRST_UNIX_MS + 20 * n, ("acc", "gyro")[k], *v)),
    "Android's words, values by number": "SENSOR_TYPE,TIMESTAMP,V0,V1,V2\n"
    + one_after_the_other(
        lambda n, k, v: cells(("TYPE_ACCELEROMETER", "TYPE_GYROSCOPE")[k], 10**12 + 20_000_000 * n + k, *v)
    ),
    "GetSensorData": "% ACCE data: ACCE;AppTimestamp(s);Acc_X(m/s^2);Acc_Y(m/s^2);Acc_Z(m/s^2);Accuracy(integer)\n\n"
    + one_after_the_other(
        lambda n, k, v: cells(("ACCE", "GYRO")[k], 0.02 * n, *v, 3, mark=";"), others="MAGN;0.1;1.5;2.5;3.5;3"
    ),
    "GnssLogger": "# Version: v3\n# UncalAccel,utcTimeMillis,UncalAccelXMps2,UncalAccelYMps2,UncalAccelZMps2\n"
    + one_after_the_other(lambda n, k, v: cells(("UncalAccel", "UncalGyro")[k], FIRST_UNIX_MS + 20 * n, *v)),
}


@pytest.mark.parametrize("kind", ONE_AFTER_THE_OTHER)
def test_a_table_with_a_row_for_each_sensor_is_two_streams(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "walk.txt"
    path.write_text(ONE_AFTER_THE_OTHER[kind])
    is_the_wearer(read(path, "&gyro=rad/s"))


PREAMBLES = {
    "PicoQuake": "# Config: data_rate = 50.0 Hz, filter = 488 Hz, acc_range = 4 g\n",
    "ActiGraph": "--- Data File Created By ActiGraph GT9X date format M/d/yyyy at 50 Hz  Filter Normal ---\n",
    "OpenBCI": "%Sample Rate = 50 Hz\n",
}


@pytest.mark.parametrize("app", PREAMBLES)
def test_the_lines_above_a_table_without_times_may_state_its_rate(tmp_path: Path, app: str) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(table("count," + axes("a_*"), lambda n, _, a, w: cells(n + 1, *a), PREAMBLES[app]))
    found = read(path)
    is_the_wearer(found, gyroscope=False)
    assert "the rate is that of its first lines, 50.0 Hz" in found.replay.description


LABELLED: dict[str, Any] = {
    "words before commas": lambda n, _, a, w: f"Accel: {cells(*a)} Gyro: {cells(*w)}",
    "bars": lambda n, _, a, w: f"ACCEL: {cells(*a, mark=' | ')}\nGYRO: {cells(*w, mark=' | ')}",
    "a line for each sensor": lambda _, t, a, w: (
        f"[0:00:{t:06.3f}]:23.6 Cel\n  accel {cells(*a, mark=' ')} m/s/s\n  gyro  {cells(*w, mark=' ')} rad/s"
    ),
    "one letter": lambda n, _, a, w: f"A:{cells(*a)};G:{cells(*w)}",
    "other values first": lambda n, _, a, w: (
        "Yaw: 1.5 Pitch: 2.25 "
        + " ".join(
            f"{name}: {value:.7f}" for name, value in zip(("Ax", "Ay", "Az", "Gx", "Gy", "Gz"), a + w, strict=True)
        )
    ),
    "brackets": lambda n, _, a, w: (
        f"Scaled. Acc (m/s^2) [ {cells(*a)} ], Gyr (rad/s) [ {cells(*w)} ], Tmp (C) [ 24.5 ]"
    ),
}


@pytest.mark.parametrize("kind", LABELLED)
def test_numbers_with_labels_before_them_are_no_cells_of_a_table(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "board.txt"
    path.write_text(table("", LABELLED[kind]))
    is_the_wearer(read(path, "&rate=50&gyro=rad/s"))


REFUSED: dict[str, tuple[str, Any, str]] = {
    "two places": (
        "timestamp," + axes("back_*") + "," + axes("thigh_*"),
        lambda n, t, a, w: cells(t, *a, *a),
        r"several devices in its header \('back', 'thigh'\): name the columns of one, columns=time,ax,ay,az for 'back' "
        "or columns=time,-,-,-,ax,ay,az for 'thigh'",
    ),
    "two accelerometers without a header": (
        "",
        lambda n, t, a, w: cells(t, *a, *[1.01 * value for value in a]),
        "columns 2 to 4 and 5 to 7 both look like acceleration: .* columns=time,ax",
    ),
    "names that say nothing": (
        "_id,timestamp,device,one,two,three",
        lambda n, t, a, w: cells(n, FIRST_UNIX_MS + 20 * n, "ab", *a),
        "no acceleration among its columns .* columns=time,ax",
    ),
    "counts, of which the gyroscope's look like deg/s": (
        "t_ms,ax,ay,az,gx,gy,gz",
        lambda n, t, a, w: cells(20 * n, *[round(2048 * value / G) for value in a], *[round(800 * v) for v in w]),
        "the unit of the angular rate is not known.* add gyro=",
    ),
    "times that begin again each second": (
        "ms,ax,ay,az",
        lambda n, t, a, w: cells(n % 50 * 20, *a),
        "its times go back 10 times in the first 512 rows.* columns=time.* time=samples and rate=N",
    ),
    "a window of one axis in each row": (
        "",
        lambda n, t, a, w: cells(*(9.5 + 0.4 * math.sin((40 * n + one) / 7) for one in range(128)), mark=" "),
        "each of its rows holds 128 numbers that look like a window of one axis.* the windows were cut from",
    ),
    "a row for each sensor without times": (
        "sensor,x,y,z",
        lambda n, t, a, w: cells("acc", *a) + "\n" + cells("gyro", *w),
        "its rows hold one sensor after the other, and no column says when: record it with times",
    ),
    "sensors by numbers that are not Android's": (
        "% TimeStamp; Sample No; X-Axis; Y-Axis; Z-Axis; Sensor Type; Sensor ID; ",
        lambda n, t, a, w: "\n".join(
            cells(20 * n, n, *values, number, 0, "", mark="; ")
            for number, values in enumerate((g(a), DEGREES[n].tolist(), [12.0, -33.0, 41.0]))
        ),
        r"its rows are of several sensors in turn, which column 6 numbers \(0, 1, 2\): .* accelerometer.csv and gyro",
    ),
    "two places between sensor and axis": (
        ",".join(f"{sensor}_{place}_{axis}" for place in ("rf", "rs") for sensor in ("acc", "gyro") for axis in "xyz"),
        lambda n, t, a, w: cells(*a, *w, *a, *w),
        r"several devices in its header \('rf', 'rs'\): name the columns of one, columns=ax,ay,az,gx,gy,gz for 'rf'",
    ),
    "x, y, z of two sensors": (
        "time,x,y,z,x,y,z",
        lambda n, t, a, w: cells(t, *a, *w),
        "x, y, z stand twice in its header, .* first look like acceleration: .*columns=time,ax,ay,az,gx,gy,gz",
    ),
    "the same from pandas": (
        "time,x,y,z,x.1,y.1,z.1",
        lambda n, t, a, w: cells(t, *a, *w),
        "x, y, z stand twice in its header",
    ),
    "a row for each axis": (
        "time," + axes("Acc*"),
        lambda n, t, a, w: f"{20 * n},{a[0]},,\n{20 * n + 2},,{a[1]},\n{20 * n + 3},,,{a[2]}",
        "no row has all three axes of acceleration, each stands in a row of its own",
    ),
    "acceleration in the axes of the earth": (
        "time," + axes("earth_acc_*"),
        lambda n, t, a, w: cells(t, *a),
        "no acceleration among its columns",
    ),
    "five samples a second": (
        "time_ms," + axes("Acc*"),
        lambda n, t, a, w: cells(200 * n, *a),
        "it has 5 samples a second, and 20 are needed",
    ),
    "linear acceleration": (
        "time," + axes("linear_acceleration_*"),
        lambda n, t, a, w: cells(t, *LINEAR[n].tolist()),
        "gravity is missing in the acceleration, which its name says is linear",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_a_table_does_not_show_is_asked_for_by_the_option_that_says_it(tmp_path: Path, kind: str) -> None:
    header, row, message = REFUSED[kind]
    path = tmp_path / "walk.csv"
    path.write_text(table(header, row))
    with pytest.raises(DataError, match=message):
        read(path)


@pytest.mark.parametrize(("name", "first_day"), [("a spreadsheet's", 25_569), ("MATLAB's", 719_529)])
def test_days_with_fractions_are_times(name: str, first_day: int, tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    day = first_day + 20_000.25
    row = lambda n, _, a, w: f"{day + n * 0.02 / 86_400:.10f},{cells(*a, *w)}"  # noqa: E731
    path.write_text(table("time,ax,ay,az,gx,gy,gz", row))
    found = read(path, "&gyro=rad/s")
    is_the_wearer(found, steps_ns=20_000)
    assert "days since" in found.replay.description, name
    assert found.replay.report.unix_offset_ns is not None
    date = (found.times_ns[0] + found.replay.report.unix_offset_ns) / 86_400e9
    assert date == pytest.approx(20_000.25, abs=0.6), "within the hours of a time zone"


def test_rows_of_one_sensor_after_those_of_the_other_are_joined_by_their_times(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    acc = table("sensor,time_ms,x,y,z", lambda n, _, a, w: cells("accelerometer", 20 * n, *a))
    gyro = table("", lambda n, _, a, w: cells("gyroscope", 20 * n, *w))
    path.write_text(acc + gyro)
    found = read(path, "&gyro=rad/s")
    is_the_wearer(found)
    assert "accelerometer + gyroscope" in found.replay.description

    (tmp_path / "notes.txt").write_text("Walked the dog.\n")
    is_the_wearer(read(tmp_path, "&gyro=rad/s"))


def test_a_sensor_that_is_named_twice_is_read_once_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    header = "time,ax,ay,az,gx,gy,gz,ax,ay,az,gx,gy,gz"
    path.write_text(table(header, lambda _, t, a, w: cells(t, *a, *w, *w, *a)))
    found = read(path, "&gyro=rad/s")
    is_the_wearer(found)
    assert "twice in its header, of which the first is read (columns= for another)" in found.replay.description


def test_xsens_writes_tenths_of_a_millisecond_which_are_no_microseconds(tmp_path: Path) -> None:
    path = tmp_path / "MT_0120.txt"
    names = ("PacketCounter", "SampleTimeFine", "UTC_Nano", *(f"{s}_{x}" for s in ("Acc", "Gyr") for x in "XYZ"))
    row = lambda n, _, a, w: cells(n, 70_000 + 200 * n, "", *a, *w, mark="\t")  # noqa: E731
    path.write_text(table("\t".join(names), row, "// MT Manager version: 4.7\n//  Update Rate: 50.0Hz\n"))
    is_the_wearer(read(path))


def test_rows_of_sensors_by_androids_numbers_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    row = lambda n, _, a, w: "\n".join(  # noqa: E731
        cells(20 * n, number, *values, mark=";") for number, values in ((1, a), (2, [12.0, -33.0, 41.0]), (4, w))
    )
    path.write_text(table("", row))
    is_the_wearer(read(path, "&gyro=rad/s"))


@pytest.mark.parametrize("line", ["ODR: 50 Hz, FS: 2 g", "Sample interval: 20 ms", "Sampling period = 0.02 s"])
def test_a_rate_above_a_table_without_times_is_read(tmp_path: Path, line: str) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(table("ax,ay,az,gx,gy,gz", lambda n, t, a, w: cells(*a, *w), f"{line}\n"))
    is_the_wearer(read(path, "&gyro=rad/s"))


def test_a_touch_or_an_accuracy_beside_a_time_and_three_axes_is_none_of_them(tmp_path: Path) -> None:
    path = tmp_path / "Accel.txt"
    path.write_text(table("", lambda n, _, a, w: cells(FIRST_UNIX_MS + 20 * n, 0, *a, 3)))
    is_the_wearer(read(path), gyroscope=False)


def test_a_damaged_cell_under_a_name_that_says_nothing_is_no_error(tmp_path: Path) -> None:
    lines = table("aika,ax,ay,az,gx,gy,gz", lambda _, t, a, w: cells(t, *a, *w)).splitlines()
    lines[50] = "x" + lines[50]
    path = tmp_path / "walk.csv"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match="no times: add rate=N"):
        read(path)


def test_more_than_three_numbered_columns_are_no_axes(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(table("t," + ",".join(f"acc{one}" for one in range(1, 7)), lambda _, t, a, w: cells(t, *a, *a)))
    with pytest.raises(DataError, match=r"both look like acceleration: .* columns=time,ax"):
        read(path)


def test_labels_that_were_given_are_found_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "data_1600_accel_watch.txt"
    row = lambda n, _, a, w: cells(1600, "A" if n < 300 else "E", 90_426_000_000_000 + 20_000_000 * n, *a)  # noqa: E731
    path.write_text(table("", row, end=";\n"))
    found = read(path, "&labels=A:walking,E:standing")
    assert found.labels is not None
    assert found.labels[:300].tolist() == ["walking"] * 300
    assert set(found.labels[300:].tolist()) == {"standing"}
