"""The generator of odd inputs finds what is at fault, and the programs take or refuse what it makes."""

import json
import random
from pathlib import Path

import pytest

from har_bench.stream import fuzz_inputs
from har_bench.stream.fuzz_inputs import KINDS, fuzz, main
from har_bench.stream.odd_inputs import ODD_VALUES, json_bytes, toml_bytes
from har_runtime.errors import DataError
from har_runtime.tables import TableError, parse_json, parse_toml


@pytest.mark.parametrize("name", KINDS)
def test_odd_inputs_are_taken_or_refused(name: str) -> None:
    result = fuzz(KINDS[name], 30, seed=7)
    assert result.faults == []
    assert result.inputs == 30


def test_a_crash_a_hang_and_a_lone_refusal_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def crashes(rng: random.Random, _: Path) -> bool:
        if rng.random() < 0.5:
            raise RecursionError("deep")
        raise DataError("refused")

    def hangs(rng: random.Random, _: Path) -> bool:
        while True:
            rng.random()

    result = fuzz(crashes, 50, seed=0)
    assert result.fault_count + result.refused == 50
    assert min(result.fault_count, result.refused) > 5
    assert str(result.faults[0]["error"]).startswith("RecursionError")
    monkeypatch.setattr(fuzz_inputs, "LIMIT_S", 1)
    assert str(fuzz(hangs, 1, seed=0).faults[0]["error"]).startswith("TimeoutError")


@pytest.mark.parametrize(
    ("print_it", "message"),
    [
        (lambda: print("\x1b[2J"), "steers the terminal"),
        (lambda: print("x" * 10_000), "a long line"),
        (lambda: print("Traceback (most recent call last)"), "Traceback"),
        (lambda: 3, "exit code 3"),
        (lambda: 2, "no reason"),
    ],
)
def test_what_a_program_may_not_say_is_a_fault(print_it, message: str) -> None:
    class Program:
        def main(self, arguments: list[str]) -> int:
            return print_it() or 0

    with pytest.raises(AssertionError, match=message):
        fuzz_inputs.run_program(Program(), [])  # pyright: ignore[reportArgumentType]


def test_inputs_are_of_many_kinds_and_the_seed_decides_them(tmp_path: Path) -> None:
    def outcomes(make, parse) -> set[bool]:
        found = set()
        for number in range(60):
            text = make(number)
            assert text == make(number)
            try:
                parse(text)
                found.add(True)
            except TableError:
                found.add(False)
        return found

    state, about = fuzz_inputs.STATE, fuzz_inputs.ABOUT
    assert outcomes(lambda number: json_bytes(state, random.Random(number)), parse_json) == {True, False}
    assert outcomes(lambda number: toml_bytes(about, random.Random(number)), parse_toml) == {True, False}


def test_an_input_is_the_same_whatever_was_made_before_it() -> None:
    alone = json_bytes({"a": [1], "b": {"c": 2}}, random.Random(1))
    for seed in range(2, 3000):
        json_bytes({"a": [1], "b": {"c": 2}}, random.Random(seed))
    assert json_bytes({"a": [1], "b": {"c": 2}}, random.Random(1)) == alone
    assert {"a": {"b": 1}} in ODD_VALUES and [None] in ODD_VALUES


def test_the_report_says_how_many_and_the_exit_code_whether_all_is_well(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setitem(KINDS, "states", lambda rng, folder: 1 / 0)
    assert main(["--inputs", "2", "--kind", "states", "--kind", "descriptions", "--out", str(tmp_path / "x.json")]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["kinds"]["states"]["fault_count"] == 2
    assert report["kinds"]["descriptions"]["fault_count"] == 0
    assert json.loads((tmp_path / "x.json").read_text())["seed"] == 0
