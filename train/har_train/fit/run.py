"""One training run: from a recipe and windows to a checkpoint that was calibrated and scored."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import torch

from har_runtime.errors import HarError
from har_runtime.files import write_bytes
from har_runtime.scores import score
from har_train.data.splits import UserSplit, split_users
from har_train.data.windows import WindowSet
from har_train.datasets import DataSet
from har_train.fit.calibration import fit_temperature
from har_train.fit.checkpoint import TrainingRecord, architecture_of, network_logits, save_checkpoint
from har_train.fit.distributed import synchronise_batch_norm
from har_train.fit.hardware import is_first_process, keep_freed_memory
from har_train.fit.network import HarNetwork
from har_train.fit.trainer import Run, stages_of, train_stage
from har_train.recipe import Recipe


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
    train.require_all_classes()
    if is_first_process():
        _claim_folder(run, recipe, split)
    keep_freed_memory()

    torch.manual_seed(run.seed)
    network = HarNetwork(architecture_of(recipe))
    network.measure(torch.from_numpy(train.x))
    if run.devices * run.nodes > 1:
        synchronise_batch_norm(network.encoder)
    stages = stages_of(recipe, run.out)
    seconds = sum(train_stage(network, recipe, stage, train, validation, run) for stage in stages)
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
