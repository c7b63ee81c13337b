"""What processor this computer has, as far as Linux says it: results name it."""

import platform
from pathlib import Path
from typing import Final

VECTOR_UNITS: Final = {"avx512f": "AVX-512", "avx2": "AVX2", "asimd": "NEON"}
"""By their flags, the widest first."""
ROOT: Final = Path("/")


def processor_name(root: Path = ROOT) -> str:
    """Name of the processor on x86, of the board on a Raspberry Pi: from proc/cpuinfo below `root` (not in psutil)."""
    lines = _cpuinfo(root).splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model\t")))
    return next(names, platform.machine() if lines else platform.processor())


def vector_unit(root: Path = ROOT) -> str | None:
    """The widest vector unit; None if it is not known."""
    flags = processor_flags(root)
    return next((name for flag, name in VECTOR_UNITS.items() if flag in flags), None)


def processor_flags(root: Path = ROOT) -> set[str]:
    """The words of proc/cpuinfo, which include the flags; empty if there is no such file."""
    return set(_cpuinfo(root).split())


def _cpuinfo(root: Path) -> str:
    try:
        return (root / "proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return ""
