"""Labels of other data sets as our words, and what becomes of those that the model does not know."""

import json
from pathlib import Path

import pytest
from tests.runtime.sources.replay.tables import cells, read, table

from har_runtime.cli.stream import main
from har_runtime.errors import SourceError
from har_runtime.sources import open_source
from har_runtime.sources.replay.labels import MAX_LABELS, Labels

OURS = {
    "walking": "WALKING Walking walk wlk",
    "running": "Jogging RUNNING jog",
    "standing": "STANDING Stand std",
    "sitting": "Sitting sit",
    "lying": "LAYING Laying lying Lie",
    "stairs_up": "WALKING_UPSTAIRS Upstairs ascending stairsup ups Walking-Upstairs",
    "stairs_down": "WALKING_DOWNSTAIRS Downstairs descending stairs_down dws",
    "stairs": "stairs Stairs",
    "": "unknown NULL none",
}


@pytest.mark.parametrize("ours", OURS)
def test_the_words_of_public_data_sets_are_ours(ours: str) -> None:
    theirs = OURS[ours].split()
    assert Labels().ours(theirs).tolist() == [ours] * len(theirs)


def test_a_label_of_two_words_is_one() -> None:
    assert Labels().ours(["Climbing stairs", "Lying down", "climbing a tree"]).tolist() == [
        "stairs_up", "lying", "climbing a tree",
    ]  # fmt: skip


def test_other_words_stay_and_passages_are_no_postures() -> None:
    theirs = ["juggling", "sit down", "stand up", "STAND_TO_SIT", "still"]
    assert Labels().ours(theirs).tolist() == theirs


def test_given_words_come_first() -> None:
    labels = Labels({"1": "walking", "walk": "hiking"})
    assert labels.ours(["1", "walk", "jog"]).tolist() == ["walking", "hiking", "running"]
    assert labels.used == {"1": "walking", "walk": "hiking", "jog": "running"}
    assert Labels(as_written=True).ours(["WALKING"]).tolist() == ["WALKING"]


def test_a_column_that_holds_no_activities_does_not_fill_the_memory() -> None:
    labels = Labels()
    many = [str(number) for number in range(3 * MAX_LABELS)]
    assert labels.ours(many).tolist() == many
    assert len(labels._known) == MAX_LABELS


@pytest.mark.parametrize("text", ["walking", "1:walking,2", ":walking", "1=walking"])
def test_an_option_that_is_no_list_of_labels_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match="write it as 1:walking,2:stairs_up, or as-written"):
        open_source(f"replay:walk.csv?labels={text}")


def labelled(folder: Path, name: str, *labels: str) -> Path:
    path = folder / "walk.csv"
    header = f"time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,{name}"
    path.write_text(table(header, lambda i, t, acc, gyro: cells(t, *acc, *gyro, labels[i * len(labels) // 600])))
    return path


@pytest.mark.parametrize("name", ["label", "Activity", "class"])
def test_the_words_that_were_taken_for_others_are_stated(tmp_path: Path, name: str, capsys) -> None:
    path = labelled(tmp_path, name, "WALKING_UPSTAIRS", "Jogging", "unknown")
    found = read(path)
    assert found.labels is not None
    assert found.labels[::200].tolist() == ["stairs_up", "running", ""]
    assert "labels: WALKING_UPSTAIRS is stairs_up, Jogging is running" in found.replay.description
    assert main(["--source", f"replay:{path}?speed=max"]) == 0
    assert "labels: WALKING_UPSTAIRS is stairs_up, Jogging is running\n" in capsys.readouterr().err


def test_labels_that_the_model_does_not_know_are_named_instead_of_scored(tmp_path: Path, capsys) -> None:
    path = labelled(tmp_path, "label", "5", "juggling")
    assert main(["--source", f"replay:{path}?speed=max"]) == 0
    text = capsys.readouterr().err
    assert "  labels that the model does not know: " in text
    assert "juggling (11 windows)" in text
    assert "against the source's labels" not in text
    path = labelled(tmp_path, "label", "5", "1")
    assert main(["--source", f"replay:{path}?speed=max"]) == 0
    assert "name numbers with labels=1:walking,2:stairs_up" in capsys.readouterr().err
    assert main(["--source", f"replay:{path}?speed=max&labels=1:walking,5:standing", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["labels"] == {"1": "walking", "5": "standing"}
    assert result["other_truths"] == {}
    assert result["scores"]["windows"] > 20
