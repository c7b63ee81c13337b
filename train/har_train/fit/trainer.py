"""One stage of a training run, in Lightning: batches, epochs, early stopping, checkpoints that resume.

A stage that was stopped and resumed gives the weights of one that was not: each epoch draws its order, its dropout and
its augmentations from a seed made of the run's seed and the epoch.
"""

import json
import logging
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, EMAWeightAveraging, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.strategies import DDPStrategy
from lightning.pytorch.utilities.exceptions import MisconfigurationException
from torch import Tensor
from torch.optim.swa_utils import update_bn
from torch.utils.data import DataLoader, Sampler, TensorDataset

from har_runtime.errors import HarError
from har_runtime.files import write_bytes
from har_train.data.windows import WindowSet
from har_train.fit.network import HarNetwork
from har_train.fit.objective import ContrastivePretraining, FrozenEncoder, MultiTask
from har_train.recipe import Recipe


class ShuffledBatches(Sampler[list[int]]):
    """Random batches whose order depends on the seed and the epoch alone. A last batch of one is left out: batch norm
    has no variance over it."""

    def __init__(self, size: int, batch: int, seed: int, epoch: int = 0):
        self.size, self.batch, self.seed, self.epoch = size, batch, seed, epoch

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning at the start of each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        order = np.random.default_rng((self.seed, self.epoch)).permutation(self.size).tolist()
        batches = (order[begin : begin + self.batch] for begin in range(0, self.size, self.batch))
        return (batch for batch in batches if len(batch) > 1)

    def __len__(self) -> int:
        whole, rest = divmod(self.size, self.batch)
        return whole + (rest > 1)


class _EpochLines(Callback):
    """One line for each epoch, where there is no terminal for a progress bar."""

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        values = {key: float(value) for key, value in trainer.callback_metrics.items()}
        text = "  ".join(f"{key} {value:.4f}" for key, value in sorted(values.items()))
        print(f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}  {text}", file=sys.stderr, flush=True)


class _Clock(Callback):
    """Keeps the seconds that the epochs took, those before a resumption included, beside the checkpoints."""

    def __init__(self, folder: Path, resume: bool):
        self._file = folder / "seconds.json"
        self._earlier = json.loads(self._file.read_text()) if resume and self._file.exists() else 0.0
        self._started = time.monotonic()

    def seconds(self) -> float:
        return self._earlier + time.monotonic() - self._started

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if trainer.is_global_zero:
            write_bytes(self._file, json.dumps(self.seconds()).encode())


@dataclass(frozen=True)
class Run:
    """Where a run writes and how it computes."""

    out: Path
    seed: int = 0
    precision: str = "32"
    """"32" or "bf16"."""
    resume: bool = False
    epochs: int | None = None
    """Fewer epochs than the recipe's in each stage, for a short try."""
    accelerator: str = "cpu"
    """Of Lightning: "cpu", "gpu", "auto"."""
    devices: int = 1
    """Processes, or GPUs, on each machine."""
    nodes: int = 1
    """Machines; the command is started once on each, as Lightning's documentation of clusters says."""


@dataclass(frozen=True)
class Stage:
    """One call of Lightning's trainer."""

    kind: type[MultiTask]
    folder: Path
    """Of its checkpoints."""
    epochs: int
    validated: bool
    """Whether the epoch with the best macro-F1 on the validation users counts, or the last one."""

    @property
    def last(self) -> Path:
        return self.folder / "last.ckpt"

    @property
    def kept(self) -> Path:
        return self.folder / ("best.ckpt" if self.validated else "last.ckpt")

    def epochs_done(self) -> int:
        """Whole epochs that its checkpoints hold."""
        return torch.load(self.last, weights_only=True)["epoch"] + 1 if self.last.exists() else 0


def stages_of(recipe: Recipe, out: Path) -> list[Stage]:
    """What a recipe's method trains, one after the other."""
    kept, epochs = out / "resume", recipe.optimiser.epochs
    if recipe.method == "two-stage":
        return [
            Stage(ContrastivePretraining, kept / "pretraining", recipe.pretraining.epochs, validated=False),
            Stage(FrozenEncoder, kept, epochs, validated=True),
        ]
    return [Stage(MultiTask, kept, epochs, validated=True)]


def train_stage(
    network: HarNetwork, recipe: Recipe, stage: Stage, train: WindowSet, validation: WindowSet, run: Run
) -> float:
    """Run a stage's epochs and leave its kept weights in `network`; the seconds it took, earlier ones included."""
    settings = recipe.optimiser
    numbers = {user: number for number, user in enumerate(sorted(set(train.user.tolist())))}
    users = torch.tensor([numbers[user] for user in train.user.tolist()])
    data = TensorDataset(torch.from_numpy(train.x), torch.from_numpy(train.y), users)
    held_out = TensorDataset(torch.from_numpy(validation.x), torch.from_numpy(validation.y))
    done = stage.epochs_done() if run.resume else 0
    # Lightning tells a sampler its epoch only after it has begun to iterate over it when it resumes.
    sampler = ShuffledBatches(len(train.y), settings.batch_size, run.seed, done)
    clock = _Clock(stage.folder, run.resume)
    module = stage.kind(network, recipe, run.seed, class_weights(train) if settings.class_balance else None)
    epochs = min(run.epochs or stage.epochs, stage.epochs)
    if stage.validated or done < epochs:  # A whole first stage is not run again.
        trainer = _trainer(recipe, stage, epochs, clock, run)
        with warnings.catch_warnings():
            # The windows are in memory and each batch is one index into them: worker processes would only slow it down.
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            warnings.filterwarnings("ignore", message=".*Checkpoint directory .* exists and is not empty.*")
            warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
            warnings.filterwarnings("ignore", message=".*No device id is provided.*")
            try:
                trainer.fit(
                    module,
                    DataLoader(data, sampler=sampler, batch_size=None),
                    DataLoader(held_out, batch_size=1024),
                    ckpt_path=stage.last if done else None,
                    weights_only=True,
                )
            except MisconfigurationException as error:  # For one, a run that is to resume past its last epoch.
                raise HarError(f"{run.out}: {error}") from error
            except SystemExit as stop:  # What Lightning makes of Ctrl-C once it has shut down.
                raise KeyboardInterrupt from stop
    seconds = clock.seconds()
    module.load_state_dict(torch.load(stage.kept, weights_only=True, map_location="cpu")["state_dict"])
    if not stage.validated:
        # Views alone made these weights, and left the running statistics alone: they are taken from raw windows now.
        raw = torch.from_numpy(train.x).split(settings.batch_size)
        update_bn((network.encoder_input(network.normalise(batch)) for batch in raw), network.encoder)
    return seconds


def _trainer(recipe: Recipe, stage: Stage, epochs: int, clock: _Clock, run: Run) -> lightning.Trainer:
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    terminal = sys.stderr.isatty()
    settings = recipe.optimiser
    callbacks: list[Callback] = [clock, RichProgressBar() if terminal else _EpochLines()]
    if settings.averaging > 0:
        callbacks.append(EMAWeightAveraging(decay=settings.averaging))
    if stage.validated:
        callbacks.append(EarlyStopping("val_macro_f1", patience=settings.patience, mode="max"))
        callbacks.append(
            ModelCheckpoint(
                stage.folder,
                "best",
                "val_macro_f1",
                mode="max",
                enable_version_counter=False,
                save_on_train_epoch_end=True,
            )
        )
    callbacks.append(ModelCheckpoint(stage.folder, "last", enable_version_counter=False, save_on_train_epoch_end=True))
    several = run.devices * run.nodes > 1
    unused = recipe.contrastive.weight == 0 or recipe.method == "two-stage"
    logs = run.out / "logs"
    name = f"version_{len(list(logs.glob('version_*')))}"
    return lightning.Trainer(
        accelerator=run.accelerator,
        devices=run.devices,
        num_nodes=run.nodes,
        strategy=DDPStrategy(find_unused_parameters=unused) if several else "auto",
        use_distributed_sampler=False,  # Every process takes the whole batch: see `distributed`.
        precision="bf16-mixed" if run.precision == "bf16" else "32-true",
        max_epochs=epochs,
        limit_val_batches=None if stage.validated else 0,
        deterministic=True if run.accelerator == "cpu" else "warn",
        logger=[CSVLogger(logs, None, name), TensorBoardLogger(logs, None, name)],
        callbacks=callbacks,
        enable_progress_bar=terminal,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        log_every_n_steps=1,
    )


def class_weights(train: WindowSet) -> Tensor:
    """Weights of the classes in the loss that make them equal, 1 on average over the windows, shape (classes,)."""
    counts = np.bincount(train.y, minlength=len(train.labels))
    return torch.from_numpy((len(train.y) / (len(counts) * counts)).astype(np.float32))
