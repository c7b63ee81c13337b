"""A user's own recordings, laid out as DATA.md says."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import ROOT, simulated_recording

from har_runtime.errors import DataError
from har_runtime.recording import cut_recording
from har_train.data.cli import main, write_replay
from har_train.data.windows import cut_windows
from har_train.datasets import DATASETS, find, load
from har_train.recipe import DataConfig

PAGE = (ROOT / "train" / "DATA.md").read_text(encoding="utf-8")
ABOUT = 'title = "Our lab"\nplacement = "wrist"\nlicence = "CC BY 4.0"\ncitation = "Us 2026"\n'
HEADER = "time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,label\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two wearers, three recordings."""
    for seed, name in enumerate(("anna/morning", "anna/evening", "ben/walk")):
        write_replay(simulated_recording(seed, 600), tmp_path / f"{name}.csv")
    return tmp_path


def test_each_folder_is_a_wearer_and_each_file_a_recording(folder: Path) -> None:
    recordings = load("csv-folder", folder)
    assert [(one.name, one.user) for one in recordings] == [
        ("anna/evening", "anna"),
        ("anna/morning", "anna"),
        ("ben/walk", "ben"),
    ]
    wanted = simulated_recording(2, 600)
    assert np.array_equal(recordings[2].times_ns, wanted.times_ns)
    assert np.array_equal(recordings[2].acc, wanted.acc)
    assert np.array_equal(recordings[2].gyro, wanted.gyro)
    assert np.array_equal(recordings[2].labels, wanted.labels)
    assert recordings[2].placement is None


def test_dataset_toml_names_title_placement_and_terms(folder: Path) -> None:
    assert find("csv-folder", folder).licence == "yours; dataset.toml can name it"
    (folder / "dataset.toml").write_text(ABOUT)
    own = find("csv-folder", folder)
    assert (own.title, own.licence, own.citation, own.placements) == ("Our lab", "CC BY 4.0", "Us 2026", ("wrist",))
    assert len(load("csv-folder", folder, placement="wrist")) == 3


def test_a_file_without_labels_is_a_recording_without_labels(tmp_path: Path) -> None:
    (tmp_path / "anna").mkdir()
    rows = "".join(f"{index / 50},0,0,9.81,0,0,0\n" for index in range(100))
    (tmp_path / "anna" / "a.csv").write_text(HEADER.replace(",label", "") + rows)
    labels = load("csv-folder", tmp_path)[0].labels
    assert labels is not None
    assert set(labels.tolist()) == {""}


def test_rows_that_hold_one_sensor_are_two_streams(tmp_path: Path) -> None:
    recording = simulated_recording(0, 1500)
    own = replace(recording, gyro=recording.gyro[::2], gyro_times_ns=recording.times_ns[::2] + 3_000_000)
    write_replay(own, tmp_path / "anna" / "a.csv")
    (found,) = load("csv-folder", tmp_path)
    for name in ("times_ns", "acc", "labels", "gyro_times_ns", "gyro"):
        assert np.array_equal(getattr(found, name), getattr(own, name))
    assert len(cut_recording(found).windows) == len(cut_recording(own).windows) > 50


def test_a_file_without_the_columns_of_a_gyroscope_is_a_recording_without_one(folder: Path) -> None:
    alone = replace(simulated_recording(4, 600), gyro=None)
    write_replay(alone, folder / "zoe" / "walk.csv")
    *_, found = load("csv-folder", folder)
    assert found.user == "zoe"
    assert (found.gyro, found.gyro_times_ns) == (None, None)
    assert np.array_equal(found.acc, alone.acc)
    assert np.array_equal(found.labels, alone.labels)
    assert main(["describe", "csv-folder", "--data", str(folder)]) == 0


def test_an_empty_cell_is_nan_and_training_refuses_the_recording(folder: Path) -> None:
    lines = (folder / "ben" / "walk.csv").read_text().splitlines()
    cells = lines[5].split(",")
    lines[5] = ",".join([*cells[:2], "", *cells[3:]])
    (folder / "ben" / "walk.csv").write_text("\n".join(lines) + "\n")
    recordings = load("csv-folder", folder)
    assert np.argwhere(np.isnan(recordings[2].acc)).tolist() == [[4, 1]]
    with pytest.raises(DataError, match="ben/walk: holds NaN"):
        cut_windows(recordings, DataConfig("csv-folder", ("walking", "standing")))


def test_recordings_of_any_app_are_read_and_hidden_files_passed_over(tmp_path: Path) -> None:
    anna, wanted = tmp_path / "anna", simulated_recording(0, 600)
    write_replay(wanted, anna / "b.CSV")
    (anna / "._b.csv").write_bytes(b"\0\5\26\7")
    (anna / "notes.pdf").write_bytes(b"%PDF")
    lines = (anna / "b.CSV").read_text().splitlines()
    (anna / "c.tsv").write_text("\n".join(lines).replace(",", "\t"))
    (anna / "walk").mkdir()
    rows = [line.split(",") for line in lines[1:]]
    for name, cells in (("Accelerometer", slice(1, 4)), ("Gyroscope", slice(4, 7))):
        text = "".join(",".join([row[0], *row[cells]]) + "\n" for row in rows)
        unit = "m/s^2" if name == "Accelerometer" else "rad/s"
        (anna / "walk" / f"{name}.csv").write_text(f"Time (s),X ({unit}),Y ({unit}),Z ({unit})\n{text}")
    found = load("csv-folder", tmp_path)
    assert [one.name for one in found] == ["anna/b", "anna/c", "anna/walk"]
    for one in found:
        assert np.array_equal(one.times_ns, wanted.times_ns)
        assert np.array_equal(one.acc, wanted.acc)
        assert np.array_equal(one.gyro, wanted.gyro)


def test_dataset_toml_may_say_what_the_files_do_not(tmp_path: Path) -> None:
    (tmp_path / "anna").mkdir()
    rows = "".join(f"{index % 3},0,9.8,{index % 2 + 1}\n" for index in range(100))
    (tmp_path / "anna" / "a.csv").write_text("ax,ay,az,class\n" + rows)
    with pytest.raises(DataError, match=r"a\.csv: it has no times: add rate=N"):
        load("csv-folder", tmp_path)
    (tmp_path / "dataset.toml").write_text('rate = "50"\nlabels = "1:walking,2:sitting"\n')
    (found,) = load("csv-folder", tmp_path)
    assert found.labels is not None
    assert set(found.labels.tolist()) == {"walking", "sitting"}
    assert set(np.diff(found.times_ns).tolist()) == {20_000_000}
    (tmp_path / "dataset.toml").write_text('rate = "fast"\n')
    with pytest.raises(DataError, match=r"dataset\.toml: option rate=fast is not valid"):
        load("csv-folder", tmp_path)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("walk.csv", "x", r"walk\.csv: lies beside the wearers' folders; move it"),
        ("anna/a.csv", "time,acc_x\n", r"a\.csv: no column acc_y"),
        ("anna/a.csv", HEADER, r"a\.csv: no sample in it"),
        ("anna/a.csv", HEADER + "0,0,0,1,0,0,0,standing\n" * 20, r"a\.csv: its times repeat .*: add time=spread"),
        ("anna/a.csv", HEADER + "0,,,,0,0,0,\n0.02,,,,0,0,0,\n", r"a\.csv: no acceleration in it"),
        ("anna/a.csv", HEADER + ",0,0,9.81,0,0,0,standing\n", r"a\.csv: it has no times"),
        ("anna/a.csv", HEADER + "0,0,0,up,0,0,0,standing\n", "line 2, column acc_z: 'up' is not a number"),
        ("dataset.toml", "title = 3\n", r"dataset\.toml: 'title' cannot be used; known keys: title, placement"),
        ("dataset.toml", 'license = "MIT"\n', r"dataset\.toml: 'license' cannot be used"),
        ("dataset.toml", "title", r"dataset\.toml: it is not valid TOML"),
        ("dataset.toml", "a = " + "[" * 200_000, r"dataset\.toml: it is nested too deeply"),
        ("dataset.toml", "#" * 1_000_001, r"dataset\.toml: it is larger than 1,000,000 bytes"),
        ("dataset.toml", 'title = "a\\u001b[2Jb"\n', r"'title' must be a text of at most 4,000 characters, not 'a\?"),
        ("dataset.toml", f'licence = "{"x" * 5000}"\n', "'licence' must be a text of at most 4,000 characters"),
        ("dataset.toml", f'placement = "{"x" * 101}"\n', "'placement' must be a text of 1 to 100 characters"),
    ],
)
def test_unusable_files_are_reported_in_one_line(folder: Path, capsys, file: str, content: str, message: str) -> None:
    (folder / file).write_text(content)
    with pytest.raises(DataError, match=message):
        load("csv-folder", folder)
    assert main(["describe", "csv-folder", "--data", str(folder)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert len(line) < 500 and line.isprintable()


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no WEARER/NAME\.csv in it"):
        load("csv-folder", tmp_path)
    (tmp_path / "a.csv").write_text(HEADER)
    with pytest.raises(DataError, match="not a folder; give the one"):
        load("csv-folder", tmp_path / "a.csv")


def test_the_example_of_the_page_can_be_loaded(tmp_path: Path) -> None:
    (example,) = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    (about,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "anna").mkdir()
    (tmp_path / "anna" / "monday.csv").write_text(example)
    (tmp_path / "dataset.toml").write_text(about)
    (recording,) = load("csv-folder", tmp_path)
    assert recording.labels is not None
    assert recording.labels.tolist() == ["standing", "standing", "", "walking"]
    assert recording.placement == "wrist"
    assert find("csv-folder", tmp_path).title in about


def test_the_page_lists_every_data_set_with_its_page() -> None:
    for name, dataset in DATASETS.items():
        assert f"`{name}`" in PAGE
        assert name == "csv-folder" or dataset.page in PAGE
