"""One training run: stages in Lightning, early stopping, checkpoints that resume. No model and no objective in here.

A run that was stopped and resumed gives the weights of one that was not: each epoch draws its order, its dropout and
its augmentations from a seed made of the run's seed and the epoch.
"""

import json
import logging
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
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

from har_runtime.errors import DataError, HarError
from har_runtime.files import write_bytes
from har_runtime.scores import score
from har_train.calibration import fit_temperature
from har_train.checkpoint import TrainingRecord, architecture_of, network_logits, save_checkpoint
from har_train.datasets import DataSet
from har_train.distributed import synchronise_batch_norm
from har_train.hardware import is_first_process, keep_freed_memory
from har_train.multitask import ContrastivePretraining, FrozenEncoder, MultiTask
from har_train.network import HarNetwork
from har_train.protocols import UserSplit, split_users
from har_train.recipe import Recipe
from har_train.windows import WindowSet


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
class _Stage:
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


def fit(
    recipe: Recipe,
    dataset: DataSet,
    windows: WindowSet,
    placement: str | None,
    run: Run,
    split: UserSplit | None = None,
) -> TrainingRecord:
    """Train, keep the weights of the best validation epoch, calibrate, score on the test users.

    Writes `model.safetensors`, `logs/` (loss curves as CSV and for TensorBoard) and `resume/` (Lightning's checkpoints,
    loaded with weights_only) into `run.out`.

    Args:
        split: who trains, validates and is tested; None draws it by the recipe's fractions and the run's seed.

    Raises:
        HarError: `run.out` holds another run, there is nothing to resume, or the method has no network.
        KeyboardInterrupt: stopped; `run.resume` goes on from the last whole epoch.
    """
    if recipe.is_control:
        raise HarError(f"{recipe.name}: a {recipe.method} is a control: score it with har-train cross-validate")
    split = split or split_of(recipe, windows, run.seed)
    train, validation, test = (windows.of_users(getattr(split, part)) for part in ("train", "validation", "test"))
    require_all_classes(train)
    if is_first_process():
        _claim_folder(run, recipe, split)
    keep_freed_memory()

    torch.manual_seed(run.seed)
    network = HarNetwork(architecture_of(recipe))
    with torch.no_grad():
        network.mean.copy_(torch.from_numpy(train.x.mean((0, 1), dtype=np.float64)))
        network.std.copy_(torch.from_numpy(train.x.std((0, 1), dtype=np.float64)))
    if run.devices * run.nodes > 1:
        synchronise_batch_norm(network.encoder)
    stages = _stages(recipe, run.out)
    seconds = sum(_train(network, recipe, stage, train, validation, run) for stage in stages)
    if not is_first_process():
        sys.exit(0)  # A helper of the run: the first process writes and reports.

    last = stages[-1]
    validation_logits, test_logits = (network_logits(network, part.x) for part in (validation, test))
    record = TrainingRecord(
        recipe=recipe,
        labels=windows.labels,
        split=split,
        seed=run.seed,
        temperature=fit_temperature(validation_logits, validation.y),
        placement=placement,
        data_licence=dataset.licence,
        data_citation=dataset.citation,
        precision=run.precision,
        epochs=last.epochs_done(),
        best_epoch=torch.load(last.kept, weights_only=True)["epoch"],
        seconds=seconds,
        version=version("haredge"),
        commit=_commit(),
        validation_macro_f1=score(validation.y, validation_logits.argmax(1), windows.labels).macro_f1,
        test_macro_f1=score(test.y, test_logits.argmax(1), windows.labels).macro_f1,
    )
    save_checkpoint(run.out / "model.safetensors", network, record)
    return record


def split_of(recipe: Recipe, windows: WindowSet, seed: int) -> UserSplit:
    """The users of a run's three parts, where no protocol gives them."""
    return split_users(windows.user.tolist(), seed, recipe.data.validation, recipe.data.test)


def require_all_classes(train: WindowSet) -> None:
    """Make sure that there is something to learn of every class.

    Raises:
        DataError: a class without a window, named.
    """
    for index, label in enumerate(train.labels):
        if not np.any(train.y == index):
            raise DataError(f"no training user has a window of '{label}'; choose another seed or leave the class out")


def _stages(recipe: Recipe, out: Path) -> list[_Stage]:
    kept, epochs = out / "resume", recipe.optimiser.epochs
    if recipe.method == "two-stage":
        return [
            _Stage(ContrastivePretraining, kept / "pretraining", recipe.pretraining.epochs, validated=False),
            _Stage(FrozenEncoder, kept, epochs, validated=True),
        ]
    return [_Stage(MultiTask, kept, epochs, validated=True)]


def _train(
    network: HarNetwork, recipe: Recipe, stage: _Stage, train: WindowSet, validation: WindowSet, run: Run
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
        update_bn((network.normalise(batch) for batch in raw), network.encoder)
    return seconds


def _trainer(recipe: Recipe, stage: _Stage, epochs: int, clock: _Clock, run: Run) -> lightning.Trainer:
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


def _claim_folder(run: Run, recipe: Recipe, split: UserSplit) -> None:
    """Make sure that `run.out` is empty, or holds this very run where it is to be resumed."""
    identity = json.dumps(
        {
            "recipe": recipe.to_dict(),
            "seed": run.seed,
            "precision": run.precision,
            "test": split.test,
            "validation": split.validation,
        },
        indent=1,
    )
    file = run.out / "run.json"
    if run.resume:
        if not file.exists():
            raise HarError(f"{run.out}: nothing to resume there; leave out --resume to start")
        if json.loads(file.read_text(encoding="utf-8")) != json.loads(identity):
            raise HarError(
                f"{file}: another recipe, seed or precision than asked for; resume with those or use a new --out"
            )
    elif run.out.exists() and any(run.out.iterdir()):
        raise HarError(f"{run.out}: not empty; --resume goes on with the run in it, or choose another --out")
    else:
        write_bytes(file, identity.encode())


def _commit() -> str | None:
    """The commit of the checkout this code runs from, None where it is installed."""
    if os.environ.get("GIT_DIR"):
        return None
    here = Path(__file__).parent
    result = subprocess.run(["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return result.stdout.strip() or None if result.returncode == 0 else None
