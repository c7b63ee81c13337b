"""MotionSense, sp-sw-har and DiFronzo as published.

The expected figures were counted by code that is independent of the loaders.
"""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.train.datasets.layouts import write_zip

from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.errors import DataError
from har_runtime.recording import Recording, cut_recording
from har_train.datasets import load

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def motionsense(data: Path) -> list[Recording]:
    return load("motionsense", data)


@pytest.fixture(scope="module")
def sp_sw_har(data: Path) -> list[Recording]:
    return load("sp-sw-har", data)


@pytest.fixture(scope="module")
def difronzo(data: Path) -> list[Recording]:
    return load("difronzo", data)


def up(values: np.ndarray) -> str:
    axis = int(np.argmax(np.abs(np.median(values, axis=0))))
    return ("+" if np.median(values[:, axis]) > 0 else "-") + "xyz"[axis]


def seconds(recordings: list[Recording], label: str, rate: float) -> float:
    return sum(int(np.count_nonzero(one.labels == label)) for one in recordings) / rate


def test_motionsense_is_360_trials_of_24_people(motionsense: list[Recording]) -> None:
    assert len(motionsense) == 360
    assert {recording.user for recording in motionsense} == {f"motionsense-{n:02d}" for n in range(1, 25)}
    assert sum(len(recording.times_ns) for recording in motionsense) == 1_412_865
    assert {(recording.placement, recording.source_rate_hz) for recording in motionsense} == {("pocket", 50.0)}


def test_motionsense_labels_all_but_three_seconds_at_each_end(motionsense: list[Recording]) -> None:
    samples = {"walking": 344_288, "sitting": 338_778, "standing": 306_427}
    samples |= {"stairs_up": 157_285, "running": 134_231, "stairs_down": 131_856}
    trials = {"walking": 72, "sitting": 48, "standing": 48, "stairs_up": 72, "running": 48, "stairs_down": 72}
    for label, count in samples.items():
        assert seconds(motionsense, label, 50) == pytest.approx(count / 50 - 6 * trials[label])
    for recording in motionsense:
        assert recording.labels is not None
        assert set(recording.labels[:150].tolist()) == set(recording.labels[-150:].tolist()) == {""}
        assert len(set(recording.labels[150:-150].tolist())) == 1


def test_motionsense_has_gravity_with_the_contracts_sign(motionsense: list[Recording], data: Path) -> None:
    """Apple's gravity is the direction in which things fall; the contract's axis that points up reads +9.81."""
    for label, size in (("standing", 1.006), ("sitting", 1.004)):
        still = np.concatenate([one.acc[one.labels == label] for one in motionsense])
        assert np.median(np.linalg.norm(still, axis=1)) == pytest.approx(size * STANDARD_GRAVITY, abs=0.02)
    with zipfile.ZipFile(data / "motionsense.zip") as archive:
        row = archive.read("data/A_DeviceMotion_data/std_6/sub_1.csv").decode().splitlines()[1001].split(",")
    roll, pitch = float(row[1]), float(row[2])
    fall = np.array([np.cos(pitch) * np.sin(roll), -np.sin(pitch), -np.cos(pitch) * np.cos(roll)])
    standing = next(one for one in motionsense if one.name == "motionsense-01-std_6")
    assert np.allclose(standing.acc[1000], -fall * STANDARD_GRAVITY, atol=1.0)
    assert [up(one.acc) for one in motionsense if one.labels is not None and "standing" in one.labels].count("-y") == 47


def test_motionsense_gives_its_numbers_unchanged_but_for_sign_and_unit(motionsense, data: Path) -> None:
    with zipfile.ZipFile(data / "motionsense.zip") as archive:
        row = archive.read("data/A_DeviceMotion_data/dws_2/sub_1.csv").decode().splitlines()[1].split(",")
    recording = next(one for one in motionsense if one.name == "motionsense-01-dws_2")
    gravity, rate, own = ([float(cell) for cell in row[first : first + 3]] for first in (4, 7, 10))
    assert row[4:7] == ["0.031929", "0.816048", "-0.577101"]
    assert np.allclose(recording.acc[0], [-(g + a) * STANDARD_GRAVITY for g, a in zip(gravity, own, strict=True)])
    assert np.array_equal(recording.gyro[0], rate)


def test_sp_sw_har_is_223_executions_of_23_people_on_two_devices(sp_sw_har: list[Recording]) -> None:
    phones = [recording for recording in sp_sw_har if recording.placement == "pocket"]
    watches = [recording for recording in sp_sw_har if recording.placement == "wrist"]
    assert len(phones) == len(watches) == 223
    assert len(sp_sw_har) == 446
    assert sum(len(recording.times_ns) for recording in phones) == 259_213
    assert sum(len(recording.times_ns) for recording in watches) == 262_553
    for recordings in (phones, watches):
        assert {recording.user for recording in recordings} == {f"sp-sw-har-{n:02d}" for n in range(1, 24)}


def test_sp_sw_har_labels_every_sample(sp_sw_har: list[Recording]) -> None:
    watches = [recording for recording in sp_sw_har if recording.placement == "wrist"]
    samples = {"walking": 117_126, "turning": 53_180, "stand_to_sit": 32_457, "sitting": 32_025, "sit_to_stand": 27_765}
    assert sum(samples.values()) == 262_553
    for label, count in samples.items():
        assert seconds(watches, label, 1) == count


def test_sp_sw_har_has_gravity_and_si_units(sp_sw_har: list[Recording]) -> None:
    for placement, size in (("pocket", 9.93), ("wrist", 9.81)):
        sitting = [one.acc[one.labels == "sitting"] for one in sp_sw_har if one.placement == placement]
        assert np.median([np.median(np.linalg.norm(one, axis=1)) for one in sitting]) == pytest.approx(size, abs=0.02)
    watches = [one.acc[one.labels == "sitting"] for one in sp_sw_har if one.placement == "wrist"]
    assert [up(one) for one in watches].count("+z") == 184  # Hand on the thigh, watch face up.
    assert 10 < max(np.abs(one.gyro).max() for one in sp_sw_har) < 35  # rad/s; in degrees/s it would be above 500.


def test_sp_sw_har_is_uniform_in_time_at_the_rate_of_its_device(sp_sw_har: list[Recording]) -> None:
    for recording in sp_sw_har:
        report = cut_recording(recording).report.accelerometer
        assert (report.gaps, report.dropped) == (0, 0)
        assert recording.source_rate_hz is not None
        assert report.rate_hz == pytest.approx(recording.source_rate_hz, rel=0.006)


def test_the_watch_alone_can_be_asked_for(data: Path) -> None:
    assert {recording.placement for recording in load("sp-sw-har", data, "wrist")} == {"wrist"}
    with pytest.raises(DataError, match="sp-sw-har: no recording was worn at 'ankle'; there are: pocket, wrist"):
        load("sp-sw-har", data, "ankle")


HEADER = b"x_acc,y_acc,z_acc,x_gyro,y_gyro,z_gyro,timestamp,label\n"
ROWS = b"0,0,9.8,0,0,0,1000,SEATED\n0,0,9.8,0,0,0,1010,WALKING\n"
EXECUTIONS = b"execution_id,orientation,first_turn,second_turn\ns01_01,back,l,r\n"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"DATA/executions_info.csv": b"execution_id\n"}, r"executions_info\.csv: no execution in it"),
        ({"DATA/executions_info.csv": EXECUTIONS + b"x\n"}, r"executions_info\.csv: 'x' is not an execution"),
        ({"DATA/executions_info.csv": EXECUTIONS + b"s01_02,\n"}, r"DATA/s01/s01_02_sp\.csv is missing"),
        ({"DATA/s01/s01_01_sw.csv": HEADER + ROWS.replace(b"SEATED", b"SITS")}, "label 'SITS' is not one of SEATED"),
        ({"DATA/s01/s01_01_sw.csv": HEADER + ROWS.replace(b"1010", b"1000")}, "times do not go forward"),
        ({"DATA/s01/s01_01_sw.csv": HEADER + ROWS.replace(b"1010", b"nan")}, "times do not go forward"),
        ({"DATA/s01/s01_01_sw.csv": HEADER}, "no row of data"),
    ],
)
def test_an_sp_sw_har_archive_with_something_wrong_in_it_is_named(tmp_path: Path, change, message: str) -> None:
    files = {"DATA/executions_info.csv": EXECUTIONS}
    files |= {f"DATA/s01/s01_01_{device}.csv": HEADER + ROWS for device in ("sp", "sw")}
    assert len(load("sp-sw-har", write_zip(tmp_path / "whole.zip", files))) == 2
    with pytest.raises(DataError, match=message):
        load("sp-sw-har", write_zip(tmp_path / "sp-sw-har.zip", files | change))


@pytest.mark.parametrize(
    ("rows", "message"),
    [(100, "100 rows are too few"), (400, r"A_DeviceMotion_data/dws_1/sub_2\.csv is missing")],
)
def test_an_incomplete_motionsense_archive_is_refused(tmp_path: Path, rows: int, message: str) -> None:
    names = ("gravity", "userAcceleration", "rotationRate")
    header = "," + ",".join(f"{name}.{axis}" for name in names for axis in "xyz")
    content = "\n".join([header, *(f"{index},{','.join(['0.1'] * 9)}" for index in range(rows))]).encode()
    archive = write_zip(tmp_path / "motionsense.zip", {"A_DeviceMotion_data/dws_1/sub_1.csv": content})
    with pytest.raises(DataError, match=message):
        load("motionsense", archive)


def test_difronzo_is_12_recordings_of_8_people_with_14_minutes_of_each_activity(difronzo: list[Recording]) -> None:
    assert [recording.name for recording in difronzo] == [f"difronzo-{n:02d}" for n in range(1, 13)]
    assert {recording.user for recording in difronzo} == {f"difronzo-{n:02d}" for n in range(1, 9)}
    assert {(recording.placement, recording.source_rate_hz) for recording in difronzo} == {("pocket", 50.0)}
    for label in ("walking", "stairs_up", "stairs_down", "sitting", "standing"):
        assert seconds(difronzo, label, 50) / 60 == pytest.approx(14.4, abs=0.7)


def test_difronzo_hangs_upside_down_in_the_pocket_with_gravity_in_it(difronzo: list[Recording]) -> None:
    standing = [
        one.acc[one.labels == "standing"] for one in difronzo if one.labels is not None and "standing" in one.labels
    ]
    assert {up(acc) for acc in standing} == {"-y"}
    assert np.median(np.linalg.norm(np.concatenate(standing), axis=1)) == pytest.approx(STANDARD_GRAVITY, abs=0.1)


def test_difronzo_starts_when_both_sensors_answer(difronzo: list[Recording]) -> None:
    for recording in difronzo:
        assert recording.acc[0].any()
        assert recording.gyro[0].any()
        assert 4 * 20_000_000 < recording.times_ns[0] < 22 * 20_000_000


def test_a_misprint_in_difronzos_labels_is_read_as_what_was_meant(difronzo: list[Recording]) -> None:
    """Row `5 3 4 13265 159396` of a recording with 16,621 samples."""
    fifth = difronzo[4]
    sitting = np.flatnonzero(fifth.labels == "sitting") + 1 + fifth.times_ns[0] // 20_000_000
    assert sitting[-1] == 15_939
