"""One training run: the joint objective in Lightning, early stopping, checkpoints that resume. No model in here.

A run that was stopped and resumed gives the weights of one that was not: each epoch draws its order, its dropout and
its augmentations from a seed made of the run's seed and the epoch.
"""

import ctypes
import json
import logging
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.utilities.exceptions import MisconfigurationException
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from torch import Tensor, nn
from torch.utils.data import DataLoader, Sampler, TensorDataset
from torchmetrics.classification import MulticlassF1Score

from har_runtime.errors import DataError, HarError
from har_runtime.files import write_bytes
from har_runtime.scores import score
from har_train.augment import augment
from har_train.checkpoint import TrainingRecord, architecture_of, network_logits, save_checkpoint
from har_train.datasets import DataSet
from har_train.losses import user_aware_supcon
from har_train.network import HarNetwork
from har_train.recipe import Recipe
from har_train.windows import UserSplit, WindowSet, split_users

BF16_FLAGS = {"avx512_bf16", "amx_bf16"}
"""CPU flags without which bf16 is emulated, up to 30 times slower than float32."""


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


class MultiTask(lightning.LightningModule):
    """L_CE + lambda L_CL (section 3.2.4): raw windows to the classifier, two views to the projector."""

    def __init__(self, network: HarNetwork, recipe: Recipe, seed: int):
        super().__init__()
        self.network, self.recipe, self.seed = network, recipe, seed
        self.macro_f1 = MulticlassF1Score(len(recipe.data.activities), average="macro")

    def on_train_batch_start(self, batch: object, batch_idx: int) -> None:
        # Not on_train_epoch_start: Lightning leaves that out in the first epoch after a resumption.
        if batch_idx == 0:
            torch.manual_seed(int(np.random.SeedSequence((self.seed, self.current_epoch)).generate_state(1)[0]))

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor], batch_index: int) -> Tensor:
        x, activity, user = batch
        loss = nn.functional.cross_entropy(self.network(x).float(), activity)
        self.log("loss_ce", loss, on_step=False, on_epoch=True, batch_size=len(x))
        contrastive = self.recipe.contrastive
        if contrastive.weight > 0:
            x = self.network.normalise(x)
            # The classifier is used on raw windows only, so only they make the running statistics of batch norm.
            with _frozen_running_statistics(self.network):
                z = torch.cat([self.network.project(augment(x, self.recipe.augment)).float() for _ in range(2)])
            window = torch.arange(len(x)).repeat(2) if contrastive.own_view == "positive" else None
            with torch.autocast("cpu", enabled=False):
                loss_cl = user_aware_supcon(
                    z, activity.repeat(2), user.repeat(2), contrastive.temperature, contrastive.reduction, window
                )
            self.log("loss_cl", loss_cl, on_step=False, on_epoch=True, batch_size=len(x))
            loss = loss + contrastive.weight * loss_cl
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_index: int) -> None:
        x, activity = batch
        with torch.autocast("cpu", enabled=False):
            self.macro_f1.update(self.network(x), activity)

    def on_validation_epoch_end(self) -> None:
        self.log("val_macro_f1", self.macro_f1.compute(), prog_bar=True)
        self.macro_f1.reset()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        settings = self.recipe.optimiser
        return torch.optim.AdamW(self.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)


class _frozen_running_statistics:  # noqa: N801 - used as a function
    """Batch norm normalises by the batch as ever, and leaves its running mean and variance alone."""

    def __init__(self, network: nn.Module):
        self._norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]

    def __enter__(self) -> None:
        self._momenta = [norm.momentum for norm in self._norms]
        for norm in self._norms:
            norm.momentum = 0.0

    def __exit__(self, *_: object) -> None:
        for norm, momentum in zip(self._norms, self._momenta, strict=True):
            norm.momentum = momentum


class _EpochLines(Callback):
    """One line for each epoch, where there is no terminal for a progress bar."""

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        values = {key: float(value) for key, value in trainer.callback_metrics.items()}
        text = "  ".join(f"{key} {value:.4f}" for key, value in sorted(values.items()))
        print(f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}  {text}", file=sys.stderr, flush=True)


def cpu_has_bf16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware (False where /proc/cpuinfo does not say)."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:
        return False
    return bool(BF16_FLAGS & set(flags))


def choose_precision(asked: str) -> str:
    """ "auto" becomes "bf16" where the CPU has it and "32" elsewhere.

    Raises:
        HarError: bf16 asked for on a CPU that would emulate it.
    """
    if asked == "bf16" and not cpu_has_bf16():
        raise HarError("--precision bf16: this CPU has neither avx512_bf16 nor amx_bf16 and would be slower; use 32")
    return ("bf16" if cpu_has_bf16() else "32") if asked == "auto" else asked


@dataclass(frozen=True)
class Run:
    """Where a run writes and how it computes."""

    out: Path
    seed: int = 0
    precision: str = "32"
    """"32" or "bf16"."""
    resume: bool = False
    epochs: int | None = None
    """Fewer epochs than the recipe's, for a short try."""


def fit(recipe: Recipe, dataset: DataSet, windows: WindowSet, placement: str | None, run: Run) -> TrainingRecord:
    """Train, keep the weights of the best validation epoch, calibrate, score on the test users.

    Writes `model.safetensors`, `logs/` (loss curves as CSV) and `resume/` (Lightning's checkpoints, loaded with
    weights_only) into `run.out`.

    Raises:
        HarError: `run.out` holds another run, or there is nothing to resume.
        KeyboardInterrupt: stopped; `run.resume` goes on from the last whole epoch.
    """
    split = split_of(recipe, windows, run.seed)
    parts = {name: windows.of_users(getattr(split, name)) for name in ("train", "validation", "test")}
    for index, label in enumerate(windows.labels):
        if not np.any(parts["train"].y == index):
            raise DataError(f"no training user has a window of '{label}'; choose another seed or leave the class out")
    _claim_folder(run, recipe)

    _keep_freed_memory()
    torch.manual_seed(run.seed)
    network = HarNetwork(architecture_of(recipe))
    with torch.no_grad():
        network.mean.copy_(torch.from_numpy(parts["train"].x.mean((0, 1), dtype=np.float64)))
        network.std.copy_(torch.from_numpy(parts["train"].x.std((0, 1), dtype=np.float64)))
    module = MultiTask(network, recipe, run.seed)
    seconds = _train(module, parts["train"], parts["validation"], run)

    best, last = run.out / "resume" / "best.ckpt", run.out / "resume" / "last.ckpt"
    state = torch.load(best, weights_only=True)
    module.load_state_dict(state["state_dict"])
    validation = parts["validation"]
    temperature = fit_temperature(network_logits(network, validation.x), validation.y)
    guesses = {name: network_logits(network, parts[name].x).argmax(1) for name in ("validation", "test")}
    record = TrainingRecord(
        recipe=recipe,
        labels=windows.labels,
        split=split,
        seed=run.seed,
        temperature=temperature,
        placement=placement,
        data_licence=dataset.licence,
        data_citation=dataset.citation,
        precision=run.precision,
        epochs=torch.load(last, weights_only=True)["epoch"] + 1,
        best_epoch=state["epoch"],
        seconds=seconds,
        version=version("haredge"),
        commit=_commit(),
        validation_macro_f1=score(validation.y, guesses["validation"], windows.labels).macro_f1,
        test_macro_f1=score(parts["test"].y, guesses["test"], windows.labels).macro_f1,
    )
    save_checkpoint(run.out / "model.safetensors", network, record)
    return record


def split_of(recipe: Recipe, windows: WindowSet, seed: int) -> UserSplit:
    """The users of a run's three parts."""
    return split_users(windows.user.tolist(), seed, recipe.data.validation, recipe.data.test)


def _train(module: MultiTask, train: WindowSet, validation: WindowSet, run: Run) -> float:
    """Run the epochs; the seconds it took, those before a resumption included."""
    settings = module.recipe.optimiser
    users = {user: number for number, user in enumerate(sorted(set(train.user.tolist())))}
    number = torch.tensor([users[user] for user in train.user.tolist()])
    data = TensorDataset(torch.from_numpy(train.x), torch.from_numpy(train.y), number)
    kept = run.out / "resume"
    last = kept / "last.ckpt"
    # Lightning tells a sampler its epoch only after it has begun to iterate over it when it resumes.
    first_epoch = torch.load(last, weights_only=True)["epoch"] + 1 if run.resume else 0
    sampler = ShuffledBatches(len(train.y), settings.batch_size, run.seed, first_epoch)
    held_out = TensorDataset(torch.from_numpy(validation.x), torch.from_numpy(validation.y))
    clock = kept / "seconds.json"
    earlier = json.loads(clock.read_text()) if run.resume and clock.exists() else 0.0
    started = time.monotonic()

    class Clock(Callback):
        def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
            write_bytes(clock, json.dumps(earlier + time.monotonic() - started).encode())

    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    terminal = sys.stderr.isatty()
    keep = partial(ModelCheckpoint, kept, enable_version_counter=False, save_on_train_epoch_end=True)
    trainer = lightning.Trainer(
        accelerator="cpu",
        precision="bf16-mixed" if run.precision == "bf16" else "32-true",
        max_epochs=min(run.epochs or settings.epochs, settings.epochs),
        deterministic=True,
        logger=CSVLogger(run.out, name="logs"),
        callbacks=[
            EarlyStopping("val_macro_f1", patience=settings.patience, mode="max"),
            keep(filename="best", monitor="val_macro_f1", mode="max"),
            keep(filename="last"),
            Clock(),
            RichProgressBar() if terminal else _EpochLines(),
        ],
        enable_progress_bar=terminal,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        log_every_n_steps=1,
    )
    with warnings.catch_warnings():
        # The windows are in memory and each batch is one index into them: worker processes would only slow it down.
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*Checkpoint directory .* exists and is not empty.*")
        warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
        try:
            trainer.fit(
                module,
                DataLoader(data, sampler=sampler, batch_size=None),
                DataLoader(held_out, batch_size=1024),
                ckpt_path=last if run.resume else None,
                weights_only=True,
            )
        except MisconfigurationException as error:  # For one, a run that is to resume past its last epoch.
            raise HarError(f"{run.out}: {error}") from error
        except SystemExit as stop:  # What Lightning makes of Ctrl-C once it has shut down.
            raise KeyboardInterrupt from stop
    return earlier + time.monotonic() - started


def fit_temperature(logits: NDArray[np.float32], y: NDArray[np.int64]) -> float:
    """The temperature that makes the softmax of `logits / temperature` most likely on held-out users
    (Guo et al. 2017, section 4.2).

    >>> overconfident = np.array([[20.0, 0.0], [0.0, 20.0], [20.0, 0.0], [20.0, 0.0]], np.float32)
    >>> 10 < fit_temperature(overconfident, np.array([0, 1, 0, 1])) < 20
    True
    """
    scores = torch.from_numpy(logits).double()
    truth = torch.from_numpy(y)

    def loss(log_temperature: float) -> float:
        return float(nn.functional.cross_entropy(scores / np.exp(log_temperature), truth))

    best: Any = minimize_scalar(loss, bounds=(-3, 3), method="bounded")
    return float(np.exp(best.x))


def _keep_freed_memory() -> None:
    """Let glibc keep the memory of freed feature maps for the next step.

    By default it hands blocks of this size back to the system, which then clears every page of them again in each step:
    a tenth of the time of a step. Elsewhere than on glibc nothing happens.
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
    mallopt(mmap_threshold, 32 << 20)  # The largest that it takes.
    mallopt(trim_threshold, 2**31 - 1)


def _claim_folder(run: Run, recipe: Recipe) -> None:
    """Make sure that `run.out` is empty, or holds this very run where it is to be resumed."""
    identity = json.dumps({"recipe": recipe.to_dict(), "seed": run.seed, "precision": run.precision}, indent=1)
    file = run.out / "run.json"
    if run.resume:
        if not (run.out / "resume" / "last.ckpt").exists():
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
