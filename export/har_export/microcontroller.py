"""TensorFlow Lite for Microcontrollers (TFLM): its outputs, and the memory that it needs."""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_export.flatbuffer import output_count
from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.errors import ModelError
from har_runtime.model.native_stderr import quiet_stderr

ARENA_LIMIT = 1 << 20
"""Bytes reserved to measure what a model needs."""
ARENA_STEP = 256
ALIGNMENT = 16
"""Bytes that TFLM may skip to align the start of the arena."""
NOT_INSTALLED = (
    "tflite-micro is not installed (it has wheels for x86-64 Linux only, and comes with pip install 'haredge[export]')"
)


def is_installed() -> bool:
    """Whether the package tflite-micro is installed (it exists for x86-64 Linux only)."""
    try:
        import tflite_micro  # noqa: F401
    except ImportError:
        return False
    return True


class MicroInterpreter:
    """A .tflite in TFLM's interpreter. Inputs and outputs have the types of the model.

    Raises:
        ModelError: tflite-micro is not installed, or it lacks an operator of the model.
    """

    def __init__(self, model: bytes):
        if not is_installed():
            raise ModelError(NOT_INSTALLED)
        with quiet_stderr() as log:
            try:
                self._interpreter = _load(model, ARENA_LIMIT)
            except RuntimeError as error:
                raise ModelError(f"TFLM cannot load the model ({error} {log()})") from error
        self._model = model
        self._type = self._interpreter.get_input_details(0)["dtype"]
        self._outputs = output_count(model)

    def __call__(self, windows: NDArray[Any]) -> NDArray[Any]:
        """All outputs for windows, one after the other: shape (n, 50, 6) to (n, numbers)."""
        rows: list[NDArray[Any]] = []
        for window in windows:
            self._interpreter.set_input(np.ascontiguousarray(window[None], self._type), 0)
            self._interpreter.invoke()
            rows.append(np.concatenate([self._interpreter.get_output(index).ravel() for index in range(self._outputs)]))
        return np.stack(rows)

    def arena_bytes(self) -> int:
        """Bytes of the tensor arena that an inference needs, from TFLM's recording allocator.

        Measured with 64-bit pointers: a 32-bit microcontroller needs slightly less.
        """
        self(np.zeros((1, WINDOW, len(CHANNELS)), self._type))
        with quiet_stderr() as log:
            self._interpreter.print_allocations()
            text = log()
        found = re.search(r"Arena allocation total (\d+) bytes", text)
        if found is None:
            raise ModelError(f"TFLM does not report the size of its arena: '{text[:200]}'")
        needed = int(found.group(1))
        # The total lacks what TFLM takes only while it prepares an operator, which matters if layers are wide and
        # feature maps small.
        while not self._loads_with(needed):
            needed += ARENA_STEP
        return needed

    def _loads_with(self, arena_size: int) -> bool:
        with quiet_stderr():
            try:
                _load(self._model, arena_size + ALIGNMENT)
            except RuntimeError:
                return False
        return True


def _load(model: bytes, arena_size: int) -> Any:
    from tflite_micro import runtime

    return runtime.Interpreter.from_bytes(model, arena_size=arena_size)
