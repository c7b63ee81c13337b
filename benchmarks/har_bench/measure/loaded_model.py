"""A model loaded in a runtime: one window in, one answer out. Each runtime is imported when a model is loaded in it."""

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
        fed = self._interpreter.get_input_details()[0]
        self._input, self._output = fed["index"], self._interpreter.get_output_details()[0]["index"]
        self.dtype = np.dtype(fed["dtype"]).name

    def __call__(self, window: NDArray[Any]) -> object:
        self._interpreter.set_tensor(self._input, window)
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output)


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
            return self._module(self._torch.from_numpy(window)).numpy()


class Tflm:
    """An int8 .tflite in TFLM, which runs on this processor as it does on a microcontroller."""

    dtype = "float32"  # Its interpreter casts.

    def __init__(self, path: Path, threads: int):
        # Of har_export, and free of torch.
        from har_export.microcontroller import MicroInterpreter

        self._interpreter = MicroInterpreter(path.read_bytes())
        self.arena_bytes = self._interpreter.arena_bytes()

    def __call__(self, window: NDArray[Any]) -> object:
        return self._interpreter(window)
