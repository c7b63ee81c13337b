"""The ONNX Runtime backend: a .onnx with the contract's input and output, on the CPU (`pip install haredge[onnx]`)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.errors import ModelError
from har_runtime.model.card import METADATA_NAME
from har_runtime.model.outputs import outputs_text

BATCH = 256
"""Windows run at a time."""


class OnnxBackend:
    """Runs windows through ONNX Runtime.

    Raises:
        ModelError: onnxruntime is not installed, a damaged file, or a model whose tensors are not the contract's.
    """

    def __init__(self, content: bytes, where: Path | str, threads: int = 1):
        try:
            import onnxruntime
        except ImportError as error:
            raise ModelError(f"{where}: needs onnxruntime; pip install 'haredge[onnx]'") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4  # Errors come as exceptions; show nothing else on the terminal.
        try:
            self._session: Any = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions have no common base.
            raise ModelError(f"{where}: ONNX Runtime cannot load it ({' '.join(str(error).split())[:200]})") from error
        self._where = where
        self._input = self._session.get_inputs()[0].name
        self.embedded_card: str | None = self._session.get_modelmeta().custom_metadata_map.get(METADATA_NAME)

    def check_tensors(self, output_names: Sequence[str], output_shapes: Sequence[tuple[int, ...]]) -> None:
        """Check that input and outputs are those of the contract; shapes are those of one window.

        Raises:
            ModelError: they are not.
        """
        ends = [*self._session.get_inputs(), *self._session.get_outputs()]
        found = [(end.type, tuple(end.shape[1:])) for end in ends]
        wanted = [("tensor(float)", shape) for shape in ((WINDOW, len(CHANNELS)), *output_shapes)]
        if found != wanted:
            shapes = [(end.type, *end.shape) for end in ends]
            raise ModelError(
                f"{self._where}: the model's tensors are {shapes}; needed are float32 imu (batch, {WINDOW}, "
                f"{len(CHANNELS)}) and {outputs_text(output_names, output_shapes)} for each window, as "
                "har-export writes them"
            )

    def outputs(self, windows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Windows in SI units, shape (n, 50, 6), to the outputs of the file, each of shape (n, ...).

        Raises:
            ModelError: an operator fails on what it gets.
        """
        parts = [windows[begin : begin + BATCH] for begin in range(0, len(windows), BATCH)]
        try:
            results = [self._session.run(None, {self._input: part}) for part in parts]
        except Exception as error:  # onnxruntime's exceptions have no common base.
            reason = " ".join(str(error).split())[:200]
            raise ModelError(f"{self._where}: ONNX Runtime cannot run it ({reason}); export it again") from error
        return [np.concatenate(column) for column in zip(*results, strict=True)]
