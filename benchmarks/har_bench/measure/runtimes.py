"""The runtimes that are measured, each behind one call: a window in, an answer out. Imported where they are opened."""

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Opened(Protocol):
    """A model, loaded."""

    dtype: str
    """What it is fed: "float32" or "int8"."""

    def __call__(self, window: NDArray[Any]) -> object:
        """One window, shape (1, 50, 6), through the model."""
        ...


@dataclass(frozen=True)
class Runtime:
    """One runtime."""

    name: str
    """As tables show it."""
    module: str
    """What must be importable."""
    package: str
    """What has its version."""
    formats: tuple[str, ...]
    """Of `Subject.format`."""
    open: Callable[[Path, int], Opened]
    """A file and a number of threads to the loaded model."""
    threaded: bool = True

    @property
    def is_installed(self) -> bool:
        try:
            return importlib.util.find_spec(self.module) is not None
        except (ImportError, ValueError):
            return False

    @property
    def version(self) -> str:
        return importlib.metadata.version(self.package)


class _LiteRt:
    def __init__(self, path: Path, threads: int):
        module: Any = importlib.import_module("ai_edge_litert.interpreter")
        self._interpreter = module.Interpreter(model_path=str(path), num_threads=threads)
        self._interpreter.allocate_tensors()
        fed = self._interpreter.get_input_details()[0]
        self._input, self._output = fed["index"], self._interpreter.get_output_details()[0]["index"]
        self.dtype = np.dtype(fed["dtype"]).name

    def __call__(self, window: NDArray[Any]) -> object:
        self._interpreter.set_tensor(self._input, window)
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output)


class OnnxRuntime:
    """Runs whatever a .onnx takes as its one input."""

    dtype = "float32"

    def __init__(self, path: Path, threads: int):
        onnxruntime: Any = importlib.import_module("onnxruntime")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def __call__(self, window: NDArray[Any]) -> object:
        return self._session.run(None, {self._input: window})


class _Torch:
    dtype = "float32"

    def __init__(self, path: Path, threads: int):
        import torch

        from har_bench.graphs.torch_graph import open_module

        torch.set_num_threads(threads)
        self._torch, self._module = torch, open_module(path)

    def __call__(self, window: NDArray[Any]) -> object:
        with self._torch.inference_mode():
            return self._module(self._torch.from_numpy(window)).numpy()


class _Micro:
    dtype = "float32"  # Its interpreter casts.

    def __init__(self, path: Path, threads: int):
        # Of har_export, and free of torch.
        from har_export.microcontroller import MicroInterpreter

        self._interpreter = MicroInterpreter(path.read_bytes())
        self.arena_bytes = self._interpreter.arena_bytes()

    def __call__(self, window: NDArray[Any]) -> object:
        return self._interpreter(window)


def _peak(path: Path, threads: int) -> Opened:
    from har_bench.measure.int8_peak import Product

    return Product(int(path.name), threads)


def _forest_fitted(path: Path, threads: int) -> Opened:
    from har_bench.measure.forest import Fitted

    return Fitted(path)


def _forest_converted(path: Path, threads: int) -> Opened:
    from har_bench.measure.forest import Converted

    return Converted(path, threads)


RUNTIMES = {
    "litert": Runtime("LiteRT", "ai_edge_litert.interpreter", "ai-edge-litert", ("tflite",), _LiteRt),
    "onnxruntime": Runtime("ONNX Runtime", "onnxruntime", "onnxruntime", ("onnx",), OnnxRuntime),
    "torch": Runtime("PyTorch", "torch", "torch", ("pt2", "checkpoint"), _Torch),
    "tflm": Runtime("TFLM", "tflite_micro", "tflite-micro", ("tflite",), _Micro, threaded=False),
    "peak": Runtime("LiteRT", "ai_edge_litert.interpreter", "ai-edge-litert", ("peak",), _peak),
    "sklearn": Runtime("scikit-learn", "sklearn", "scikit-learn", ("forest",), _forest_fitted, threaded=False),
    "forest-onnx": Runtime("numpy and ONNX Runtime", "onnxruntime", "onnxruntime", ("forest",), _forest_converted),
}
CHOICES = ("litert", "onnxruntime", "torch", "tflm")
"""Those that a user chooses among."""
