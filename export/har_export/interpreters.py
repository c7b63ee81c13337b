"""All runtimes that people run the files with, behind one interface: open a model, then turn windows into outputs."""

import contextlib
import importlib.metadata
import os
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from har_export.microcontroller import NOT_INSTALLED, MicroInterpreter, is_installed
from har_runtime.errors import HarError
from har_runtime.model.native_stderr import quiet_stderr
from har_runtime.model.onnx_backend import OnnxBackend

Predict = Callable[[NDArray[Any]], NDArray[Any]]
"""Windows, shape (n, 50, 6), to all outputs, one after the other, shape (n, numbers), in the model's own types."""


@dataclass(frozen=True)
class Runtime:
    """One runtime and how to open a model in it."""

    name: str
    formats: tuple[str, ...]
    """Formats that it runs."""
    open: Callable[[bytes], Predict]
    version: Callable[[], str]
    slow: bool = False
    """Whether it is not optimised, and therefore compared on fewer windows."""


class NotInstalledError(HarError):
    """A runtime that is not installed on this machine."""


TFLITE = ("tflite", "tflite-fp16", "tflite-int8", "tflite-int8-io")
REFERENCE_KERNELS = "LiteRT, reference kernels"
MICRO = "TFLM"


def own_runtimes() -> list[Runtime]:
    """The runtimes that haredge itself uses."""
    return [
        Runtime("ONNX Runtime", ("onnx",), _onnx, _version("onnxruntime")),
        Runtime("LiteRT, XNNPACK", TFLITE, litert, _version("ai-edge-litert")),
    ]


def runtimes(tflite_runtime: Path | None = None) -> list[Runtime]:
    """All runtimes. If one is not installed, opening a model in it raises `NotInstalledError`.

    Args:
        tflite_runtime: Python of an environment with tflite-runtime, which stands for the older runtimes inside apps.

    Raises:
        HarError: `tflite_runtime` cannot be run.
    """
    if tflite_runtime is not None and not os.access(tflite_runtime, os.X_OK):
        raise HarError(f"--tflite-runtime: {tflite_runtime} is not a Python that can be run")
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
        _other_python("TensorFlow, tf.lite", Path(sys.executable), "tensorflow"),
        _other_python("tflite-runtime", tflite_runtime, "tflite_runtime.interpreter"),
        # Not float16: TFLM has no kernel that converts float16 weights to float32.
        Runtime(MICRO, ("tflite", *TFLITE[2:]), _micro, _version("tflite-micro"), slow=True),
    ]


def _onnx(model: bytes) -> Predict:
    backend = OnnxBackend(model, "model")
    return lambda windows: flat(backend.outputs(windows))


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
        self._outputs = [entry["index"] for entry in self._interpreter.get_output_details()]

    def __call__(self, windows: NDArray[Any]) -> NDArray[Any]:
        rows: list[NDArray[Any]] = []
        for window in windows:
            self._interpreter.set_tensor(self._input, window[None])
            self._interpreter.invoke()
            rows.append(np.concatenate([self._interpreter.get_tensor(output).ravel() for output in self._outputs]))
        return np.stack(rows)


def flat(outputs: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """All outputs of a model as one array, shape (n, numbers)."""
    return np.concatenate([output.reshape(len(output), -1) for output in outputs], axis=1)


def litert(model: bytes) -> Predict:
    """Open a .tflite as haredge does: in LiteRT with XNNPACK."""
    return _LiteRt(model, "BUILTIN")


def _micro(model: bytes) -> Predict:
    if not is_installed():
        raise NotInstalledError(NOT_INSTALLED)
    return MicroInterpreter(model)


class _OtherPython:
    """A runtime that cannot share a process or an environment with LiteRT.

    Its process starts when it is first needed, because TensorFlow takes seconds to import, and ends with this object.
    """

    def __init__(self, name: str, python: Path | None, module: str):
        self.name, self._python, self._module = name, python, module
        self._process: subprocess.Popen[str] | None = None
        self._version = "unknown"

    def open(self, model: bytes) -> Predict:
        if self._process is None:
            self._start()

        def predict(windows: NDArray[Any]) -> NDArray[Any]:
            with tempfile.TemporaryDirectory() as folder:
                files = [Path(folder) / name for name in ("model.tflite", "windows.npy", "outputs.npy")]
                files[0].write_bytes(model)
                np.save(files[1], windows)
                if self._ask("\t".join(map(str, files))) != "done":
                    raise HarError(f"{self.name} cannot run the model: {self._last_error()}")
                return np.load(files[2], allow_pickle=False)

        return predict

    def version(self) -> str:
        return self._version

    def _start(self) -> None:
        package = self._module.partition(".")[0]
        if self._python is None:
            raise NotInstalledError(f"no environment with {package} was given")
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process
        script = Path(__file__).with_name("interpreter_process.py")
        self._process = subprocess.Popen(
            [self._python, script, self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "PYTHONWARNINGS": "ignore"},
        )
        weakref.finalize(self, _end, self._process, self._errors)
        self._version = self._ask()
        if not self._version:
            self._process = None
            raise NotInstalledError(f"{package} cannot be imported by {self._python.name}")

    def _ask(self, request: str = "") -> str:
        """Send a request, if there is one, and return the reply; "" if the process has ended."""
        assert self._process is not None and self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            if request:
                print(request, file=self._process.stdin, flush=True)
        return self._process.stdout.readline().strip()

    def _last_error(self) -> str:
        self._errors.seek(0)
        return (self._errors.read().strip() or "it ended without a message").splitlines()[-1]


def _end(process: subprocess.Popen[str], errors: IO[str]) -> None:
    with contextlib.suppress(BrokenPipeError):
        process.communicate()  # Closes its stdin, on which it ends.
    errors.close()


def _other_python(name: str, python: Path | None, module: str) -> Runtime:
    other = _OtherPython(name, python, module)
    return Runtime(name, TFLITE, other.open, other.version)
