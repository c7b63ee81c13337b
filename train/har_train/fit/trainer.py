"""Trains a network with Lightning: batches, epochs, early stopping, checkpoints from which a run resumes.

A run that was stopped and resumed ends with the weights of one that was not: each epoch draws its order, its dropout
and its augmentations from a seed made of the run's seed and the epoch.
"""

import logging
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint, RichProgressBar, WeightAveraging
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.strategies import DDPStrategy
from lightning.pytorch.utilities.exceptions import MisconfigurationException
from torch import Tensor
from torch.optim.swa_utils import update_bn
from torch.utils.data import DataLoader, TensorDataset

from har_runtime.errors import DataError, HarError
from har_runtime.scores import score
from har_train.data.splits import UserSplit, split_users
from har_train.data.windows import WindowSet
from har_train.datasets import DataSet, terms
from har_train.fit.batches import BalancedBatches, ClientBatches, ShuffledBatches, sampling_weights
from har_train.fit.calibration import calibrated, fit_temperature
from har_train.fit.checkpoint import (
    TrainingRecord,
    architecture_of,
    load_checkpoint,
    logits_and_places,
    save_checkpoint,
)
from har_train.fit.distributed import synchronise_batch_norm, wait_for_all
from har_train.fit.hardware import is_first_process, keep_freed_memory
from har_train.fit.network import HarNetwork
from har_train.fit.objective import Teacher
from har_train.fit.run import Run, Stage, claim_folder, read_checkpoint, stages_of
from har_train.fit.stopwatch import Cost, Stopwatch
from har_train.fit.targets import Targets, place_numbers, targets_of
from har_train.methods.registry import SYSTEMS
from har_train.quiet import quiet_tensorflow
from har_train.recipe import Recipe

VALIDATION_BATCH = 1024
HARMLESS = (
    # The windows are in memory and each batch is one index into them: worker processes would only slow it down.
    ".*does not have many workers.*",
    ".*Checkpoint directory .* exists and is not empty.*",
    ".*isinstance.treespec, LeafSpec.*",
    ".*No device id is provided.*",
)
"""Warnings of Lightning and torch that ask nothing of the user."""


def fit(
    recipe: Recipe,
    datasets: Sequence[DataSet],
    windows: WindowSet,
    placement: str | None,
    run: Run,
    split: UserSplit | None = None,
) -> TrainingRecord:
    """Train, keep the weights of the best validation epoch, calibrate, score on the test users.

    Writes `model.safetensors`, `logs/` (loss curves as CSV and for TensorBoard) and `resume/` (Lightning's
    checkpoints) into `run.out`. With several devices, the first process writes and all of them return the record.

    Args:
        datasets: those of the recipe, for the record.
        placement: where the sensor was worn, for the record.
        split: who trains, validates and is tested; None draws it by the recipe's fractions and the run's seed.

    Raises:
        DataError: a part of the split without windows, or an activity that no training user has.
        HarError: `run.out` holds another run, there is nothing to resume, or the recipe's method has no network.
        KeyboardInterrupt: Ctrl-C; `run.resume` continues after the last whole epoch.
    """
    if recipe.is_control:
        raise HarError(f"{recipe.name}: a {recipe.method} is a control: score it with har-train cross-validate")
    split = split or split_of(recipe, windows, run.seed)
    train, validation, test = _parts(windows, split)
    train.require_all_classes()
    if is_first_process():
        settings = {"recipe": recipe.to_dict(), "seed": run.seed, "precision": run.precision}
        users = {"test": split.test, "validation": split.validation}
        claim_folder(run.out, "run.json", {**settings, **users}, run.resume)
    keep_freed_memory()
    teacher = _teacher_of(recipe, datasets, windows, placement, run, split)

    torch.manual_seed(run.seed)
    network = HarNetwork(architecture_of(recipe))
    network.measure(torch.from_numpy(train.x))
    targets = targets_of(train, recipe)
    if network.heads is not None and targets.rare is not None:
        network.heads.start_rare(targets.rare)
    if run.devices * run.nodes > 1:
        synchronise_batch_norm(network.encoder)
    stages = stages_of(recipe, run.out)
    costs = _train_stages(network, recipe, stages, train, validation, run, targets, teacher)

    logits, places = logits_and_places(network, validation.x)
    temperature = fit_temperature(logits, validation.y, places)
    validation_guess = calibrated(logits, temperature, places).argmax(axis=1)
    logits, places = logits_and_places(network, test.x)
    test_guess = calibrated(logits, temperature, places).argmax(axis=1)
    record = TrainingRecord(
        recipe=recipe,
        labels=windows.labels,
        split=split,
        seed=run.seed,
        temperature=temperature,
        placement=placement,
        data_licence=terms(datasets, lambda dataset: dataset.licence),
        data_citation=terms(datasets, lambda dataset: dataset.citation),
        precision=run.precision,
        epochs=stages[-1].epochs_done(),
        best_epoch=stages[-1].kept_epoch(),
        seconds=sum(cost.wall for cost in costs),
        version=version("haredge"),
        commit=_commit(),
        validation_macro_f1=score(validation.y, validation_guess, windows.labels).macro_f1,
        test_macro_f1=score(test.y, test_guess, windows.labels).macro_f1,
        processor_seconds=sum(cost.processor for cost in costs),
        steps=sum(stage.steps_done() for stage in stages),
    )
    if is_first_process():
        save_checkpoint(run.out / "model.safetensors", network, record)
    return record


def _teacher_of(
    recipe: Recipe, datasets: Sequence[DataSet], windows: WindowSet, placement: str | None, run: Run, split: UserSplit
) -> Teacher | None:
    """The network to learn from: that of `run.teacher`, or one that is trained on the same people into the run's folder
    `teacher`; None if the recipe has none.

    Raises:
        HarError: `run.teacher` was trained with another recipe, seed or split.
    """
    own = recipe.teacher
    if own is None:
        return None
    folder = run.teacher or run.out / "teacher"
    if run.teacher is not None:
        record = load_checkpoint(folder).record
        trained = replace(record.recipe, name=own.name, title=own.title)
        if (trained, record.seed, record.split) != (own, run.seed, split):
            raise HarError(f"{folder}: its network was trained with another recipe, seed or split than {own.name}")
    elif not (folder / "model.safetensors").exists():
        resume = (folder / "run.json").exists()
        fit(own, datasets, windows, placement, replace(run, out=folder, resume=resume), split)
        wait_for_all()  # The first process has written the model.
    return Teacher(load_checkpoint(folder).network.eval(), recipe.distillation)


def split_of(recipe: Recipe, windows: WindowSet, seed: int) -> UserSplit:
    """The users of a run's three parts, if no protocol gives them."""
    return split_users(windows.user.tolist(), seed, recipe.data.validation, recipe.data.test)


def _train_stages(
    network: HarNetwork,
    recipe: Recipe,
    stages: Sequence[Stage],
    train: WindowSet,
    validation: WindowSet,
    run: Run,
    targets: Targets,
    teacher: Teacher | None,
) -> list[Cost]:
    """Train one stage after the other; one that was begun on an encoder that has since been trained on begins again."""
    costs: list[Cost] = []
    for stage in stages:
        before = stage.epochs_done() if run.resume else 0
        costs.append(_train_stage(network, recipe, stage, train, validation, run, targets, teacher))
        if stage.epochs_done() > before:
            run = replace(run, resume=False)
    return costs


def _train_stage(
    network: HarNetwork,
    recipe: Recipe,
    stage: Stage,
    train: WindowSet,
    validation: WindowSet,
    run: Run,
    targets: Targets,
    teacher: Teacher | None = None,
) -> Cost:
    """Train a stage's epochs and leave the weights to keep in `network`.

    Args:
        targets: what the labels of `train` mean to the loss.

    Returns:
        What it took, that before a resumption included.
    """
    settings = recipe.optimiser
    people, users = np.unique(train.user, return_inverse=True)
    place = torch.from_numpy(place_numbers(train, recipe.model.places))
    data = TensorDataset(torch.from_numpy(train.x), torch.from_numpy(train.y), torch.from_numpy(users), place)
    held_out = TensorDataset(torch.from_numpy(validation.x), torch.from_numpy(validation.y))
    done = stage.epochs_done() if run.resume else 0
    # When it resumes, Lightning tells a sampler its epoch only after it has begun to iterate over it.
    own = SYSTEMS.get(recipe.method)
    if own is not None and own.federated is not None:
        sampler = ClientBatches(train, own.federated, recipe, run.seed, done)
    elif settings.balanced_windows:
        rarity = sampling_weights(train)
        sampler = BalancedBatches(rarity, settings.balanced_windows, stage.batch_size, run.seed, done)
    else:
        sampler = ShuffledBatches(len(train.y), stage.batch_size, run.seed, done)
    clock = Stopwatch(stage, run.resume)
    module = stage.objective(network, recipe, run.seed, targets, teacher, len(people))
    epochs = min(run.epochs or stage.epochs, stage.epochs)
    # A first stage that is complete is not run again, nor one that has used up its time.
    if not (done and clock.is_over()) and (stage.validated or done < epochs):
        ctrl_c = signal.getsignal(signal.SIGINT)
        with warnings.catch_warnings():
            for message in HARMLESS:
                warnings.filterwarnings("ignore", message=message)
            try:
                _trainer(recipe, stage, epochs, clock, run).fit(
                    module,
                    DataLoader(data, sampler=sampler, batch_size=None),
                    DataLoader(held_out, batch_size=VALIDATION_BATCH),
                    ckpt_path=stage.last if done else None,
                    weights_only=True,
                )
            except MisconfigurationException as error:  # E.g. a run that would resume after its last epoch.
                raise HarError(f"{run.out}: {' '.join(str(error).split())}") from error
            except SystemExit as stop:  # After Ctrl-C Lightning ignores SIGINT, shuts down and calls sys.exit.
                if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
                    signal.signal(signal.SIGINT, ctrl_c or signal.default_int_handler)
                raise KeyboardInterrupt from stop
    cost = clock.cost()
    module.load_state_dict(read_checkpoint(stage.kept)[1])
    if not stage.validated:
        # Pretraining leaves the running statistics of batch norm alone: they are now taken from raw windows.
        # A last batch of one window has no variance.
        raw = (batch for batch in torch.from_numpy(train.x).split(settings.batch_size) if len(batch) > 1)
        update_bn((network.encoder_input(network.normalise(batch)) for batch in raw), network.encoder)
    return cost


def warmed_up_average(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """One step of an exponential moving average, for torch's AveragedModel.

    After n steps the decay is min(decay, (1 + n) / (10 + n)), as in TensorFlow's ExponentialMovingAverage, so that
    the average of a short run is not mostly made of its first weights.

    >>> step = warmed_up_average(0.99)
    >>> [round(float(step(torch.tensor(0.0), torch.tensor(1.0), n)), 3) for n in (1, 10, 100, 10_000)]
    [0.818, 0.45, 0.082, 0.01]
    """

    def step(average: Tensor, current: Tensor, steps: Tensor | int) -> Tensor:
        n = int(steps)
        return average + (1 - min(decay, (1 + n) / (10 + n))) * (current - average)

    return step


class _EpochLines(Callback):
    """One line for each epoch, if there is no terminal for a progress bar."""

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        values = {key: float(value) for key, value in trainer.callback_metrics.items()}
        text = "  ".join(f"{key} {value:.4f}" for key, value in sorted(values.items()))
        print(f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}  {text}", file=sys.stderr, flush=True)


def _parts(windows: WindowSet, split: UserSplit) -> list[WindowSet]:
    """Windows of the training users, and those of the validation and test users that can be scored."""
    single = windows.single
    parts = {
        "train": windows.of_users(split.train),
        "validation": single.of_users(split.validation),
        "test": single.of_users(split.test),
    }
    for name, part in parts.items():
        if not len(part.y):
            users = ", ".join(getattr(split, name))
            raise DataError(f"no window of the {name} users ({users}) has one of the recipe's activities")
    return list(parts.values())


def _trainer(recipe: Recipe, stage: Stage, epochs: int, clock: Stopwatch, run: Run) -> lightning.Trainer:
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    quiet_tensorflow()
    settings = recipe.optimiser
    show_bar = run.show_progress and sys.stderr.isatty()
    callbacks: list[Callback] = [clock]
    if show_bar:
        callbacks.append(RichProgressBar(console_kwargs={"stderr": True}))
    elif run.show_progress:
        callbacks.append(_EpochLines())
    if settings.averaging > 0:
        callbacks.append(WeightAveraging(avg_fn=warmed_up_average(settings.averaging)))
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
    unused = recipe.contrastive.weight == 0 or recipe.method != "multi-task"
    logs = run.out / "logs"
    name = f"version_{len(list(logs.glob('version_*')))}"
    return lightning.Trainer(
        accelerator=run.accelerator,
        devices=run.devices,
        num_nodes=run.nodes,
        strategy=DDPStrategy(find_unused_parameters=unused) if several else "auto",
        use_distributed_sampler=False,  # Every process computes on the whole batch: see `distributed`.
        precision="bf16-mixed" if run.precision == "bf16" else "32-true",
        max_epochs=epochs,
        limit_val_batches=None if stage.validated else 0,
        deterministic=True if run.accelerator == "cpu" else "warn",
        logger=[CSVLogger(logs, None, name), TensorBoardLogger(logs, None, name)],
        callbacks=callbacks,
        enable_progress_bar=show_bar,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        log_every_n_steps=1,
    )


def _commit() -> str | None:
    """The commit of the checkout this code runs from; None if it is installed."""
    if os.environ.get("GIT_DIR"):
        return None
    here = Path(__file__).parent
    result = subprocess.run(["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return result.stdout.strip() or None if result.returncode == 0 else None
