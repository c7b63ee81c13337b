"""The report says how every runtime compares with PyTorch; a file that differs too much is refused."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.export.conftest import TFLITE_RUNTIME

from har_export.formats import FORMATS
from har_export.inference import InferenceNetwork
from har_export.interpreters import Runtime
from har_export.parity import Agreement, Parity, check
from har_export.pipeline import export_model
from har_export.tflite import to_int8
from har_runtime.errors import DataError, ModelError
from har_train.data.windows import WindowSet
from har_train.fit.checkpoint import load_checkpoint

GOOD = Agreement("tflite-int8", "TFLM", "1", 2000, 0.1, 1e-3, 0.995, 0.96, 0.96, 0.961, 1, 0.999)


@pytest.fixture(scope="session")
def report(export_of: Callable[[str], Path]) -> dict:
    """The parity report of the resnet in every installed runtime."""
    out = export_of("resnet")
    assert "| tflite-int8 | TFLM" in (out / "toy-parity.md").read_text()
    return json.loads((out / "toy-parity.json").read_bytes())


def test_every_file_runs_in_every_runtime_for_it(report: dict) -> None:
    found = {(row["format"], row["runtime"]) for row in report["rows"]}
    tflite = {"LiteRT, XNNPACK", "LiteRT, without XNNPACK", "LiteRT, reference kernels", "TensorFlow, tf.lite", "TFLM"}
    if sys.version_info < (3, 12) and TFLITE_RUNTIME.exists():  # tflite-runtime has no wheels for 3.12 and later.
        assert report["missing"] == {}
        tflite.add("tflite-runtime")
    formats = ("tflite", "tflite-fp16", "tflite-int8", "tflite-int8-io")
    wanted = {(format, runtime) for format in formats for runtime in tflite} | {("onnx", "ONNX Runtime")}
    assert found >= wanted - {("tflite-fp16", "TFLM")}


def test_float_files_agree_with_pytorch_in_every_runtime(report: dict) -> None:
    for row in report["rows"]:
        if row["format"] in ("tflite", "onnx"):
            assert row["worst"] < 1e-5, row
            assert row["agreement"] == 1


def test_tflm_is_within_steps_of_the_reference_kernels(report: dict) -> None:
    rows = [row for row in report["rows"] if row["runtime"] == "TFLM" and row["steps"] is not None]
    assert {row["format"] for row in rows} == {"tflite-int8", "tflite-int8-io"}
    assert all(row["steps"] <= 2 and row["same_as_reference"] > 0.95 for row in rows)


def test_int8_input_and_output_change_no_answer(report: dict) -> None:
    rows = {(row["format"], row["runtime"]): row for row in report["rows"]}
    for runtime in ("LiteRT, XNNPACK", "TFLM"):
        both = [rows[format, runtime] for format in ("tflite-int8", "tflite-int8-io")]
        assert both[0]["macro_f1"] == both[1]["macro_f1"]
        assert both[0]["worst"] == pytest.approx(both[1]["worst"], abs=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"agreement": 0.98}, "gives PyTorch's answer for 98.00 % of the test windows, less than 99 %"),
        ({"macro_f1": 0.95}, "loses 1.10 points of macro-F1, more than 0.3"),
        ({"steps": 9}, "differs from LiteRT's reference kernels by 9 steps"),
        ({"format": "onnx", "worst": 2e-5}, "differs from PyTorch by 2e-05 in a probability, more than 1e-05"),
        ({"format": "onnx", "worst": float("nan")}, "differs from PyTorch by nan"),
    ],
)
def test_a_file_outside_its_bound_is_refused(change: dict, message: str) -> None:
    bounds = {format: row.bound for format, row in FORMATS.items()}
    check(Parity((GOOD,), {}), bounds)
    with pytest.raises(ModelError, match=message):
        check(Parity((replace(GOOD, **change),), {}), bounds)


@pytest.mark.usefixtures("converters_are_skipped")
def test_a_runtime_that_disagrees_fails_the_export_and_leaves_no_file(
    fcn: Path, windows: WindowSet, tmp_path: Path
) -> None:
    def wrong(model: bytes):
        return lambda x: np.full((len(x), 6), 1 / 6, np.float32)

    liar = Runtime("liar", ("tflite",), wrong, lambda: "1")
    with pytest.raises(ModelError, match="tflite in liar 1 differs from PyTorch"):
        export_model(load_checkpoint(fcn), windows, tmp_path / "out", "toy", ("tflite",), compared=[liar])
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_an_operator_that_a_format_lacks_is_named_and_leaves_no_file(
    fcn: Path, windows: WindowSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    forward = InferenceNetwork.forward
    monkeypatch.setattr(
        InferenceNetwork, "forward", lambda self, imu: torch.special.zeta(forward(self, imu) + 2, imu[:, 0])
    )
    for format in ("onnx", "tflite"):
        with pytest.raises(ModelError, match=rf"^{format} cannot express this network .*zeta.*: nothing written"):
            export_model(load_checkpoint(fcn), windows, tmp_path / "out", "toy", (format,), bounds={})
    assert not (tmp_path / "out").exists()


def test_without_training_windows_there_is_no_int8(fcn: Path, windows: WindowSet, tmp_path: Path) -> None:
    checkpoint = load_checkpoint(fcn)
    held_out = windows.of_users(checkpoint.record.split.test)
    with pytest.raises(DataError, match="no windows of the checkpoint's train users"):
        export_model(checkpoint, held_out, tmp_path / "out", "toy", ("tflite-int8",), bounds={})
    assert not (tmp_path / "out").exists()
    with pytest.raises(DataError, match="no calibration windows"):
        to_int8(b"", windows.x[:0])
