"""Cross-validation, on this machine or on a cluster: each fold is one task, and finished folds are not run again.

A fold's folder holds its training run (which resumes), `predictions.npz`, one `transfer-NAME.npz` for each other data
set and, written last, `fold.json`. The windows are cut once and lie beside the folds, so that every process reads the
same ones.
"""

import json
import logging
import os
import re
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from rich.progress import MofNCompleteColumn, TimeElapsedColumn

from har_runtime.errors import DataError, HarError
from har_runtime.files import write_bytes
from har_runtime.scores import score
from har_runtime.tables import read_json
from har_train.data.arrays import read_arrays, write_arrays
from har_train.data.splits import Protocol, UserSplit, folds
from har_train.data.windows import WindowSet, load_windows, load_windows_of, save_windows
from har_train.datasets import DataSet, find_all, terms
from har_train.evaluation.controls import Control
from har_train.evaluation.evaluate import choose_among, transfer_row, transfer_windows
from har_train.evaluation.judgement import Judgement, Predictions, joined, judge
from har_train.evaluation.plots import Embedding
from har_train.fit.calibration import Predict
from har_train.fit.checkpoint import load_checkpoint
from har_train.fit.run import Run, claim_folder
from har_train.progress import print_line, progress_bar
from har_train.recipe import Recipe

WINDOWS = "windows.npz"
FOLD = "fold.json"
PREDICTIONS = "predictions.npz"
RETRIES = 3
"""How often a cluster starts a fold again if its worker dies."""


@dataclass(frozen=True)
class FoldJob:
    """All that a process needs to run one fold; it must see the folders."""

    out: Path
    """Folder of the cross-validation."""
    index: int
    split: UserSplit
    recipe: Recipe
    datasets: tuple[DataSet, ...]
    placement: str | None
    seed: int
    precision: str
    epochs: int | None
    transfer: tuple[str, ...]
    """Data sets to score too; their windows lie in `transfer_file` of each."""
    threads: int

    @property
    def folder(self) -> Path:
        return fold_folder(self.out, self.index)


@dataclass(frozen=True)
class CrossValidation:
    """The folds of a protocol, evaluated together: every user once, by a model that never saw them."""

    document: dict[str, Any]
    """Recipe, data set and protocol; in "folds" a row for each fold, in "transfer" one for each other data set."""
    judgement: Judgement
    embedding: Embedding | None
    """Features of the first fold's test users; None for a control."""


def fold_folder(out: Path, index: int) -> Path:
    """Where a fold keeps its files."""
    return out / f"fold-{index:02d}"


def transfer_file(name: str) -> str:
    """Name of the file with the windows of another data set and, in a fold's folder, with their probabilities."""
    return f"transfer-{name.replace('/', '-')}.npz"


def run_fold(job: FoldJob) -> int:
    """Train one fold or resume it, and predict its test users and the other data sets; returns the fold's index."""
    if (job.folder / FOLD).exists():
        return job.index
    torch.set_num_threads(job.threads)
    windows = load_windows(job.out / WINDOWS)
    test = windows.of_users(job.split.test).single
    predict, summary = _control(job, windows) if job.recipe.is_control else _network(job, windows)
    probabilities = predict(test.x)
    for name in job.transfer:
        other = load_windows(job.out / transfer_file(name))
        answers = choose_among(predict(other.x), windows.labels, other.labels)
        write_arrays(job.folder / transfer_file(name), probabilities=answers)
    write_arrays(job.folder / PREDICTIONS, probabilities=probabilities, y=test.y, user=test.user)
    result = score(test.y, probabilities.argmax(axis=1), test.labels)
    table = {"fold": job.index, **asdict(job.split), **summary, "windows": result.windows, "macro_f1": result.macro_f1}
    write_bytes(job.folder / FOLD, json.dumps(table, indent=1, allow_nan=False).encode())
    return job.index


def _network(job: FoldJob, windows: WindowSet) -> tuple[Predict, dict[str, Any]]:
    from har_train.fit.trainer import fit

    resume = (job.folder / "run.json").exists()
    run = Run(job.folder, job.seed, job.precision, resume, job.epochs, show_progress=False)
    record = fit(job.recipe, job.datasets, windows, job.placement, run, job.split)
    summary = {
        "epochs": record.epochs,
        "best_epoch": record.best_epoch + 1,
        "seconds": round(record.seconds),
        "processor_seconds": round(record.processor_seconds),
        "steps": record.steps,
        "temperature": record.temperature,
        "validation_macro_f1": record.validation_macro_f1,
    }
    return load_checkpoint(job.folder).probabilities, summary


def _control(job: FoldJob, windows: WindowSet) -> tuple[Predict, dict[str, Any]]:
    train, validation = windows.of_users(job.split.train).single, windows.of_users(job.split.validation).single
    train.require_all_classes()
    control = Control(job.recipe.method, train, job.seed, job.threads, job.recipe.model.yaw_invariant)
    guess = control.probabilities(validation.x).argmax(axis=1)
    return control.probabilities, {"validation_macro_f1": score(validation.y, guess, validation.labels).macro_f1}


def cross_validate(
    recipe: Recipe,
    protocol: Protocol,
    data: Path,
    out: Path,
    *,
    seed: int = 0,
    precision: str = "32",
    epochs: int | None = None,
    resume: bool = False,
    processes: int = 1,
    ray: str | None = None,
    transfer: tuple[str, ...] = (),
) -> CrossValidation:
    """Train and score a recipe on every fold of a protocol that divides users, with a line on stderr for each fold.

    Finished folds are kept in `out` whatever happens, and `resume` continues from there.

    Args:
        data: folder of the data sets, or the archive of the recipe's.
        epochs: fewer epochs than the recipe's, for a short try.
        processes: folds at a time on this machine.
        ray: address of a Ray cluster that runs the folds instead.
        transfer: data sets to score the models on too, each with a placement if it has several ("sp-sw-har/wrist").

    Raises:
        HarError: `out` holds something else, there is nothing to resume, or a fold failed.
        DataError: no data, too few users, or a data set that cannot be used for transfer.
        KeyboardInterrupt: Ctrl-C.
    """
    Run(out, seed, precision, epochs=epochs)  # Refuses impossible values before any work.
    datasets = find_all(recipe.data.set_names, data)
    windows, placement = load_windows_of(recipe.data, data)
    others = {name: transfer_windows(name, data, recipe.data) for name in transfer}
    shares = (recipe.data.validation, recipe.data.test)
    official = datasets[0].official_test if len(datasets) == 1 else ()
    splits = folds(protocol, windows.user.tolist(), seed, *shares, official)
    document = {
        "recipe": recipe.name,
        "method": recipe.method,
        "dataset": ", ".join(recipe.data.set_names),
        "placement": placement,
        "protocol": str(protocol),
        "seed": seed,
        "licence": terms(datasets, lambda dataset: dataset.licence),
    }
    settings = {"recipe": recipe.to_dict(), "precision": precision, "epochs": epochs, "transfer": transfer}
    claim_folder(out, "cross-validation.json", {**document, **settings}, resume)
    save_windows(windows, out / WINDOWS)
    for name, other in others.items():
        save_windows(other, out / transfer_file(name))
    threads = threads_each(processes)
    jobs = [
        FoldJob(out.absolute(), index, split, recipe, datasets, placement, seed, precision, epochs, transfer, threads)
        for index, split in enumerate(splits)
    ]
    with progress_bar(MofNCompleteColumn(), TimeElapsedColumn()) as bar:
        task = bar.add_task("folds", total=len(jobs))

        def done(index: int) -> None:
            macro_f1 = read_fold(out, index)["macro_f1"]
            print_line(bar, f"fold {index + 1} of {len(jobs)}: macro-F1 {100 * macro_f1:.2f} %")
            bar.advance(task)

        if ray:
            run_folds_on_ray(jobs, ray, done)
        else:
            run_folds(jobs, processes, done)
    return _collect(out, len(jobs), recipe, transfer, document)


def run_folds(jobs: Sequence[FoldJob], processes: int, done: Callable[[int], None]) -> None:
    """Run folds on this machine, `processes` at a time; finished folds are kept whatever happens.

    Args:
        done: called with the index of each finished fold.

    Raises:
        HarError: a process died.
        KeyboardInterrupt: Ctrl-C.
    """
    if processes == 1:
        for job in jobs:
            done(run_fold(job))
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        pending = [pool.submit(run_fold, job) for job in jobs]
        try:
            for future in as_completed(pending):
                done(future.result())
        except BrokenProcessPool as error:
            raise HarError(
                "a fold's process died (out of memory?); continue with --resume, perhaps with fewer --jobs"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def run_folds_on_ray(jobs: Sequence[FoldJob], address: str, done: Callable[[int], None]) -> None:
    """Run each fold as a task of a Ray cluster; a fold whose worker dies is started again and resumes.

    Args:
        address: the cluster's ("auto", "HOST:PORT", "ray://..."), or "local" for one on this machine.
        done: called with the index of each finished fold.

    Raises:
        HarError: Ray is not installed, cannot be reached, or a fold failed in every attempt.
    """
    try:
        import ray
        from ray.exceptions import RayError, RayTaskError
    except ImportError as error:
        raise HarError("--ray: Ray is not installed here; pip install 'haredge[cluster]'") from error
    try:
        _require_listener(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError) as error:
        raise HarError(f"--ray {address}: no cluster can be reached there ({error})") from error
    try:
        task = ray.remote(num_cpus=jobs[0].threads if jobs else 1, max_retries=RETRIES)(run_fold)
        pending = [task.remote(job) for job in jobs]
        while pending:
            ready, pending = ray.wait(pending)
            done(ray.get(ready[0]))
    except RayTaskError as error:
        cause = error.cause if isinstance(error.cause, HarError) else HarError(f"a fold failed on the cluster: {error}")
        raise cause from error
    except RayError as error:
        raise HarError(f"--ray {address}: {error}") from error
    finally:
        ray.shutdown()


def _require_listener(address: str) -> None:
    """Make sure that something listens at HOST:PORT: Ray itself would try for minutes.

    Raises:
        OSError: nothing does.
    """
    if match := re.fullmatch(r"(?:ray://)?(.+):(\d+)", address):
        socket.create_connection((match[1], int(match[2])), timeout=10).close()


def threads_each(processes: int) -> int:
    """Threads for each of `processes` on this machine."""
    return max(1, len(os.sched_getaffinity(0)) // processes)


def read_fold(out: Path, index: int) -> dict[str, Any]:
    """What `run_fold` noted about a finished fold: its users, scores and training.

    Raises:
        DataError: missing or damaged.
    """
    file = fold_folder(out, index) / FOLD
    try:
        table = read_json(file)
        return {**table, "macro_f1": float(table["macro_f1"]), "test": list(table["test"])}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{file}: damaged or missing ({error}); delete its folder and use --resume") from error


def _collect(
    out: Path, count: int, recipe: Recipe, transfer: tuple[str, ...], document: dict[str, Any]
) -> CrossValidation:
    """Evaluate the finished folds.

    Raises:
        DataError: a fold is missing or damaged.
    """
    windows = load_windows(out / WINDOWS)
    parts: list[Predictions] = []
    rows: list[dict[str, Any]] = []
    for index in range(count):
        y, probabilities, user = read_arrays(fold_folder(out, index) / PREDICTIONS, "y", "probabilities", "user")
        parts.append(Predictions(y, probabilities, user, windows.labels))
        rows.append(read_fold(out, index))
    others = []
    for name in transfer:
        files = [fold_folder(out, index) / transfer_file(name) for index in range(count)]
        answers = [read_arrays(file, "probabilities")[0] for file in files]
        others.append(transfer_row(answers, name, load_windows(out / transfer_file(name))))
    embedding = None
    if not recipe.is_control:
        test = windows.of_users(rows[0]["test"]).single
        features = load_checkpoint(fold_folder(out, 0)).features(test.x)
        embedding = Embedding(features, test.y, test.user)
    return CrossValidation({**document, "folds": rows, "transfer": others}, judge(joined(parts)), embedding)
