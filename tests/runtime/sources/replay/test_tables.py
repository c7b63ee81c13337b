"""Text tables of apps, boards and spreadsheets: columns, units, delimiters, encodings, and what is refused."""

import gzip
import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import (
    DEGREES,
    FIRST_UNIX_MS,
    FIRST_UNIX_NS,
    ROWS,
    WEARER,
    G,
    cells,
    is_the_wearer,
    milliseconds,
    own,
    read,
    table,
)

from har_runtime.errors import DataError
from har_runtime.sources.replay import parts
from har_runtime.sources.replay.parts import open_file
from har_runtime.sources.serial_port.witmotion import encode_samples

NAMES = "time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z"
WITH_BOTH = {
    "phyphox, tabs": table(
        "Time (s)\tAcceleration x (m/s^2)\tAcceleration y (m/s^2)\tAcceleration z (m/s^2)\t"
        "Absolute acceleration (m/s^2)\tGyroscope x (rad/s)\tGyroscope y (rad/s)\t"
        "Gyroscope z (rad/s)\tGyroscope magnitude (rad/s)",
        lambda _, time, acc, gyro: cells(time, *acc, 0.0, *gyro, 0.0, mark="\t"),
    ),
    "WitMotion": table(
        "time\tDeviceName\tChipTime()\tAccX(g)\tAccY(g)\tAccZ(g)\tAsX(°/s)\tAsY(°/s)\tAsZ(°/s)\tAngleX(°)",
        lambda i, _, acc, __: cells(
            f"2026-10-02T{milliseconds(i)}", "WT(00:00)", "null", *[a / G for a in acc], *DEGREES[i].tolist(), 3.5,
            mark="\t",
        ),
    ),
    "SensorLog, with Apple's sign": table(
        "loggingTime(txt),loggingSample(N),accelerometerAccelerationX(G),accelerometerAccelerationY(G),"
        "accelerometerAccelerationZ(G),gyroRotationX(rad/s),gyroRotationY(rad/s),gyroRotationZ(rad/s),activity(txt)",
        lambda i, _, acc, gyro: cells(
            f"2026-10-02T{milliseconds(i)}+01:00", i, *[-a / G for a in acc], *gyro, "unknown"
        ),
    ),
    "Physics Toolbox": table(
        "time,gFx,gFy,gFz,wx,wy,wz,", lambda _, time, acc, gyro: cells(time, *[a / G for a in acc], *gyro, "")
    ),
    "AndroSensor": table(
        "LINEAR ACCELERATION X (m/s²);LINEAR ACCELERATION Y (m/s²);LINEAR ACCELERATION Z (m/s²);ACCELEROMETER X (m/s²);"
        "ACCELEROMETER Y (m/s²);ACCELEROMETER Z (m/s²);GYROSCOPE X (rad/s);GYROSCOPE Y (rad/s);GYROSCOPE Z (rad/s);"
        "Time since start in ms ;YYYY-MO-DD HH-MI-SS_SSS",
        lambda i, _, acc, gyro: cells(
            0.1, 0.2, 0.3, *acc, *gyro, 20 * i, "2026-10-02 07:48:51:830", mark=";"
        ),
    ),
    "Movella DOT, after a preamble": table(
        "PacketCounter,SampleTimeFine,Euler_X,Acc_X,Acc_Y,Acc_Z,Gyr_X,Gyr_Y,Gyr_Z",
        lambda i, _, acc, __: cells(i, 4_000_000_000 + 20_000 * i, 1.5, *acc, *DEGREES[i].tolist()),
        preamble="sep=,\nDeviceTag:,Xsens DOT\nOutputRate:,60Hz\n\n",
    ),
    "Axivity": table(
        "Time,Accel-X (g), Accel-Y (g), Accel-Z (g), Gyro-X (d/s), Gyro-Y (d/s), Gyro-Z (d/s)",
        lambda i, _, acc, __: cells(
            f"2026-10-02 {milliseconds(i)}", *[a / G for a in acc], *DEGREES[i].tolist()
        ),
    ),
    "Shimmer, units in a line of their own": table(
        "S_Timestamp_Unix_CAL\tS_Accel_LN_X_CAL\tS_Accel_LN_Y_CAL\tS_Accel_LN_Z_CAL\tS_Gyro_X_CAL\tS_Gyro_Y_CAL\t"
        "S_Gyro_Z_CAL\nms\tm/(s^2)\tm/(s^2)\tm/(s^2)\tdeg/s\tdeg/s\tdeg/s",
        lambda i, _, acc, __: cells(FIRST_UNIX_MS + 20.0 * i, *acc, *DEGREES[i].tolist(), mark="\t"),
        preamble='"sep=\t"\n',
    ),
    "Apple's device motion": table(
        "t,gravity.x,gravity.y,gravity.z,rotationRate.x,rotationRate.y,rotationRate.z,userAcceleration.x,"
        "userAcceleration.y,userAcceleration.z",
        lambda _, time, acc, gyro: cells(
            time, -0.9, 0.2, -0.1, *gyro, -acc[0] / G + 0.9, -acc[1] / G - 0.2, -acc[2] / G + 0.1
        ),
    ),
    "a watch's wrist motion": table(
        "time,seconds_elapsed,rotationRateX,rotationRateY,rotationRateZ,gravityX,gravityY,gravityZ,accelerationX,"
        "accelerationY,accelerationZ",
        lambda i, time, acc, gyro: cells(
            FIRST_UNIX_NS + 20_000_000 * i, time, *gyro, 9.6, -2.5, 1.0, acc[0] - 9.6, acc[1] + 2.5, acc[2] - 1.0
        ),
    ),
    "milli-units": table(
        "time_ms,ax_mg,ay_mg,az_mg,gx_mdps,gy_mdps,gz_mdps",
        lambda i, _, acc, __: cells(20 * i, *[1000 * a / G for a in acc], *(1000 * DEGREES[i]).tolist()),
    ),
    "a spreadsheet's decimal commas": table(
        "Time (s);Acc X;Acc Y;Acc Z;Gyro X (rad/s);Gyro Y;Gyro Z",
        lambda _, time, acc, gyro: cells(time, *acc, *gyro, mark=";").replace(".", ","),
    ),
    "quoted decimal commas": table(
        NAMES, lambda _, time, acc, gyro: ",".join(f'"{value:.7f}"'.replace(".", ",") for value in (time, *acc, *gyro))
    ),
    "spaces": table(
        "# time acc_x acc_y acc_z gyro_x gyro_y gyro_z",
        lambda _, time, acc, gyro: "  " + cells(time, *acc, *gyro, mark="   "),
    ),
    "Windows line ends, blank lines, trailing commas": table(
        NAMES, lambda i, time, acc, gyro: cells(time, *acc, *gyro) + (",\r\n\r\n" if i % 7 == 0 else ""), end="\r\n"
    ),
    "comments": "# by me\n\n" + own() + "# the end\n",
    "a date and a time of day, over midnight": table(
        "Date,Time,ax (m/s2),ay (m/s2),az (m/s2),gx (rad/s),gy (rad/s),gz (rad/s)",
        lambda i, _, acc, gyro: cells(
            "2026-10-02",
            f"{'23:59' if i < 250 else '00:00'}:{(55 + i // 50) % 60:02d}.{i % 50 * 20:03d}",
            *acc, *gyro,
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", WITH_BOTH)
def test_tables_with_both_sensors_are_read_without_options(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "walk.txt"
    path.write_text(WITH_BOTH[kind], encoding="utf-8")
    is_the_wearer(read(path))


def test_numbers_without_a_header_need_the_unit_of_the_gyroscope_if_nothing_shows_it(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(table("", lambda i, _, acc, gyro: cells(20 * i, *acc, *gyro)))
    is_the_wearer(read(path, "&gyro=rad/s"))
    with pytest.raises(DataError, match="add gyro=deg/s, gyro=rad/s or gyro=N"):
        read(path)


ALONE = {
    "WISDM": table("", lambda i, _, acc, __: cells(33, "Jogging", 49_111_962_326_000 + 20_000_000 * i, *acc) + ";"),
    "GENEActiv, after a hundred lines": table(
        "",
        lambda i, _, acc, __: cells(
            f"2012-05-21 17:{milliseconds(i)[3:].replace('.', ':')}", *[a / G for a in acc], 12, 0, 25.5
        ),
        preamble="".join(f"Device Info {i},GENEActiv\n" for i in range(98)),
    ),
    "MATLAB Mobile": table("Timestamp,X,Y,Z", lambda i, _, acc, __: cells(f"02-Oct-2026 {milliseconds(i)}", *acc)),
    "MbientLab": table(
        "epoch (ms),time (-13:00),elapsed (s),x-axis (g),y-axis (g),z-axis (g)",
        lambda i, time, acc, __: cells(FIRST_UNIX_MS + 20 * i, "2024-07-01T07:00:06.000", time, *[a / G for a in acc]),
    ),
    "EmbracePlus": table(
        "unix_timestamp," + ",".join(f"accelerometers_{axis}_g" for axis in "xyz"),
        lambda i, _, acc, __: cells((FIRST_UNIX_MS + 20 * i) * 1000, *[a / G for a in acc]),
    ),
    "actipy, which names the zone": table(
        "time,x,y,z,temperature",
        lambda i, _, acc, __: cells(f"2026-10-02 {milliseconds(i)}+0100 [Europe/London]", *[a / G for a in acc], 25.1),
    ),
    "half days": table(
        "time,acc_x,acc_y,acc_z", lambda i, _, acc, __: cells(f"10/2/2026 {milliseconds(i)[1:]} PM", *acc)
    ),
}


@pytest.mark.parametrize("kind", ALONE)
def test_tables_of_an_accelerometer_alone_say_that_there_is_no_gyroscope(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(ALONE[kind], encoding="utf-8")
    is_the_wearer(read(path), gyroscope=False)


def test_empatica_says_start_and_rate_in_its_first_lines(tmp_path: Path) -> None:
    counts = np.rint(WEARER.acc / G * 64).astype(int)
    lines = ["1700000000.0,1700000000.0,1700000000.0", "32.0,32.0,32.0", *(cells(*row) for row in counts.tolist())]
    (tmp_path / "ACC.csv").write_text("\n".join(lines) + "\n")
    found = read(tmp_path / "ACC.csv")
    np.testing.assert_allclose(found.acc, counts / 64 * G)
    assert set(np.diff(found.times_ns).tolist()) == {31_250_000}
    assert found.replay.report.unix_offset_ns == 1_700_000_000 * 10**9
    assert "no gyroscope in it" in found.replay.description


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_any_usual_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    text = own("time [s],acc_x [m/s²],acc_y [m/s²],acc_z [m/s²],gyro_x [rad/s],gyro_y [rad/s],gyro_z [rad/s]")
    path = tmp_path / "WALK.CSV"
    path.write_bytes(text.encode(encoding))
    is_the_wearer(read(path))
    packed = tmp_path / "walk.csv.gz"
    packed.write_bytes(gzip.compress(text.encode(encoding)))
    is_the_wearer(read(packed))


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("gb18030", ("时间", "加速度", "角速度")),
        ("shift_jis", ("時間", "加速度", "角速度")),
        ("euc_kr", ("시간", "가속도", "각속도")),
        ("cp1251", ("Время", "Ускорение", "Гироскоп")),
    ],
)
def test_headers_in_other_scripts_are_read_in_the_encodings_of_their_computers(
    tmp_path: Path, encoding: str, names: tuple[str, str, str]
) -> None:
    time, acc, gyro = names
    header = ",".join([time, *(f"{acc}{axis}" for axis in "XYZ"), *(f"{gyro}{axis}" for axis in "XYZ")])
    path = tmp_path / "walk.csv"
    path.write_bytes(own(header).encode(encoding))
    is_the_wearer(read(path, "&gyro=rad/s"))


def test_a_minus_of_books_is_a_minus(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(own().replace(",-", ",\u2212"))
    is_the_wearer(read(path))


def test_cells_that_hold_nothing_are_lost_samples(tmp_path: Path) -> None:
    words = dict(zip(range(0, 300, 50), ["null", "NaN", "N/A", "-", "inf", ""], strict=True))
    path = tmp_path / "walk.csv"
    path.write_text(table(NAMES, lambda i, time, acc, gyro: cells(time, *acc, *gyro[:2], words.get(i, gyro[2]))))
    found = read(path)
    assert found.gyro is not None
    assert np.flatnonzero(~np.isfinite(found.gyro).all(axis=1)).tolist() == [0, 50, 100, 150, 200, 250]


def test_a_header_that_comes_again_is_passed_over(tmp_path: Path) -> None:
    lines = own().splitlines()
    path = tmp_path / "walk.csv"
    path.write_text("\n".join([*lines[:300], lines[0], *lines[300:]]) + "\n")
    is_the_wearer(read(path))
    path.write_text("\n".join([*lines[:300], lines[0].replace("acc_x,acc_y", "acc_y,acc_x"), *lines[300:]]) + "\n")
    with pytest.raises(DataError, match="line 301 is a header with other columns than the first; cut the file in two"):
        read(path)


def test_remarks_after_the_last_row_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(own() + "\nTotal samples: 600\n# end of log\n")
    is_the_wearer(read(path))
    lines = own().splitlines()
    path.write_text("\n".join([*lines[:-1], "Total: 600", lines[-1]]) + "\n")
    with pytest.raises(DataError, match="line 601 has too few columns"):
        read(path)


def test_a_few_damaged_lines_of_another_format_are_lost_and_counted(tmp_path: Path) -> None:
    header = "t_ms,ax,ay,az,gyro_x (rad/s),gyro_y,gyro_z"
    lines = table(header, lambda i, _, acc, gyro: cells(20 * i, *acc, *gyro)).splitlines()
    path = tmp_path / "walk.csv"
    path.write_text("\n".join([*lines[:100], "2000,1,2", "what", *lines[100:]]) + "\n")
    found = read(path)
    is_the_wearer(found)
    assert found.replay.report.lost == {"line that is no sample": 2}
    path.write_text("\n".join([*lines[:100], *["what"] * 50, *lines[100:]]) + "\n")
    with pytest.raises(DataError, match=r"line 11[0-9] has too few columns"):
        read(path)


def test_thousands_of_columns_are_read(tmp_path: Path) -> None:
    others = [f"f{number}" for number in range(3000)]
    lines = [",".join(["time", *others, *NAMES.split(",")[1:4]])]
    lines += [cells(20 * number, *["0"] * 3000, *acc) for number, acc in enumerate(WEARER.acc[:100].tolist())]
    path = tmp_path / "wide.csv"
    path.write_text("\n".join(lines) + "\n")
    np.testing.assert_allclose(read(path).acc, WEARER.acc[:100], atol=1e-6)


def test_a_recording_of_one_file_is_opened_once_to_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(parts, "open_file", lambda path: opened.append(path) or open_file(path))
    path = tmp_path / "walk.csv"
    path.write_text(own())
    is_the_wearer(read(path))
    assert opened == [path]


def test_a_table_whose_rows_are_all_of_the_gyroscope_is_not_taken_for_acceleration(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(table("sensor,time_ms,x,y,z", lambda i, _, __, gyro: cells("gyro", 20 * i, *gyro)))
    with pytest.raises(DataError, match="no acceleration in it, only angular rates"):
        read(path)


def test_lines_of_a_million_characters_are_not_held_by_the_thousand(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    lines = [f"{20 * number},0.1,0.2,9.8" for number in range(200)]
    path.write_text("\n".join(["time_ms,ax,ay,az", *lines[:100], *(line + ",11" * 100_000 for line in lines[100:])]))
    tracemalloc.start()
    found = read(path)
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.times_ns) == 200
    assert used < 250e6, "all at once would be 600 MB"


def test_columns_can_be_named_in_their_order(tmp_path: Path) -> None:
    header = "clock,wrist_acc_x,wrist_acc_y,wrist_acc_z,hip_acc_x,hip_acc_y,hip_acc_z"
    path = tmp_path / "walk.csv"
    path.write_text(table(header, lambda i, _, acc, __: cells(20 * i, 1.0, 2.0, 3.0, *acc)))
    with pytest.raises(DataError, match=r"acceleration of several devices in its header \('wrist', 'hip'\): name"):
        read(path)
    is_the_wearer(read(path, "&columns=time,-,-,-,ax,ay,az"), gyroscope=False)


def test_witmotions_frames_in_a_file_are_read(tmp_path: Path) -> None:
    assert WEARER.gyro is not None
    times = 86_399_000 + 20 * np.arange(ROWS)
    (tmp_path / "log.bin").write_bytes(b"\x00\x13" + encode_samples(WEARER.acc, WEARER.gyro, times))
    found = read(tmp_path / "log.bin")
    assert set(np.diff(found.times_ns).tolist()) == {20_000_000}
    np.testing.assert_allclose(found.acc, WEARER.acc, atol=0.003)
    (tmp_path / "log.bin").write_bytes(encode_samples(WEARER.acc, WEARER.gyro))
    with pytest.raises(DataError, match="no times: add rate=N"):
        read(tmp_path / "log.bin")
    assert len(read(tmp_path / "log.bin", "&rate=50").acc) == ROWS


def test_lines_as_a_board_prints_them_are_read_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "putty.log"
    line = ",".join(f"{key}:{{:.6f}}" for key in ("ax", "ay", "az", "gx", "gy", "gz"))
    path.write_text(table("", lambda _, __, acc, gyro: line.format(*acc, *gyro)))
    found = read(path, "&rate=50&gyro=rad/s")
    np.testing.assert_allclose(found.acc[-100:], WEARER.acc[-100:], atol=1e-5)


STEPS = "".join(f"{number / 50},1,2,9\n" for number in range(9))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no sample in it"),
        ("\n\n\n", "no sample in it"),
        ("time,acc_x,acc_y,acc_z\n", "no sample in it"),
        ("hello\n", "no table in it: a line reads 'hello'"),
        ("a,b,c\n1,2,3\n", "no acceleration among its columns|it has no times"),
        ("when,how,who\nnow,so,me\n" * 30, r"no acceleration among its columns \(when, how, who\)"),
        ("time,acc_x,acc_y,acc_z\n" + "1" * 3_000_000, "a line of more than 1000000 bytes"),
        (",".join(["x"] * 30_000) + "\n", "30000 columns, at most 20000"),
        ("time,gyro_x,gyro_y,gyro_z\n" + STEPS, "no acceleration in it"),
        ("Time (s),Gyroscope x (rad/s),Gyroscope y (rad/s),Gyroscope z (rad/s)\n" + STEPS, "no acceleration in it"),
        ("t,user_acc_x,user_acc_y,user_acc_z\n" + STEPS, "gravity is missing"),
        ("time,acc_x,acc_y,acc_z\n" + STEPS + "1,1,2,\x1b[31mred\n", r"column acc_z: '\?\[31mred' is not a number"),
    ],
)  # fmt: skip
def test_what_is_no_recording_is_refused_in_one_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400 + len(str(path))


def test_a_packed_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv.gz"
    path.write_bytes(gzip.compress(own().encode())[:3000])
    with pytest.raises(DataError, match="cut off"):
        read(path)


@pytest.mark.parametrize("line", [20, 150, 299])
def test_a_quote_that_is_not_closed_takes_no_other_line(tmp_path: Path, line: int) -> None:
    lines = own().splitlines()
    path = tmp_path / "walk.csv"
    for odd in (lines[line].replace(",", ',"', 1), f'"{lines[line]}'):
        path.write_text("\n".join([*lines[:line], odd, *lines[line + 1 :]]) + "\n")
        is_the_wearer(read(path))


@pytest.mark.parametrize("value", ["900", "60000", "5e6", "1e39"])
@pytest.mark.parametrize("column", [1, 4])
def test_a_garbled_reading_now_and_then_is_no_reason_to_refuse_the_recording(
    tmp_path: Path, value: str, column: int
) -> None:
    lines = own().splitlines()
    for number in (60, 150, 250):
        row = lines[number].split(",")
        lines[number] = ",".join([*row[:column], value, *row[column + 1 :]])
    path = tmp_path / "walk.csv"
    path.write_text("\n".join(lines) + "\n")
    assert read(path).replay.report.units == read_units(own(), tmp_path)


def read_units(text: str, folder: Path) -> str | None:
    (folder / "clean.csv").write_text(text)
    return read(folder / "clean.csv").replay.report.units


@pytest.mark.parametrize(
    "name", ["gravity_test.csv", "Linear walk.csv", "gyroscope.csv", "Accelerometer.csv", "gravity"]
)
def test_a_header_that_names_its_sensors_counts_more_than_the_file_s_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(own())
    is_the_wearer(read(tmp_path / name))


@pytest.mark.parametrize("mark", ["\t", ","])
def test_rows_with_dates_and_words_keep_every_digit(tmp_path: Path, mark: str) -> None:
    rows = [[math.sin(number + channel) * 10.0 ** -(channel % 3) for channel in range(6)] for number in range(5000)]
    rows = [[row[0], row[1], 9.81 + row[2] / 100, *row[3:]] for row in rows]
    lines = [
        mark.join(
            (
                f"2026-10-02T00:0{number // 3000}:{number // 50 % 60:02d}.{number % 50 * 20:03d}",
                "HC-06",
                *map(repr, row),
            )
        )
        + f"{mark} going {'up' if number % 2 else 'down'}"
        for number, row in enumerate(rows)
    ]
    header = mark.join(("time", "DeviceName", "ax", "ay", "az", "gx", "gy", "gz", "label"))
    path = tmp_path / "walk.txt"
    path.write_text("\r\n".join([header, *lines, ""]), newline="")

    found = read(path, "&unit=m/s2&gyro=rad/s")

    assert found.gyro is not None and found.labels is not None
    assert np.array_equal(np.column_stack([found.acc, found.gyro]), np.array(rows))
    assert set(np.diff(found.times_ns).tolist()) == {20_000_000}
    assert found.labels[-2:].tolist() == ["going down", "going up"]
