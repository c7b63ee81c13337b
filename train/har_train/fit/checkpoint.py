"""A trained network as one safetensors file: weights, and in its header all that is needed to use and evaluate it."""

import json
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from scipy.special import log_softmax, softmax
from torch import Tensor

from har_runtime.errors import DataError, ModelError
from har_runtime.files import atomic_path
from har_runtime.model.outputs import Outputs
from har_runtime.tables import MAX_BYTES, TableError, from_table, parse_json
from har_runtime.text import clean
from har_train.data.splits import UserSplit
from har_train.fit.calibration import calibrated
from har_train.fit.network import Architecture, HarNetwork
from har_train.recipe import Recipe

FORMAT = "haredge-checkpoint-1"
MAX_FILE_BYTES = 500_000_000
"""The largest network of the recipes has 2,000,000."""
BATCH = 1024
"""Windows computed at a time."""


@dataclass(frozen=True)
class TrainingRecord:
    """How a checkpoint was made."""

    recipe: Recipe
    labels: tuple[str, ...]
    split: UserSplit
    seed: int
    temperature: float
    """Calibration temperature, fitted on the validation users; logits are divided by it."""
    placement: str | None
    data_licence: str
    data_citation: str
    precision: str
    """Arithmetic of the training passes: "32" or "bf16"."""
    epochs: int
    """Epochs run, early stopping included."""
    best_epoch: int
    """Index of the epoch whose weights these are, from 0: the one with the best macro-F1 on the validation users."""
    seconds: float
    """Wall-clock time of the training."""
    version: str
    """Version of haredge."""
    commit: str | None
    """Commit of the checkout it was trained from; None if haredge was installed."""
    validation_macro_f1: float
    test_macro_f1: float
    processor_seconds: float = 0.0
    """Processor time of the training, all threads together; 0 in old checkpoints."""
    steps: int = 0
    """Steps of the optimiser, all stages together; 0 in old checkpoints."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained network with its record, ready to evaluate or export.

    Its methods take windows of shape (n, 50, 6) in SI units and compute in evaluation mode and full float32.
    """

    network: HarNetwork
    record: TrainingRecord

    def probabilities(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrated probabilities, shape (n, classes): the softmax of logits / temperature."""
        return self.outputs(x).probabilities

    def outputs(self, x: NDArray[np.float32]) -> Outputs:
        """Everything that the exported model returns: calibrated probabilities and, if it tells them, places."""
        logits, places = logits_and_places(self.network, x)
        probabilities = calibrated(logits, self.record.temperature, places)
        if places is None:
            return Outputs(probabilities)
        by_place = np.exp(log_softmax(logits.astype(np.float64) / self.record.temperature, axis=2))
        return Outputs(probabilities, softmax(places, axis=1), by_place.astype(np.float32))

    def logits(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the network's `forward` returns, before calibration, shape (n, classes)."""
        return _in_batches(self.network, self.network, x)

    def last_features(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The input of the last layer, shape (n, width): the output `features` of an exported model."""
        return _in_batches(self.network, lambda part: self.network.classifier[:-1](self.network.features(part)), x)

    def features(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The encoder's features, shape (n, width)."""
        return _in_batches(self.network, self.network.features, x)


def logits_and_places(
    network: HarNetwork, x: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Logits in evaluation mode and full float32 of windows of shape (n, 50, 6) in SI units.

    Returns:
        Of the classes, shape (n, classes), and None; with places, of the classes at each place, shape (n, places,
        classes), and of the places, shape (n, places).
    """
    if network.heads is None:
        return _in_batches(network, network, x), None
    places, classes = network.heads.shape

    def both(part: Tensor) -> Tensor:
        at_places, of_places = network.logits(network.features(part))
        assert of_places is not None
        return torch.cat([at_places.flatten(1), of_places], dim=1)

    table = _in_batches(network, both, x)
    return table[:, :-places].reshape(-1, places, classes), table[:, -places:]


def _in_batches(
    network: HarNetwork, compute: Callable[[Tensor], Tensor], x: NDArray[np.float32]
) -> NDArray[np.float32]:
    network.eval()
    with torch.inference_mode():
        # At least one batch, so that no window at all gives an array of the right shape too.
        parts = [compute(torch.from_numpy(x[begin : begin + BATCH])) for begin in range(0, max(len(x), 1), BATCH)]
    return torch.cat(parts).numpy()


def save_checkpoint(path: Path, network: HarNetwork, record: TrainingRecord) -> None:
    """Write atomically."""
    header = {"format": FORMAT, "haredge": json.dumps(asdict(record), allow_nan=False)}
    weights = {name: value.contiguous() for name, value in network.state_dict().items()}
    with atomic_path(path) as temporary:
        save_file(weights, temporary, metadata=header)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; nothing in it is executed.

    Args:
        path: the .safetensors file, or the folder of the run that wrote it.

    Raises:
        ModelError: missing, damaged, not written by haredge, or weights of another architecture than its recipe's.
    """
    file = path / "model.safetensors" if path.is_dir() else path
    if not file.is_file():
        raise ModelError(f"{file}: no such checkpoint; give the model.safetensors or the folder of a training run")
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ModelError(f"{file}: not a checkpoint of har-train: it is larger than {MAX_FILE_BYTES:,} bytes")
        with safe_open(file, framework="pt") as content:
            header = content.metadata() or {}
            if header.get("format") != FORMAT:
                raise ModelError(f"{file}: not a checkpoint of har-train (its header lacks format {FORMAT})")
            weights = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, struct.error) as error:
        raise ModelError(f"{file}: not a readable safetensors file ({clean(str(error))})") from error
    record = _record(header.get("haredge", ""), file)
    network = HarNetwork(architecture_of(record.recipe))
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise ModelError(f"{file}: weights of another architecture: {_first_mismatch(network, weights)}") from error
    if not all(bool(torch.isfinite(value).all()) for value in network.state_dict().values()):
        raise ModelError(f"{file}: weights that are no finite numbers; train it again")
    return Checkpoint(network, record)


def architecture_of(recipe: Recipe) -> Architecture:
    """The network a recipe asks for."""
    return Architecture(classes=len(recipe.data.activities), window=recipe.data.window, **asdict(recipe.model))


def _record(text: str, file: Path) -> TrainingRecord:
    table: Any = None
    try:
        if len(text) > MAX_BYTES:
            raise TableError(f"it is longer than {MAX_BYTES:,} characters")
        table = parse_json(text)
        record = from_table(TrainingRecord, table)
        if record.labels != record.recipe.data.activities or not record.temperature > 0:
            raise DataError("its labels or temperature do not fit the recipe")
        return record
    except (TableError, DataError) as error:
        writer = table.get("version") if isinstance(table, dict) else None
        raise ModelError(
            f"{file}: its training record cannot be read ({error}); it was written by haredge "
            f"{clean(str(writer or '(unknown)'))}, this is {version('haredge')}"
        ) from error


def _first_mismatch(network: HarNetwork, weights: dict[str, Tensor]) -> str:
    wanted = network.state_dict()
    for name in sorted({*wanted, *weights}):
        has = tuple(weights[name].shape) if name in weights else "missing"
        needs = tuple(wanted[name].shape) if name in wanted else "unknown"
        if has != needs:
            return f"{clean(name)} is {has}, the recipe needs {needs}"
    return "tensor types differ"
