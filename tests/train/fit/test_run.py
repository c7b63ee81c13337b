"""Training runs: the same from the same seed, stopped or not; and nothing overwritten by mistake."""

import csv
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tests.train.small import ARGUMENTS, small_recipe

from har_runtime.errors import DataError, HarError, ModelError
from har_runtime.scores import score
from har_train.cli import main
from har_train.data.splits import UserSplit
from har_train.data.windows import WindowSet, cut_windows
from har_train.datasets import find, load
from har_train.fit.checkpoint import TrainingRecord, architecture_of, load_checkpoint
from har_train.fit.hardware import choose_accelerator, choose_precision, cpu_has_bf16
from har_train.fit.network import HarNetwork
from har_train.fit.objective import MultiTask
from har_train.fit.run import Run
from har_train.fit.trainer import fit, split_of, warmed_up_average
from har_train.recipe import Recipe
from har_train.recipe_file import load_recipe

RECIPE = small_recipe()


@pytest.fixture(scope="module")
def windows(small_hapt: Path) -> WindowSet:
    return cut_windows(load("hapt", small_hapt), RECIPE.data)


def train(windows: WindowSet, out: Path, recipe: Recipe = RECIPE, seed: int = 1, **settings: Any) -> TrainingRecord:
    return fit(recipe, [find("hapt")], windows, "waist", Run(out, seed, **settings))


@pytest.fixture(scope="module")
def trained(windows: WindowSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three epochs without interruption."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    train(windows, out, epochs=3)
    return out


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def assert_equal_weights(a: Path, b: Path) -> None:
    first, second = weights(a), weights(b)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_run_that_was_stopped_and_resumed_ends_with_the_weights_of_one_that_was_not(
    windows, trained, tmp_path
) -> None:
    for epochs in (1, 2, 3):
        train(windows, tmp_path / "r", epochs=epochs, resume=epochs > 1)
    assert_equal_weights(trained, tmp_path / "r")
    assert load_checkpoint(tmp_path / "r").record.epochs == 3


def test_another_seed_gives_another_split_and_other_weights(windows, trained, tmp_path) -> None:
    record = train(windows, tmp_path / "other", seed=2, epochs=1)
    assert record.split != load_checkpoint(trained).record.split
    assert not torch.equal(weights(tmp_path / "other")["classifier.0.weight"], weights(trained)["classifier.0.weight"])


def test_training_learns_what_the_simulated_wearers_do(windows: WindowSet, trained: Path) -> None:
    checkpoint = load_checkpoint(trained)
    test = windows.of_users(checkpoint.record.split.test)
    guess = checkpoint.logits(test.x).argmax(axis=1)
    assert score(test.y, guess, test.labels).macro_f1 == checkpoint.record.test_macro_f1
    assert checkpoint.record.test_macro_f1 > 2 / len(test.labels), "no better than guessing, by a factor of two"


def test_normalisation_comes_from_training_users_alone(windows: WindowSet, trained: Path) -> None:
    checkpoint = load_checkpoint(trained)
    own = windows.of_users(checkpoint.record.split.train).x
    assert np.allclose(checkpoint.network.mean.numpy(), own.mean((0, 1)), atol=1e-3)
    assert not np.allclose(checkpoint.network.mean.numpy(), windows.x.mean((0, 1)), atol=1e-3)


def test_views_leave_the_running_statistics_of_batch_norm_to_the_raw_windows(windows: WindowSet) -> None:
    x, y = torch.from_numpy(windows.x[:64]), torch.from_numpy(windows.y[:64])
    batch = (x, y, torch.arange(64) % 3, torch.zeros(64, dtype=torch.int64))
    statistics = {}
    for weight in (0.0, 0.4):
        torch.manual_seed(0)
        settings = small_recipe("uci-har", f"contrastive.weight={weight}")
        module = MultiTask(HarNetwork(architecture_of(settings)), settings, seed=0)
        before = {name: value.clone() for name, value in module.network.named_buffers()}
        module.training_step(batch, 0)
        statistics[weight] = {n: v for n, v in module.network.named_buffers() if "running" in n and "encoder" in n}
        assert not any(torch.equal(before[name], value) for name, value in statistics[weight].items())
    assert all(torch.equal(value, statistics[0.4][name]) for name, value in statistics[0.0].items())


def test_a_finished_folder_is_not_trained_over(windows: WindowSet, trained: Path) -> None:
    with pytest.raises(HarError, match="not empty; use --resume"):
        train(windows, trained)


def test_only_the_same_run_is_resumed(windows: WindowSet, trained: Path, tmp_path: Path) -> None:
    with pytest.raises(HarError, match="begun with another seed, test, validation"):
        train(windows, trained, seed=2, resume=True)
    with pytest.raises(HarError, match="nothing to resume there"):
        train(windows, tmp_path, resume=True)


def test_a_class_that_no_training_user_has_is_refused(windows: WindowSet, tmp_path: Path) -> None:
    keep = ~(np.isin(windows.user, split_of(RECIPE, windows, 1).train) & (windows.y == 0))
    with pytest.raises(DataError, match="no training user has a window of 'walking'"):
        train(windows.select(keep), tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_bf16_is_refused_on_a_cpu_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("har_train.fit.hardware.cpu_has_bf16", lambda: False)
    assert choose_precision("auto") == "32"
    with pytest.raises(HarError, match="neither avx512_bf16 nor amx_bf16"):
        choose_precision("bf16")


def test_a_gpu_is_refused_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert choose_accelerator("auto") == "cpu"
    with pytest.raises(HarError, match="torch finds no CUDA device here"):
        choose_accelerator("gpu")


@pytest.mark.skipif(not cpu_has_bf16(), reason="this CPU has no bfloat16")
def test_bf16_passes_give_nearly_the_loss_of_float32(windows: WindowSet, tmp_path: Path) -> None:
    for precision in ("32", "bf16"):
        train(windows, tmp_path / precision, epochs=1, precision=precision)
    assert losses(tmp_path / "32") == pytest.approx(losses(tmp_path / "bf16"), rel=0.05)


@pytest.mark.slow
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_leaves_a_run_that_resumes_and_only_our_own_lines_on_the_terminal(small_hapt, tmp_path) -> None:
    out = tmp_path / "run"
    # Many epochs: the signal must arrive before the last one.
    command = ["fit", *ARGUMENTS, "--data", str(small_hapt), "--out", str(out), "--precision", "32"]
    command = [sys.executable, "-m", "har_train", *command, "--epochs", "90"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        seen = []
        for line in process.stderr:
            seen.append(line)
            if line.startswith("epoch 2/"):
                os.kill(process.pid, signal.SIGINT)
        assert process.wait() == 130, "".join(seen)
    assert seen[0].startswith("uci-har model.filters=[8,8]")
    assert all(line.startswith("epoch ") for line in seen[1:-1])
    assert seen[-1] == "har-train fit: stopped\n"
    assert not (out / "model.safetensors").exists()
    done = torch.load(out / "resume" / "last.ckpt", weights_only=True)["epoch"] + 1
    assert main([*command[3:-1], str(done + 2), "--resume"]) == 0
    assert load_checkpoint(out).record.epochs == done + 2
    assert main([*command[3:-1], "1", "--resume"]) == 2


def test_ctrl_c_in_a_library_call_is_a_keyboard_interrupt_and_works_again_afterwards(
    windows, tmp_path, monkeypatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(MultiTask, "training_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(windows, tmp_path / "run", epochs=1)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_helper_process_returns_the_record_and_writes_no_model(windows, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("har_train.fit.trainer.is_first_process", lambda: False)
    assert train(windows, tmp_path / "run", epochs=1).epochs == 1
    assert not (tmp_path / "run" / "model.safetensors").exists()


TAUGHT = tuple(
    part
    for change in ("filters=[8, 8]", "head=[16]", "projector=false")
    for part in ("--set", f"distillation.teacher.{change}")
)


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), TAUGHT], ids=["alone", "taught"])
def test_two_processes_give_the_losses_of_one(small_hapt: Path, tmp_path: Path, more: tuple[str, ...]) -> None:
    """Each step has the same batch, pairs, dropout and batch norm; only sums are taken in another order, of which
    AdamW's first steps, signs of gradients that are nearly zero, make more: `test_distributed` is the strict one."""
    curves = []
    for devices in ("1", "2"):
        out = tmp_path / devices
        arguments = [*ARGUMENTS, *more, "--epochs", "2", "--precision", "32"]
        command = [sys.executable, "-m", "har_train", "fit", "--data", str(small_hapt), "--out", str(out), *arguments]
        result = subprocess.run(
            [*command, "--accelerator", "cpu", "--devices", devices], capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr
        assert result.stdout.count("written:") == 1
        curves.append(losses(out))
    assert len(curves[0]) == len(curves[1]) > 1
    assert curves[0][0] == pytest.approx(curves[1][0], rel=2e-3)
    assert curves[0] == pytest.approx(curves[1], rel=2e-2)


def losses(out: Path) -> list[float]:
    """Every loss of every epoch that the CSV logs of a run hold, in order."""
    found: list[float] = []
    for log in sorted(out.glob("logs/*/metrics.csv")):
        with log.open(newline="") as file:
            for row in csv.DictReader(file):
                found += [float(row[name]) for name in ("loss_ce", "loss_cl") if row.get(name)]
    return found


def test_a_whole_first_stage_is_not_run_again_when_the_second_resumes(windows: WindowSet, tmp_path: Path) -> None:
    two = small_recipe("uci-har", "method='two-stage'", "pretraining.epochs=1")
    train(windows, tmp_path / "whole", two, epochs=2)
    train(windows, tmp_path / "parts", two, epochs=1)
    pretrained = tmp_path / "parts" / "resume" / "pretraining" / "last.ckpt"
    written = pretrained.stat().st_mtime_ns
    train(windows, tmp_path / "parts", two, epochs=2, resume=True)
    assert pretrained.stat().st_mtime_ns == written
    assert_equal_weights(tmp_path / "whole", tmp_path / "parts")


def test_a_frozen_encoder_keeps_the_weights_of_its_pretraining(windows: WindowSet, tmp_path: Path) -> None:
    train(windows, tmp_path / "r", small_recipe("uci-har", "method='two-stage'"), epochs=2)
    before = torch.load(tmp_path / "r" / "resume" / "pretraining" / "last.ckpt", weights_only=True)["state_dict"]
    after = weights(tmp_path / "r")
    learnt = {name for name in after if not torch.equal(after[name], before[f"network.{name}"])}
    assert not any(name.startswith("encoder") and name.endswith("weight") for name in learnt)
    assert any(name.startswith("classifier") for name in learnt)


def test_averaged_weights_and_one_cycle_resume_exactly(windows: WindowSet, tmp_path: Path) -> None:
    settings = ("contrastive.weight=0.0", "optimiser.schedule='one-cycle'", "optimiser.label_smoothing=0.1")
    settings = (*settings, "optimiser.class_balance=true")
    averaged = small_recipe("uci-har", *settings, "optimiser.averaging=0.9")
    train(windows, tmp_path / "whole", averaged, epochs=2)
    for epochs in (1, 2):
        train(windows, tmp_path / "parts", averaged, epochs=epochs, resume=epochs > 1)
    assert_equal_weights(tmp_path / "whole", tmp_path / "parts")
    train(windows, tmp_path / "plain", small_recipe("uci-har", *settings), epochs=2)
    average, last = weights(tmp_path / "whole"), weights(tmp_path / "plain")
    assert not torch.equal(average["classifier.0.weight"], last["classifier.0.weight"])


def test_after_few_steps_the_averaged_weights_are_near_the_current_ones(windows: WindowSet, tmp_path: Path) -> None:
    """With a decay of 0.99 from the first step on, 32 steps would leave three quarters of the first weights."""
    plain = small_recipe("uci-har", "contrastive.weight=0.0")
    torch.manual_seed(1)
    first = HarNetwork(architecture_of(plain)).state_dict()
    for name, averaging in (("plain", 0.0), ("averaged", 0.99)):
        changed = small_recipe("uci-har", "contrastive.weight=0.0", f"optimiser.averaging={averaging}")
        train(windows, tmp_path / name, changed, epochs=2)
    current, average = weights(tmp_path / "plain"), weights(tmp_path / "averaged")
    for name in ("encoder.blocks.0.convolutions.0.weight", "classifier.0.weight", "classifier.4.weight"):
        travelled = (current[name] - first[name]).norm()
        assert (average[name] - current[name]).norm() < 0.5 * travelled, name
    assert torch.equal(average["mean"], current["mean"])


def test_the_average_of_many_steps_has_the_decay_of_the_recipe() -> None:
    step = warmed_up_average(0.9)
    assert float(step(torch.tensor(1.0), torch.tensor(0.0), torch.tensor(1))) == pytest.approx(2 / 11)
    assert float(step(torch.tensor(1.0), torch.tensor(0.0), torch.tensor(1000))) == pytest.approx(0.9)


def test_a_control_has_no_checkpoint(windows: WindowSet, tmp_path: Path) -> None:
    with pytest.raises(HarError, match="random-forest is a control: score it with har-train cross-validate"):
        train(windows, tmp_path / "x", load_recipe("hapt-random-forest"))


def test_a_part_of_the_split_without_windows_is_refused(windows: WindowSet, tmp_path: Path) -> None:
    split = UserSplit(("hapt-01", "hapt-02"), ("hapt-03",), ("somebody",))
    with pytest.raises(DataError, match=r"no window of the test users \(somebody\)"):
        fit(RECIPE, [find("hapt")], windows, "waist", Run(tmp_path / "x"), split)
    assert not (tmp_path / "x").exists()


def test_a_channel_that_never_changes_is_no_division_by_zero(windows: WindowSet) -> None:
    network = HarNetwork(architecture_of(small_recipe("uci-har", "model.fine_scale=true"))).eval()
    x = torch.from_numpy(windows.x[:64].copy())
    x[..., 3:] = 0  # No gyroscope.
    network.measure(x)
    assert torch.isfinite(network(x)).all()


def test_a_damaged_checkpoint_to_resume_from_is_one_line(windows: WindowSet, tmp_path: Path) -> None:
    train(windows, tmp_path / "r", epochs=1)
    last = tmp_path / "r" / "resume" / "last.ckpt"
    for content in (b"", last.read_bytes()[:2000], b"x" * 5000):
        last.write_bytes(content)
        with pytest.raises(ModelError, match=r"last\.ckpt: cannot be read") as caught:
            train(windows, tmp_path / "r", epochs=2, resume=True)
        assert "\n" not in str(caught.value)
    (tmp_path / "r" / "run.json").write_text("[]")
    with pytest.raises(HarError, match=r"run\.json: begun with another recipe, seed"):
        train(windows, tmp_path / "r", epochs=2, resume=True)
    (tmp_path / "r" / "run.json").write_text("{")
    with pytest.raises(HarError, match=r"run\.json: cannot be read"):
        train(windows, tmp_path / "r", epochs=2, resume=True)


def test_a_run_keeps_its_curves_for_tensorboard_and_as_csv(trained: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (folder,) = (trained / "logs").iterdir()
    events = EventAccumulator(str(folder))
    events.Reload()
    assert {"loss_ce", "loss_cl", "val_macro_f1"} <= set(events.Tags()["scalars"])
    assert [event.value for event in events.Scalars("loss_ce")] == pytest.approx(losses(trained)[::2], rel=1e-5)


def test_a_checkpoint_of_another_architecture_is_refused(trained: Path, tmp_path: Path) -> None:
    changed = weights(trained)
    changed["classifier.0.weight"] = torch.zeros(64, 128)
    save_file(changed, tmp_path / "model.safetensors", metadata=header_of(trained))
    with pytest.raises(ModelError, match=r"another architecture: classifier\.0\.weight is \(64, 128\)"):
        load_checkpoint(tmp_path)
    save_file(changed, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="not a checkpoint of har-train"):
        load_checkpoint(tmp_path)


def header_of(folder: Path) -> dict[str, str]:
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        return file.metadata()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (None, "'TrainingRecord' must be a table"),
        ({"recipe": None}, "'recipe' must be a table, not None"),
        ({"new_in_version_9": 1}, "unknown key 'new_in_version_9'"),
        ({"temperature": None}, "'temperature' must be a finite number, not None"),
        ({"temperature": -1.0}, "temperature do not fit the recipe"),
        ({"labels": ["walking"]}, "labels or temperature do not fit"),
        ({"split": {"train": ["a"], "validation": ["b"]}}, "'split.test' is missing"),
        ({"seed": "0"}, "'seed' must be a whole number, not '0'"),
    ],
)
def test_a_checkpoint_of_another_version_or_with_a_damaged_record_is_one_line(
    trained: Path, tmp_path: Path, change: dict[str, Any] | None, message: str
) -> None:
    header = header_of(trained)
    record = None if change is None else {**json.loads(header["haredge"]), "version": "9.0", **change}
    save_file(weights(trained), tmp_path / "model.safetensors", metadata={**header, "haredge": json.dumps(record)})
    with pytest.raises(ModelError, match=message) as caught:
        load_checkpoint(tmp_path)
    writer = "(unknown)" if change is None else "9.0"
    assert f"written by haredge {writer}, this is" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_record_reads_back_as_it_was_written(trained: Path) -> None:
    assert json.loads(header_of(trained)["haredge"]) == json.loads(json.dumps(asdict(load_checkpoint(trained).record)))


def test_probabilities_are_the_softmax_of_the_logits_at_the_temperature(windows: WindowSet, trained: Path) -> None:
    checkpoint = load_checkpoint(trained)
    wanted = (torch.from_numpy(checkpoint.logits(windows.x)) / checkpoint.record.temperature).softmax(dim=1)
    assert np.abs(checkpoint.probabilities(windows.x) - wanted.numpy()).max() < 1e-6
    assert checkpoint.probabilities(windows.x[:0]).shape == (0, 6)


@pytest.mark.parametrize("keep", [0, 4, 100, 5000])
def test_a_checkpoint_that_was_cut_off_is_refused(trained: Path, tmp_path: Path, keep: int) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes((trained / "model.safetensors").read_bytes()[:keep])
    with pytest.raises(ModelError, match="not a readable safetensors file"):
        load_checkpoint(path)


def test_a_pickle_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    torch.save({"weights": torch.zeros(3)}, path)
    with pytest.raises(ModelError, match="not a readable safetensors file"):
        load_checkpoint(path)


def test_evaluate_prints_the_test_users_score(trained: Path, small_hapt: Path, capsys) -> None:
    assert main(["evaluate", str(trained), "--data", str(small_hapt)]) == 0
    out = capsys.readouterr().out
    assert f"macro-F1 {100 * load_checkpoint(trained).record.test_macro_f1:.2f} %" in out


def test_evaluate_writes_the_report_that_it_prints_and_compare_reads_it(trained, small_hapt, tmp_path, capsys) -> None:
    out = tmp_path / "report"
    assert main(["evaluate", str(trained), "--data", str(small_hapt), "--out", str(out), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((out / "report.json").read_text())
    assert printed["judgement"]["scores"]["macro_f1"] == load_checkpoint(trained).record.test_macro_f1
    assert str(tmp_path) not in (out / "report.md").read_text()
    assert main(["compare", str(out), str(out / "report.json"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["difference"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "--out", "x", "--data", "absent"], "absent: no such file or folder"),
        (["fit", "--out", "x", "--recipe", "mine"], "unknown recipe 'mine'"),
        (["fit", "--out", "x", "--set", "optimiser.lr=1.0"], "unknown key 'optimiser.lr'"),
        (["cross-validate", "--out", "x", "--protocol", "groups"], "unknown protocol 'groups'"),
        (["compare", "a", "b"], "a: no such file"),
        (["evaluate", "absent"], "absent: no such model"),
        (["evaluate", "absent.safetensors"], "no such checkpoint"),
    ],
)
def test_what_the_user_got_wrong_is_one_line_and_exit_code_2(arguments, message, capsys, monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HAREDGE_DATA", str(tmp_path))
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_training_stops_in_the_midst_of_an_epoch_when_its_processor_time_is_used_up(
    windows: WindowSet, tmp_path: Path
) -> None:
    hasty = small_recipe("uci-har", "optimiser.core_minutes=1e-6")
    record = train(windows, tmp_path / "run", hasty)
    assert record.epochs == 1
    assert record.processor_seconds > 0
    steps = torch.load(tmp_path / "run" / "resume" / "last.ckpt", weights_only=True)["global_step"]
    assert steps == 1
    again = train(windows, tmp_path / "run", hasty, resume=True)
    assert again.epochs == 1
    assert again.processor_seconds < record.processor_seconds + 1
