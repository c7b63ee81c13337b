"""A training run: how it computes, the folder it writes to, and the stages that its recipe trains."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from har_runtime.errors import HarError, ModelError
from har_runtime.files import UNFINISHED, write_bytes
from har_runtime.tables import TableError, read_json
from har_train.fit.federated import FederatedObjective
from har_train.fit.objective import ContrastivePretraining, FrozenEncoder, MultiTask, OwnObjective, OwnPretraining
from har_train.methods.registry import SYSTEMS
from har_train.recipe import Recipe

MAX_CHECKPOINT_BYTES = 2_000_000_000
"""Of what Lightning keeps to resume: four times the largest file of weights that can be read."""


@dataclass(frozen=True)
class Run:
    """Where a training run writes and how it computes.

    Raises:
        HarError: an impossible seed or number of epochs, devices or nodes.
    """

    out: Path
    seed: int = 0
    precision: str = "32"
    """"32" or "bf16"."""
    resume: bool = False
    epochs: int | None = None
    """Fewer epochs than the recipe's in each stage, for a short try."""
    accelerator: str = "cpu"
    """Lightning's name: "cpu", "gpu" or "auto"."""
    devices: int = 1
    """Processes, or GPUs, on each machine."""
    nodes: int = 1
    """Machines. The command is started once on each, as Lightning's documentation of clusters says."""
    show_progress: bool = True
    """Whether epochs are shown on stderr."""
    teacher: Path | None = None
    """Run of the network to learn from, if that was trained already; None trains it first."""

    def __post_init__(self) -> None:
        counts = {"epochs": 1 if self.epochs is None else self.epochs, "devices": self.devices, "nodes": self.nodes}
        for name, count in counts.items():
            if count < 1:
                raise HarError(f"{name} is {count}; give 1 or more")
        if not 0 <= self.seed < 2**32:
            raise HarError(f"seed is {self.seed}; give 0 to {2**32 - 1}")


@dataclass(frozen=True)
class Stage:
    """One call of Lightning's trainer."""

    objective: type[MultiTask]
    folder: Path
    """Folder of its checkpoints."""
    epochs: int
    validated: bool
    """Whether the epoch with the best macro-F1 on the validation users is kept, or the last one."""
    batch_size: int
    core_minutes: float = 0.0
    """Processor time after which it stops; 0 for no limit."""

    @property
    def last(self) -> Path:
        return self.folder / "last.ckpt"

    @property
    def kept(self) -> Path:
        return self.folder / ("best.ckpt" if self.validated else "last.ckpt")

    def epochs_done(self) -> int:
        """Number of whole epochs in its last checkpoint."""
        return read_checkpoint(self.last)[0] + 1 if self.last.exists() else 0

    def steps_done(self) -> int:
        """Number of the optimiser's steps until its last checkpoint."""
        return int(_content(self.last)["global_step"]) if self.last.exists() else 0

    def kept_epoch(self) -> int:
        """Index of the epoch whose weights are kept."""
        return read_checkpoint(self.kept)[0]


def stages_of(recipe: Recipe, out: Path) -> list[Stage]:
    """The stages that a recipe's method trains, in their order."""
    folder, settings, first = out / "resume", recipe.optimiser, recipe.pretraining
    system = SYSTEMS.get(recipe.method)
    only: type[MultiTask] = MultiTask if system is None else OwnObjective
    pretraining: type[MultiTask] | None = ContrastivePretraining if recipe.method == "two-stage" else None
    if system is not None and system.federated:
        only = FederatedObjective
    if system is not None and system.pretrains:
        pretraining = OwnPretraining
    if pretraining is None:
        return [Stage(only, folder, settings.epochs, True, settings.batch_size, settings.core_minutes)]
    batch_size = first.batch_size or settings.batch_size
    return [
        Stage(pretraining, folder / "pretraining", first.epochs, False, batch_size, first.core_minutes),
        Stage(FrozenEncoder, folder, settings.epochs, True, settings.batch_size, settings.core_minutes),
    ]


def read_checkpoint(path: Path) -> tuple[int, dict[str, Tensor]]:
    """Epoch and weights of a checkpoint that Lightning wrote; nothing in it is executed.

    Raises:
        ModelError: missing or damaged.
    """
    content = _content(path)
    return content["epoch"], content["state_dict"]


def _content(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_CHECKPOINT_BYTES:
            raise ValueError(f"it is larger than {MAX_CHECKPOINT_BYTES:,} bytes")
        content = torch.load(path, weights_only=True, map_location="cpu")
        numbers = {key: int(content[key]) for key in ("epoch", "global_step")}
        return {**numbers, "state_dict": dict(content["state_dict"])}
    except Exception as error:  # A damaged file makes torch raise errors of many kinds.
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{path}: cannot be read ({reason}); train again with a new --out") from error


def claim_folder(folder: Path, name: str, settings: dict[str, Any], resume: bool) -> None:
    """Make sure that `folder` is empty or, if `resume`, was begun with the same settings.

    Files that a killed program did not finish do not count.

    Args:
        name: file in the folder that keeps the settings.
        settings: JSON-able values.

    Raises:
        HarError: the folder holds something else, or there is nothing to resume.
    """
    file = folder / name
    if not resume:
        if folder.is_dir() and any(entry.suffix != UNFINISHED for entry in folder.iterdir()):
            raise HarError(f"{folder}: not empty; use --resume to continue what is in it, or choose another --out")
        write_bytes(file, json.dumps(settings, indent=1, allow_nan=False).encode())
        return
    try:
        stored = read_json(file)
    except FileNotFoundError as error:
        raise HarError(f"{folder}: nothing to resume there; start without --resume") from error
    except (OSError, TableError) as error:
        raise HarError(f"{file}: cannot be read ({error}); start again with a new --out") from error
    wanted = json.loads(json.dumps(settings, allow_nan=False))
    different = [key for key in wanted if not isinstance(stored, dict) or stored.get(key) != wanted[key]]
    if different:
        raise HarError(
            f"{file}: begun with another {', '.join(different)}; resume with the same settings or use a new --out"
        )
