"""Exporting the shipped model's checkpoint again gives the shipped files, and int8 loses next to nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.conftest import ROOT
from torch.utils.flop_counter import FlopCounterMode

from har_export.cli import main
from har_export.flatbuffer import seal
from har_export.microcontroller import MicroInterpreter, is_installed
from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.model.card import card_from_json
from har_runtime.model.load import load_model
from har_runtime.recording import Recording
from har_runtime.scores import score
from har_train.data.windows import cut_windows
from har_train.fit.checkpoint import load_checkpoint

pytestmark = pytest.mark.slow
CHECKPOINT = ROOT / "export" / "waist.safetensors"


@pytest.fixture(scope="module")
def exported(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`waist`, exported with the default bounds: 1e-5 for float32, 99 % and 0.3 points for int8."""
    out = tmp_path_factory.mktemp("waist")
    arguments = [str(CHECKPOINT), "--name", "waist", "--out", str(out), "--data", str(data), "--quick"]
    assert main(arguments) == 0
    return out


def test_the_shipped_files_are_those_of_the_checkpoint(exported: Path) -> None:
    """The card inside has fields that haredge 0.1 did not write: but for it, the bytes are the same."""
    models = ROOT / "runtime" / "har_runtime" / "pretrained"
    twin = ROOT / "export" / "waist-fp32.tflite"
    cards = [card_from_json((folder / "waist.json").read_bytes(), "waist") for folder in (exported, models)]
    assert replace(cards[0], sha256=None) == replace(cards[1], sha256=None)
    for shipped in (models / "waist.tflite", twin):
        again = (exported / shipped.name).read_bytes()
        assert seal(again, cards[0]) == seal(shipped.read_bytes(), cards[0]), shipped.name


def test_int8_loses_next_to_nothing(exported: Path) -> None:
    card = load_model(exported / "waist.tflite").card
    assert card.scores["fp32"].macro_f1 - card.scores["int8"].macro_f1 <= 0.003
    assert card.scores["fp32"].windows == card.scores["int8"].windows > 5000
    assert card.training.never_seen == load_checkpoint(CHECKPOINT).record.split.test


@pytest.mark.parametrize("name", ["anywhere", "anywhere-micro"])
def test_the_files_of_the_small_models_give_what_their_checkpoints_give(
    name: str, hapt_recordings: list[Recording]
) -> None:
    """On two people that they never saw; the data of all their sets would take minutes."""
    checkpoint = load_checkpoint(ROOT / "export" / f"{name}.safetensors")
    card = load_model(name).card
    assert (card.training.never_seen, card.temperature) == (
        checkpoint.record.split.test,
        checkpoint.record.temperature,
    )
    people = [recording for recording in hapt_recordings if recording.user in card.training.never_seen]
    windows = cut_windows(people, checkpoint.record.recipe.data, "hapt").single
    expected = checkpoint.outputs(windows.x)
    if name == "anywhere":
        twin = load_model(ROOT / "export" / "anywhere-fp32.tflite").outputs(windows.x)
        for output in ("probabilities", "places", "by_place"):
            np.testing.assert_allclose(getattr(twin, output), getattr(expected, output), atol=1e-4)
        assert twin.features is not None
        np.testing.assert_allclose(twin.features, checkpoint.last_features(windows.x), atol=1e-3)
    int8 = load_model(name).outputs(windows.x)
    assert (int8.probabilities.argmax(axis=1) == expected.probabilities.argmax(axis=1)).mean() > 0.97
    truth = score(windows.y, int8.probabilities.argmax(axis=1), windows.labels)
    assert truth.accuracy > 0.7  # Of one window alone, wherever the sensor may be worn.


@pytest.mark.parametrize(
    ("name", "flops", "size", "arena"),
    [("anywhere", 1_200_000, 45_000, 20_000), ("anywhere-micro", 350_000, 16_384, 12_288)],
)
def test_the_small_models_are_as_small_as_promised(name: str, flops: int, size: int, arena: int) -> None:
    """FLOPs of a window, bytes without the card, bytes of TFLM's arena."""
    network = load_checkpoint(ROOT / "export" / f"{name}.safetensors").network.eval()
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, WINDOW, len(CHANNELS)))
    assert counter.get_total_flops() <= flops
    model = (ROOT / "runtime" / "har_runtime" / "pretrained" / f"{name}.tflite").read_bytes()
    assert len(model) - len(load_model(name).card.to_json().encode()) <= size
    if is_installed():
        assert MicroInterpreter(model).arena_bytes() <= arena
