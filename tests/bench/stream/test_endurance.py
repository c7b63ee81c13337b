"""A short endurance run: every window is accounted for, and a lost one is noticed."""

import json
from pathlib import Path

import pytest
from tests.bench.conftest import Untrained

from har_bench.stream import endurance
from har_runtime.model.load import DEFAULT_MODEL
from har_runtime.sources.serial_port.decode import WitmotionDecoder


def test_every_window_of_a_short_run_starts_when_it_must(tmp_path: Path, capsys) -> None:
    out = tmp_path / "endurance.json"
    endurance.main(["--out", str(out), "--samples", "20000"])
    result = json.loads(out.read_text())
    assert result["samples"] == {"sent": 20000, "parsed": 20000, "lost": {}, "gaps": 7, "dropped": 0}
    # 25 s eight times, less 0.1 s at either end of each.
    assert result["windows"]["expected"] == 8 * ((24_790 - 980) // 500 + 1)
    assert result["windows"]["as_expected"]
    assert sum(result["windows"]["labels"].values()) == result["windows"]["came"]
    assert result["model"] == DEFAULT_MODEL
    assert "machine" in result


def test_lost_samples_are_noticed(monkeypatch) -> None:
    push, calls = WitmotionDecoder.push, iter(range(10**6))

    def forgetful(self: WitmotionDecoder, data: bytes, arrival_ns: int):
        return push(self, data[: len(data) // 2] if next(calls) == 50 else data, arrival_ns)

    monkeypatch.setattr(WitmotionDecoder, "push", forgetful)
    result = endurance.run_endurance(20000)
    assert not result["windows"]["as_expected"]
    assert result["samples"]["parsed"] < 20000


@pytest.mark.slow
def test_a_model_that_turns_its_windows_upright_gets_the_same_windows(untrained: Untrained) -> None:
    result = endurance.run_endurance(20000, model=str(untrained.folder / "toy.tflite"))
    assert result["model"] == "toy"
    assert result["windows"]["as_expected"]


def test_too_few_samples_are_refused(tmp_path: Path, capsys) -> None:
    assert endurance.main(["--out", str(tmp_path / "endurance.json"), "--samples", "100"]) == 2
    assert "at least 8000" in capsys.readouterr().err


@pytest.mark.parametrize("samples", [20_000, 60_000_000])
def test_the_windows_expected_are_those_of_the_signal_contract(samples: int) -> None:
    starts = endurance.expected_starts(samples)
    assert (starts[1:] - starts[:-1] >= 500_000_000).all()
    assert starts[0] == (endurance.START_MS + 100) * 1_000_000
    assert len(starts) == pytest.approx(samples / 50, rel=0.05)
