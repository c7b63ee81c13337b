"""A model of several data sets is scored on its test users in all of them, in its own frame."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.train.toy_sets import PLACEMENTS, known_toy_sets

from har_runtime.errors import DataError
from har_train.cli import main
from har_train.evaluation.evaluate import data_of, evaluate, transfer_windows
from har_train.fit.card import card_of
from har_train.fit.checkpoint import TrainingRecord, load_checkpoint


@pytest.fixture(scope="module", autouse=True)
def toy_sets() -> Iterator[None]:
    with known_toy_sets():
        yield


@pytest.fixture(scope="module")
def record(toy_run: Path) -> TrainingRecord:
    return load_checkpoint(toy_run).record


@pytest.mark.slow
def test_its_test_users_are_scored_in_every_set(toy_run: Path, record: TrainingRecord, tmp_path: Path, capsys) -> None:
    assert main(["evaluate", str(toy_run), "--data", str(tmp_path), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["dataset"] == ", ".join(PLACEMENTS)
    assert printed["judgement"]["scores"]["macro_f1"] == record.test_macro_f1
    assert sorted(printed["judgement"]["users"]) == sorted(record.split.test)
    rows = printed["judgement"]["scores"]["classes"]
    assert {row["label"]: row["support"] > 0 for row in rows}["unknown"] == any(
        "wrist" in user for user in record.split.test
    )


def test_one_recording_is_scored_whichever_set_it_is_of(toy_run: Path, record: TrainingRecord, tmp_path: Path) -> None:
    user = record.split.test[0]
    found = evaluate(str(toy_run), tmp_path, f"{user}-walk")
    assert list(found.judgement.users) == [user]
    with pytest.raises(DataError, match=f"recording {record.split.train[0]}-walk: not one of the test users"):
        evaluate(str(toy_run), tmp_path, f"{record.split.train[0]}-walk")


def test_a_card_of_several_sets_tells_them_with_their_placements_and_its_frame(record: TrainingRecord) -> None:
    card = card_of(record, "toy")
    data = data_of(card)
    assert data.sets == tuple((name, None) for name in PLACEMENTS)
    assert (data.activities, data.frame) == (record.labels, "upright")
    some = replace(card, training=replace(card.training, data="toy-waist, toy-wrist/wrist"))
    assert data_of(some).sets == (("toy-waist", None), ("toy-wrist", "wrist"))
    one = replace(card, training=replace(card.training, data="toy-wrist"), placement="wrist")
    assert data_of(one).sets == (("toy-wrist", "wrist"),)


@pytest.mark.parametrize("name", ["toy-pocket", "toy-wrist/wrist"])
def test_its_own_sets_are_no_other_ones(name: str, record: TrainingRecord, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"transfer to {name}: its people are those of {name.partition('/')[0]}"):
        transfer_windows(name, tmp_path, record.recipe.data)


def test_windows_of_another_set_are_in_its_frame(record: TrainingRecord, tmp_path: Path) -> None:
    waist = replace(record.recipe.data, datasets=("toy-waist",))
    windows = transfer_windows("toy-pocket", tmp_path, waist)
    assert windows.labels == ("standing", "sitting", "lying", "walking")
    standing = windows.x[windows.y == 0]
    assert standing[:, :, 2].mean() > 9
    assert abs(standing[:, :, :2]).mean() < 1.5
