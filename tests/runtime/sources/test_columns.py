"""The names in the headers of apps and boards: which channel, which unit, which clock."""

import pytest

from har_runtime.sources.column_names import BARE, GRAVITY, GYROSCOPE, LINEAR, MAX_NAME, PLAIN, TOTAL
from har_runtime.sources.columns import columns_by_name, named_columns

WITMOTION = "time,DeviceName,ChipTime(),AccX(g),AccY(g),AccZ(g),AsX(°/s),AsY(°/s),AsZ(°/s),AngleX(°)"
WITMOTION_3 = (
    "Time,Device name,Acceleration X(g),Acceleration Y(g),Acceleration Z(g),Angular velocity X(°/s),"
    "Angular velocity Y(°/s),Angular velocity Z(°/s),Angle X(°)"
)
SENSOR_LOG = (
    "loggingTime(txt),loggingSample(N),accelerometerAccelerationX(G),accelerometerAccelerationY(G),"
    "accelerometerAccelerationZ(G),gyroRotationX(rad/s),gyroRotationY(rad/s),gyroRotationZ(rad/s),"
    "motionRotationRateX(rad/s),motionRotationRateY(rad/s),motionRotationRateZ(rad/s),activity(txt)"
)
ANDRO_SENSOR = (
    "LINEAR ACCELERATION X (m/s²),LINEAR ACCELERATION Y (m/s²),LINEAR ACCELERATION Z (m/s²),ACCELEROMETER X (m/s²),"
    "ACCELEROMETER Y (m/s²),ACCELEROMETER Z (m/s²),GYROSCOPE X (rad/s),GYROSCOPE Y (rad/s),GYROSCOPE Z (rad/s),"
    "MAGNETIC FIELD X (μT),Time since start in ms ,YYYY-MO-DD HH-MI-SS_SSS"
)
FAMILIES = {
    "phyphox": (
        "Time (s),Acceleration x (m/s^2),Acceleration y (m/s^2),Acceleration z (m/s^2),Absolute acceleration (m/s^2),"
        "Gyroscope x (rad/s),Gyroscope y (rad/s),Gyroscope z (rad/s),Gyroscope magnitude (rad/s)",
        (PLAIN, (1, 2, 3), "m/s2"), ((5, 6, 7), "rad/s"), (0, "s"),
    ),
    "phyphox, a file for each sensor": (
        "Time (s),X (m/s^2),Y (m/s^2),Z (m/s^2)", (BARE, (1, 2, 3), "m/s2"), None, (0, "s"),
    ),
    "Sensor Logger": ("time,seconds_elapsed,z,y,x", (BARE, (4, 3, 2), None), None, (1, "s")),
    "WitMotion": (WITMOTION, (PLAIN, (3, 4, 5), "g"), ((6, 7, 8), "deg/s"), (0, None)),
    "WitMotion, with spaces": (WITMOTION_3, (PLAIN, (2, 3, 4), "g"), ((5, 6, 7), "deg/s"), (0, None)),
    "SensorLog": (SENSOR_LOG, (PLAIN, (2, 3, 4), "g"), ((5, 6, 7), "rad/s"), (0, None)),
    "Physics Toolbox": ("time,gFx,gFy,gFz,wx,wy,wz,", (TOTAL, (1, 2, 3), "g"), ((4, 5, 6), "rad/s"), (0, None)),
    "AndroSensor": (ANDRO_SENSOR, (PLAIN, (3, 4, 5), "m/s2"), ((6, 7, 8), "rad/s"), (10, "ms")),
    "Movella DOT": (
        "PacketCounter,SampleTimeFine,FreeAcc_X,FreeAcc_Y,FreeAcc_Z,Acc_X,Acc_Y,Acc_Z,Gyr_X,Gyr_Y,Gyr_Z",
        (PLAIN, (5, 6, 7), "m/s2"), ((8, 9, 10), "deg/s"), (1, "us"),
    ),
    "Axivity": (
        "Time,Accel-X (g), Accel-Y (g), Accel-Z (g), Gyro-X (d/s), Gyro-Y (d/s), Gyro-Z (d/s)",
        (PLAIN, (1, 2, 3), "g"), ((4, 5, 6), "deg/s"), (0, None),
    ),
    "MATLAB Mobile": (
        "Timestamp,Acceleration_X,Acceleration_Y,Acceleration_Z,AngularVelocity_X,AngularVelocity_Y,AngularVelocity_Z",
        (PLAIN, (1, 2, 3), None), ((4, 5, 6), None), (0, None),
    ),
    "MbientLab": (
        "epoch (ms),time (-13:00),elapsed (s),x-axis (g),y-axis (g),z-axis (g)",
        (BARE, (3, 4, 5), "g"), None, (0, "ms"),
    ),
    "Shimmer": (
        "Shimmer_5E5F_Timestamp_Unix_CAL,Shimmer_5E5F_Accel_LN_X_CAL,Shimmer_5E5F_Accel_LN_Y_CAL,"
        "Shimmer_5E5F_Accel_LN_Z_CAL",
        (PLAIN, (1, 2, 3), None), None, (0, None),
    ),
    "a browser's devicemotion": (
        "t,acceleration.x,acceleration.y,acceleration.z,accelerationIncludingGravity.x,accelerationIncludingGravity.y,"
        "accelerationIncludingGravity.z",
        (TOTAL, (4, 5, 6), None), None, (0, None),
    ),
    "axis first": (
        "x_acc,y_acc,z_acc,x_gyro_dps,y_gyro_dps,z_gyro_dps", (PLAIN, (0, 1, 2), None), ((3, 4, 5), "deg/s"), None,
    ),
    "units between sensor and axis": (
        "acc_g_x,acc_g_y,acc_g_z,gyro_rad_s_x,gyro_rad_s_y,gyro_rad_s_z",
        (PLAIN, (0, 1, 2), "g"), ((3, 4, 5), "rad/s"), None,
    ),
    "words around the axis": (
        "Acceleration along X-axis,Acceleration along Y-axis,Acceleration along Z-axis,rotRateX,rotRateY,rotRateZ",
        (PLAIN, (0, 1, 2), None), ((3, 4, 5), None), None,
    ),
    "WitMotion's program in Chinese": (
        "时间,设备名称,片上时间(),加速度X(g),加速度Y(g),加速度Z(g),角速度X(°/s),角速度Y(°/s),角速度Z(°/s),角度X(°),角度Y(°),角度Z(°)",
        (PLAIN, (3, 4, 5), "g"), ((6, 7, 8), "deg/s"), (0, None),
    ),
    "phyphox in Russian": (
        "Время (с),Ускорение X (м/с²),Ускорение Y (м/с²),Ускорение Z (м/с²),Гироскоп X (рад/с),Гироскоп Y (рад/с),"  # noqa: RUF001
        "Гироскоп Z (рад/с)",  # noqa: RUF001
        (PLAIN, (1, 2, 3), "m/s2"), ((4, 5, 6), "rad/s"), (0, "s"),
    ),
    "a degree sign that was damaged": (
        "t,Acc X (m/sÂ²),Acc Y (m/sÂ²),Acc Z (m/sÂ²),Gyro X (Â°/s),Gyro Y (?/s),Gyro Z (\ufffd/s)",
        (PLAIN, (1, 2, 3), "m/s2"), ((4, 5, 6), "deg/s"), (0, None),
    ),
    "a browser's turns": (
        "t,accelerationIncludingGravity.x,accelerationIncludingGravity.y,accelerationIncludingGravity.z,"
        "rotationRate.alpha,rotationRate.beta,rotationRate.gamma",
        (TOTAL, (1, 2, 3), None), ((4, 5, 6), "deg/s"), (0, None),
    ),
    "units as words": (
        "utc_time_ms,ax_mps2,ay_mps2,az_mps2,gx_radps,gy_radps,gz_radps",
        (PLAIN, (1, 2, 3), "m/s2"), ((4, 5, 6), "rad/s"), (0, "ms"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_the_headers_of_apps_and_boards_name_channels_units_and_clock(family: str) -> None:
    header, acc, gyro, time = FAMILIES[family]
    found = named_columns(header.split(","))
    kind = found.acceleration
    assert kind is not None
    assert (kind, found.sensors[kind].cells, found.sensors[kind].unit) == acc
    rates = found.sensors.get(GYROSCOPE)
    assert (None if rates is None else (rates.cells, rates.unit)) == gyro
    assert ((found.times[0].cell, found.times[0].unit) if found.times else None) == time


def test_gravity_and_what_is_without_it_are_told_apart() -> None:
    names = [f"{kind}{axis}" for kind in ("userAcceleration.", "gravity.", "rotationRate.") for axis in "xyz"]
    found = named_columns(names)
    assert found.acceleration == LINEAR
    assert {kind: triple.cells for kind, triple in found.sensors.items()} == {
        LINEAR: (0, 1, 2), GRAVITY: (3, 4, 5), GYROSCOPE: (6, 7, 8),
    }  # fmt: skip
    assert found.profile is not None
    assert found.profile.apple_sign
    assert columns_by_name(names) is None


@pytest.mark.parametrize("word", ["linear", "user", "free"])
def test_a_word_for_missing_gravity_may_stand_anywhere(word: str) -> None:
    for pattern in (f"{word}_acc_%s", f"acc_%s_{word}", f"{word} acceleration %s (m/s^2)"):
        assert named_columns([pattern % axis for axis in "xyz"]).acceleration == LINEAR


def test_sensors_of_several_devices_are_not_mixed() -> None:
    names = [f"{place}_{kind}_{axis}" for place in ("wrist", "hip") for kind in ("acc", "gyro") for axis in "xyz"]
    found = named_columns(names)
    assert found.acceleration is None
    assert {kind: list(groups) for kind, groups in found.several.items()} == {
        PLAIN: ["wrist", "hip"],
        GYROSCOPE: ["wrist", "hip"],
    }
    assert named_columns(names[:6]).sensors[PLAIN].cells == (0, 1, 2)
    numbered = named_columns([f"acc{number}_{axis}" for number in (1, 2) for axis in "xyz"])
    assert list(numbered.several[PLAIN]) == ["1", "2"]


@pytest.mark.parametrize(
    "header",
    ["tBodyAcc-mean()-X,tBodyAcc-mean()-Y,tBodyAcc-mean()-Z", "magX,magY,magZ", "quat_w,quat_x,quat_y,quat_z", "x,y",
     "velocity_x,velocity_y,velocity_z", "acc_x_std,acc_y_std,acc_z_std"],
)  # fmt: skip
def test_other_quantities_are_no_sensors(header: str) -> None:
    assert named_columns(header.split(",")).sensors == {}


@pytest.mark.parametrize("name", ["label", "Activity", "class", "activity_label", "gt"])
def test_the_column_of_the_truth_has_many_names(name: str) -> None:
    assert named_columns(["time", "ax", "ay", "az", name]).label == 4


def test_what_an_app_guesses_is_not_the_truth() -> None:
    assert named_columns(SENSOR_LOG.split(",")).label is None


def test_a_long_name_is_looked_at_in_part() -> None:
    assert named_columns(["acc_x" + "_a" * 10**6, "acc_y", "acc_z"]).sensors == {}
    assert named_columns([" " * MAX_NAME + "acc_x", "acc_y", "acc_z"]).partial == {PLAIN: ("x",)}
