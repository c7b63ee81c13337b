"""All systems by one command: rows are kept, and the table says what was printed and what was found."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.train.small import ARGUMENTS

from har_runtime.errors import DataError
from har_train.cli import main
from har_train.evaluation.zoo import AUTHORS, BUDGET, Zoo, system_names
from har_train.evaluation.zoo_report import cells_of, zoo_plot
from har_train.methods.registry import SYSTEMS

SYSTEMS_RUN = "ccil,multisupconhar,random-forest"


@pytest.mark.slow
def test_rows_are_trained_once_and_stand_in_one_table(small_hapt: Path, tmp_path: Path, capsys) -> None:
    arguments = ["zoo", "--data", str(small_hapt), "--out", str(tmp_path), *ARGUMENTS, "--epochs", "1"]
    arguments += ["--systems", SYSTEMS_RUN, "--seeds", "0,1", "--schedules", "authors,budget"]
    assert main(arguments) == 0
    shown = capsys.readouterr()
    document = json.loads((tmp_path / "zoo.json").read_text())
    assert [(row["system"], row["schedule"]) for row in document["rows"]] == [
        ("ccil", "authors"),
        ("multisupconhar", "authors"),
        ("random-forest", "authors"),
        ("ccil", "budget"),
        ("multisupconhar", "budget"),
    ]
    for row in document["rows"]:
        assert row["macro_f1"] == pytest.approx(sum(seed["macro_f1"] for seed in row["seeds"]) / 2)
    ccil, ours = shown.out.splitlines()[3:5]
    assert ccil.startswith("CCIL") and ours.startswith("MultiSupConHAR  91.07")
    page = (tmp_path / "zoo.md").read_text()
    assert page.startswith("# Systems on hapt, holdout, seeds 0, 1")
    assert page.endswith(f"Trained on {document['rows'][0]['seeds'][0]['trained_on']}.\n")
    with Image.open(tmp_path / "zoo.png") as picture:
        assert picture.size[0] > 500
    assert "0 of 10 rows are finished" in shown.err
    assert main(arguments) == 0
    again = capsys.readouterr()
    assert "10 of 10 rows are finished" in again.err and "training" not in again.err
    assert again.out == shown.out
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(tmp_path / "zoo.json", elsewhere)
    assert main([str(elsewhere) if argument == str(tmp_path) else argument for argument in arguments]) == 0
    third = capsys.readouterr()
    assert "10 of 10 rows are finished" in third.err
    assert third.out == shown.out
    assert main([*arguments, "--protocol", "groups:2"]) == 2
    assert "finished with other settings; choose another --out" in capsys.readouterr().err


def test_a_damaged_document_is_one_line(small_hapt: Path, tmp_path: Path, capsys) -> None:
    for content in ("[", '{"settings": []}', '[[{"settings": "0"}]'):
        (tmp_path / "zoo.json").write_text(content)
        assert main(["zoo", "--data", str(small_hapt), "--out", str(tmp_path), "--systems", "ccil"]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "zoo.json: damaged" in line


def test_a_system_or_schedule_that_there_is_not_is_named_before_anything_runs() -> None:
    with pytest.raises(DataError, match=f"unknown system 'resnet'; known: multisupconhar, {next(iter(SYSTEMS))}"):
        Zoo(("ccil", "resnet"))
    with pytest.raises(DataError, match="unknown schedule 'long'; known: authors, budget"):
        Zoo(tuple(system_names()), ("long",))


def test_a_damaged_row_is_one_line(small_hapt: Path, tmp_path: Path, capsys) -> None:
    row = tmp_path / "budget" / "ccil" / "seed-0" / "row.json"
    row.parent.mkdir(parents=True)
    row.write_text("{}")
    arguments = ["zoo", "--data", str(small_hapt), "--out", str(tmp_path), "--systems", "ccil", "--seeds", "0"]
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "row.json: damaged" in line and "delete it and run again" in line


def test_the_plot_holds_what_was_found_and_printed_with_the_best_above() -> None:
    document = {
        "protocol": "holdout",
        "seeds": [0],
        "rows": [_row("CCIL", BUDGET, 0.9), _row("CPC", BUDGET, 0.8), _row("CCIL", AUTHORS, 0.7)],
    }
    axes = zoo_plot(document).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["CPC", "CCIL"]
    budget, authors, printed = (line.get_xdata().tolist() for line in axes.lines)
    assert (budget, authors, printed) == (pytest.approx([80, 90]), pytest.approx([70]), [85.5, 85.5])
    assert [cells[:6] for cells in cells_of(document)] == [
        ["CCIL", "85.50", "70.00 (65.00 to 75.00)", "90.00 (85.00 to 95.00)", "8.0", "1,200"],
        ["CPC", "85.50", "", "80.00 (75.00 to 85.00)", "8.0", "1,200"],
    ]


def _row(system: str, schedule: str, macro_f1: float) -> dict[str, Any]:
    """A system's row of a document, of one seed and two folds."""
    found = {"macro_f1": macro_f1, "interval": [macro_f1 - 0.05, macro_f1 + 0.05], "steps": [500, 700]}
    known = {"system": system, "title": system, "schedule": schedule, "dataset": "hapt", "parameters": 10}
    return {
        **known,
        "macro_f1": macro_f1,
        "core_minutes": 8.0,
        "printed": {"uci-har": 85.5},
        "copied": False,
        "seeds": [{"seed": 0, **found}],
    }
