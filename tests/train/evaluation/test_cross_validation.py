"""Folds are single tasks: finished ones are kept, stopped ones resumed, on this machine and on a Ray cluster."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.conftest import simulated_recording
from tests.train.small import ARGUMENTS, small_recipe

from har_train.cli import main
from har_train.data.cli import write_replay
from har_train.data.splits import folds, parse_protocol
from har_train.data.windows import load_windows
from har_train.datasets import find
from har_train.evaluation.compare import read_evaluation
from har_train.evaluation.cross_validation import FoldJob, fold_folder, run_folds_on_ray

pytestmark = pytest.mark.slow


def arguments(out: Path, data: Path, *more: str) -> list[str]:
    short = [*ARGUMENTS, "--epochs", "1", "--precision", "32"]
    return ["cross-validate", "--out", str(out), "--data", str(data), "--protocol", "groups:3", *short, *more]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads sum in another order than one, and training amplifies the difference."""
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("har_train.evaluation.cross_validation.threads_each", lambda processes: 1)
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def validated(small_hapt: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three folds of supervised training without interruption."""
    out = tmp_path_factory.mktemp("cv") / "supervised"
    assert main(arguments(out, small_hapt, "--recipe", "uci-har-supervised")) == 0
    return out


def assert_same_predictions(one: Path, other: Path) -> None:
    for index in range(3):
        a, b = (np.load(fold_folder(out, index) / "predictions.npz")["probabilities"] for out in (one, other))
        assert np.array_equal(a, b)


def test_every_user_is_evaluated_once_by_a_model_that_never_saw_them(validated: Path) -> None:
    stored = read_evaluation(validated)
    assert list(stored.judgement.users) == [f"hapt-{number:02d}" for number in range(1, 7)]
    for fold in stored.document["folds"]:
        assert not {*fold["train"], *fold["validation"]} & set(fold["test"])
    tested = [user for fold in stored.document["folds"] for user in fold["test"]]
    assert sorted(tested) == list(stored.judgement.users)
    assert (validated / "report.md").exists()
    assert (validated / "plots" / "tsne_user.png").exists()


@pytest.mark.slow
def test_two_processes_give_what_one_gives(validated: Path, small_hapt: Path, tmp_path: Path) -> None:
    out = tmp_path / "two"
    assert main(arguments(out, small_hapt, "--recipe", "uci-har-supervised", "--jobs", "2")) == 0
    assert_same_predictions(validated, out)


def test_finished_folds_are_kept_and_missing_ones_are_run_again(
    validated: Path, small_hapt: Path, tmp_path: Path
) -> None:
    out = tmp_path / "again"
    shutil.copytree(validated, out)
    shutil.rmtree(fold_folder(out, 1))
    kept = fold_folder(out, 0) / "predictions.npz"
    before = kept.stat().st_mtime_ns
    assert main(arguments(out, small_hapt, "--recipe", "uci-har-supervised", "--resume")) == 0
    assert kept.stat().st_mtime_ns == before
    assert_same_predictions(validated, out)


@pytest.mark.slow
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_leaves_folds_that_resume(validated: Path, small_hapt: Path, tmp_path: Path) -> None:
    out = tmp_path / "stopped"
    whole = arguments(out, small_hapt, "--recipe", "uci-har-supervised")
    core = min(os.sched_getaffinity(0))
    command = ["taskset", "-c", str(core), sys.executable, "-m", "har_train", *whole]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        seen = []
        for line in process.stderr:
            seen.append(line)
            if line.startswith("fold 1 of 3"):
                os.kill(process.pid, signal.SIGINT)
        assert process.wait() == 130, "".join(seen)
    assert all(line.startswith(("fold ", "har-train cross-validate: stopped")) for line in seen), "".join(seen)
    assert not (out / "report.json").exists()
    assert main([*whole, "--resume"]) == 0
    assert_same_predictions(validated, out)


@pytest.mark.parametrize("control", ["hapt-random-forest", "hapt-logistic-regression"])
def test_controls_run_by_the_same_command_on_the_same_folds(
    validated: Path, small_hapt: Path, tmp_path: Path, control: str, capsys
) -> None:
    assert main(arguments(tmp_path / "control", small_hapt, "--recipe", control)) == 0
    ours, theirs = read_evaluation(validated), read_evaluation(tmp_path / "control")
    for mine, other in zip(ours.document["folds"], theirs.document["folds"], strict=True):
        assert mine["test"] == other["test"]
    capsys.readouterr()
    assert main(["compare", str(tmp_path / "control"), str(validated), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    wanted = ours.judgement.scores.macro_f1 - theirs.judgement.scores.macro_f1
    assert result["difference"] == pytest.approx(wanted)


def test_a_model_is_scored_on_the_activities_that_another_set_shares(small_hapt: Path, tmp_path: Path) -> None:
    own = tmp_path / "data"
    (own / "csv-folder").mkdir(parents=True)
    shutil.copy(small_hapt, own / "hapt.zip")
    for seed in (11, 12):
        write_replay(simulated_recording(seed, 3000), own / "csv-folder" / f"wearer{seed}" / "day.csv")
    whole = ["--recipe", "uci-har-supervised", "--transfer", "csv-folder"]
    assert main(arguments(tmp_path / "cv", own, *whole)) == 0
    (row,) = read_evaluation(tmp_path / "cv").document["transfer"]
    assert row["users"] == 2
    assert set(row["activities"]) <= {"walking", "stairs_up", "stairs_down", "sitting", "standing", "lying"}
    assert row["windows"] > 0


@pytest.mark.parametrize("other", ["hapt", "uci-har"])
def test_transfer_to_the_training_users_is_refused(small_hapt: Path, tmp_path: Path, other: str, capsys) -> None:
    assert main(arguments(tmp_path / "cv", small_hapt, "--transfer", other)) == 2
    assert f"transfer to {other}: its people are those of hapt" in capsys.readouterr().err


def test_only_the_same_cross_validation_is_resumed(validated: Path, small_hapt: Path, tmp_path: Path, capsys) -> None:
    assert main(arguments(validated, small_hapt, "--recipe", "uci-har-supervised")) == 2
    assert "not empty; use --resume" in capsys.readouterr().err
    assert main(arguments(validated, small_hapt, "--recipe", "uci-har", "--resume")) == 2
    assert "begun with another recipe;" in capsys.readouterr().err
    assert main(arguments(tmp_path / "none", small_hapt, "--resume")) == 2
    assert "nothing to resume there" in capsys.readouterr().err


@dataclass(frozen=True)
class KilledOnce(FoldJob):
    """A fold; the worker of fold 1 is killed the first time it starts."""

    driver: int = 0

    @property
    def folder(self) -> Path:
        killed = self.out / f"killed-{self.index}"
        if self.index == 1 and os.getpid() != self.driver and not killed.exists():
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().folder


@pytest.mark.slow
def test_on_ray_the_fold_of_a_killed_worker_is_run_again_and_finished_folds_are_not(
    validated: Path, small_hapt: Path, tmp_path: Path
) -> None:
    from ray import cloudpickle

    out = tmp_path / "ray"
    shutil.copytree(validated, out)
    shutil.rmtree(fold_folder(out, 1))
    kept = (fold_folder(out, 0) / "predictions.npz").stat().st_mtime_ns
    cloudpickle.register_pickle_by_value(sys.modules[KilledOnce.__module__])
    recipe = small_recipe("uci-har-supervised")
    splits = folds(parse_protocol("groups:3"), load_windows(out / "windows.npz").user.tolist(), 0)
    jobs = [
        KilledOnce(out, index, split, recipe, (find("hapt"),), "waist", 0, "32", 1, (), 1, driver=os.getpid())
        for index, split in enumerate(splits)
    ]
    done: list[int] = []
    run_folds_on_ray(jobs, "local", done.append)
    assert sorted(done) == [0, 1, 2]
    assert (out / "killed-1").exists()
    assert (fold_folder(out, 0) / "predictions.npz").stat().st_mtime_ns == kept
    assert_same_predictions(validated, out)


def test_a_cluster_that_cannot_be_reached_is_reported(small_hapt: Path, tmp_path: Path, capsys) -> None:
    whole = arguments(tmp_path / "cv", small_hapt, "--recipe", "hapt-logistic-regression", "--ray", "127.0.0.1:1")
    assert main(whole) == 2
    assert "--ray 127.0.0.1:1: no cluster can be reached there" in capsys.readouterr().err
