"""TensorFlow Lite for Microcontrollers: the answers it gives, and the memory that it needs for them."""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.errors import ModelError
from har_runtime.model.native_stderr import quiet_stderr

ARENA_LIMIT = 1 << 20
"""Bytes set aside to measure what a model needs."""


def is_installed() -> bool:
    """Whether the package tflite-micro is here (x86-64 Linux only)."""
    try:
        import tflite_micro  # noqa: F401
    except ImportError:
        return False
    return True


class MicroInterpreter:
    """A .tflite in TFLM's interpreter, which takes whatever type the model takes.

    Raises:
        ModelError: tflite-micro is not installed, or an operator that it lacks.
    """

    def __init__(self, model: bytes):
        if not is_installed():
            raise ModelError(
                "tflite-micro is not installed (it has wheels for x86-64 Linux only): pip install 'haredge[export]' "
                "there, or leave c out of --formats"
            )
        from tflite_micro import runtime

        with quiet_stderr() as log:
            try:
                self._interpreter: Any = runtime.Interpreter.from_bytes(model, arena_size=ARENA_LIMIT)
            except RuntimeError as error:
                raise ModelError(f"TFLM cannot load the model ({error} {log()})") from error
        self._type = self._interpreter.get_input_details(0)["dtype"]

    def __call__(self, windows: NDArray[Any]) -> NDArray[Any]:
        """Its answers to windows, shape (n, 50, 6) to (n, classes)."""
        rows: list[NDArray[Any]] = []
        for window in windows:
            self._interpreter.set_input(np.ascontiguousarray(window[None], self._type), 0)
            self._interpreter.invoke()
            rows.append(self._interpreter.get_output(0)[0])
        return np.stack(rows)

    def arena_bytes(self) -> int:
        """Bytes of the tensor arena that an inference takes, by TFLM's recording allocator.

        Measured with 64-bit pointers: a 32-bit microcontroller needs somewhat less.
        """
        self(np.zeros((1, WINDOW, len(CHANNELS)), self._type))
        with quiet_stderr() as log:
            self._interpreter.print_allocations()
            said = log()
        found = re.search(r"Arena allocation total (\d+) bytes", said)
        if found is None:
            raise ModelError(f"TFLM does not say what its arena takes: '{said[:200]}'")
        return int(found.group(1))
