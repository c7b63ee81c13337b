"""Every runtime that people run the files with, behind one call: bytes of a model in, answers to windows out."""

import functools
import importlib.metadata
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_export.microcontroller import MicroInterpreter, is_installed
from har_runtime.errors import HarError
from har_runtime.model.native_stderr import quiet_stderr
from har_runtime.model.onnx_backend import OnnxBackend

Answers = Callable[[NDArray[Any]], NDArray[Any]]
"""Windows, shape (n, 50, 6), to answers, shape (n, classes), in the model's own types."""


@dataclass(frozen=True)
class Runtime:
    """One runtime and how to open a model in it."""

    name: str
    formats: tuple[str, ...]
    """Formats that it is shown with."""
    open: Callable[[bytes], Answers]
    version: Callable[[], str]
    slow: bool = False
    """Whether it is written to be read, not to be fast: shown with fewer windows."""


class NotHereError(HarError):
    """A runtime that is not installed on this machine."""


TFLITE = ("tflite", "tflite-fp16", "tflite-int8", "tflite-int8-io")
REFERENCE_KERNELS = "LiteRT, reference kernels"
MICRO = "TFLM"


def own_runtimes() -> list[Runtime]:
    """Those that haredge itself runs models with."""
    return [
        Runtime("ONNX Runtime", ("onnx",), lambda model: OnnxBackend(model, "model"), _version("onnxruntime")),
        Runtime("LiteRT, XNNPACK", TFLITE, litert, _version("ai-edge-litert")),
    ]


def runtimes(tflite_runtime: Path | None = None) -> list[Runtime]:
    """All runtimes, those that are not here included: opening a model in them raises `NotHereError`.

    Args:
        tflite_runtime: Python of an environment that has tflite-runtime; it stands for the older runtimes inside apps.
    """
    python = Path(sys.executable)
    return [
        *own_runtimes(),
        Runtime(
            "LiteRT, without XNNPACK",
            TFLITE,
            lambda model: _LiteRt(model, "BUILTIN_WITHOUT_DEFAULT_DELEGATES"),
            _version("ai-edge-litert"),
        ),
        Runtime(
            REFERENCE_KERNELS,
            TFLITE,
            lambda model: _LiteRt(model, "BUILTIN_REF"),
            _version("ai-edge-litert"),
            slow=True,
        ),
        _other_process("TensorFlow, tf.lite", python, "tensorflow", TFLITE),
        _other_process("tflite-runtime", tflite_runtime, "tflite_runtime.interpreter", TFLITE),
        # float16 weights are for phones: TFLM has no kernel that widens them.
        Runtime(MICRO, ("tflite", *TFLITE[2:]), _micro, _version("tflite-micro"), slow=True),
    ]


def _version(package: str) -> Callable[[], str]:
    return lambda: importlib.metadata.version(package)


class _LiteRt:
    def __init__(self, model: bytes, resolver: str):
        from ai_edge_litert import interpreter

        with quiet_stderr():
            kind = getattr(interpreter.OpResolverType, resolver)
            self._interpreter: Any = interpreter.Interpreter(model_content=model, experimental_op_resolver_type=kind)
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def __call__(self, windows: NDArray[Any]) -> NDArray[Any]:
        rows: list[NDArray[Any]] = []
        for window in windows:
            self._interpreter.set_tensor(self._input, window[None])
            self._interpreter.invoke()
            rows.append(self._interpreter.get_tensor(self._output)[0])
        return np.stack(rows)


def litert(model: bytes) -> Answers:
    """A .tflite as haredge runs it: in LiteRT with XNNPACK."""
    return _LiteRt(model, "BUILTIN")


def _micro(model: bytes) -> Answers:
    if not is_installed():
        raise NotHereError("tflite-micro is not installed (wheels for x86-64 Linux only)")
    return MicroInterpreter(model)


def _other_process(name: str, python: Path | None, module: str, formats: tuple[str, ...]) -> Runtime:
    """A runtime that cannot share a process or an environment with LiteRT."""
    said: dict[str, str] = {}
    package = module.partition(".")[0]

    @functools.cache  # TensorFlow takes seconds to import.
    def is_importable() -> bool:
        command = [python, "-c", f"import {module}"]
        return subprocess.run(command, capture_output=True, env=_quiet(), check=False).returncode == 0

    def open_in(model: bytes) -> Answers:
        if python is None:
            raise NotHereError(f"no environment with {package} was given")
        if not is_importable():
            raise NotHereError(f"{package} cannot be imported by {python.name}")

        def answers(windows: NDArray[Any]) -> NDArray[Any]:
            script = Path(__file__).with_name("interpreter_process.py")
            with tempfile.TemporaryDirectory() as folder:
                files = [Path(folder) / name for name in ("model.tflite", "windows.npy", "answers.npy")]
                files[0].write_bytes(model)
                np.save(files[1], windows)
                command = [python, script, module, *files]
                run = subprocess.run(command, capture_output=True, text=True, env=_quiet(), check=False)
                if run.returncode:
                    raise HarError(f"{name} cannot run the model: {run.stderr.strip().splitlines()[-1:]}")
                said["version"] = run.stdout.strip().splitlines()[-1]
                return np.load(files[2], allow_pickle=False)

        return answers

    return Runtime(name, formats, open_in, lambda: said.get("version", "unknown"))


def _quiet() -> dict[str, str]:
    return {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "PYTHONWARNINGS": "ignore"}
