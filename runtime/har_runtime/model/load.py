"""Loads a model with its card, by name or by path."""

from dataclasses import dataclass
from importlib import import_module
from importlib.resources import as_file, files
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import CHANNELS, STANDARD_GRAVITY, WINDOW
from har_runtime.errors import ModelError
from har_runtime.model.card import METADATA_NAME, ModelCard, card_from_json
from har_runtime.model.litert_backend import LiteRtBackend, ends_text
from har_runtime.model.onnx_backend import OnnxBackend
from har_runtime.model.outputs import FEATURES, Outputs, are_probabilities, output_names, output_shapes
from har_runtime.model.tflite_metadata import read_metadata
from har_runtime.tables import TableError, read_bounded

DEFAULT_MODEL = "anywhere"
"""The pretrained model of programs that name none."""
MAX_MODEL_BYTES = 100_000_000
"""Of a model file; the largest network of the recipes has 2,000,000."""


class Backend(Protocol):
    """What runs a model file."""

    def outputs(self, windows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Windows of shape (n, 50, 6) in SI units to the file's outputs, each of shape (n, ...)."""
        ...


@dataclass(frozen=True)
class Model:
    """A model that is loaded and fits the signal contract."""

    card: ModelCard
    backend: Backend

    def probabilities(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Class probabilities of windows in SI units, shape (n, 50, 6) to (n, classes)."""
        return self.outputs(windows).probabilities

    def outputs(self, windows: NDArray[np.float32]) -> Outputs:
        """Everything that the model makes of windows in SI units, shape (n, 50, 6), in the frame of its card.

        Raises:
            ModelError: what comes out are no probabilities.
        """
        if not len(windows):
            return Outputs.of(self.card, [np.empty((0, *shape), np.float32) for shape in output_shapes(self.card)])
        outputs = self.backend.outputs(windows)
        _check_probabilities(self.card, outputs[:1])  # The others are checked at loading: this runs for each window.
        return Outputs.of(self.card, outputs)


def pretrained_names() -> list[str]:
    """The models inside the package."""
    return sorted(
        entry.name[:-7] for entry in files("har_runtime.pretrained").iterdir() if entry.name.endswith(".tflite")
    )


def check_gyroscope(card: ModelCard, gyroscope: bool, what: str) -> None:
    """Refuse a model that needs a gyroscope if there is none.

    Args:
        gyroscope: whether there is one.
        what: what may have it, e.g. "the sensor".

    Raises:
        ModelError: there is none and the card requires it; the message names the models that do without.
    """
    if gyroscope or card.gyroscope != "required":
        return
    names = [name for name in pretrained_names() if _pretrained_card(name).gyroscope == "optional"]
    advice = f"use --model {' or --model '.join(names)}" if names else "use a model whose card says that it is optional"
    raise ModelError(f"{what}: no gyroscope in it, and the model {card.name} wants both sensors: {advice}")


def _pretrained_card(name: str) -> ModelCard:
    file = f"{name}.json"
    return card_from_json((files("har_runtime.pretrained") / file).read_bytes(), file)


def load_model(name_or_path: str | Path, threads: int = 1) -> Model:
    """Load a pretrained model by name ("waist"), or a .tflite or .onnx by its path; its card is the JSON beside it
    (`card_path`), or else the copy inside the file.

    Raises:
        ModelError: unknown, missing, damaged, without a card, or a card that does not fit the file or the contract.
    """
    if isinstance(name_or_path, str) and name_or_path in pretrained_names():
        with as_file(files("har_runtime.pretrained") / f"{name_or_path}.tflite") as path:
            return _load(path, threads)
    path = Path(name_or_path)
    if not path.exists():
        known = ", ".join(pretrained_names())
        raise ModelError(f"{path}: no such model; give the path of a .tflite or .onnx, or a pretrained name ({known})")
    return _load(path, threads)


def card_path(model: Path) -> Path:
    """Path of the card beside a model file: `NAME.json` for `NAME.tflite`, `NAME.onnx.json` for `NAME.onnx`."""
    return model.with_suffix(".json") if model.suffix == ".tflite" else model.with_name(f"{model.name}.json")


def _load(path: Path, threads: int) -> Model:
    content = read_model(path)
    if path.suffix == ".onnx":
        session = OnnxBackend(content, path, threads)
        card = _needed(read_card(path, content, session.embedded_card), content, path)
        session.check_tensors(output_names(card), output_shapes(card))
        return _tried(Model(card, session))
    card = _needed(read_card(path, content, read_metadata(content, path).get(METADATA_NAME)), content, path)
    return _tried(Model(card, LiteRtBackend(content, path, output_names(card), output_shapes(card), threads)))


def read_model(path: Path) -> bytes:
    """The bytes of a model file.

    Raises:
        ModelError: it cannot be read, or is larger than `MAX_MODEL_BYTES`.
    """
    try:
        return read_bounded(path, MAX_MODEL_BYTES)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    except TableError as error:
        raise ModelError(f"{path}: no model for this runtime: {error}") from error


def read_card(path: Path, content: bytes, embedded: str | bytes | None) -> ModelCard | None:
    """The card beside a model file, or else the copy inside it; None if there is neither.

    Args:
        path: of the model file.
        content: its bytes.
        embedded: text of the copy inside, if any.

    Raises:
        ModelError: a damaged card, one that does not fit the contract, or one of another file.
    """
    beside = card_path(path)
    if beside.is_file():
        try:
            text = read_bounded(beside)
        except OSError as error:
            raise ModelError(f"{beside}: cannot be read ({error.strerror})") from error
        except TableError as error:
            raise ModelError(f"{beside}: no model card: {error}") from error
        card = card_from_json(text, str(beside))
        if card.sha256 is not None and card.sha256 != _sha256(content):
            raise ModelError(f"{path}: does not match its card {beside.name} (sha256 differs); copy both again")
        return card
    return None if embedded is None else card_from_json(embedded, str(path))


def _sha256(content: bytes) -> str:
    for name in ("_sha2", "_sha256"):  # Of Python itself, since 3.12 and before: hashlib loads OpenSSL, 3.4 MB.
        try:
            return import_module(name).sha256(content).hexdigest()
        except ImportError:
            continue
    return import_module("hashlib").sha256(content).hexdigest()


def _tried(model: Model) -> Model:
    """The model, after it has run: that prepares its weights, and shows whether its outputs are probabilities."""
    windows = np.zeros((2, WINDOW, len(CHANNELS)), np.float32)
    windows[1, :, 2] = STANDARD_GRAVITY
    _check_probabilities(model.card, model.backend.outputs(windows))
    return model


def _check_probabilities(card: ModelCard, outputs: list[NDArray[np.float32]]) -> None:
    for name, output in zip(output_names(card), outputs, strict=False):
        if name == FEATURES:
            if not np.isfinite(output).all():
                raise ModelError(f"model {card.name}: its output {name} holds no finite numbers; export it again")
        elif not are_probabilities(output):
            raise ModelError(f"model {card.name}: its output {name} holds no probabilities; export it again")


def _needed(card: ModelCard | None, content: bytes, path: Path) -> ModelCard:
    if card is not None:
        return card
    missing = f"{path}: has no model card, neither inside nor as {card_path(path).name}"
    if path.suffix != ".tflite":
        raise ModelError(f"{missing}; export it with har-export")
    ends = ends_text(content, path)
    if not ends.startswith(f"its input is float32 {(1, WINDOW, len(CHANNELS))} "):
        raise ModelError(
            f"{missing}, and {ends}: a model for this runtime takes float32 {(1, WINDOW, len(CHANNELS))}, {WINDOW} "
            "samples at 50 Hz of acceleration and angular rate"
        )
    raise ModelError(
        f"{missing}, so its labels, units and normalisation are unknown; {ends}. If you know them: har-export adopt "
        f"{path} --labels A,B,... --units m/s2 --normalise none --out {path.stem}-adopted.tflite"
    )
