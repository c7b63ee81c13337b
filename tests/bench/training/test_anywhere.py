"""A short run of everything that `anywhere` is compared with, on two small data sets, and its tables."""

import itertools
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import SAMPLES, simulated_recording

from har_bench.training import anywhere, anywhere_tables
from har_bench.training.anywhere import GROUPS, LADDER, MODELS, names_of, recipe_of
from har_train.datasets import difronzo
from har_train.evaluation import cross_validation
from har_train.recipe import Recipe
from har_train.recipe_file import load_recipe

NETWORK = ("model.filters=[4, 6]", "model.head=[8]")
BATCHES = ("optimiser.batch_size=64",)
SETS = (
    "data.datasets=['hapt', 'difronzo']",
    "data.activities=['standing', 'sitting', 'lying', 'walking', 'stairs_up', 'stairs_down']",
    "data.renames.'wrist/typing'='sitting'",
    "data.renames.'wrist/clapping'='standing'",
    "model.halvings=1",
    "optimiser.balanced_windows=512",
)
TEACHER = (
    *(f"distillation.teacher.{one.removeprefix('model.')}" for one in NETWORK),
    "distillation.teacher.halvings=1",
)


@pytest.fixture(scope="module")
def two_sets(small_hapt: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with six wearers in HAPT's layout, and six others with the device turned round in DiFronzo's."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "hapt.zip").symlink_to(small_hapt)
    number = {name: index for index, name in difronzo.ACTIVITIES.items()}
    rows: list[str] = []
    with zipfile.ZipFile(folder / "difronzo.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for user in range(1, 7):
            recording = simulated_recording(100 + user, SAMPLES)
            assert recording.labels is not None
            for sensor, values in (("acc", recording.acc), ("gyro", recording.gyro)):
                text = "\n".join(" ".join(map(repr, row)) for row in (values * [-1.0, -1.0, 1.0]).tolist())
                archive.writestr(f"raw data/{sensor}_exp{user:02d}_user{user:02d}.txt", text + "\n")
            edges = [0, *(np.flatnonzero(recording.labels[1:] != recording.labels[:-1]) + 1).tolist(), SAMPLES]
            for begin, end in itertools.pairwise(edges):
                if (label := str(recording.labels[begin])) in number:
                    rows.append(f"{user} {user} {number[label]} {begin + 1} {end}")
        archive.writestr("raw data/labels.txt", "\n".join(rows) + "\n")
    return folder


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows with small networks on the two sets, and two groups."""

    def recipe(part: str, name: str) -> Recipe:
        if part == "groups" and name != "anywhere":
            return load_recipe(anywhere.METHODS[name.partition(", ")[0]], (*NETWORK, *BATCHES))
        base, *changes = (MODELS | LADDER)[name]
        teacher = TEACHER if name == "anywhere" else ()
        return load_recipe(base, (*changes, *NETWORK, *BATCHES, *SETS, *teacher))

    monkeypatch.setattr(anywhere, "recipe_of", recipe)
    monkeypatch.setattr(anywhere, "GROUPS", 2)
    monkeypatch.setattr(cross_validation, "threads_each", lambda processes: 1)  # More only wait for each other.


ROWS = {
    "models": ("anywhere-large", "anywhere"),
    "ladder": ("own gravity", "random forest, upright"),
    "groups": ("anywhere", "hapt-robust, hapt", "random forest, hapt"),
}


@pytest.fixture
def run(two_sets: Path, tiny: None, tmp_path: Path) -> Any:
    """Runs the rows of a part and returns the result."""

    def rows(*parts: str) -> dict[str, Any]:
        arguments = ["--data", str(two_sets), "--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "a.json")]
        chosen = ";".join(dict.fromkeys(row for part in parts for row in ROWS[part]))
        options = ["--parts", ",".join(parts), "--rows", chosen, "--epochs", "1", "--precision", "32"]
        assert anywhere.main([*arguments, *options]) == 0
        return json.loads((tmp_path / "a.json").read_text())

    return rows


@pytest.mark.slow
def test_each_set_is_left_out_of_the_models_and_the_ladder(run: Any, tmp_path: Path) -> None:
    result = run("models", "ladder")
    assert [row["name"] for row in result["models"]] == list(ROWS["models"])
    for entry in result["models"]:
        assert entry["protocol"] == "leave-one-set-out"
        found = [(row["set"], row["placement"], row["gyroscope"]) for row in entry["sets"]]
        assert found == [(*one, gyro) for one in (("hapt", "waist"), ("difronzo", "pocket")) for gyro in (True, False)]
        assert all(0 <= row["smoothed"]["macro_f1_among_shared"] <= 1 for row in entry["sets"])
    # The large networks teach the small ones; none is trained twice.
    assert (tmp_path / "runs" / "models" / "anywhere-large" / "hapt" / "run" / "model.safetensors").exists()
    assert not list((tmp_path / "runs").glob("**/teacher"))
    gravity, forest = result["ladder"]
    assert "smoothed_given_place" not in gravity["sets"][0]
    assert {row["set"] for row in forest["sets"]} == {"hapt", "difronzo"}
    assert forest["sets"][0]["windows"]["macro_f1_among_shared"] > 0.3
    text = anywhere_tables.left_out(result)
    assert text.count("\n| hapt, waist | 6 | anywhere") == 2
    smoothed = result["models"][1]["sets"][1]["smoothed"]
    assert f"| {100 * smoothed['macro_f1_among_shared']:.1f} (" in text.splitlines()[3]
    assert anywhere_tables.summary(result).count("\n| hapt, waist | 6 | ") == len(result["models"]) == 2
    lines = anywhere_tables.ladder(result).splitlines()
    assert lines[0] == "| one window / smoothed | hapt, waist | difronzo, pocket |"
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| own gravity", "| random forest, upright", "| anywhere"]

    before = (tmp_path / "a.json").stat().st_mtime_ns
    assert run("models", "ladder") == result  # Nothing is left to do.
    assert (tmp_path / "a.json").stat().st_mtime_ns == before

    # A row that lacks a set trains without that one only, even where nothing but the JSON was kept.
    small = result["models"][1]
    unfinished = {**small, "sets": [row for row in small["sets"] if row["set"] == "hapt"], "unfinished": True}
    (tmp_path / "a.json").write_text(json.dumps({**result, "models": [result["models"][0], unfinished]}))
    shutil.rmtree(tmp_path / "runs" / "models" / "anywhere")
    again = run("models")["models"][1]
    assert [row["set"] for row in again["sets"]] == [row["set"] for row in small["sets"]]
    assert again["sets"][:2] == small["sets"][:2]
    assert not (tmp_path / "runs" / "models" / "anywhere" / "hapt").exists()
    assert "unfinished" not in again


@pytest.mark.slow
def test_groups_of_people_are_scored_set_by_set(run: Any) -> None:
    result = run("groups")
    everything, robust, forest = result["groups"]
    assert [(row["set"], row["users"]) for row in everything["sets"]] == [("hapt", 6), ("difronzo", 6)]
    assert set(everything["sets"][0]) >= {"windows", "smoothed", "smoothed_given_place"}
    assert [row["placement"] for row in robust["sets"] + forest["sets"]] == ["waist", "waist"]
    assert robust["sets"][0]["windows_scored"] == forest["sets"][0]["windows_scored"]
    _, _, hapt, other = anywhere_tables.groups(result).splitlines()
    assert hapt.count(" to ") == 6
    assert other.endswith("|  |  |  |")  # Nothing else was trained on that set.


def test_every_row_has_a_recipe_and_the_sizes_share_their_teacher() -> None:
    recipes = {(part, name): recipe_of(part, name) for part in anywhere.PARTS for name in names_of(part)}
    assert len(recipes) == 3 + 7 + 1 + 8
    large = recipes["models", "anywhere-large"]
    for name in ("anywhere", "anywhere-micro"):
        teacher = recipes["models", name].teacher
        assert teacher is not None
        assert replace(teacher, name=large.name, title=large.title) == large
    small = recipes["ladder", "upright, place"]
    assert small.model == recipes["models", "anywhere"].model
    assert small.distillation.teacher is None
    frames = [
        (recipe.data.frame, recipe.model.yaw_invariant) for (part, _), recipe in recipes.items() if part == "ladder"
    ]
    device, gravity, upright = ("device", False), ("gravity", True), ("upright", True)
    assert frames == [device, gravity, upright, upright, upright, device, upright]
    assert recipes["groups", "random forest, wisdm/wrist"].data.placement == "wrist"
    assert GROUPS == 10


def test_unknown_rows_and_parts_give_one_line(
    two_sets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--data", str(two_sets), "--runs", str(tmp_path), "--out", str(tmp_path / "a.json")]
    assert anywhere.main([*common, "--parts", "models,snakes"]) == 2
    assert "unknown 'snakes'; known: models; ladder; groups" in capsys.readouterr().err
    assert anywhere.main([*common, "--rows", "anywhere; something"]) == 2
    assert "unknown 'something'; known: anywhere-large; anywhere; " in capsys.readouterr().err
