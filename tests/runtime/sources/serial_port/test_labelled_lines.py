"""Lines with labels, as the sketches and programs of boards print them, become readings however they are cut."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.sources.cutting import assert_cutting_changes_nothing

from har_runtime.sources.serial_port.clock_text import clock_seconds
from har_runtime.sources.serial_port.reading_gatherer import MAX_FRUITLESS_VALUES, MAX_LEARNING_VALUES
from har_runtime.sources.serial_port.text_lines import MAX_LINE_BYTES, MAX_QUOTE, TextLines

ROWS = [[round(0.1 * index, 2), -0.25, 9.75, 1.5, -2.5 - index, 0.25] for index in range(40)]
COUNTS = [[100 * index, -250, 16384, 15, -25 - index, 4] for index in range(40)]
Print = Callable[..., str]

BOTH: dict[str, tuple[Print, str | None, str | None]] = {
    "Adafruit MPU6050": (
        lambda a, b, c, d, e, f: f"Acceleration X: {a}, Y: {b}, Z: {c} m/s^2\nRotation X: {d}, Y: {e}, Z: {f} rad/s\n"
        "Temperature: 30.57 degC\n\n",
        "m/s2",
        "rad/s",
    ),
    "Adafruit LSM6DS": (
        lambda a, b, c, d, e, f: f"\t\tTemperature 24.75 deg C\n\t\tAccel X: {a} \tY: {b} \tZ: {c} m/s^2 \n"
        f"\t\tGyro X: {d} \tY: {e} \tZ: {f} radians/s \n\n",
        "m/s2",
        "rad/s",
    ),
    "Adafruit LSM9DS1": (
        lambda a, b, c, d, e, f: f"Accel X: {a} m/s^2\tY: {b} m/s^2 \tZ: {c} m/s^2 \nMag X: 1.5 uT\tY: 2 uT\tZ: 3 uT\n"
        f"Gyro X: {d} rad/s\tY: {e} rad/s\tZ: {f} rad/s\n\n",
        "m/s2",
        "rad/s",
    ),
    "Adafruit BNO055": (
        lambda a, b, c, d, e, f: f"Orient:\tx= 360.00 |\ty= 1 |\tz= 2\nGyro:\tx= {d} |\ty= {e} |\tz= {f}\n"
        f"Linear:\tx= 0.1 |\ty= 0 |\tz= 0\nMag:\tx= 9 |\ty= 8 |\tz= 7\nAccl:\tx= {a} |\ty= {b} |\tz= {c}\n"
        "Gravity:\tx= 0 |\ty= 0 |\tz= 9.8\n\ntemperature: 26\n\nCalibration: Sys=0 Gyro=3 Accel=0 Mag=0\n--\n",
        None,
        None,
    ),
    "CircuitPython": (
        lambda a, b, c, d, e, f: f"Acceleration: X:{a}, Y: {b}, Z: {c} m/s^2\nGyro X:{d}, Y: {e}, Z: {f} radians/s\n\n",
        "m/s2",
        "rad/s",
    ),
    "SparkFun LSM6DS3": (
        lambda a, b, c, d, e, f: f"\nAccelerometer:\n X = {a}\n Y = {b}\n Z = {c}\n\nGyroscope:\n X = {d}\n Y = {e}\n"
        f" Z = {f}\n\nThermometer:\n Degrees C = 24.5\n Degrees F = 76.1\n",
        None,
        None,
    ),
    "SparkFun LSM9DS1": (
        lambda a, b, c, d, e, f: f"G: {d}, {e}, {f} deg/s\nA: {a}, {b}, {c} g\nM: 1, 2, 3 gauss\n"
        "Pitch, Roll: 1.0, 2.0\n\n",
        "g",
        "deg/s",
    ),
    "SparkFun ICM-20948": (
        lambda a, b, c, d, e, f: f"Scaled. Acc (mg) [ {a:09.2f}, {b:09.2f}, {c:09.2f} ], Gyr (DPS) [ {d:09.2f}, "
        f"{e:09.2f}, {f:09.2f} ], Mag (uT) [ 00001.00, 00002.00, 00003.00 ], Tmp (C) [ 00022.00 ]\n",
        "mg",
        "deg/s",
    ),
    "ST's driver examples": (
        lambda a, b, c, d, e, f: f"Acceleration [mg]:{a}\t{b}\t{c}\nAngular rate [mdps]:{d}\t{e}\t{f}\n"
        "Temperature [degC]: 24.50\n",
        "mg",
        "1000",
    ),
    "ST's expansion boards": (
        lambda a, b, c, d, e, f: f"| Hum[%]: 33.2 | Acc[mg]: {a} {b} {c} | Gyr[mdps]: {d} {e} {f} | "
        "Mag[mGauss]: 1 2 3 |\n",
        "mg",
        "1000",
    ),
    "Zephyr's shell": (
        lambda a, b, c, d, e, f: f"channel type=3(accel_xyz) index=0 shift=5 num_samples=1 value=9ns ({a}, {b}, {c})\n"
        f"channel type=7(gyro_xyz) index=0 shift=5 num_samples=1 value=9ns ({d}, {e}, {f})\n",
        "m/s2",
        "rad/s",
    ),
    "Teleplot with units": (
        lambda *v: "".join(
            f">{name}:{value}§{unit}|g\n"
            for name, value, unit in zip(
                ("ax", "ay", "az", "gx", "gy", "gz"), v, ["m/s²"] * 3 + ["rad/s"] * 3, strict=True
            )
        ),
        "m/s2",
        "rad/s",
    ),
    "objects of JSON for each sensor": (
        lambda a, b, c, d, e, f: f'{{"sensor": "acc", "x": {a}, "y": {b}, "z": {c}}}\n'
        f'{{"sensor": "gyro", "x": {d}, "y": {e}, "z": {f}}}\n{{"sensor": "mag", "x": 1, "y": 2, "z": 3}}\n',
        None,
        None,
    ),
    "MQTT's topics": (
        lambda a, b, c, d, e, f: f'imu/acc {{"x": {a}, "y": {b}, "z": {c}}}\n'
        f'imu/gyro {{"x": {d}, "y": {e}, "z": {f}}}\nimu/mag {{"x": 1, "y": 2, "z": 3}}\n',
        None,
        None,
    ),
    "NumPy's numbers in a dictionary": (
        lambda a, b, c, d, e, f: f"{{'acc': [np.float64({a}), np.float64({b}), np.float64({c})], "
        f"'gyro': {{'x': np.float64({d}), 'y': np.float64({e}), 'z': np.float64({f})}}}}\n",
        None,
        None,
    ),
    "Zephyr, MPU6050": (
        lambda a, b, c, d, e, f: f"[0:00:01.250]:25.4 Cel\n  accel {a} {b} {c} m/s/s\n  gyro  {d} {e} {f} rad/s\n",
        "m/s2",
        "rad/s",
    ),
    "Zephyr, BMI270": (
        lambda a, b, c, d, e, f: f"AX: {a}; AY: {b}; AZ: {c}; GX: {d}; GY: {e}; GZ: {f}; \n",
        None,
        None,
    ),
    "ESP-IDF": (
        lambda a, b, c, d, e, f: f"I (1234) mpu6050 test: acce_x:{a}, acce_y:{b}, acce_z:{c}\n"
        f"I (1234) mpu6050 test: gyro_x:{d}, gyro_y:{e}, gyro_z:{f}\nI (1234) mpu6050 test: t:24.5\n",
        None,
        None,
    ),
    "esp-idf-lib": (
        lambda a, b, c, d, e, f: f"I (1234) mpu: Acceleration: x={a}   y={b}   z={c}\n"
        f"I (1234) mpu: Rotation:     x={d}   y={e}   z={f}\nI (1234) mpu: Temperature:  24.5\n",
        None,
        None,
    ),
    "ESP32 log, key=value": (
        lambda a, b, c, d, e, f: f"I (1234) imu: ax={a} ay={b} az={c} gx={d} gy={e} gz={f}\n",
        None,
        None,
    ),
    "MPU6050_tockn": (
        lambda a, b, c, d, e, f: f"====\ntemp : 24.5\naccX : {a}\taccY : {b}\taccZ : {c}\ngyroX : {d}\tgyroY : {e}\t"
        f"gyroZ : {f}\naccAngleX : 1.0\taccAngleY : 2.0\ngyroAngleX : 1\tgyroAngleY : 2\tgyroAngleZ : 3\n====\n",
        None,
        None,
    ),
    "MPU6050_light": (
        lambda a, b, c, d, e, f: f"TEMPERATURE: 24.5\nACCELERO  X: {a}\tY: {b}\tZ: {c}\nGYRO      X: {d}\tY: {e}\t"
        f"Z: {f}\nACC ANGLE X: 1\tY: 2\nANGLE     X: 1\tY: 2\tZ: 3\n=====\n",
        None,
        None,
    ),
    "MPU9250, Winer": (
        lambda a, b, c, d, e, f: f"ax = {a} ay = {b} az = {c} mg\ngx = {d} gy = {e} gz = {f} deg/s\n"
        "mx = 1 my = 2 mz = 3 mG\nq0 = 0.1 qx = 0.2 qy = 0.3 qz = 0.4\n",
        "mg",
        "deg/s",
    ),
    "MPU9250, axis first": (
        lambda a, b, c, d, e, f: f"X-acceleration: {a} mg Y-acceleration: {b} mg Z-acceleration: {c} mg \n"
        f"X-gyro rate: {d} degrees/sec Y-gyro rate: {e} degrees/sec Z-gyro rate: {f} degrees/sec \n",
        "mg",
        "deg/s",
    ),
    "labels and spaces": (lambda a, b, c, d, e, f: f"ax: {a} ay: {b} az: {c} gx: {d} gy: {e} gz: {f}\n", None, None),
    "labels without marks": (lambda a, b, c, d, e, f: f"a {a} {b} {c} g {d} {e} {f}\n", None, None),
    "gyroscope first": (lambda a, b, c, d, e, f: f"gyro: {d} {e} {f} accel: {a} {b} {c}\n", None, None),
    "decimal commas": (
        lambda a, b, c, d, e, f: f"ax: {a} ay: {b} az: {c} gx: {d} gy: {e} gz: {f}\n".replace(".", ","),
        None,
        None,
    ),
    "tuples": (lambda a, b, c, d, e, f: f"Accel: ({a}, {b}, {c}), Gyro: ({d}, {e}, {f})\n", None, None),
    "axes named together": (lambda a, b, c, d, e, f: f"Acc (x,y,z): {a},{b},{c} Gyro XYZ: {d},{e},{f}\n", None, None),
    "dictionaries": (
        lambda a, b, c, d, e, f: f"{{'x': {a}, 'y': {b}, 'z': {c}}} {{'x': {d}, 'y': {e}, 'z': {f}}}\n",
        None,
        None,
    ),
    "JSON": (
        lambda a, b, c, d, e, f: f'{{"ax":{a},"ay":{b},"az":{c},"gx":{d},"gy":{e},"gz":{f},"temp":24.5}}\n',
        None,
        None,
    ),
    "JSON, nested": (
        lambda a, b, c, d, e, f: f'{{"imu":{{"accel":{{"x":{a},"y":{b},"z":{c}}},'
        f'"gyro":{{"x":{d},"y":{e},"z":{f}}}}}}}\n',
        None,
        None,
    ),
    "JSON, lists": (lambda a, b, c, d, e, f: f'{{"acc":[{a},{b},{c}],"gyro":[{d},{e},{f}],"bat":93}}\n', None, None),
    "JSON, text": (
        lambda a, b, c, d, e, f: f'{{"id":"esp32-a1","ax":"{a}","ay":"{b}","az":"{c}",'
        f'"gx":"{d}","gy":"{e}","gz":"{f}"}}\n',
        None,
        None,
    ),
    "Teleplot": (
        lambda a, b, c, d, e, f: f">ax:{a}\n>ay:{b}\n>az:{c}\n>gx:{d}\n>gy:{e}\n>gz:{f}\n",
        None,
        None,
    ),
    "an ESP32's log in colours, with units in words": (
        lambda a, b, c, d, e, f: f"\x1b[0;32mI (5000) MPU: Accel in m/s^2: X={a}, Y={b}, Z={c}\x1b[0m\n"
        f"\x1b[0;32mI (5000) MPU: Gyro in rad/s: X={d}, Y={e}, Z={f}\x1b[0m\n",
        "m/s2",
        "rad/s",
    ),
    "Arduino's Nicla, with a word between": (
        lambda a, b, c, d, e, f: f"acceleration: DataXYZ X: {a} Y: {b} Z: {c}\n"
        f"gyroscope: XYZ values - X: {d}   Y: {e}   Z: {f}\n",
        None,
        None,
    ),
    "SparkFun BMI270": (
        lambda a, b, c, d, e, f: f"Acceleration in g's\tX: {a}\tY: {b}\tZ: {c}\tRotation in deg/sec\tX: {d}\tY: {e}\t"
        f"Z: {f}\n",
        "g",
        "deg/s",
    ),
    "JSON whose keys have units": (
        lambda a, b, c, d, e, f: f'{{"acc_mg":{{"x":{a},"y":{b},"z":{c}}},"gyro_mdps":{{"x":{d},"y":{e},"z":{f}}}}}\n',
        "mg",
        "1000",
    ),
    "units alone, as of M5Stack's example": (
        lambda a, b, c, d, e, f: f"{a:5.2f}  {b:5.2f}  {c:5.2f} G\n{d:6.2f} {e:6.2f} {f:6.2f} o/s\n",
        "g",
        "deg/s",
    ),
    "Python's logging": (
        lambda a, b, c, d, e, f: f"INFO:root:accel_x={a} accel_y={b} accel_z={c} gyro_x={d} gyro_y={e} gyro_z={f}\n",
        None,
        None,
    ),
}  # fmt: skip
ALONE: dict[str, tuple[Print, str | None]] = {
    "Adafruit ADXL345": (lambda a, b, c: f"X: {a}  Y: {b}  Z: {c}  m/s^2 \n", "m/s2"),
    "Adafruit LIS3DH": (lambda a, b, c: f"X:  12  \tY:  34  \tZ:  5600\t\tX: {a} \tY: {b} \tZ: {c} m/s^2 \n", "m/s2"),
    "Zephyr, accelerometer": (lambda a, b, c: f"lis2dh@18 [m/s^2]:    ({a}, {b}, {c})\n", "m/s2"),
    "a Sense HAT's dictionary": (lambda a, b, c: f"OrderedDict([('x', {a}), ('y', {b}), ('z', {c})])\n", None),
    "one line": (lambda a, b, c: f"ax={a},ay={b},az={c}\n", None),
    "a line for each axis": (lambda a, b, c: f"X = {a}\nY = {b}\nZ = {c}\n\n", None),
}  # fmt: skip


def expected(rows: list[list[float]]) -> np.ndarray:
    return np.array(rows, np.float64)


@pytest.mark.parametrize("style", BOTH)
@pytest.mark.parametrize("opened_after", [0, 70])
def test_labelled_lines_give_every_reading_with_both_sensors(style: str, opened_after: int) -> None:
    line, acc_unit, gyro_unit = BOTH[style]
    lines = TextLines()
    text = "".join(line(*row) for row in ROWS)
    rows = lines.push(text[opened_after:].encode())
    assert len(rows) >= len(ROWS) - 3 * bool(opened_after)
    assert rows[:, 1:] == pytest.approx(expected(ROWS)[-len(rows) :])
    assert lines.columns is not None
    assert (lines.columns.acc_unit, lines.columns.gyro_unit) == (acc_unit, gyro_unit)
    assert sum(lines.lost.values()) <= bool(opened_after)
    assert lines.problem is None


@pytest.mark.parametrize("style", ALONE)
def test_labelled_lines_of_an_accelerometer_give_every_reading(style: str) -> None:
    line, unit = ALONE[style]
    lines = TextLines()
    rows = lines.push("".join(line(*row[:3]) for row in ROWS).encode())
    assert rows[:, 1:4] == pytest.approx(expected(ROWS)[:, :3])
    assert np.isnan(rows[:, 4:]).all()
    assert lines.columns is not None
    assert (lines.columns.gyroscope, lines.columns.acc_unit) == (False, unit)


@pytest.mark.parametrize(
    "line",
    [
        lambda a, b, c, d, e, f: f"a/g:\t{a}\t{b}\t{c}\t{d}\t{e}\t{f}\n",
        lambda a, b, c, d, e, f: f"gyro/accel: {d} {e} {f} {a} {b} {c}\n",
        lambda a, b, c, d, e, f: f"AcX = {a} | AcY = {b} | AcZ = {c} | Tmp = 2 | GyX = {d} | GyY = {e} | GyZ = {f}\n",
        lambda a, b, c, d, e, f: f"{{'GyZ': {f}, 'GyY': {e}, 'GyX': {d}, 'AcZ': {c}, 'AcY': {b}, 'AcX': {a}}}\n"
    ],
)  # fmt: skip
def test_counts_of_stock_sketches_are_read(line: Print) -> None:
    rows = TextLines().push("".join(line(*row) for row in COUNTS).encode())
    assert rows[:, 1:] == pytest.approx(expected(COUNTS))


@pytest.mark.parametrize(
    ("line", "step"),
    [
        (lambda i, body: f'{{"ts":{20 * i},{body}}}\n', 20),
        (lambda i, body: f"Time: {20 * i} ms, {body}\n", 20),
        (lambda i, body: f"{body}, millis={20 * i}\n", 20),
        (lambda i, body: f"10:15:{i // 50:02d}.{i % 50 * 20:03d} {body}\n", 0.02),
        (lambda i, body: f"2026-11-30 23:59:{i // 50:02d}.{i % 50 * 20:03d} {body}\n", 0.02),
        (lambda i, body: f"timestamp: {20 * i}\n{body}\n\n", 20),
    ],
)
def test_a_time_among_the_labels_is_that_of_the_reading(line: Callable[[int, str], str], step: float) -> None:
    body = '"ax":0.1,"ay":0.2,"az":9.8'
    rows = TextLines().push("".join(line(index, body) for index in range(30)).encode())
    assert len(rows) == 30
    assert np.diff(rows[:, 0]) == pytest.approx(step, rel=1e-4)


@pytest.mark.parametrize(
    ("line", "step"),
    [
        (lambda ms, name, x, y, z: f"10:15:{ms / 1000:06.3f} {name} x={x} y={y} z={z}\n", 0.02),
        (lambda ms, name, x, y, z: f"t={ms} {name} x={x} y={y} z={z}\n", 20),
        (lambda ms, name, x, y, z: f'{{"sensor":"{name}","ts":{ms},"x":{x},"y":{y},"z":{z}}}\n', 20),
        (lambda ms, name, x, y, z: f"{name},{ms},{x},{y},{z}\n", 20),
        (lambda ms, name, x, y, z: f"10-02 10:15:{ms / 1000:06.3f}  43  43 D IMU: {name}: {x} {y} {z}\n", 0.02),
    ],
)
def test_of_lines_with_a_time_for_each_sensor_that_of_the_first_is_the_readings(
    line: Callable[..., str], step: float
) -> None:
    values = [(index, row) for index, row in enumerate(ROWS)]
    text = "".join(line(20 * index, "acc", *row[:3]) + line(20 * index + 1, "gyro", *row[3:]) for index, row in values)

    rows = TextLines().push(text.encode())

    assert len(rows) >= len(ROWS) - 1
    np.testing.assert_array_equal(rows[:, 1:], ROWS[-len(rows) :])
    assert np.diff(rows[:, 0]) == pytest.approx(step, rel=1e-4)


def test_a_unit_alone_is_no_label_and_no_error() -> None:
    lines = TextLines()
    lines.push(b"IMU1 ax=1 ay=2 az=9 gx=1 gy=2 gz=3\n[/mg]: 1, 2, 3\n" * 3)
    assert lines.held_bytes < MAX_LINE_BYTES


@pytest.mark.parametrize("date", ["2026-13-45 10:15:00", "0000-00-00 00:00:00", "99/99/9999 99:99:99"])
def test_a_date_that_does_not_exist_is_no_error(date: str) -> None:
    rows = TextLines().push(f"{date} ax: 0.1 ay: 0.2 az: 9.8\n".encode() * 20)
    assert rows[:, 3].tolist() == [9.8] * 20


def test_a_label_that_may_be_a_time_is_none_if_it_does_not_grow() -> None:
    lines = TextLines()
    text = "".join(f"T: {24.5 - index % 3 / 10} ax: 0.1 ay: 0.2 az: 9.8\n" for index in range(20))
    rows = lines.push(text.encode())
    assert len(rows) == 20
    assert np.isnan(rows[:, 0]).all()


def test_a_lost_line_costs_its_own_reading_and_mixes_no_two() -> None:
    line = BOTH["Adafruit MPU6050"][0]
    rng = np.random.default_rng(1)
    rows = [[float(index)] * 6 for index in range(600)]
    text = "".join(line(*row) for row in rows).splitlines(keepends=True)
    kept = [each for number, each in enumerate(text) if number < 100 or rng.random() > 0.1]
    lines = TextLines()
    found = lines.push("".join(kept).encode())
    assert 450 < len(found) < 560
    assert np.ptp(found[:, 1:], axis=1).max() == 0
    assert lines.lost["reading with a line missing"] > 20


def test_a_reading_begins_after_the_longest_pause_wherever_the_port_was_opened() -> None:
    line = BOTH["Adafruit LSM6DS"][0]
    text = "".join(line(*[float(index)] * 6) for index in range(40))
    for start in range(0, 140, 7):
        found = TextLines().push(text[start:].encode())
        assert len(found) >= 37
        assert np.ptp(found[:, 1:], axis=1).max() == 0


def test_a_lost_connection_drops_the_unfinished_reading() -> None:
    line = BOTH["CircuitPython"][0]
    lines = TextLines()
    lines.push("".join(line(*row) for row in ROWS).encode() + b"Acceleration: X:7, Y: 7, Z: 7 m/s^2\n")
    lines.reset()
    found = lines.push("".join(line(*row) for row in ROWS[:3]).encode())
    assert found[:, 1] == pytest.approx([row[0] for row in ROWS[:3]])


def test_labels_that_change_are_learned_again() -> None:
    lines = TextLines()
    lines.push("".join(BOTH["CircuitPython"][0](*row) for row in ROWS).encode())
    later = lines.push("".join(BOTH["JSON"][0](*row) for row in ROWS * 10).encode())
    assert len(later) > 9 * len(ROWS) - MAX_FRUITLESS_VALUES // 6
    assert later[-1, 1:] == pytest.approx(ROWS[-1])


@pytest.mark.parametrize(
    ("line", "understood"),
    [
        ("ax: 0.1 ay: 0.2\n", "acceleration x, y without z; no angular rate"),
        ("Gyro X: 1, Y: 2, Z: 3 rad/s\n", "no acceleration; angular rate x, y, z"),
        ("Linear acceleration X: 1 Y: 2 Z: 3\n", "acceleration without gravity, but it is needed with gravity"),
        ("ypr\t10.1\t20.2\t30.3\n", '"ypr" does not name acceleration'),
        ("Gyroscope in degrees/second\n0.1\t0.2\t0.3\n", '"Gyroscope" does not name acceleration'),
        ("ACC,0.2,0.1,0.2,9.8\n", '"ACC" has 4 numbers, but x, y, z are three'),
        ("Hello, world\n", "text without readings"),
        ("Heart rate: 72\n", '"Heart rate" does not name acceleration'),
    ],
)
def test_text_that_is_no_reading_is_quoted_with_what_is_understood_and_missing(line: str, understood: str) -> None:
    lines = TextLines()
    assert not len(lines.push(line.encode() * 60))
    assert lines.problem is not None
    assert understood in lines.problem
    quoted = " ".join(line.splitlines()[-1].split())
    assert f'"{quoted}"' in lines.problem


def test_a_quoted_line_is_short_and_has_no_control_characters() -> None:
    lines = TextLines()
    lines.push(("x\x1b[2J\x07 say 12 " + "long " * 60 + "\n").encode() * 10)
    lines.push(b"\x1b[31mred 5\x1b[0m\n" * 10)
    assert lines.quote == "red 5"
    assert lines.problem is not None
    assert lines.problem.isprintable()
    assert len(lines.quote) <= MAX_QUOTE


def test_remarks_of_a_starting_board_change_nothing() -> None:
    remarks = (
        "Adafruit MPU6050 test!\nMPU6050 Found!\nAccelerometer range set to: +-8G\nGyro range set to: +- 500 deg/s\n"
        "Calibrating gyro:\nFilter bandwidth set to: 21 Hz\naccel bias: 0.1 0.2 0.3\n\n"
    )
    lines = TextLines()
    rows = lines.push((remarks + "".join(f"{a},{b},{c}\n" for a, b, c, *_ in ROWS)).encode())
    assert rows[:, 1:4] == pytest.approx(expected(ROWS)[:, :3])


def test_readings_that_a_board_prints_once_do_not_hide_the_lines_after_them() -> None:
    once = "Gyro: 0.1 0.2 0.3\nax: 1 ay: 2 az: 3\n"
    lines = TextLines()
    rows = lines.push((once + "".join(",".join(map(str, row)) + "\n" for row in ROWS * 3)).encode())
    assert rows[:, 1:] == pytest.approx(expected(ROWS * 3))
    lines = TextLines()
    rows = lines.push((once + "".join(f"IMU: {','.join(map(str, row))}\n" for row in ROWS * 3)).encode())
    assert rows[:, 1:] == pytest.approx(expected(ROWS * 3)[-len(rows) :])
    assert len(rows) > 2 * len(ROWS) - 30


def test_labelled_lines_between_lines_of_numbers_change_nothing() -> None:
    lines = TextLines()
    text = "".join(f"{','.join(map(str, row))}\nax: 9 ay: 9 az: 9\n" for row in ROWS)
    rows = lines.push(("ax,ay,az,gx,gy,gz\n" + text).encode())
    assert rows[:, 1:] == pytest.approx(expected(ROWS))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:01.25Z", 1.25),
        ("1970-01-01 01:00:00+01:00", 0),
        ("1970/01/02 00:00:00", 86400),
        ("23:59:59,5", 86399.5),
        ("30.11.2026 00:01:00", 60),
        ("07:48:45:120", 28125.12),
    ],
)
def test_dates_and_times_are_read(text: str, seconds: float) -> None:
    assert clock_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "1:2", "2026-13-45 00:00:00", "12", "10:15", "noon", "2026-11-30T"])
def test_what_is_no_time_is_no_time(text: str) -> None:
    with pytest.raises(ValueError):
        clock_seconds(text)


PIECES = st.lists(
    st.one_of(
        st.sampled_from([line(*ROWS[index]).encode() for line, _, _ in BOTH.values() for index in range(2)]),
        st.sampled_from([style for style, _, _ in BOTH.values()]).map(
            lambda line: "".join(line(*row) for row in ROWS[:8]).encode()
        ),
        st.text("XYZxyzacgyro:=,;|()[]{}\"' \t\n0123456789.-+eE/°", max_size=60).map(str.encode),
        st.binary(max_size=20),
    ),
    max_size=12,
).map(b"".join)


@given(PIECES, st.lists(st.integers(0, 4000), max_size=6))
@settings(max_examples=40, deadline=None)
def test_however_labelled_lines_are_cut_the_rows_and_counts_are_the_same(data: bytes, cuts: list[int]) -> None:
    whole, *_ = assert_cutting_changes_nothing(TextLines, data, cuts, MAX_LINE_BYTES)
    assert whole.held_values <= MAX_LEARNING_VALUES + 64
