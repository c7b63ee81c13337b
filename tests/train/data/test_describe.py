"""`har-data describe`: figures that can be counted by hand, and pictures."""

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import simulated_recording

from har_runtime.errors import DataError
from har_runtime.recording import Recording
from har_train.data.cli import main, write_replay
from har_train.data.describe import describe, description_lines
from har_train.data.describe_plot import plot_activities


def still(name: str, user: str, labels: list[str], up: tuple[float, float, float] = (0.0, 0.0, 9.81)) -> Recording:
    """A sensor at rest, 50 Hz, one label for each second."""
    n = 50 * len(labels)
    acc, gyro = np.tile(up, (n, 1)).astype(float), np.zeros((n, 3))
    return Recording(name, np.arange(n) * 20_000_000, acc, gyro, np.repeat(labels, 50), user, "waist", 50.0)


def test_minutes_users_and_windows_of_each_activity_are_counted() -> None:
    recordings = [
        still("a", "anna", ["sitting"] * 60 + [""] * 30),
        still("b", "anna", ["sitting"] * 30),
        still("c", "ben", ["lying"] * 12 + ["sitting"] * 6),
    ]
    found = describe("mine", recordings, ("walking", "lying", "sitting"))
    assert (found.users, found.recordings) == (2, 3)
    rows = {row.label: row for row in found.activities}
    assert list(rows) == ["lying", "sitting"]
    assert rows["sitting"].minutes == pytest.approx(96 / 60)
    assert rows["sitting"].users == 2
    assert rows["lying"].minutes == pytest.approx(12 / 60)
    assert found.unlabelled_minutes == pytest.approx(0.5)
    # n seconds hold 2n - 1 windows of 1 s each half second.
    assert rows["sitting"].windows == 119 + 59 + 11
    assert rows["lying"].windows == 23
    assert found.windows == 179 + 59 + 35


def test_labels_that_the_data_set_does_not_list_are_shown_too() -> None:
    found = describe("mine", [still("a", "anna", ["yoga", "sitting", "dancing"])], ("sitting",))
    assert [row.label for row in found.activities] == ["sitting", "dancing", "yoga"]


def test_gaps_and_dropped_samples_are_counted_and_gaps_do_not_count_as_time() -> None:
    recording = still("a", "anna", ["sitting"] * 10)
    recording.times_ns[250:] += 3_000_000_000
    recording.acc[100] = np.nan
    recording.times_ns[300] = recording.times_ns[299]
    found = describe("mine", [recording])
    acc, gyro = found.accelerometer.counts, found.gyroscope.counts
    assert (acc["gaps"], gyro["gaps"]) == (1, 1)
    assert (acc["invalid"], gyro["invalid"]) == (1, 0)
    assert (acc["repeated"], acc["out of order"]) == (1, 0)
    assert found.accelerometer.samples == 500
    assert found.hours * 3600 == pytest.approx(10, abs=0.03)
    assert found.accelerometer.median_hz == pytest.approx(50)


def test_the_axis_that_is_up_is_found_and_how_many_recordings_agree() -> None:
    recordings = [still(f"r{n}", "anna", ["standing"] * 2, up=(0.0, -9.7, 1.0)) for n in range(3)]
    recordings.append(still("odd", "ben", ["standing"], up=(9.81, 0.0, 0.0)))
    (rest,) = describe("mine", recordings).rest
    assert (rest.up, rest.agreement) == ("-y", 0.75)
    assert rest.magnitude == pytest.approx(np.hypot(9.7, 1.0))
    assert rest.plausible


@pytest.mark.parametrize("factor", [1 / 9.81, 1000, 0.0, 1.1])
def test_acceleration_at_rest_that_is_not_gravity_gets_a_warning(factor: float) -> None:
    recording = still("a", "anna", ["sitting"] * 3)
    found = describe("mine", [replace(recording, acc=recording.acc * factor)])
    assert not found.rest[0].plausible
    assert any("not 9.81: check the units" in line for line in description_lines(found))


def test_without_an_activity_at_rest_gravity_is_not_checked() -> None:
    found = describe("mine", [still("a", "anna", ["walking"] * 3)])
    assert found.rest == ()
    assert any("gravity was not checked" in line for line in description_lines(found))


def test_a_recording_of_one_sample_is_described() -> None:
    recording = still("a", "anna", ["sitting"])
    one = slice(0, 1)
    short = replace(
        recording,
        times_ns=recording.times_ns[one],
        acc=recording.acc[one],
        gyro=recording.gyro[one],
        labels=None,
        user=None,
        placement=None,
        source_rate_hz=None,
    )
    found = describe("mine", [short])
    assert (found.users, found.windows, found.accelerometer.median_hz) == (1, 0, None)
    text = "\n".join(description_lines(found))
    assert "too short to measure a rate" in text
    assert "worn at: unknown" in text


def test_which_recordings_have_no_gyroscope_is_said() -> None:
    one, other = still("a", "anna", ["sitting"] * 3), replace(still("b", "ben", ["sitting"] * 3), gyro=None)
    found = describe("mine", [one, other])
    assert (found.without_gyroscope, found.gyroscope.samples, found.accelerometer.samples) == (1, 150, 300)
    assert "recordings without a gyroscope: 1" in description_lines(found)
    assert not any("without a gyroscope" in line for line in description_lines(describe("mine", [one])))
    assert "gyroscope:     none" in description_lines(describe("mine", [other]))


def png_size(path: Path) -> tuple[int, int]:
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", content[16:24])


def test_the_plot_is_a_png_with_a_row_for_each_activity(tmp_path: Path) -> None:
    recordings = [simulated_recording(seed, 3000) for seed in range(2)]
    labels = sorted({label for one in recordings if one.labels is not None for label in one.labels.tolist() if label})
    assert len(labels) > 2
    plot_activities("Simulated", recordings, labels, tmp_path / "all.png")
    plot_activities("Simulated", recordings, labels[:1], tmp_path / "one.png")
    wide, tall = png_size(tmp_path / "all.png")
    assert wide >= 1000
    assert tall > 1.5 * png_size(tmp_path / "one.png")[1]


def test_recordings_without_a_gyroscope_or_with_one_of_its_own_times_are_drawn_too(tmp_path: Path) -> None:
    one = simulated_recording(0, 3000)
    own = replace(one, gyro=one.gyro[::2], gyro_times_ns=one.times_ns[::2] + 7)
    for name, recording in (("none", replace(one, gyro=None)), ("own", own)):
        plot_activities("Simulated", [recording], ["standing"], tmp_path / f"{name}.png")
    assert (tmp_path / "none.png").read_bytes() != (tmp_path / "own.png").read_bytes()
    assert png_size(tmp_path / "none.png") == png_size(tmp_path / "own.png")


def test_a_data_set_without_labels_cannot_be_drawn(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Mine: no labelled activity to draw"):
        plot_activities("Mine", [still("a", "anna", [""])], ["sitting"], tmp_path / "none.png")
    assert not list(tmp_path.iterdir())


def test_the_command_prints_tables_or_json_and_draws(tmp_path: Path, capsys) -> None:
    for user in ("anna", "ben"):
        write_replay(simulated_recording(len(user), 2000), tmp_path / "own" / user / "day.csv")
    command = ["describe", "csv-folder", "--data", str(tmp_path / "own")]
    assert main([*command, "--plot", str(tmp_path / "picture.png")]) == 0
    text = capsys.readouterr().out
    assert text.startswith("csv-folder: 2 users, 2 recordings, 0.02 h, worn at: unknown")
    assert "standing" in text
    assert png_size(tmp_path / "picture.png")[0] > 1000
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["users"], found["accelerometer"]["samples"]) == (2, 4000)


def test_a_missing_placement_is_one_line_and_exit_code_2(small_hapt: Path, capsys) -> None:
    assert main(["describe", "hapt", "--data", str(small_hapt), "--placement", "wrist"]) == 2
    assert capsys.readouterr().err == "har-data describe: hapt: no recording was worn at 'wrist'; there are: waist\n"


def test_the_description_of_hapt_matches_its_files(hapt_recordings: list[Recording]) -> None:
    found = describe("hapt", hapt_recordings)
    assert (found.users, found.recordings, found.accelerometer.samples) == (30, 61, 1_122_772)
    assert found.hours == pytest.approx(1_122_772 / 50 / 3600)
    acc, gyro = found.accelerometer.counts, found.gyroscope.counts
    assert acc["gaps"] == acc["invalid"] == gyro["unpaired"] == 0
    windows = {row.label: row.windows for row in found.activities}
    assert sum(windows[label] for label in ("walking", "stairs_up", "stairs_down", "sitting", "standing", "lying")) == (
        28_250
    )
    rest = {row.label: row for row in found.rest}
    assert (rest["standing"].up, rest["standing"].agreement) == ("+x", 1.0)
    assert all(row.plausible for row in found.rest)
    assert rest["lying"].up == "+y"


def test_the_list_names_every_data_set_its_terms_and_what_to_do_by_hand(capsys) -> None:
    assert main(["list"]) == 0
    text = capsys.readouterr().out
    for words in ("hapt: HAPT v2.1", "licence: MIT", "to get it: ask the Biomedical", "worn at: pocket, wrist"):
        assert words in text
    assert main(["list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["mobiact"]["registration"]
    assert rows["hapt"]["registration"] is None
