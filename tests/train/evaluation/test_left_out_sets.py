"""Each data set is scored by what the others teach; its people decide nothing."""

import contextlib
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.train.toy_sets import PLACEMENTS, known_toy_sets, toy_recordings, toy_set, write_recipe

from har_runtime.errors import DataError
from har_runtime.recording import Recording
from har_train.cli import main
from har_train.data.splits import UserSplit, set_folds
from har_train.data.windows import WindowSet
from har_train.datasets import DATASETS
from har_train.evaluation.left_out_sets import LeftOut, leave_one_set_out, without_unseen_classes
from har_train.evaluation.set_report import FORMAT, TITLES, set_report_lines, write_set_report
from har_train.fit.checkpoint import load_checkpoint
from har_train.recipe import Recipe
from har_train.recipe_file import load_recipe

SHORT = ("optimiser.balanced_windows=1000", "optimiser.epochs=2")
PROTOCOL = ("--protocol", "leave-one-set-out", "--precision", "32", "--json")


@pytest.fixture(scope="module", autouse=True)
def toy_sets() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # Two threads sum in another order than one.
    with known_toy_sets():
        yield
    torch.set_num_threads(threads)


def arguments(out: Path, *more: str) -> list[str]:
    recipe = write_recipe(out.parent)
    settings = [part for change in SHORT for part in ("--set", change)]
    return ["cross-validate", "--recipe", str(recipe), *settings, "--data", str(out.parent), "--out", str(out), *more]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The protocol over the three sets, by the command line; "printed.json" is its output."""
    out = tmp_path_factory.mktemp("sets") / "out"
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main(arguments(out, *PROTOCOL)) == 0
    (out / "printed.json").write_text(printed.getvalue())
    return out


def document_of(out: Path) -> dict:
    return json.loads((out / "report.json").read_text())


def without(user_of: str, windows: WindowSet) -> UserSplit:
    people = {name: set(windows.user[windows.dataset == name].tolist()) for name in PLACEMENTS}
    return set_folds(people, 0)[user_of]


def test_what_only_the_set_left_out_has_is_not_learnt(toy: Recipe, of_toys: WindowSet) -> None:
    recipe, left = without_unseen_classes(toy, of_toys, without("toy-wrist", of_toys))
    assert recipe.data.activities == left.labels == of_toys.labels[:-1]
    assert recipe.data.renames == {}, "typing would be unknown, which nobody else has"
    assert recipe.data.choices == toy.data.choices
    assert left.choices == of_toys.choices
    typing = of_toys.y == of_toys.labels.index("unknown")
    assert len(left.y) == (~typing).sum()
    names, fewer = (*of_toys.labels, "stairs"), (*left.labels, "stairs")
    assert [names[y] for y in of_toys.y[~typing]] == [fewer[y] for y in left.y]


def test_a_choice_that_lacks_a_member_is_skipped_with_its_windows(toy: Recipe, of_toys: WindowSet) -> None:
    down = of_toys.labels.index("stairs_down")
    without_down = of_toys.select((of_toys.y != down) | (of_toys.dataset == "toy-wrist"))
    recipe, left = without_unseen_classes(toy, without_down, without("toy-wrist", of_toys))
    assert recipe.data.choices == {} == dict(zip(left.choices, left.choices, strict=True))
    assert "stairs_down" not in left.labels
    assert int(left.y.max()) < len(left.labels)
    assert not (left.dataset[left.y == left.labels.index("stairs_up")] == "toy-pocket").any()


def test_a_choice_keeps_the_activities_that_are_left(toy: Recipe, of_toys: WindowSet) -> None:
    members = ("standing", "sitting", "unknown")
    three = replace(toy, data=replace(toy.data, choices={"quiet": members}))
    marked = replace(of_toys, choices=(members,))
    recipe, left = without_unseen_classes(three, marked, without("toy-wrist", of_toys))
    assert recipe.data.choices == {"quiet": ("standing", "sitting")}
    assert left.choices == (("standing", "sitting"),)
    quiet = left.y == len(left.labels)
    assert quiet.sum() == (marked.y == len(marked.labels)).sum() > 0


def test_with_one_activity_left_there_is_nothing_to_learn(toy: Recipe, of_toys: WindowSet) -> None:
    walking = of_toys.y == of_toys.labels.index("walking")
    with pytest.raises(DataError, match="two activities or more"):
        without_unseen_classes(toy, of_toys.select(walking), without("toy-wrist", of_toys))


@pytest.mark.slow
def test_every_set_is_scored_with_and_without_a_gyroscope_by_a_model_that_never_saw_it(finished: Path) -> None:
    rows = document_of(finished)["sets"]
    assert [(row["set"], row["placement"], row["gyroscope"]) for row in rows] == [
        (name, placement, gyroscope) for name, placement in PLACEMENTS.items() for gyroscope in (True, False)
    ]
    for row in rows:
        record = load_checkpoint(finished / row["set"] / "run").record
        own = {f"{row['set']}-{number}" for number in range(5)}
        assert set(record.split.test) == own
        assert not own & {*record.split.train, *record.split.validation}
        assert row["users"] == 5
        for key in ("windows", "smoothed", "smoothed_given_place"):
            assert 0 <= row[key]["macro_f1"] <= 1
            low, high = row[key]["interval_among_shared"]
            assert low <= row[key]["macro_f1_among_shared"] <= high
        assert 0 <= row["place_found"] <= 1
        assert 0 <= row["unknown"] <= 1
    assert rows[0]["smoothed"] != rows[1]["smoothed"], "the gyroscope makes a difference"
    assert "stairs" in rows[2]["activities"] and "lying" not in rows[4]["activities"]
    assert np.mean([row["smoothed"]["macro_f1_among_shared"] for row in rows]) > 0.4


@pytest.mark.slow
def test_a_class_of_one_set_alone_is_no_label_where_that_set_is_left_out(finished: Path) -> None:
    labels = {name: load_checkpoint(finished / name / "run").record.labels for name in PLACEMENTS}
    assert "unknown" not in labels["toy-wrist"]
    assert labels["toy-waist"][-1] == labels["toy-pocket"][-1] == "unknown"


@pytest.mark.slow
def test_the_report_has_a_row_for_each_and_is_what_was_printed(finished: Path) -> None:
    document = document_of(finished)
    assert json.loads((finished / "printed.json").read_text()) == document
    assert document["format"] == FORMAT
    assert (document["protocol"], document["seed"]) == ("leave-one-set-out", 0)
    text = (finished / "report.md").read_text()
    assert text.startswith("# toy optimiser.balanced_windows=1000 optimiser.epochs=2, leave-one-set-out, seed 0\n")
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert table[0] == f"| {' | '.join(TITLES)} |"
    for row, line in zip(document["sets"], table[2:8], strict=True):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[:4] == [row["set"], row["placement"], "yes" if row["gyroscope"] else "no", "5"]
        numbers = [row[key]["macro_f1"] for key in ("windows", "smoothed", "smoothed_given_place")]
        numbers.append(row["smoothed"]["macro_f1_among_shared"])
        assert cells[4:8] == [f"{100 * value:.2f}" for value in numbers]
        assert cells[8] == " to ".join(f"{100 * end:.2f}" for end in row["smoothed"]["interval_among_shared"])
        assert cells[9:] == [f"{100 * row[key]:.2f}" for key in ("place_found", "unknown")]
    assert "| toy-pocket | pocket | no |" in text.split("## F1 of each activity")[1]
    assert str(finished) not in text


@pytest.mark.slow
def test_finished_sets_are_kept_and_others_are_run_again_with_the_same_result(
    finished: Path, tmp_path: Path, capsys
) -> None:
    out = tmp_path / "again"
    shutil.copytree(finished, out)
    shutil.rmtree(out / "toy-pocket")
    (out / "toy-wrist" / "scores.json").unlink()  # Its network was trained already.
    kept = {file: file.stat().st_mtime_ns for file in (out / "toy-waist").rglob("*") if file.is_file()}
    assert main([*arguments(out, *PROTOCOL[:-1]), "--resume"]) == 0
    shown = capsys.readouterr()
    assert document_of(out) == document_of(finished)
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    lines = [line for line in shown.err.splitlines() if not line.startswith("written: ")]
    assert [line.split(": macro-F1 ")[0] for line in lines] == list(PLACEMENTS)
    assert shown.out.splitlines()[0].endswith("leave-one-set-out, seed 0, macro-F1 in %")
    assert len([line for line in shown.out.splitlines() if line.startswith("toy-")]) == 6


@pytest.mark.slow
def test_a_damaged_result_is_named(finished: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished, out)
    for content in ("", "[]x", "[{}]", "3"):
        (out / "toy-waist" / "scores.json").write_text(content)
        assert main([*arguments(out, *PROTOCOL), "--resume"]) == 2
        assert "scores.json: damaged" in capsys.readouterr().err


@pytest.mark.slow
def test_only_the_same_protocol_is_resumed(finished: Path, tmp_path: Path, capsys) -> None:
    assert main(arguments(finished, *PROTOCOL)) == 2
    assert "not empty; use --resume" in capsys.readouterr().err
    assert main([*arguments(finished, *PROTOCOL), "--resume", "--seed", "1"]) == 2
    assert "begun with another seed" in capsys.readouterr().err
    assert main([*arguments(tmp_path / "none", *PROTOCOL), "--resume"]) == 2
    assert "nothing to resume there" in capsys.readouterr().err


@pytest.mark.slow
def test_the_people_of_a_set_left_out_choose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With other people in the set, who do other things, the others teach the same."""
    recipe = load_recipe(str(write_recipe(tmp_path)), (*SHORT, "data.datasets=['toy-waist', 'toy-wrist']"))
    rows = []
    for way in ("as they were", "others"):
        done: list[str] = []
        document = leave_one_set_out(
            LeftOut(recipe, tmp_path, tmp_path / way), lambda line, _, to=done: to.append(line)
        )
        assert [line.split(":")[0] for line in done] == ["toy-waist", "toy-wrist"]
        rows.append([row for row in document["sets"] if row["set"] == "toy-wrist"])
        monkeypatch.setitem(DATASETS, "toy-wrist", replace(toy_set("toy-wrist"), load=others_at_the_wrist))
    assert rows[0] != rows[1]
    one, other = (load_checkpoint(tmp_path / way / "toy-wrist" / "run") for way in ("as they were", "others"))
    weights = other.network.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in one.network.state_dict().items())
    for name in ("split", "labels", "temperature", "best_epoch", "validation_macro_f1"):
        assert getattr(one.record, name) == getattr(other.record, name), name


def others_at_the_wrist(path: Path) -> list[Recording]:
    """People who do it twice as hard, and are said to sit while they walk and to walk while they sit."""
    swapped = {"sitting": "walking", "walking": "sitting"}
    return [
        replace(one, acc=2 * one.acc, labels=np.array([swapped.get(label, label) for label in np.asarray(one.labels)]))
        for one in toy_recordings("toy-wrist")
    ]


@pytest.mark.slow
def test_a_control_is_scored_without_places(tmp_path: Path) -> None:
    changes = (*SHORT, "method='random-forest'", "model.places=[]")
    recipe = load_recipe(str(write_recipe(tmp_path)), changes)
    document = leave_one_set_out(LeftOut(recipe, tmp_path, tmp_path / "out"))
    assert [row["gyroscope"] for row in document["sets"]] == [True] * 3
    assert not any("smoothed_given_place" in row or "answers" in row for row in document["sets"])
    assert np.mean([row["windows"]["macro_f1_among_shared"] for row in document["sets"]]) > 0.6
    write_set_report(tmp_path / "out", document)
    assert "| toy-waist | waist | yes | 5 |" in (tmp_path / "out" / "report.md").read_text()
    assert len(set_report_lines(document)) == 6


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--jobs", "2"], "--jobs does not go with --protocol leave-one-set-out, which runs one set after another"),
        (["--ray", "local"], "--ray does not go with --protocol leave-one-set-out"),
        (["--transfer", "hapt"], "--transfer does not go with --protocol leave-one-set-out"),
        (["--set", "data.datasets=['toy-waist']"], "the recipe has one data set; give two or more in data.datasets"),
        (["--set", "data.datasets=['toy-waist', 'absent']"], "unknown data set 'absent'"),
        (["--epochs", "0"], "--epochs"),
    ],
)
def test_what_the_protocol_cannot_do_is_one_line_and_leaves_nothing(more, message: str, tmp_path: Path, capsys) -> None:
    try:
        code = main(arguments(tmp_path / "out", *PROTOCOL, *more))
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()
