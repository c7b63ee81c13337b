"""Fine-tuning for int8 rounds where the file rounds, learns, and is used only if it gains."""

from pathlib import Path

import numpy as np
import pytest
import torch

from har_export import qat, tflite
from har_export.build import Built
from har_export.inference import InferenceNetwork
from har_export.interpreters import litert, own_runtimes
from har_export.pipeline import export_model
from har_train.data.windows import WindowSet
from har_train.fit.checkpoint import load_checkpoint


@pytest.fixture(autouse=True)
def few_calibration_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tflite, "CALIBRATION_WINDOWS", 300)


@pytest.mark.slow
def test_the_rounded_network_errs_as_much_as_the_int8_file(
    network: InferenceNetwork, built: Built, windows: WindowSet
) -> None:
    x = torch.from_numpy(windows.x)
    rounded = qat._rounded(network)
    with torch.inference_mode():
        rounded(x)  # Sets the ranges.
        emulated, exact = rounded(x).numpy(), network(x).numpy()
    int8 = litert(built.models["tflite-int8"])(windows.x)
    assert 0.3 < np.abs(emulated - exact).mean() / np.abs(int8 - exact).mean() < 3


@pytest.mark.slow
def test_fine_tuning_does_not_change_the_network_and_is_used_only_if_it_gains(
    network: InferenceNetwork, windows: WindowSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: value.clone() for name, value in network.named_parameters()}
    result = qat.fine_tuned(network, windows, windows)
    assert all(torch.equal(value, before[name]) for name, value in network.named_parameters())
    assert result.used == (result.macro_f1_after > result.macro_f1_before)
    assert (result.network is network) != result.used
    monkeypatch.setattr(qat, "LEARNING_RATE", 0.5)  # Ruins any network.
    ruined = qat.fine_tuned(network, windows, windows)
    assert ruined.error_after > 10 * ruined.error_before
    assert not ruined.used
    assert ruined.network is network


@pytest.mark.slow
def test_an_export_says_what_fine_tuning_gained(fcn: Path, windows: WindowSet, tmp_path: Path) -> None:
    checkpoint = load_checkpoint(fcn)
    compared = own_runtimes()
    done = export_model(checkpoint, windows, tmp_path, "toy", ("tflite-int8",), qat=True, bounds={}, compared=compared)
    assert done.qat is not None
    assert any(line.startswith("Fine-tuning for int8: macro-F1 on the validation users") for line in done.summary())
    assert '"qat": {' in (tmp_path / "toy-parity.json").read_text()
