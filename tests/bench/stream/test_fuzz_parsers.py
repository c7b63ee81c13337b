"""The fuzzer: every parser passes a short run, and faults are found and reported."""

import json
from pathlib import Path

import pytest

from har_bench.stream import fuzz_parsers
from har_bench.stream.fuzz_parsers import PARSERS, FuzzedParser, fuzz, main, pieces, whole
from har_runtime.errors import SourceError
from har_runtime.sources.serial_port.text_lines import TextLines


@pytest.mark.parametrize("name", list(PARSERS))
def test_a_short_run_finds_nothing(name: str) -> None:
    result = fuzz(PARSERS[name], 2000, seed=1)
    assert result.inputs == 2000
    assert not result.faults


def test_exceptions_and_too_large_buffers_are_faults_and_refusals_are_not(monkeypatch, tmp_path: Path) -> None:
    def picky(data: bytes) -> None:
        if data[:1] == b"{":
            raise KeyError("x")
        raise SourceError("not today")

    monkeypatch.setattr(
        fuzz_parsers,
        "PARSERS",
        {
            "picky": FuzzedParser(whole(picky), (b"{good}",)),
            "hoarder": FuzzedParser(pieces(TextLines, 50), (b"7" * 200,)),
        },
    )
    assert main(["--inputs", "500", "--seed", "3", "--out", str(tmp_path / "fuzz.json")]) == 1
    report = json.loads((tmp_path / "fuzz.json").read_text())
    picked = report["parsers"]["picky"]
    assert picked["fault_count"] > len(picked["faults"]) == 10
    assert picked["faults"][0]["error"] == "KeyError: 'x'"
    assert bytes.fromhex(picked["faults"][0]["data"]).startswith(b"{")
    assert picked["refused"] == 500 - picked["fault_count"]
    assert "bytes kept, at most 50" in report["parsers"]["hoarder"]["faults"][0]["error"]
    assert "machine" in report


def test_the_same_seed_makes_the_same_inputs() -> None:
    seen: list[list[bytes]] = [[], []]
    for inputs in seen:
        fuzz(FuzzedParser(whole(inputs.append), (b"one two three", b"four")), 200, seed=9)
    assert seen[0] == seen[1]
    assert len(set(seen[0])) > 100
