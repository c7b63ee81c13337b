"""Reads and writes the JSON of benchmarks, each with a description of the machine it was measured on."""

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from har_runtime.errors import DataError
from har_runtime.files import write_bytes
from har_runtime.processor import ROOT, processor_flags, processor_name

REPOSITORY = Path(__file__).parents[2]
RESULTS = REPOSITORY / "benchmarks" / "results"
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
DOT_PRODUCTS = ("avx512_vnni", "avx_vnni", "asimddp", "i8mm")


def dot_products(root: Path = ROOT) -> list[str]:
    """This processor's instructions for dot and matrix products of int8, as Linux names them in proc/cpuinfo below
    `root`."""
    flags = processor_flags(root)
    return [name for name in DOT_PRODUCTS if name in flags]


def describe_machine() -> dict[str, Any]:
    """CPU, cores, Python and library versions; nothing that identifies the machine."""
    versions: dict[str, str] = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": processor_name(),
        "cores": len(os.sched_getaffinity(0)),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "versions": versions,
    }


def write_result(path: Path, result: dict[str, Any]) -> None:
    """Write a result with the machine it was measured on, atomically."""
    write_bytes(
        path, (json.dumps({"machine": describe_machine(), **result}, indent=1, allow_nan=False) + "\n").encode()
    )


def write_and_print(path: Path, result: dict[str, Any]) -> None:
    """Write a result as `write_result` does, and print it."""
    write_result(path, result)
    print(json.dumps(result, indent=1, allow_nan=False))


def read_result(path: Path) -> dict[str, Any]:
    """Read a result that `write_result` wrote.

    Raises:
        DataError: it is not such a result.
    """
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(result, dict) or "machine" not in result:
            raise ValueError("it does not describe the machine")
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: not a result of a benchmark ({error}); move it away to start again") from error
    return result
