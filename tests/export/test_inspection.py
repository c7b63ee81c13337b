"""`har-export inspect` shows what is in any model file."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from har_export import flatbuffer
from har_export.build import Built
from har_export.cli import main
from har_export.flatbuffer import without_float_ends
from har_runtime.errors import ModelError
from har_runtime.model.load import load_model


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


def test_a_file_without_a_card_is_shown_as_such(built: Built, tmp_path: Path, capsys) -> None:
    content = flatbuffer.unpacked(built.models["tflite"])
    content.metadata = []
    (tmp_path / "bare.tflite").write_bytes(flatbuffer.packed(content))
    assert main(["inspect", str(tmp_path / "bare.tflite")]) == 0
    assert "no model card inside" in capsys.readouterr().out


def test_a_card_that_is_put_into_a_file_again_leaves_nothing_of_the_one_before(built: Built) -> None:
    card = load_model("waist").card
    long = replace(card, training=replace(card.training, citation="nobody " * 1000))
    once = flatbuffer.seal(built.models["tflite"], card)
    assert flatbuffer.seal(flatbuffer.seal(built.models["tflite"], long), card) == once
    assert b"nobody nobody" not in once


def test_equal_vectors_of_a_file_are_written_once_and_nothing_else_changes(built: Built) -> None:
    class Plain(flatbuffer._CompactBuilder):
        def EndVector(self, numElems: int | None = None) -> Any:  # noqa: N802, N803 - overrides
            self._written = {}
            return super().EndVector(numElems)

    model = built.models["tflite-int8"]
    compact = flatbuffer.packed(flatbuffer.unpacked(model))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flatbuffer, "_CompactBuilder", Plain)
        plain = flatbuffer.packed(flatbuffer.unpacked(model))
    assert len(plain) - len(compact) > 5000
    assert flatbuffer.tensors(compact) == flatbuffer.tensors(plain) == flatbuffer.tensors(model)
    assert flatbuffer.operators(compact) == flatbuffer.operators(model)
    assert flatbuffer.packed(flatbuffer.unpacked(compact)) == compact


def test_only_a_quantised_model_can_lose_its_float_ends(built: Built) -> None:
    with pytest.raises(ModelError, match="need one QUANTIZE and a last DEQUANTIZE"):
        without_float_ends(built.models["tflite"])


def test_tensor_names_are_shown_as_they_are(built: Built, tmp_path: Path, capsys) -> None:
    name = "[/bold]\x1b[31m"
    content = flatbuffer.unpacked(built.models["tflite"])
    content.subgraphs[0].tensors[-1].name = b"\xff" + name.encode()
    (tmp_path / "odd.tflite").write_bytes(flatbuffer.packed(content))
    assert main(["inspect", str(tmp_path / "odd.tflite")]) == 0
    shown = capsys.readouterr().out
    assert "[/bold]" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.tflite", None, "cannot be read"),
        ("text.tflite", b"nothing of the kind", "not a .tflite model"),
        ("text.onnx", b"nothing of the kind", "not an ONNX model"),
        ("empty.onnx", b"", "not an ONNX model"),
    ],
)
def test_a_file_that_is_not_a_model_gives_one_line(name, content, message, tmp_path: Path, capsys) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert main(["inspect", str(tmp_path / name)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert name in line
    assert message in line


@pytest.mark.slow
@pytest.mark.parametrize("name", ["toy.tflite", "toy.onnx"])
def test_a_damaged_file_is_shown_or_refused_in_one_line(
    name, export_of: Callable[[str], Path], tmp_path: Path, capsys
) -> None:
    content = (export_of("fcn") / name).read_bytes()
    rng = np.random.default_rng(0)
    ends = len(content) - 60_000  # A .tflite has its structure and its card at the end, an .onnx anywhere.
    cut_off = [content[: len(content) // 2], *(content[:size] for size in rng.integers(0, len(content), 20))]
    flipped = [bytearray(content) for _ in range(80)]
    for damaged in flipped:
        places = (rng.integers(0, 3000), rng.integers(ends, len(content)), rng.integers(0, len(content)))
        damaged[rng.choice(places)] = rng.integers(0, 256)
    codes: list[int] = []
    for damaged in (*cut_off, *flipped):
        (tmp_path / name).write_bytes(damaged)
        codes.append(main(["inspect", str(tmp_path / name), "--json"]))
        assert codes[-1] == 0 or len(capsys.readouterr().err.splitlines()) == 1
    assert codes[0] == 2
    assert {0, 2} == set(codes)


def test_names_in_an_onnx_that_are_not_text_are_shown_with_a_mark(exported: Path, tmp_path: Path, capsys) -> None:
    content = (exported / "toy.onnx").read_bytes()
    (tmp_path / "odd.onnx").write_bytes(content.replace(b"\x22\x04Conv", b"\x22\x04Co\xff\xfe"))
    found = inspected(tmp_path / "odd.onnx", capsys)
    assert "Co\ufffd\ufffd" in found["operators"]
