"""The LiteRT backend: a .tflite with float32 input and output, on the CPU."""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.errors import ModelError
from har_runtime.model.native_stderr import quiet_stderr
from har_runtime.model.outputs import outputs_text
from har_runtime.model.tflite_check import check_graph

INTERPRETERS = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")
"""Modules with a TFLite `Interpreter`, the preferred one first."""


class LiteRtBackend:
    """Runs one window at a time through a TFLite interpreter.

    Args:
        content: of the file. The interpreter gets these bytes, so that what runs is what was checked, whatever becomes
            of the file.
        path: of the file, for error messages.

    Raises:
        ModelError: no interpreter installed, a damaged file, or a model whose tensors are not the contract's.
    """

    def __init__(
        self,
        content: bytes,
        path: Path,
        output_names: Sequence[str],
        output_shapes: Sequence[tuple[int, ...]],
        threads: int = 1,
    ):
        self._path = path
        # XNNPACK and the C++ logger write to the process's stderr: show that only if loading fails.
        with quiet_stderr() as log:
            self._interpreter = _interpreter(content, path, threads, log)
            self._check_tensors(path, output_names, output_shapes)

    def _check_tensors(self, path: Path, output_names: Sequence[str], output_shapes: Sequence[tuple[int, ...]]) -> None:
        inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        shapes = [tuple(int(size) for size in entry["shape"]) for entry in (*inputs, *outputs)]
        types = [np.dtype(entry["dtype"]).name for entry in (*inputs, *outputs)]
        wanted = [(1, WINDOW, len(CHANNELS)), *((1, *shape) for shape in output_shapes)]
        if shapes != wanted or set(types) != {"float32"}:
            raise ModelError(
                f"{path}: the model's tensors are {shapes} of {sorted(set(types))}; needed are float32 imu {wanted[0]} "
                f"and {outputs_text(output_names, wanted[1:])}, as har-export writes them"
            )
        self._input, self._outputs = inputs[0]["index"], [entry["index"] for entry in outputs]

    def outputs(self, windows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Windows in SI units, shape (n, 50, 6), to the outputs of the file, each of shape (n, ...).

        Raises:
            ModelError: an operator fails on what it gets.
        """
        if len(windows) == 1:  # What a live sensor gives.
            return self._run(windows)
        rows = [self._run(windows[index : index + 1]) for index in range(len(windows))]
        return [np.concatenate(column) for column in zip(*rows, strict=True)]

    def _run(self, window: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """The outputs for one window, shape (1, 50, 6). More at a time are not possible: the files' own reshapes are
        for one."""
        self._interpreter.set_tensor(self._input, window)
        try:
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{self._path}: LiteRT cannot run it ({error})") from error
        return [self._interpreter.get_tensor(output) for output in self._outputs]


def ends_text(content: bytes, path: Path) -> str:
    """Types and shapes of a file's input and output, for error messages.

    Raises:
        ModelError: no interpreter installed, or a damaged file.
    """
    with quiet_stderr() as log:
        interpreter = _interpreter(content, path, 1, log)
        ends = [
            " and ".join(f"{np.dtype(one['dtype']).name} {tuple(one['shape'].tolist())}" for one in details)
            for details in (interpreter.get_input_details(), interpreter.get_output_details())
        ]
    return f"its input is {ends[0]} and its output {ends[1]}"


def _interpreter(content: bytes, path: Path, threads: int, log: Callable[[], str]) -> Any:
    check_graph(content, path)
    module = _interpreter_module()
    try:
        interpreter = module.Interpreter(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: LiteRT cannot load it ({error} {log()})") from error
    return interpreter


def _interpreter_module() -> Any:
    for name in INTERPRETERS:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise ModelError("no TFLite interpreter is installed; pip install ai-edge-litert")
