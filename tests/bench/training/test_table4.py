"""Table 4 is reproduced as far as the paper says enough, and each figure says how it was counted."""

import json
from pathlib import Path

import pytest

from har_bench.cli import main
from har_bench.training import table4, table4_cost
from har_bench.training.table4 import COLUMNS, Row, markdown, report, rows
from har_train.fit.network import Architecture


@pytest.fixture(scope="module")
def found() -> list[Row]:
    return rows()


@pytest.fixture
def counted_once(found: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the command use the counts of `found`; counting takes seconds."""
    monkeypatch.setattr(table4, "rows", lambda: found)


def nearest(found: list[Row], network: str, quantity: str) -> Row:
    return next(row for row in found if (row.network, row.quantity) == (network, quantity))


def counted(found: list[Row], network: str, quantity: str, how: str) -> Row:
    (row,) = (row for row in found if (row.network, row.quantity, row.counted) == (network, quantity, how))
    return row


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "quantity", "how", "percent"),
    [
        ("MultiSupConHAR", "parameters", "encoder and classifier", 0.3),
        ("MultiSupConHAR", "FLOPs", "2 x thop", 0.02),
        ("MultiSupConHAR", "memory", "the file torch.save writes, MiB", 0.5),
        ("DeepConvLSTM", "parameters", "all weights", 0.2),
        ("DeepConvLSTM", "FLOPs", "2 x MACs", 4),
        (
            "DeepConvLSTM",
            "memory",
            "weights and twice the outputs of all layers, MB: torchinfo's estimate",
            0.6,
        ),
        ("CSSHAR", "parameters", "encoder and the layer left unused", 1),
        ("CSSHAR", "FLOPs", "encoder and classifier: 2 x ptflops", 0.001),
        ("CSSHAR", "memory", "everything, the unused layer too: the file torch.save writes, MiB", 0.5),
    ],
)
def test_the_nearest_count_of_each_figure(
    found: list[Row], network: str, quantity: str, how: str, percent: float
) -> None:
    row = nearest(found, network, quantity)
    assert row.counted == how
    assert max(map(abs, row.differences)) < percent


@pytest.mark.slow
def test_the_encoder_of_csshar_alone_is_within_two_percent_of_the_printed_flops(found: list[Row]) -> None:
    row = counted(found, "CSSHAR", "FLOPs", "encoder: 2 x MACs")
    assert max(map(abs, row.differences)) < 2


@pytest.mark.slow
def test_the_unused_layer_of_csshar_has_the_size_of_a_transformer_layer(found: list[Row]) -> None:
    used = counted(found, "CSSHAR", "parameters", "encoder")
    both = counted(found, "CSSHAR", "parameters", "encoder and the layer left unused")
    assert [int(a - b) for a, b in zip(both.ours, used.ours, strict=True)] == [1_315_072, 593_024, 593_024]
    assert max(used.differences) < -9


@pytest.mark.slow
def test_the_flops_of_csshar_match_to_the_last_digit(found: list[Row]) -> None:
    row = nearest(found, "CSSHAR", "FLOPs")
    assert [f"{value / 1e6:.2f}" for value in row.ours] == ["823.70", "491.44", "614.75"]


def test_differences_are_in_percent_of_the_printed_figure() -> None:
    row = Row("MultiSupConHAR", "memory", "somehow", (2.2e6, 1.1e6, 4.4e6))
    assert row.differences == pytest.approx((0, -50, 100))
    assert row.distance == pytest.approx(50)


@pytest.mark.slow
def test_the_report_shows_the_nearest_first_and_all_others_after(found: list[Row]) -> None:
    result = report(found)
    first, second = markdown(result).split("All others:")
    assert first.count("\n| ") == 1 + 9
    assert second.count("\n| ") == 1 + len(found) - 9
    assert "No way to count comes within 1 % of DeepConvLSTM's FLOPs." in first
    assert "| CSSHAR | FLOPs | 823.70 / 823.70 M (+0.00 %) | 491.44 / 491.44 M (+0.00 %)" in first
    for name, description in result["conventions"].items():
        assert f"- {name}: {description}" in second


def test_a_report_with_all_figures_reproduced_does_not_mention_others() -> None:
    text = markdown(report([Row("MultiSupConHAR", "memory", "somehow", (2.2e6, 2.2e6, 2.2e6))]))
    assert "No way to count" not in text


@pytest.mark.slow
def test_the_command_writes_json_and_markdown(
    counted_once: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["table4", "--json", str(tmp_path / "table4.json"), "--markdown", str(tmp_path / "table4.md")]) == 0
    result = json.loads((tmp_path / "table4.json").read_text(encoding="utf-8"))
    text = (tmp_path / "table4.md").read_text(encoding="utf-8")
    assert markdown(result) == text == capsys.readouterr().out
    assert result["machine"]["versions"]["torch"]
    for row in result["rows"]:
        assert list(row["values"]) == list(COLUMNS)


@pytest.mark.slow
def test_a_file_that_cannot_be_written_gives_one_line(counted_once: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table4", "--markdown", "/proc/table4.md"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("har-bench table4: /proc/table4.md: cannot be written")


@pytest.mark.slow
def test_the_networks_are_measured_beside_the_shipped_model(
    counted_once: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # A small network stands for the three, whose conversion takes half a minute.
    small = Architecture(classes=6, projector=False, backbone="cnn-har", head=())
    monkeypatch.setattr(table4_cost, "NETWORKS", {"cnn": small})
    assert main(["table4", "--measure", "--repetitions", "2", "--json", str(tmp_path / "table4.json")]) == 0
    result = json.loads((tmp_path / "table4.json").read_text(encoding="utf-8"))
    measured = result["measured"]
    assert [model["name"] for model in measured["models"]] == ["waist", "cnn.tflite", "cnn-fp32.tflite", "cnn.onnx"]
    assert [model["number_format"] for model in measured["models"]] == ["int8", "int8", "fp32", "fp32"]
    assert {run["runtime"] for run in measured["runs"]} >= {"LiteRT", "ONNX Runtime"}
    text = capsys.readouterr().out
    assert text == markdown(result)
    assert "the weights are random" in text.split("Measured:")[1]
