"""Compares the files with PyTorch in every installed runtime, on the windows of people the model never saw."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_export.formats import FORMATS, Bound
from har_export.interpreters import MICRO, REFERENCE_KERNELS, NotInstalledError, Runtime
from har_runtime.errors import ModelError
from har_runtime.model.card import QuantisedEnds
from har_runtime.scores import score
from har_train.data.windows import WindowSet

SLOW_WINDOWS = 1000
"""Number of test windows, evenly spaced, for runtimes that need 10 ms and more per window."""
WITH_STEPS = ("tflite-int8", "tflite-int8-io")
STEP = 1 / 256
"""One quantisation step (LSB) of an int8 probability."""
MICRO_STEPS = 8
"""How many steps of 1/256 TFLM may differ from LiteRT's reference kernels: both round at each layer, not always alike.
2 were seen with `waist`, 3 with a `hapt-robust` of five epochs."""


@dataclass(frozen=True)
class Agreement:
    """How one file in one runtime compares with PyTorch."""

    format: str
    runtime: str
    version: str
    windows: int
    worst: float
    """Largest difference of a probability."""
    mean: float
    """Mean difference of a probability."""
    agreement: float
    """Share of windows with PyTorch's answer."""
    accuracy: float
    macro_f1: float
    macro_f1_pytorch: float
    """Of PyTorch on the same windows."""
    steps: int | None = None
    """For int8 files: largest difference from LiteRT's reference kernels, in steps of 1/256."""
    same_as_reference: float | None = None
    """For int8 files: share of probabilities equal to those of LiteRT's reference kernels."""


@dataclass(frozen=True)
class Parity:
    """The comparison of all files in all runtimes."""

    rows: tuple[Agreement, ...]
    missing: dict[str, str]
    """Runtimes that are not installed, and why."""

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        bounds = {row.format: asdict(FORMATS[row.format].bound) for row in self.rows}
        return {"bounds": bounds, "rows": [asdict(row) for row in self.rows], "missing": self.missing}

    def table(self) -> str:
        """As a Markdown table."""
        lines = [
            "| format | runtime | windows | largest difference | mean | same answer | macro-F1 |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {row.format} | {row.runtime} {row.version} | {row.windows:,} | {row.worst:.1e} | {row.mean:.1e} | "
            f"{100 * row.agreement:.2f} % | {100 * row.macro_f1:.2f} ({100 * row.macro_f1_pytorch:.2f}) |"
            for row in self.rows
        ]
        lines += ["", "Differences from PyTorch's probabilities; PyTorch's own macro-F1 in brackets."]
        lines += [
            f"{row.format} in TFLM: {100 * (row.same_as_reference or 0):.2f} % of the probabilities equal those of "
            f"LiteRT's reference kernels, the others differ by at most {row.steps} of 256 steps."
            for row in self.rows
            if row.runtime == MICRO and row.steps is not None
        ]
        lines += [f"Not measured: {name} ({why})." for name, why in self.missing.items()]
        return "\n".join(lines) + "\n"


def measure(
    models: Mapping[str, bytes],
    ends: QuantisedEnds | None,
    expected: NDArray[np.float32],
    test: WindowSet,
    runtimes: list[Runtime],
    progress: Callable[[str], None] = lambda step: None,
) -> Parity:
    """Run every model in every runtime.

    Args:
        models: by format, without "c", which has the bytes of another format.
        ends: of the model with int8 input and output.
        expected: PyTorch's outputs for `test`, one after the other and the classes first, shape (n, numbers). What a
            model gives beyond them, its features, is not compared: they are no probabilities, and these come from them.
        runtimes: those that are not installed are listed in the result.
        progress: called with the name of each step.
    """
    few = np.unique(np.linspace(0, len(test.y) - 1, SLOW_WINDOWS).astype(np.int64))
    found: dict[tuple[str, str], NDArray[np.float32]] = {}
    missing: dict[str, str] = {}
    for runtime in runtimes:
        x = test.x[few] if runtime.slow else test.x
        for format in [format for format in runtime.formats if format in models]:
            progress(f"comparing {format} in {runtime.name}")
            try:
                predict = runtime.open(models[format])
            except NotInstalledError as error:
                missing[runtime.name] = str(error)
                break
            inputs = x if ends is None or format != "tflite-int8-io" else quantised(x, ends)
            found[format, runtime.name] = _probabilities(predict(inputs))[:, : expected.shape[1]]
    rows: list[Agreement] = []
    for runtime in runtimes:
        chosen = few if runtime.slow else np.arange(len(test.y))
        for format in [format for format in runtime.formats if (format, runtime.name) in found]:
            got = found[format, runtime.name]
            reference = found.get((format, REFERENCE_KERNELS)) if format in WITH_STEPS else None
            from_reference = None if reference is None else np.abs((got if runtime.slow else got[few]) - reference)
            difference = np.abs(got - expected[chosen])
            classes = slice(len(test.labels))
            answer, expected_answer = got[:, classes].argmax(axis=1), expected[chosen][:, classes].argmax(axis=1)
            scores = score(test.y[chosen], answer, test.labels)
            rows.append(
                Agreement(
                    format,
                    runtime.name,
                    runtime.version(),
                    len(chosen),
                    float(difference.max()),
                    float(difference.mean()),
                    float((answer == expected_answer).mean()),
                    scores.accuracy,
                    scores.macro_f1,
                    score(test.y[chosen], expected_answer, test.labels).macro_f1,
                    None if from_reference is None else round(float(from_reference.max()) / STEP),
                    None if from_reference is None else float((from_reference == 0).mean()),
                )
            )
    return Parity(tuple(sorted(rows, key=lambda row: list(FORMATS).index(row.format))), missing)


def quantised(x: NDArray[np.float32], ends: QuantisedEnds) -> NDArray[np.int8]:
    """Windows in SI units, shape (n, 50, 6), as the input of a file with int8 input."""
    steps = np.rint((x - np.array(ends.offset, np.float32)) / np.array(ends.scale, np.float32))
    return np.clip(steps, -128, 127).astype(np.int8)


def _probabilities(outputs: NDArray[Any]) -> NDArray[np.float32]:
    return outputs if outputs.dtype == np.float32 else (outputs.astype(np.float32) + 128) * np.float32(STEP)


def check(parity: Parity, bounds: Mapping[str, Bound]) -> None:
    """Check that every row is within the bound of its format.

    Raises:
        ModelError: a row is not.
    """
    for row in parity.rows:
        bound, loss = bounds.get(row.format, Bound()), row.macro_f1_pytorch - row.macro_f1
        where = f"{row.format} in {row.runtime} {row.version}"
        if bound.worst is not None and not row.worst <= bound.worst:
            raise ModelError(
                f"{where} differs from PyTorch by {row.worst:.2g} in a probability, more than {bound.worst:g}: nothing "
                "written; compare the installed versions with constraints.txt, or leave this format out (--formats)"
            )
        if bound.agreement is not None and not row.agreement >= bound.agreement:
            raise ModelError(
                f"{where} gives PyTorch's answer for {100 * row.agreement:.2f} % of the test windows, less than "
                f"{100 * bound.agreement:g} %: nothing written; try --qat, or allow it with --min-agreement"
            )
        if bound.macro_f1_loss is not None and row.windows > SLOW_WINDOWS and not loss <= bound.macro_f1_loss:
            raise ModelError(
                f"{where} loses {100 * loss:.2f} points of macro-F1, more than {100 * bound.macro_f1_loss:g}: nothing "
                "written; try --qat, or allow it with --max-loss"
            )
        if row.runtime == MICRO and row.steps is not None and row.steps > MICRO_STEPS:
            raise ModelError(f"{where} differs from LiteRT's reference kernels by {row.steps} steps: nothing written")
