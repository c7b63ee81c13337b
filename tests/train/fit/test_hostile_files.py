"""Files of a training run that are damaged or of something else are refused in one short line."""

import json
import pickle
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tests.train.small import small_recipe

from har_runtime.errors import HarError
from har_train.data.splits import UserSplit
from har_train.data.windows import COLUMNS, load_windows
from har_train.evaluation.compare import read_evaluation
from har_train.fit import checkpoint, run
from har_train.fit.checkpoint import FORMAT, TrainingRecord, architecture_of, load_checkpoint
from har_train.fit.network import HarNetwork
from har_train.fit.run import claim_folder, read_checkpoint

RECIPE = small_recipe()
RECORD = TrainingRecord(
    RECIPE,
    RECIPE.data.activities,
    UserSplit(("a",), ("b",), ("c",)),
    *(0, 1.0, "waist", "free", "someone", "32", 1, 0, 1.0, "0.1", None, 0.5, 0.5),
)


def refused(function, *arguments) -> str:
    with pytest.raises(HarError) as caught:
        function(*arguments)
    assert len(str(caught.value)) < 500 and "\n" not in str(caught.value)
    return str(caught.value)


def stored(path: Path, record: object = None, weights: float = 0.5, kind: str = FORMAT) -> Path:
    network = HarNetwork(architecture_of(RECIPE))
    tensors = {
        name: torch.full_like(value, weights).contiguous() if value.is_floating_point() else value
        for name, value in network.state_dict().items()
    }
    text = record if isinstance(record, str) else json.dumps(asdict(RECORD) if record is None else record)
    save_file(tensors, path, metadata={"format": kind, "haredge": text})
    return path


def test_a_whole_checkpoint_is_read(tmp_path: Path) -> None:
    assert load_checkpoint(stored(tmp_path / "model.safetensors")).record == RECORD


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": "abcdef"}, "'labels' must be a list, not 'abcdef'"),
        ({"labels": [1, 2]}, r"'labels[0]' must be text, not 1"),
        ({"temperature": True}, "'temperature' must be a finite number, not True"),
        ({"temperature": float("nan")}, "NaN is not a number of JSON"),
        ({"seed": 2**80}, "'seed' must be a whole number"),
        ({"data_licence": "x" * 5000}, "'data_licence' has 5,000 characters"),
        ({"version": "\x1b[2J"}, "'version' has control characters"),
        ({"split": 3}, "'split' must be a table, not 3"),
    ],
)
def test_a_record_of_other_types_is_refused(tmp_path: Path, changes: dict, message: str) -> None:
    path = stored(tmp_path / "x.safetensors", {**asdict(RECORD), **changes})
    assert message in refused(load_checkpoint, path)


@pytest.mark.parametrize("text", ["[" * 200_000, "{", "", "3", "x" * 1_000_001])
def test_a_record_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    assert "its training record cannot be read" in refused(load_checkpoint, stored(tmp_path / "x.safetensors", text))


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = stored(tmp_path / "x.safetensors", weights=float("nan"))
    assert "weights that are no finite numbers" in refused(load_checkpoint, path)


def test_files_larger_than_any_checkpoint_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = stored(tmp_path / "x.safetensors")
    monkeypatch.setattr(checkpoint, "MAX_FILE_BYTES", 1000)
    monkeypatch.setattr(run, "MAX_CHECKPOINT_BYTES", 1000)
    assert "larger than 1,000 bytes" in refused(load_checkpoint, path)
    assert "larger than 1,000 bytes" in refused(read_checkpoint, path)


class Harm:
    """Runs a command if it is unpickled."""

    def __reduce__(self):
        return (Path.touch, (Path("harmed"),))


def test_nothing_in_a_file_to_resume_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "last.ckpt").write_bytes(pickle.dumps({"epoch": 1, "state_dict": Harm()}))
    refused(read_checkpoint, tmp_path / "last.ckpt")
    torch.save({"epoch": 1, "state_dict": Harm()}, tmp_path / "last.ckpt")
    refused(read_checkpoint, tmp_path / "last.ckpt")
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize("text", ["[" * 200_000, "{", "\0", '{"seed": NaN}', " " * 1_000_001, "[1]", '"seed"'])
def test_settings_of_another_run_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    assert str(tmp_path / "run.json") in refused(claim_folder, tmp_path, "run.json", {"seed": 1}, True)


def test_an_evaluation_that_is_nested_deeply_is_refused(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("[" * 200_000)
    assert "nested too deeply" in refused(read_evaluation, tmp_path)


@pytest.mark.parametrize("choices", ['"abc"', "[1]", '["abc"]', "[" * 200_000, "{"])
def test_choices_of_windows_that_are_damaged_are_refused(tmp_path: Path, choices: str) -> None:
    columns = dict.fromkeys(COLUMNS, np.zeros(1))
    np.savez(tmp_path / "windows.npz", **columns, labels=np.array(["a"]), choices=np.array(choices))
    assert "windows.npz: damaged" in refused(load_windows, tmp_path / "windows.npz")


def test_a_record_of_finite_numbers_alone_is_written(tmp_path: Path) -> None:
    network = HarNetwork(architecture_of(RECIPE))
    with pytest.raises(ValueError, match="Out of range float values"):
        checkpoint.save_checkpoint(tmp_path / "x", network, replace(RECORD, temperature=float("nan")))


def test_what_a_killed_run_did_not_finish_is_no_reason_to_refuse_its_folder(tmp_path: Path) -> None:
    (tmp_path / ".run.json.x.part").touch()
    claim_folder(tmp_path, "run.json", {"seed": 1}, False)
    assert json.loads((tmp_path / "run.json").read_text()) == {"seed": 1}
    assert "not empty" in refused(claim_folder, tmp_path, "run.json", {"seed": 1}, False)
