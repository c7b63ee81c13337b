"""What this machine computes with: number formats, processes, and memory that is not given back in between."""

import ctypes
import os
from pathlib import Path

from har_runtime.errors import HarError

BF16_FLAGS = {"avx512_bf16", "amx_bf16"}
"""CPU flags without which bf16 is emulated, up to 30 times slower than float32."""


def cpu_has_bf16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware (False where /proc/cpuinfo does not say)."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:
        return False
    return bool(BF16_FLAGS & set(flags))


def choose_accelerator(asked: str) -> str:
    """ "auto" becomes "gpu" where torch finds a CUDA device and "cpu" elsewhere.

    Raises:
        HarError: a GPU asked for where there is none.
    """
    import torch

    if asked == "gpu" and not torch.cuda.is_available():
        raise HarError("--accelerator gpu: torch finds no CUDA device here; use cpu")
    return ("gpu" if torch.cuda.is_available() else "cpu") if asked == "auto" else asked


def choose_precision(asked: str, accelerator: str = "cpu") -> str:
    """ "auto" becomes "bf16" where the CPU has it or a GPU computes, and "32" elsewhere.

    Raises:
        HarError: bf16 asked for on a CPU that would emulate it.
    """
    if accelerator == "gpu":
        return "bf16" if asked == "auto" else asked
    if asked == "bf16" and not cpu_has_bf16():
        raise HarError("--precision bf16: this CPU has neither avx512_bf16 nor amx_bf16 and would be slower; use 32")
    return ("bf16" if cpu_has_bf16() else "32") if asked == "auto" else asked


def is_first_process() -> bool:
    """Whether this is the process that owns the files, among those that Lightning or a cluster starts for one run."""
    return all(os.environ.get(name, "0") == "0" for name in ("LOCAL_RANK", "NODE_RANK", "GROUP_RANK"))


def keep_freed_memory() -> None:
    """Let glibc keep the memory of freed feature maps for the next step.

    By default it hands blocks of this size back to the system, which then clears every page of them again in each step:
    a tenth of the time of a step. Elsewhere than on glibc nothing happens.
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
    mallopt(mmap_threshold, 32 << 20)  # The largest that it takes.
    mallopt(trim_threshold, 2**31 - 1)
