"""No program shows text from outside that steers the terminal: names of files and folders, labels, arguments."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from har_bench.cli import main as har_bench
from har_export.cli import main as har_export
from har_runtime.text import MAX_LINE
from har_train.cli import main as har_train
from har_train.data.cli import main as har_data
from har_train.evaluation.evaluate import Predictions
from har_train.evaluation.judgement import judge
from har_train.evaluation.report import FORMAT, json_text

HOSTILE = "[|x] \x1b[31mred\x07\x9b2J :smile: [bold]"
CLEAN = "[|x] ?[31mred??2J :smile: [bold]"
HEADER = "time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,label\n"
Main = Callable[[list[str]], int]


def said(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    text = captured.out + captured.err
    assert not any(mark in text for mark in "\x1b\x07\x9b")
    return text


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """The folder of a data set whose wearers, files and labels have hostile names."""
    for wearer in (HOSTILE, "ben"):
        folder = tmp_path / "csv-folder" / wearer
        folder.mkdir(parents=True)
        rows = [f"{i / 50},0.1,9.8,0.1,0,0,0,{'standing' if i < 300 else f'lab{HOSTILE}'}\n" for i in range(600)]
        (folder / f"walk{HOSTILE}.csv").write_text(HEADER + "".join(rows))
    return tmp_path


def test_har_data_describes_hostile_names(recordings: Path, capsys) -> None:
    assert har_data(["describe", "csv-folder", "--data", str(recordings)]) == 0
    assert f"lab{CLEAN}" in said(capsys)


def test_har_data_cuts_and_converts_hostile_names(recordings: Path, capsys) -> None:
    out = str(recordings / "x.csv")
    assert har_data(["cut", "csv-folder", "--data", str(recordings), "--recording", "1", "--out", out]) == 0
    assert CLEAN in said(capsys)
    file = recordings / "csv-folder" / "ben" / f"walk{HOSTILE}.csv"
    assert har_data(["convert", str(file), "--out", out]) == 0
    assert CLEAN in said(capsys)


def test_har_train_compares_evaluations_of_hostile_users(tmp_path: Path, capsys) -> None:
    users = np.array([f"a{HOSTILE}", "b"] * 4)
    labels = np.array([0, 1] * 4)
    judgement = judge(
        Predictions(labels, np.eye(2, dtype=np.float32)[labels], users, (f"x{HOSTILE}", "y")), replicates=10
    )
    path = tmp_path / f"{HOSTILE}.json"
    path.write_text(json_text({"format": FORMAT, "judgement": judgement.to_dict()}))
    assert har_train(["compare", str(path), str(path)]) == 0
    assert f"a{CLEAN}" in said(capsys)


@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        (har_data, [HOSTILE]),
        (har_data, ["describe", HOSTILE, "--data", "."]),
        (har_data, ["convert", HOSTILE, "--out", "x"]),
        (har_data, ["list", f"--{HOSTILE}"]),
        (har_train, [HOSTILE]),
        (har_train, ["compare", HOSTILE, HOSTILE]),
        (har_train, ["fit", "--recipe", HOSTILE, "--data", ".", "--out", "x"]),
        (har_train, ["fit", "--set", f"{HOSTILE}=1", "--data", ".", "--out", "x"]),
        (har_train, ["evaluate", HOSTILE, "--data", "."]),
        (har_export, [HOSTILE, "--out", "x"]),
        (har_export, ["inspect", HOSTILE]),
        (har_export, ["adopt", HOSTILE, "--labels", HOSTILE, "--normalise", "none", "--out", "x.tflite"]),
        (har_bench, [HOSTILE]),
        (har_bench, [f"--{HOSTILE}"]),
    ],
)
def test_refusals_are_one_clean_line(main: Main, arguments: list[str], tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    (line,) = said(capsys).splitlines()
    assert len(line) < MAX_LINE + 100
