"""Loading models: by name, by path, and one clear line for every file that is not one."""

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import har_runtime
from har_runtime.answers.answer import UNKNOWN
from har_runtime.contract import FAMILIES, PLACES
from har_runtime.errors import ModelError
from har_runtime.model.load import DEFAULT_MODEL, Model, load_model, pretrained_names
from har_runtime.model.tflite_metadata import read_metadata

MODELS = Path(har_runtime.__file__).parent / "pretrained"
WAIST = (MODELS / "waist.tflite").read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped model to spoil."""
    for name in ("waist.tflite", "waist.json"):
        shutil.copy(MODELS / name, tmp_path / name)
    return tmp_path


def change_card(folder: Path, **values) -> None:
    card = json.loads((folder / "waist.json").read_text())
    (folder / "waist.json").write_text(json.dumps({**card, **values}))


def test_anywhere_says_what_it_is_and_whom_it_never_saw() -> None:
    card = load_model(DEFAULT_MODEL).card
    assert (card.name, card.placement, card.frame, card.gyroscope) == ("anywhere", None, "upright", "optional")
    assert card.places == PLACES
    assert card.families == FAMILIES
    assert set(card.labels) == {*FAMILIES["still"], *FAMILIES["on_foot"], UNKNOWN}
    assert len(card.training.never_seen) == len(card.training.chosen_on) == 14
    assert not {*card.training.never_seen} & {*card.training.trained_on, *card.training.chosen_on}
    for name in ("hapt", "motionsense", "wisdm", "difronzo", "sp-sw-har"):
        assert name in card.training.data
        assert f"{name}: " in card.training.licence
    assert card.scores["int8"].macro_f1 == pytest.approx(card.scores["fp32"].macro_f1, abs=0.005)


def test_waist_says_what_it_is_and_whom_it_never_saw() -> None:
    assert pretrained_names() == ["anywhere", "anywhere-micro", "waist"]
    card = load_model("waist").card
    assert card.placement == "waist"
    assert len(card.labels) == 6
    assert len(card.training.trained_on) == 18
    assert len(card.training.never_seen) == 6
    assert not {*card.training.never_seen} & {*card.training.trained_on, *card.training.chosen_on}
    assert "CC BY 4.0" in card.training.licence
    assert "forbids commercial use" in card.training.licence
    assert card.scores["int8"].macro_f1 == pytest.approx(card.scores["fp32"].macro_f1, abs=0.005)


def test_probabilities_sum_to_one_and_do_not_depend_on_the_batch() -> None:
    model = load_model("waist")
    x = np.random.default_rng(0).normal(size=(5, 50, 6)).astype(np.float32) * 5
    together = model.probabilities(x)
    assert together.shape == (5, 6)
    assert np.allclose(together.sum(axis=1), 1, atol=0.02)
    assert np.array_equal(together, np.concatenate([model.probabilities(x[i : i + 1]) for i in range(5)]))
    assert model.probabilities(x[:0]).shape == (0, 6)


def test_a_model_is_found_by_path_with_the_card_beside_or_inside_it(folder: Path) -> None:
    beside = load_model(folder / "waist.tflite").card
    (folder / "waist.json").unlink()
    inside = load_model(folder / "waist.tflite").card
    assert beside.sha256 is not None
    assert inside.sha256 is None
    assert inside.labels == beside.labels


@pytest.mark.parametrize("keep", [0, 3, 8, 2000, len(WAIST) // 2, len(WAIST) - 1])
def test_a_model_that_was_cut_off_is_refused(folder: Path, keep: int) -> None:
    (folder / "waist.tflite").write_bytes(WAIST[:keep])
    with pytest.raises(ModelError, match=r"waist\.tflite: "):
        load_model(folder / "waist.tflite")
    (folder / "waist.json").unlink()
    with pytest.raises(ModelError, match=r"waist\.tflite: "):
        load_model(folder / "waist.tflite")


def test_a_model_that_is_not_the_card_s_is_refused(folder: Path) -> None:
    (folder / "waist.tflite").write_bytes(WAIST + b"\0")
    with pytest.raises(ModelError, match=r"does not match its card waist\.json \(sha256 differs\)"):
        load_model(folder / "waist.tflite")


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.tflite").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(ModelError, match=r"not a \.tflite model"):
        load_model(tmp_path / "photo.tflite")


def test_a_model_without_a_card_is_refused(folder: Path) -> None:
    (folder / "waist.json").unlink()
    (folder / "waist.tflite").write_bytes(WAIST.replace(b"haredge_card", b"haredge_cart"))
    with pytest.raises(ModelError, match=r"has no model card, neither inside nor as waist\.json"):
        load_model(folder / "waist.tflite")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sample_rate_hz": 100}, "needs sample_rate_hz 100, this runtime gives 50"),
        (
            {"labels": ["still", "moving"], "smoothing": None, "rejection": None},
            r"needed are float32 imu \(1, 50, 6\) and probabilities \(1, 2\)",
        ),
        ({"format": "cardboard"}, "no model card"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(folder: Path, values: dict, message: str) -> None:
    change_card(folder, **values)
    with pytest.raises(ModelError, match=message) as caught:
        load_model(folder / "waist.tflite")
    assert "\n" not in str(caught.value).strip()


def test_a_name_nobody_knows_is_said() -> None:
    with pytest.raises(
        ModelError, match=r"wrist: no such model; give the path of a .tflite or .onnx, or a pretrained name \(.*waist\)"
    ):
        load_model("wrist")


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 200),
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=12),
    st.integers(0, 10**6),
)
def test_reading_metadata_of_a_damaged_file_ends_in_an_answer_or_one_clear_line(start, flips, cut) -> None:
    content = bytearray(WAIST[: max(8, len(WAIST) - cut)])
    for at, value in flips:
        if at < len(content):
            content[-1 - at] = value
    for at in range(start, min(start + 3, len(content))):
        content[at] ^= 0x55
    try:
        entries = read_metadata(bytes(content), "x.tflite")
    except ModelError as error:
        assert str(error).startswith("x.tflite: ")
    else:
        assert all(isinstance(value, bytes) for value in entries.values())


class Broken:
    """A backend whose outputs are no probabilities."""

    def __init__(self, values: list[float]):
        self.values = values

    def outputs(self, windows: np.ndarray) -> list[np.ndarray]:
        return [np.tile(np.array(self.values, np.float32), (len(windows), 1))]


@pytest.mark.parametrize(
    "values", [[np.nan, 1, 0, 0, 0, 0], [2, -1, 0, 0, 0, 0], [0.3, 0.3, 0.3, 0.3, 0.3, 0.3], [np.inf, 0, 0, 0, 0, 0]]
)
def test_outputs_that_are_no_probabilities_are_noticed_while_it_runs(values: list[float]) -> None:
    model = Model(load_model("waist").card, Broken(values))
    with pytest.raises(ModelError, match="model waist: its output probabilities holds no probabilities"):
        model.outputs(np.zeros((2, 50, 6), np.float32))


class Failing:
    """An interpreter whose operators fail, as one that gathers beyond its table does."""

    def set_tensor(self, index: int, value: np.ndarray) -> None:
        pass

    def invoke(self) -> None:
        raise RuntimeError("gather index out of bounds")


def test_a_model_that_fails_when_it_runs_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_model("anywhere-micro")
    monkeypatch.setattr(model.backend, "_interpreter", Failing())
    with pytest.raises(
        ModelError, match=r"anywhere-micro\.tflite: LiteRT cannot run it \(gather index out of bounds\)"
    ):
        model.outputs(np.zeros((1, 50, 6), np.float32))


@pytest.mark.skipif(not (find_spec("_sha2") or find_spec("_sha256")), reason="this Python leaves SHA-256 to OpenSSL")
def test_a_model_is_compared_with_its_card_without_openssl_which_takes_memory() -> None:
    script = "import sys; from har_runtime import load_model; load_model('anywhere'); print('_hashlib' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert found == "False\n"
