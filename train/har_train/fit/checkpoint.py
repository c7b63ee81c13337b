"""A trained network as one safetensors file: weights, and in its header all that is needed to use and to judge it."""

import json
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from har_runtime.errors import DataError, ModelError
from har_runtime.files import atomic_path
from har_train.data.splits import UserSplit
from har_train.fit.network import Architecture, HarNetwork
from har_train.recipe import Recipe, recipe_from

FORMAT = "haredge-checkpoint-1"


@dataclass(frozen=True)
class TrainingRecord:
    """What a checkpoint says of its making."""

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
    """The epoch whose weights these are, counted from 0: best macro-F1 on the validation users."""
    seconds: float
    """Wall-clock time of the training."""
    version: str
    """Version of haredge."""
    commit: str | None
    """Commit of the checkout it was trained from, where it was one."""
    validation_macro_f1: float
    test_macro_f1: float


@dataclass(frozen=True)
class Checkpoint:
    """A network ready to evaluate or export, with its record."""

    network: HarNetwork
    record: TrainingRecord

    def logits(self, x: NDArray[np.float32], batch: int = 1024) -> NDArray[np.float32]:
        """float32 logits of windows, shape (n, 50, 6) in SI units to (n, classes); the temperature is not applied."""
        return network_logits(self.network, x, batch)

    def features(self, x: NDArray[np.float32], batch: int = 1024) -> NDArray[np.float32]:
        """The encoder's features of windows, shape (n, 50, 6) in SI units to (n, width)."""
        return _in_batches(self.network, self.network.features, x, batch)


def network_logits(network: HarNetwork, x: NDArray[np.float32], batch: int = 1024) -> NDArray[np.float32]:
    """Logits in evaluation mode and full float32, shape (n, classes)."""
    return _in_batches(network, network, x, batch)


def _in_batches(
    network: HarNetwork, compute: Callable[[Tensor], Tensor], x: NDArray[np.float32], batch: int
) -> NDArray[np.float32]:
    network.eval()
    with torch.inference_mode():
        parts = [compute(torch.from_numpy(x[begin : begin + batch])) for begin in range(0, len(x), batch)]
    return torch.cat(parts).numpy()


def save_checkpoint(path: Path, network: HarNetwork, record: TrainingRecord) -> None:
    """Write atomically."""
    header = {"format": FORMAT, "haredge": json.dumps(asdict(record))}
    weights = {name: value.contiguous() for name, value in network.state_dict().items()}
    with atomic_path(path) as temporary:
        save_file(weights, temporary, metadata=header)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; nothing in it is executed.

    Args:
        path: the .safetensors file, or the folder of the run that wrote it.

    Raises:
        ModelError: not there, damaged, not of haredge, or weights of another architecture than its recipe says.
    """
    file = path / "model.safetensors" if path.is_dir() else path
    if not file.is_file():
        raise ModelError(f"{file}: no such checkpoint; give a model.safetensors of har-train or the folder of a run")
    try:
        with safe_open(file, framework="pt") as content:
            header = content.metadata() or {}
            weights = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, struct.error) as error:
        raise ModelError(f"{file}: not a readable safetensors file ({error})") from error
    if header.get("format") != FORMAT:
        raise ModelError(f"{file}: no checkpoint of har-train (its header lacks format {FORMAT})")
    record = _record(json.loads(header["haredge"]), file)
    network = HarNetwork(architecture_of(record.recipe))
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise ModelError(f"{file}: weights of another architecture: {_first_mismatch(network, weights)}") from error
    return Checkpoint(network, record)


def architecture_of(recipe: Recipe) -> Architecture:
    """The network a recipe asks for."""
    return Architecture(classes=len(recipe.data.activities), **asdict(recipe.model))


def _record(table: dict[str, Any], file: Path) -> TrainingRecord:
    try:
        recipe = recipe_from(table.pop("recipe"), str(file))
        split = UserSplit(**{part: tuple(users) for part, users in table.pop("split").items()})
        record = TrainingRecord(recipe=recipe, split=split, **table)
        return replace(record, labels=tuple(record.labels))
    except (KeyError, TypeError, DataError) as error:
        raise ModelError(f"{file}: its training record cannot be read ({error})") from error


def _first_mismatch(network: HarNetwork, weights: dict[str, torch.Tensor]) -> str:
    wanted = network.state_dict()
    for name in sorted({*wanted, *weights}):
        has = tuple(weights[name].shape) if name in weights else "missing"
        needs = tuple(wanted[name].shape) if name in wanted else "unknown"
        if has != needs:
            return f"{name} is {has}, the recipe needs {needs}"
    return "tensor types differ"
