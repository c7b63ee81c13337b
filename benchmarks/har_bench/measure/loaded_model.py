"""A model loaded in a runtime: a window in, its outputs out. A runtime is imported when a model is loaded in it."""

import importlib
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class LoadedModel(Protocol):
    """A model that is ready to run."""

    dtype: str
    """Type of its input: "float32" or "int8"."""

    def __call__(self, window: NDArray[Any]) -> object:
        """Run the model on one window, shape (1, 50, 6)."""
        ...


class LiteRt:
    """A .tflite in LiteRT."""

    def __init__(self, path: Path, threads: int):
        module: Any = importlib.import_module("ai_edge_litert.interpreter")
        self._interpreter = module.Interpreter(model_path=str(path), num_threads=threads)
        self._interpreter.allocate_tensors()
        details = self._interpreter.get_input_details()[0]
        self._input, outputs = details["index"], self._interpreter.get_output_details()
        self._outputs = [output["index"] for output in outputs]
        self.dtype = np.dtype(details["dtype"]).name

    def __call__(self, window: NDArray[Any]) -> object:
        self._interpreter.set_tensor(self._input, window)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(output) for output in self._outputs]

    def invoke(self) -> None:
        """Run it once more on the window of the last call, and copy nothing."""
        self._interpreter.invoke()


class OnnxRuntime:
    """A .onnx with one input, of any shape, in ONNX Runtime."""

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


class Torch:
    """A .pt2 or a checkpoint in PyTorch."""

    dtype = "float32"

    def __init__(self, path: Path, threads: int):
        import torch

        from har_bench.graphs.torch_graph import open_module

        torch.set_num_threads(threads)
        self._torch, self._module = torch, open_module(path)

    def __call__(self, window: NDArray[Any]) -> object:
        with self._torch.inference_mode():
            outputs = self._module(self._torch.from_numpy(window))
            return [output.numpy() for output in (outputs if isinstance(outputs, tuple) else (outputs,))]


class Tflm:
    """A .tflite in TFLM, the runtime for microcontrollers, on this processor."""

    dtype = "float32"  # Its interpreter converts to int8.

    def __init__(self, path: Path, threads: int):
        # This module of har_export does not import torch.
        from har_export.microcontroller import MicroInterpreter

        self._interpreter = MicroInterpreter(path.read_bytes())
        self.arena_bytes = self._interpreter.arena_bytes()

    def __call__(self, window: NDArray[Any]) -> object:
        return self._interpreter(window)
