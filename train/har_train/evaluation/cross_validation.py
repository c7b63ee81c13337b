"""Every fold of a protocol, here or on a cluster: a fold is one task, and what is finished is not done again.

A fold's folder holds its run (which resumes), `predictions.npz`, one `transfer-N.npz` for each other data set, and, as
the last thing written, `fold.json`. The windows are cut once and lie beside the folds, so that every process reads the
same.
"""

import json
import logging
import os
import re
import socket
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from har_runtime.errors import HarError
from har_runtime.files import write_bytes
from har_runtime.scores import score
from har_train.data.arrays import read_arrays, write_arrays
from har_train.data.splits import UserSplit
from har_train.data.windows import WindowSet, load_windows
from har_train.datasets import DataSet
from har_train.evaluation.controls import Control
from har_train.evaluation.evaluate import Predict, choose_among, transfer_row
from har_train.evaluation.judgement import Judgement, Predictions, joined, judge
from har_train.evaluation.plots import Embedding
from har_train.fit.calibration import calibrated
from har_train.fit.checkpoint import load_checkpoint
from har_train.recipe import Recipe

WINDOWS = "windows.npz"
FOLD = "fold.json"
PREDICTIONS = "predictions.npz"
RETRIES = 3
"""Times that a cluster starts a fold again whose worker died."""


@dataclass(frozen=True)
class FoldJob:
    """All that a process needs to run one fold; the folders must be visible to it."""

    out: Path
    """Of the cross-validation."""
    index: int
    split: UserSplit
    recipe: Recipe
    dataset: DataSet
    placement: str | None
    seed: int
    precision: str
    epochs: int | None
    transfer: tuple[str, ...]
    """Data sets whose windows lie in `transfer_file`."""
    threads: int

    @property
    def folder(self) -> Path:
        return fold_folder(self.out, self.index)


def fold_folder(out: Path, index: int) -> Path:
    """Where a fold keeps its files."""
    return out / f"fold-{index:02d}"


def transfer_file(name: str) -> str:
    """File name of the windows, and in a fold's folder of the answers, for another data set."""
    return f"transfer-{name.replace('/', '-')}.npz"


def run_fold(job: FoldJob) -> int:
    """Train one fold where it was left, predict its test users and the other data sets; the fold's index."""
    if (job.folder / FOLD).exists():
        return job.index
    torch.set_num_threads(job.threads)
    windows = load_windows(job.out / WINDOWS)
    test = windows.of_users(job.split.test)
    predict, summary = _control(job, windows) if job.recipe.is_control else _network(job, windows)
    probabilities = predict(test.x)
    for name in job.transfer:
        other = load_windows(job.out / transfer_file(name))
        answers = choose_among(predict(other.x), windows.labels, other.labels)
        write_arrays(job.folder / transfer_file(name), probabilities=answers)
    write_arrays(job.folder / PREDICTIONS, probabilities=probabilities, y=test.y, user=test.user)
    result = score(test.y, probabilities.argmax(axis=1), test.labels)
    table = {"fold": job.index, **asdict(job.split), **summary, "windows": result.windows, "macro_f1": result.macro_f1}
    write_bytes(job.folder / FOLD, json.dumps(table, indent=1).encode())
    return job.index


def _network(job: FoldJob, windows: WindowSet) -> tuple[Predict, dict[str, Any]]:
    from har_train.fit.run import fit
    from har_train.fit.trainer import Run

    resume = (job.folder / "run.json").exists()
    run = Run(job.folder, job.seed, job.precision, resume, job.epochs)
    record = fit(job.recipe, job.dataset, windows, job.placement, run, job.split)
    checkpoint = load_checkpoint(job.folder)
    summary = {
        "epochs": record.epochs,
        "best_epoch": record.best_epoch + 1,
        "seconds": round(record.seconds),
        "temperature": record.temperature,
        "validation_macro_f1": record.validation_macro_f1,
    }
    return lambda x: calibrated(checkpoint.logits(x), record.temperature), summary


def _control(job: FoldJob, windows: WindowSet) -> tuple[Predict, dict[str, Any]]:
    train, validation = windows.of_users(job.split.train), windows.of_users(job.split.validation)
    train.require_all_classes()
    control = Control(job.recipe.method, train, job.seed, job.threads)
    guess = control.probabilities(validation.x).argmax(axis=1)
    return control.probabilities, {"validation_macro_f1": score(validation.y, guess, validation.labels).macro_f1}


Report = Callable[[int], None]
"""Called with the index of each fold that is done."""


def run_folds(jobs: Sequence[FoldJob], processes: int, done: Report) -> None:
    """Run folds on this machine, `processes` at a time.

    Raises:
        HarError: a process died; the finished folds stay, and the command goes on from there.
        KeyboardInterrupt: stopped, as above.
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
                "a fold's process died (out of memory?); go on with --resume, perhaps with fewer --jobs"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def run_folds_on_ray(jobs: Sequence[FoldJob], address: str, done: Report) -> None:
    """Run folds as tasks of a Ray cluster, one each; a fold whose worker dies is started again and resumes.

    Args:
        address: of the cluster ("auto", "HOST:PORT", "ray://..."), or "local" for one on this machine.

    Raises:
        HarError: Ray is not installed, cannot be reached, or a fold failed for good.
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
    """Make sure that somebody listens at HOST:PORT: Ray itself would try for minutes.

    Raises:
        OSError: nobody does.
    """
    if match := re.fullmatch(r"(?:ray://)?(.+):(\d+)", address):
        socket.create_connection((match[1], int(match[2])), timeout=10).close()


@dataclass(frozen=True)
class CrossValidation:
    """The folds of a protocol, judged together: every user once, by a model that never saw him."""

    judgement: Judgement
    folds: list[dict[str, Any]]
    transfer: list[dict[str, Any]]
    embedding: Embedding | None
    """Of the first fold's test users."""


def collect(out: Path, count: int, recipe: Recipe, transfer: tuple[str, ...]) -> CrossValidation:
    """Judge the finished folds of a cross-validation.

    Raises:
        DataError: a fold is missing or damaged.
    """
    windows = load_windows(out / WINDOWS)
    parts: list[Predictions] = []
    rows: list[dict[str, Any]] = []
    for index in range(count):
        folder = fold_folder(out, index)
        y, probabilities, user = read_arrays(folder / PREDICTIONS, "y", "probabilities", "user")
        parts.append(Predictions(y, probabilities, user, windows.labels))
        rows.append(json.loads((folder / FOLD).read_text(encoding="utf-8")))
    others = []
    for name in transfer:
        files = [fold_folder(out, index) / transfer_file(name) for index in range(count)]
        answers = [read_arrays(file, "probabilities")[0] for file in files]
        others.append(transfer_row(answers, name, load_windows(out / transfer_file(name))))
    embedding = None
    if not recipe.is_control:
        test = windows.of_users(rows[0]["test"])
        features = load_checkpoint(fold_folder(out, 0)).features(test.x)
        embedding = Embedding(features, test.y, test.user)
    return CrossValidation(judge(joined(parts)), rows, others, embedding)


def claim(out: Path, identity: dict[str, Any], resume: bool) -> None:
    """Make sure that `out` is empty, or holds this very cross-validation where it is to be resumed.

    Raises:
        HarError: it holds something else, or nothing that could be resumed.
    """
    file = out / "cross-validation.json"
    text = json.dumps(identity, indent=1)
    if resume and file.exists():
        if json.loads(file.read_text(encoding="utf-8")) != json.loads(text):
            raise HarError(f"{file}: another recipe, protocol, seed or precision than asked for; use a new --out")
    elif resume:
        raise HarError(f"{out}: nothing to resume there; leave out --resume to start")
    elif out.exists() and any(out.iterdir()):
        raise HarError(f"{out}: not empty; --resume goes on with what is in it, or choose another --out")
    else:
        write_bytes(file, text.encode())


def threads_each(processes: int) -> int:
    """Threads for each of `processes` that share this machine."""
    return max(1, len(os.sched_getaffinity(0)) // processes)


def progress_line(index: int, count: int, out: Path) -> None:
    """Say on stderr what a finished fold brought."""
    row = json.loads((fold_folder(out, index) / FOLD).read_text(encoding="utf-8"))
    print(f"fold {index + 1} of {count}: macro-F1 {100 * row['macro_f1']:.2f} %", file=sys.stderr, flush=True)
