"""Other networks instead of ours: trained, exported and scored in the same way."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from har_bench.measure import forest
from har_bench.training import peers
from har_bench.training.model_files import write_models
from har_runtime.model.card import ModelCard, Training
from har_runtime.model.load import load_model
from har_train.data.windows import WindowSet, cut_windows
from har_train.datasets import load
from har_train.evaluation.controls import Control
from har_train.fit.network import Architecture, HarNetwork
from har_train.recipe_file import load_recipe

RECIPE = load_recipe("uci-har-supervised")


@pytest.fixture(scope="module")
def windows(small_hapt: Path) -> WindowSet:
    return cut_windows(load("hapt", small_hapt), RECIPE.data)


@pytest.mark.slow
def test_the_exported_files_compute_what_another_network_computes(windows: WindowSet, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = HarNetwork(Architecture(classes=6, **vars(peers.recipe_of("cnn-har").model))).eval()
    network.measure(torch.from_numpy(windows.x))
    training = Training("none", "hapt", "none", "none", 0, (), (), (), "0")
    card = ModelCard("cnn", "0", RECIPE.data.activities, "waist", 0.5, training, {})
    paths = write_models(network, card, windows.x[:16], tmp_path)
    assert {path.name for path in paths.values()} == {"cnn.tflite", "cnn-fp32.tflite", "cnn.onnx"}
    x = windows.x[:20]
    with torch.inference_mode():
        wanted = (network(torch.from_numpy(x)) / 0.5).softmax(dim=1).numpy()
    for format in ("tflite", "onnx"):
        assert np.abs(load_model(paths[format]).probabilities(x) - wanted).max() < 1e-5
    assert np.abs(load_model(paths["tflite-int8"]).probabilities(x) - wanted).max() < 0.1


@pytest.mark.slow
def test_the_forest_as_onnx_equals_the_forest(windows: WindowSet) -> None:
    control = Control("random-forest", windows, forest.SEED)
    converted = forest.probabilities(forest.to_onnx(control), windows.x)
    assert np.abs(converted - control.probabilities(windows.x)).max() < 1e-5
    assert forest.node_count(control) > 200


@pytest.mark.slow
def test_peers_are_trained_once_scored_and_measured(
    small_hapt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(peers, "calibration_windows", lambda x: x[:32])
    out = tmp_path / "peers.json"
    arguments = ["--runs", str(tmp_path / "runs"), "--out", str(out), "--data", str(small_hapt), "--epochs", "2"]
    arguments += ["--peers", "cnn-har,random-forest", "--repetitions", "2"]
    assert peers.main(arguments) == 0
    first = json.loads(out.read_text())
    network, trees = first["peers"]
    assert (network["name"], trees["name"]) == ("cnn-har", "random-forest")
    assert network["macs"] == 1_525_800
    assert set(network["scores"]) == {"fp32", "int8"}
    assert trees["same_answer_as_scikit_learn"] == 1
    for row in first["peers"]:
        for score in row["scores"].values():
            assert 0 <= score["macro_f1"] <= 1
            assert score["interval"] is None  # The small archive has six people, and one is the test user.
    ran = {(run["model"], run["runtime"]) for run in first["measured"]["runs"]}
    assert ran >= {("cnn-har.onnx", "ONNX Runtime"), ("cnn-har.tflite", "LiteRT"), ("random-forest", "scikit-learn")}
    shown = {model["name"]: model["macro_f1"] for model in first["measured"]["models"]}
    assert shown["cnn-har-fp32.tflite"] == shown["cnn-har.onnx"] == network["scores"]["fp32"]["macro_f1"]
    assert shown["cnn-har.tflite"] == network["scores"]["int8"]["macro_f1"]
    assert shown["random-forest"] == trees["scores"]["fp32"]["macro_f1"]
    for run in first["measured"]["runs"]:
        fitted = run["runtime"] == "scikit-learn"
        assert (run["load_seconds"] is None) == (run["rss_above_empty_bytes"] is None) == fitted
    capsys.readouterr()
    monkeypatch.setattr(peers, "measure", lambda *asked: first["measured"])
    assert peers.main(arguments) == 0
    assert "training" not in capsys.readouterr().err
    assert json.loads(out.read_text())["peers"] == first["peers"]


def test_an_unknown_peer_gives_one_line(small_hapt: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--runs", str(tmp_path), "--out", str(tmp_path / "p.json"), "--data", str(small_hapt)]
    assert peers.main([*arguments, "--peers", "resnet"]) == 2
    (only,) = capsys.readouterr().err.splitlines()
    assert only.startswith(
        "python -m har_bench.training.peers: --peers: unknown peer 'resnet'; known: multisupconhar, tinierhar"
    )
