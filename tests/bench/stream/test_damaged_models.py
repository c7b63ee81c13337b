"""Damaged models are refused or run, and never end the process."""

import json
import random
from pathlib import Path

import pytest

from har_bench.stream import damaged_models
from har_bench.stream.damaged_models import Outcome, damaged, load_bytes, main, outcome_of


def test_each_of_many_damaged_models_runs_or_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(damaged_models, "pretrained_names", lambda: ["anywhere-micro"])
    assert main(["--mutations", "60", "--seed", "3", "--out", str(tmp_path / "d.json")]) == 0
    (row,) = json.loads((tmp_path / "d.json").read_text())["models"]
    assert row["runs"] + row["refused"] == 60
    assert row["refused"] > 10
    assert row["faults"] == []


def test_a_process_that_ends_by_a_signal_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setattr(damaged_models, "load_model", lambda path: os.abort())
    assert outcome_of(tmp_path / "x.tflite") is Outcome.FAULT
    monkeypatch.setattr(damaged_models, "load_model", lambda path: 1 / 0)
    assert outcome_of(tmp_path / "x.tflite") is Outcome.FAULT


def test_the_seed_decides_the_damage() -> None:
    content = load_bytes("anywhere-micro")
    one, other = random.Random(5), random.Random(5)
    pairs = [(damaged(content, one), damaged(content, other)) for _ in range(20)]
    assert all(first == second for first, second in pairs)
    assert len({first for first, _ in pairs}) > 15  # An operator may get the tensor that it had.
