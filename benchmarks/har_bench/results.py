"""What every benchmark's JSON says of the machine it was measured on."""

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from har_runtime.errors import DataError
from har_runtime.files import write_bytes

LIBRARIES = (
    "haredge",
    "numpy",
    "ai-edge-litert",
    "onnxruntime",
    "tflite-micro",
    "torch",
    "lightning",
    "litert-torch",
    "ai-edge-quantizer",
    "scikit-learn",
)


def machine() -> dict[str, Any]:
    """CPU, cores, Python and library versions; nothing that names the machine."""
    versions: dict[str, str] = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "versions": versions,
    }


def write_report(path: Path, result: dict[str, Any]) -> None:
    """Write a result with the machine it was measured on, atomically."""
    write_bytes(path, (json.dumps({"machine": machine(), **result}, indent=1) + "\n").encode())


def read_report(path: Path) -> dict[str, Any]:
    """Read a result back, to go on from it.

    Raises:
        DataError: not one that `write_report` wrote.
    """
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(result, dict) or "machine" not in result:
            raise ValueError("no machine in it")
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: no result of a benchmark ({error}); move it away to start afresh") from error
    return result


def _cpu_model(root: Path = Path("/")) -> str:
    """From proc/cpuinfo below `root`: the processor's name on x86, the board's on a Raspberry Pi."""
    try:
        lines = (root / "proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model\t")))
    return next(named, platform.machine())
