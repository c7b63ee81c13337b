"""The cost of the systems of Table 3: counted for all, measured for those that can be exported."""

import json
from pathlib import Path

import pytest

from har_bench.training import zoo_cost, zoo_tables


@pytest.mark.slow
def test_systems_are_counted_exported_and_measured_beside_what_ships(tmp_path: Path, capsys) -> None:
    out = tmp_path / "cost.json"
    arguments = [
        "--runs",
        str(tmp_path),
        "--out",
        str(out),
        "--systems",
        "ccil,tinierhar",
        "--runtimes",
        "litert",
        "--repetitions",
        "2",
        "--no-energy",
    ]
    assert zoo_cost.main(arguments) == 0
    result = json.loads(out.read_text())
    row, small = result["systems"]
    assert (row["system"], row["encoder_parameters"], row["not_exported"]) == ("ccil", 480_768, None)
    assert row["flops"] == 2 * row["macs"]
    assert (small["system"], small["parameters"]) == ("tinierhar", 7_285)
    assert {"anywhere", "waist", "ccil.tflite", "tinierhar.tflite"} <= {model["name"] for model in result["models"]}
    lines = zoo_tables.costs(result).splitlines()
    assert lines[0].startswith("| int8, one thread | MACs")
    assert {line.split(" | ")[0] for line in lines[2:7]} == {
        "| anywhere",
        "| anywhere-micro",
        "| waist",
        "| ccil",
        "| tinierhar",
    }
    assert "Not exported" not in lines[-1]


def test_a_system_that_there_is_not_is_named(tmp_path: Path, capsys) -> None:
    assert zoo_cost.main(["--runs", str(tmp_path), "--out", str(tmp_path / "cost.json"), "--systems", "resnet"]) == 2
    assert "--systems: unknown system 'resnet'; known: multisupconhar" in capsys.readouterr().err
