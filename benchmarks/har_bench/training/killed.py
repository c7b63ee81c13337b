"""Kills trainings, cross-validations and exports at random moments, and looks at what they leave.

    python -m har_bench.training.killed --moments 50 --seed 0 --out benchmarks/results/killed.json

The data are small recordings made here. Each program runs once undisturbed, then it is killed (SIGKILL, its children
too) after a random part of that time: nothing half-written may have a final name, and the same command, with --resume
where there is something to resume, must end well and leave the same files. Anything else is a fault; the exit code is 1
then.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from har_bench.results import write_and_print
from har_bench.script import run_script, script_parser
from har_runtime.cli.common import whole_number
from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.errors import HarError
from har_runtime.files import UNFINISHED
from har_runtime.model.load import load_model
from har_runtime.tables import TableError, read_json

LIMIT_S = 1800
"""For one run of a program."""
PROGRAMS = ("fit", "cross-validate", "export")
WHOLE = "whole"
"""Folder of the run that nobody disturbs."""
WEARERS = 5
SECONDS = 30
"""Of each activity, of each wearer."""
RECIPE = """
name = "toy"
title = "Two activities"
[data]
dataset = "csv-folder"
activities = ["standing", "walking"]
[model]
filters = [8, 8]
head = [16]
projector_hidden = 16
projector_out = 16
[optimiser]
batch_size = 64
learning_rate = 3e-3
epochs = 4
"""
NAMES_WITH_DATES = ("logs",)
"""Folders whose files are written while a training runs, line by line, and differ from run to run."""


@dataclass(frozen=True)
class Killed:
    """A program that is killed."""

    module: str
    arguments: tuple[str, ...]
    """Without --out."""
    settings: str | None
    """File in --out that shows that there is something to resume; None if the program only starts again."""

    def command(self, out: Path) -> list[str]:
        """The command line, which continues what is in `out` if it can."""
        resume = ["--resume"] if self.settings is not None and (out / self.settings).exists() else []
        start = f"import sys; from {self.module} import main; sys.exit(main())"
        return [sys.executable, "-c", start, *self.arguments, "--out", str(out), *resume]


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("training.killed", "Kill trainings and exports at random moments.", "out")
    parser.add_argument("--moments", type=whole_number(1), default=50, help="of each program (default: 50)")
    parser.add_argument(
        "--program", action="append", choices=list(PROGRAMS), help="only this; may be given several times"
    )
    parser.add_argument("--seed", type=whole_number(0), default=0)
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        programs = programs_of(folder)
        wanted = options.program or PROGRAMS
        if "fit" not in wanted:
            run_whole(programs["fit"], folder / "fit" / WHOLE)  # It makes the checkpoint to export.
        rows = [
            row_of(program, programs[program], folder / program, options.moments, options.seed) for program in wanted
        ]
    write_and_print(options.out, {"seed": options.seed, "programs": rows})
    return int(any(row["faults"] for row in rows))


def programs_of(folder: Path) -> dict[str, Killed]:
    """The programs, with the data and the checkpoint that they need in `folder`."""
    data, recipe = folder / "csv-folder", folder / "toy.toml"
    write_recordings(data)
    recipe.write_text(RECIPE, encoding="utf-8")
    training = ("--recipe", str(recipe), "--data", str(folder), "--precision", "32")
    checkpoint = folder / "fit" / WHOLE
    loose = ("--quick", "--max-loss", "100", "--min-agreement", "0")  # Whether int8 is good is not the question.
    return {
        "fit": Killed("har_train.cli", ("fit", *training, "--accelerator", "cpu"), "run.json"),
        "cross-validate": Killed(
            "har_train.cli", ("cross-validate", *training, "--protocol", "groups:2"), "cross-validation.json"
        ),
        "export": Killed(
            "har_export.cli", (str(checkpoint), "--data", str(folder), "--formats", "tflite,tflite-int8", *loose), None
        ),
    }


def write_recordings(folder: Path) -> None:
    """Recordings of people who stand, and walk 1.8 steps a second, in the layout of `csv-folder`."""
    rng = np.random.default_rng(0)
    times = np.arange(2 * SECONDS * 50) / 50
    walks = times >= SECONDS
    for wearer in range(WEARERS):
        step = walks * np.sin(2 * np.pi * 1.8 * times)
        acc = np.stack([0.5 * step, 3 * step + STANDARD_GRAVITY, step], axis=1) + rng.normal(0, 0.05, (len(times), 3))
        gyro = step[:, None] * [0.5, 1.0, 0.2] + rng.normal(0, 0.02, (len(times), 3))
        lines = ["time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,label"]
        for row, label in zip(np.column_stack([times, acc, gyro]).tolist(), walks.tolist(), strict=True):
            lines.append(",".join(f"{value:.4f}" for value in row) + (",walking" if label else ",standing"))
        path = folder / f"wearer{wearer}" / "day.csv"
        path.parent.mkdir(parents=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def row_of(name: str, program: Killed, folder: Path, moments: int, seed: int) -> dict[str, Any]:
    """What became of a program that was killed so many times."""
    whole = folder / WHOLE
    seconds = run_whole(program, whole)
    wanted = set(final_files(whole))
    rng = random.Random(f"{seed} {name}")
    killed, faults = 0, []
    for number in range(moments):
        after_s = rng.uniform(0, seconds)
        out = folder / f"moment{number}"
        was_killed, problems = moment(program, out, after_s, wanted)
        killed += was_killed
        faults += [f"after {after_s:.2f} s: {problem}" for problem in problems]
        shutil.rmtree(out, ignore_errors=True)
        print(f"{name}: moment {number + 1} of {moments}, {len(faults)} faults", file=sys.stderr, flush=True)
    return {"program": name, "seconds": round(seconds, 2), "moments": moments, "killed": killed, "faults": faults}


def run_whole(program: Killed, out: Path) -> float:
    """Run a program undisturbed; returns the seconds."""
    begin = time.monotonic()
    result = subprocess.run(program.command(out), capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if result.returncode:
        raise HarError(f"{program.module} fails even if it is left alone: {result.stderr.strip()[-300:]}")
    return time.monotonic() - begin


def moment(program: Killed, out: Path, after_s: float, wanted: set[str]) -> tuple[bool, list[str]]:
    """Kill a program after a time, look at its files, and run it again.

    Args:
        wanted: the files that it leaves in the end.

    Returns:
        Whether it was still running, and what was wrong.
    """
    process = subprocess.Popen(
        program.command(out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    with suppress(subprocess.TimeoutExpired):
        process.wait(after_s)
    was_killed = process.poll() is None
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    problems = [f"{name} is half-written: {problem}" for name, problem in damaged_files(out)]
    again = subprocess.run(program.command(out), capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if again.returncode and was_killed:
        problems.append(f"it does not go on: {again.stderr.strip()[-300:]}")
    elif missing := sorted(wanted - set(final_files(out))):
        problems.append(f"missing in the end: {', '.join(missing)}")
    problems += [f"{name} is damaged in the end: {problem}" for name, problem in damaged_files(out)]
    return was_killed, problems


def final_files(out: Path) -> Iterator[str]:
    """The files with final names, but for logs."""
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out)
        if path.is_file() and path.suffix != UNFINISHED and not set(NAMES_WITH_DATES) & set(name.parts):
            yield name.as_posix()


def damaged_files(out: Path) -> Iterator[tuple[str, str]]:
    """Files with final names that cannot be read, and why."""
    for name in final_files(out):
        try:
            _read(out / name)
        except (HarError, TableError, OSError, ValueError, zipfile.BadZipFile) as error:
            yield name, str(error)[:300]


def _read(path: Path) -> None:
    """Read a file as the program does that uses it.

    Raises:
        HarError, TableError, OSError, ValueError, BadZipFile: it is not whole.
    """
    if path.suffix == ".safetensors":
        from har_train.fit.checkpoint import load_checkpoint

        load_checkpoint(path)
    elif path.suffix == ".ckpt":
        from har_train.fit.run import read_checkpoint

        read_checkpoint(path)
    elif path.suffix == ".tflite":
        load_model(path)
    elif path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            for name in arrays:
                arrays[name]
    elif path.suffix == ".json":
        read_json(path, 50_000_000)
    elif not path.stat().st_size:
        raise ValueError("it is empty")


if __name__ == "__main__":
    sys.exit(main())
