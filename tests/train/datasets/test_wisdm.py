"""WISDM 2019: text files in the official layout, with accelerometer and gyroscope in files of their own."""

from pathlib import Path

import numpy as np
import pytest
from tests.train.datasets.layouts import signal, wisdm_files, wisdm_rows, write_folder, write_zip, zip_in_zip

from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.errors import DataError
from har_runtime.recording import Recording, cut_recording
from har_train.data.cli import main
from har_train.datasets import find, load

FILES = wisdm_files()
WALKING = "raw/phone/accel/data_1600_accel_phone.txt"
RATES = "raw/phone/gyro/data_1600_gyro_phone.txt"


@pytest.fixture(scope="module")
def wisdm(data: Path) -> list[Recording]:
    return load("wisdm", data)


def test_each_activity_of_a_person_on_a_device_is_a_recording(tmp_path: Path) -> None:
    recordings = load("wisdm", write_zip(tmp_path / "wisdm.zip", FILES, "wisdm-dataset/"))
    assert [one.name for one in recordings] == [
        *("wisdm-1600-phone-A", "wisdm-1600-phone-S", "wisdm-1607-phone-A", "wisdm-1607-phone-S"),
        *("wisdm-1600-watch-A", "wisdm-1600-watch-S"),
    ]
    for recording in recordings:
        _, subject, device, code = recording.name.split("-")
        assert recording.user == f"wisdm-{subject}"
        assert recording.placement == {"phone": "pocket", "watch": "wrist"}[device]
        assert recording.source_rate_hz == 20.0
        assert set(np.asarray(recording.labels).tolist()) == {{"A": "walking", "S": "folding"}[code]}


def test_values_and_times_of_both_sensors_are_those_of_their_files(tmp_path: Path) -> None:
    recordings = load("wisdm", write_folder(tmp_path / "wisdm-dataset", FILES))
    folding = next(one for one in recordings if one.name == "wisdm-1600-watch-S")
    seed = 1600 + 5 + ord("S")
    start_ns = 244_006_350_616_716
    assert np.array_equal(folding.acc, signal(160, seed)[:, :3] * 9.81)
    assert np.array_equal(folding.times_ns, start_ns + 50_354_004 * np.arange(160))
    assert folding.gyro is not None and folding.gyro_times_ns is not None
    assert np.array_equal(folding.gyro, signal(165, seed)[:, 3:])
    assert np.array_equal(folding.gyro_times_ns, start_ns + 7_000_000 + 50_354_004 * np.arange(165))
    cut = cut_recording(folding)
    assert cut.labels == ["folding"] * 15
    assert cut.report.accelerometer.dropped == cut.report.gyroscope.dropped == 0
    assert any(window.imu[:, 3:].any() for window in cut.windows)


def test_the_official_download_is_a_zip_in_a_zip(tmp_path: Path) -> None:
    inner = write_zip(tmp_path / "inner" / "wisdm-dataset.zip", FILES, "wisdm-dataset/")
    assert len(load("wisdm", zip_in_zip(tmp_path / "wisdm.zip", "wisdm-dataset.zip", inner))) == 6


def test_a_phone_without_a_file_of_its_gyroscope_has_none(tmp_path: Path) -> None:
    recordings = load("wisdm", write_folder(tmp_path, FILES))
    assert [one.name for one in recordings if one.gyro is None] == ["wisdm-1607-phone-A", "wisdm-1607-phone-S"]
    alone = next(one for one in recordings if one.gyro is None)
    assert alone.gyro_times_ns is None
    assert cut_recording(alone).labels == ["walking"] * 15


def test_an_activity_that_was_recorded_twice_gets_the_gyroscope_of_each_time(tmp_path: Path) -> None:
    hour_ns = 3_600 * 10**9
    files = {name: FILES[name] for name in (WALKING, RATES)}
    for name, columns in ((WALKING, slice(0, 3)), (RATES, slice(3, 6))):
        for start_ns in (252_207_666_810_782 + hour_ns, 252_207_666_810_782 + 2 * hour_ns):
            if (name, start_ns) != (RATES, 252_207_666_810_782 + hour_ns):
                files[name] += wisdm_rows(1600, "A", signal(40, seed=start_ns % 1000)[:, columns], start_ns)
                files[name] += wisdm_rows(1600, "S", np.zeros((2, 3)), start_ns + 10**10)
    recordings = {one.name: one for one in load("wisdm", write_folder(tmp_path, files))}
    assert [name for name in recordings if "-A" in name] == [f"wisdm-1600-phone-A{n}" for n in ("", "-2", "-3")]
    assert recordings["wisdm-1600-phone-A-2"].gyro is None
    third = recordings["wisdm-1600-phone-A-3"]
    assert third.gyro is not None and third.gyro_times_ns is not None
    assert third.gyro_times_ns[0] == third.times_ns[0]
    assert len(third.gyro) == 40


def test_times_that_repeat_or_go_back_are_left_for_the_resampler_to_drop_and_count(tmp_path: Path) -> None:
    lines = FILES[WALKING].splitlines(keepends=True)
    lines.insert(52, lines[48])
    lines.insert(100, lines[99])
    walking, *_ = load("wisdm", write_folder(tmp_path, FILES | {WALKING: b"".join(lines)}))
    assert len(walking.acc) == 162
    report = cut_recording(walking).report.accelerometer
    assert (report.out_of_order, report.duplicate) == (1, 1)


LINES = FILES[WALKING].splitlines(keepends=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no row of data in it"),
        (b"\n\n", "no row of data in it"),
        (FILES[WALKING][:-12], r"line 320 is '1600,S,[^']*', not 1600,ACTIVITY,TIME,X,Y,Z;"),
        (FILES[WALKING][:-2], "line 320 is "),
        (LINES[0] + LINES[1].replace(b"1600,A", b"1601,A"), "line 2 is '1601,A,"),
        (LINES[0] + LINES[1].replace(b",A,", b",N,"), "line 2 is '1600,N,"),
        (LINES[0] + b"1600,A,252207717164786,0.5,oops,1.0;\n", "line 2 is '1600,A,252207717164786,0.5,oops,1.0;'"),
        (LINES[0] + b"1600,A,252207717164786,0.5,nan,1.0;\n", "line 2 is "),
        (LINES[0] + b"1600,A,252207717164786,0.5,1.0;\n", "line 2 is "),
        (LINES[0] + b"1600,A,99999999999999999999,0.5,1.0,1.0;\n", "line 2 is "),
        (LINES[0] + b"1600,A,2522077171647.5,0.5,1.0,1.0;\n", "line 2 is "),
        (b"\xff\xfe\x00binary", "line 1 is "),
    ],
)
def test_a_file_with_something_wrong_in_it_is_named_in_one_line(tmp_path, capsys, content, message) -> None:
    folder = write_folder(tmp_path, FILES | {WALKING: content})
    with pytest.raises(DataError, match=rf"{WALKING}: {message}.*; download the archive again"):
        load("wisdm", folder)
    assert main(["describe", "wisdm", "--data", str(folder)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_numbers_with_an_exponent_are_read(tmp_path: Path) -> None:
    tiny = LINES[0] + b"1600,A,252207717164786,-9.765625E-4,1.0E2,-0.0;\n"
    walking, *_ = load("wisdm", write_folder(tmp_path, FILES | {WALKING: tiny}))
    assert walking.acc[1].tolist() == [-9.765625e-4, 100.0, 0.0]


def test_describe_and_cut_take_recordings_of_two_streams(tmp_path: Path, capsys) -> None:
    folder = write_folder(tmp_path / "data", FILES)
    assert main(["describe", "wisdm", "--data", str(folder), "--plot", str(tmp_path / "plot.png")]) == 0
    text = capsys.readouterr().out
    assert "wisdm: 2 users, 6 recordings" in text
    assert "recordings without a gyroscope: 2" in text
    for number in ("1", "3"):
        assert (
            main(["cut", "wisdm", "--recording", number, "--data", str(folder), "--out", str(tmp_path / "c.csv")]) == 0
        )


@pytest.mark.slow
def test_the_copy_of_the_real_set_has_21_phones_with_a_gyroscope_and_46_watches(wisdm: list[Recording]) -> None:
    """The copy holds the activities A to F, P and R; the figures were counted by other code than the loader's."""
    phones = [one for one in wisdm if one.placement == "pocket"]
    watches = [one for one in wisdm if one.placement == "wrist"]
    assert (len({one.user for one in phones}), len({one.user for one in watches})) == (22, 46)
    assert {one.user for one in wisdm if one.gyro is None} == {"wisdm-1607"}
    assert len(wisdm) == 540
    assert len({one.name for one in wisdm}) == 540
    labels = {"walking", "running", "stairs", "sitting", "standing", "typing", "dribbling", "clapping"}
    assert {str(np.asarray(one.labels)[0]) for one in wisdm} == labels < set(find("wisdm").activities)


@pytest.mark.slow
def test_the_real_set_is_in_si_units_and_comes_at_20_hz_without_losses(wisdm: list[Recording]) -> None:
    for placement in ("pocket", "wrist"):
        still = [one.acc for one in wisdm if one.placement == placement and np.asarray(one.labels)[0] == "sitting"]
        assert np.median(np.linalg.norm(np.concatenate(still), axis=1)) == pytest.approx(STANDARD_GRAVITY, abs=0.25)
    for recording in wisdm[::20]:
        cut = cut_recording(recording)
        assert cut.report.accelerometer.dropped == 0
        assert len(cut.windows) > 330  # Of three minutes, 359 at best.
        assert cut.report.accelerometer.rate_hz is not None
        assert cut.report.accelerometer.rate_hz > 19.5
