"""The page "a model of your own": its commands, run one after another on real recordings, end in a model that streams.

What is replaced: the sensor is a recording of HAPT, whose own labels are recorded in place of keys; the network is
smaller and trains for two epochs; the int8 file alone is exported.
"""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from tests.train.small import ARGUMENTS

from har_export.cli import main as export
from har_runtime.cli.labelled_table import LabelledTable
from har_runtime.cli.stream import main as stream
from har_runtime.model.load import load_model
from har_runtime.recording import Recording
from har_runtime.samples import SampleChunk
from har_train.cli import main as train
from har_train.data.cli import main as data

PAGE = Path(__file__).parents[2] / "train" / "YOUR_OWN.md"
PROGRAMS = {"har-stream": stream, "har-data": data, "har-train": train, "har-export": export}
PEOPLE = ("anna", "ben", "cleo", "dan", "eva")
SENSOR = "serial:auto"
ACTIVITIES = ("walking", "standing", "sitting", "lying")
SAMPLES = 800
"""Of each activity and person: 16 s."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def commands() -> list[list[str]]:
    return [shlex.split(line) for block in blocks("bash") for line in block.strip().splitlines()]


def write_person(recording: Recording, path: Path) -> None:
    """Some seconds of each activity as a table."""
    assert recording.labels is not None and recording.gyro is not None
    table, begin_ns = LabelledTable(path, gyroscope=True), 0
    for activity in ACTIVITIES:
        at = np.flatnonzero(recording.labels == activity)[:SAMPLES]
        times = begin_ns + np.arange(len(at), dtype=np.int64) * 20_000_000
        table.write(SampleChunk(times, recording.acc[at], recording.gyro[at]), activity)
        begin_ns = int(times[-1]) + 20_000_000
    table.close()


def test_the_page_and_its_recipe_are_about_the_same_activities() -> None:
    about, recipe = blocks("toml")
    assert 'placement = "waist"' in about
    assert all(f'"{activity}"' in recipe for activity in ACTIVITIES)
    assert commands()[0][-1] == ",".join(ACTIVITIES)
    assert {command[0] for command in commands()} == set(PROGRAMS)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.real_data
def test_the_commands_of_the_page_end_in_a_model_that_streams(
    hapt_recordings: list[Recording],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    users = {recording.user: recording for recording in hapt_recordings}
    for person, user in zip(PEOPLE, users, strict=False):
        write_person(users[user], tmp_path / f"{person}-sensor.csv")
    about, recipe = blocks("toml")
    (tmp_path / "ours.toml").write_text(recipe)
    for program, *arguments in commands():
        given = [argument.replace(SENSOR, "replay:anna-sensor.csv?speed=max") for argument in arguments]
        if given[0] == "record":
            for person in PEOPLE:
                own = [argument.replace("anna", person) for argument in given]
                assert stream([*own, "--name", "monday", "--source-labels"]) == 0
            (tmp_path / "my-data" / "dataset.toml").write_text(about)
            continue
        if given[0] == "fit":
            given += [*ARGUMENTS, "--epochs", "2", "--precision", "32"]
        if program == "har-export":
            given += ["--formats", "tflite-int8", "--max-loss", "100", "--min-agreement", "0"]  # It has learnt little.
        assert PROGRAMS[program](given) == 0, capsys.readouterr().err
    card = load_model("exported/ours.tflite").card
    assert (card.labels, card.placement, card.training.licence) == (ACTIVITIES, "waist", "CC BY 4.0")
    assert json.loads((tmp_path / "reports" / "ours" / "report.json").read_text())
    assert len((tmp_path / "day.jsonl").read_text().splitlines()) == 4 * SAMPLES // 25 - 1
    assert "steps:" in capsys.readouterr().out
