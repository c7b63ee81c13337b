"""`har-export inspect`: what is in a model file, whoever made it."""

import json
from pathlib import Path

import pytest

from har_export.cli import main
from har_export.flatbuffer import without_float_ends
from har_runtime.errors import ModelError


def inspected(path: Path, capsys) -> dict:
    assert main(["inspect", str(path), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", ["toy.tflite", "toy-fp32.tflite", "toy.onnx"])
def test_card_operators_tensors_and_sizes_are_shown(name, exported: Path, capsys) -> None:
    found = inspected(exported / name, capsys)
    assert found["size"] == (exported / name).stat().st_size
    assert found["card"]["labels"][0] == "walking"
    assert sum(found["operators"].values()) >= 10
    ends = [(tensor["name"], tensor["shape"][1:]) for tensor in found["tensors"][:2]]
    assert ends == [("imu", [50, 6]), ("probabilities", [6])]
    assert 0.5 * found["size"] < found["weight_bytes"] < found["size"]
    assert main(["inspect", str(exported / name)]) == 0
    text = capsys.readouterr().out
    assert "macro-F1" in text
    assert next(iter(found["operators"])) in text


def test_scales_of_an_int8_file_are_shown(exported: Path, capsys) -> None:
    found = inspected(exported / "toy.tflite", capsys)
    weights = [tensor for tensor in found["tensors"] if tensor["type"] == "int8" and len(tensor["scale"]) > 1]
    assert weights
    assert all(len(tensor["scale"]) == tensor["shape"][0] or tensor["shape"][-1] for tensor in weights)


def test_a_file_without_a_card_is_shown_as_such(exported: Path, run: Path, tmp_path: Path, capsys) -> None:
    from torch import nn

    from har_export.tflite import to_tflite

    class Bare(nn.Module):
        def forward(self, imu):
            return imu.mean(1)

    (tmp_path / "bare.tflite").write_bytes(to_tflite(Bare()))
    assert main(["inspect", str(tmp_path / "bare.tflite")]) == 0
    assert "no model card inside" in capsys.readouterr().out


def test_only_a_model_that_was_quantised_can_lose_its_float_ends(exported: Path) -> None:
    with pytest.raises(ModelError, match="need one QUANTIZE and a last DEQUANTIZE"):
        without_float_ends((exported / "toy-fp32.tflite").read_bytes())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.tflite", None, "cannot be read"),
        ("text.tflite", b"nothing of the kind", "not a .tflite model"),
        ("text.onnx", b"nothing of the kind", "not an ONNX model"),
        ("empty.onnx", b"", "not an ONNX model"),
    ],
)
def test_what_is_no_model_is_one_line(name, content, message, tmp_path: Path, capsys) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert main(["inspect", str(tmp_path / name)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert name in line
    assert message in line


def test_a_file_that_was_cut_off_is_one_line(exported: Path, tmp_path: Path, capsys) -> None:
    for name in ("toy.tflite", "toy.onnx"):
        content = (exported / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
        assert main(["inspect", str(tmp_path / name)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
