"""The machine that trains: number formats, accelerators, processes and memory."""

import ctypes
import os
import warnings

from har_runtime.errors import HarError
from har_runtime.processor import processor_flags

BF16_FLAGS = {"avx512_bf16", "amx_bf16"}
"""CPU flags for bf16 in hardware; without one of them it is emulated, up to 30 times slower than float32."""


def cpu_has_bf16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware; False if there is no /proc/cpuinfo."""
    return bool(BF16_FLAGS & processor_flags())


def choose_accelerator(asked: str) -> str:
    """Replace "auto" by "gpu" if torch finds a CUDA device, else by "cpu".

    Raises:
        HarError: a GPU is asked for and there is none.
    """
    import torch

    with warnings.catch_warnings(action="ignore"):  # E.g. a driver that is older than torch's CUDA.
        found = "gpu" if torch.cuda.is_available() else "cpu"
    if asked == "gpu" and found == "cpu":
        raise HarError("--accelerator gpu: torch finds no CUDA device here; use cpu")
    return found if asked == "auto" else asked


def choose_precision(asked: str, accelerator: str = "cpu") -> str:
    """Replace "auto" by "bf16" on a GPU or a CPU with bf16 in hardware, else by "32".

    Raises:
        HarError: bf16 is asked for on a CPU that would emulate it.
    """
    if accelerator == "gpu":
        return "bf16" if asked == "auto" else asked
    if asked == "bf16" and not cpu_has_bf16():
        raise HarError("--precision bf16: this CPU has neither avx512_bf16 nor amx_bf16 and would be slower; use 32")
    return ("bf16" if cpu_has_bf16() else "32") if asked == "auto" else asked


def is_first_process() -> bool:
    """Whether this is the first of the processes that Lightning or a cluster starts for a run: it owns the files."""
    return all(os.environ.get(name, "0") == "0" for name in ("LOCAL_RANK", "NODE_RANK", "GROUP_RANK"))


def keep_freed_memory() -> None:
    """Let glibc keep the memory of freed feature maps for the next step.

    By default it returns blocks of this size to the system, which then clears each of their pages again in every step:
    a tenth of the time of a step. Without glibc nothing happens.
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
    mallopt(mmap_threshold, 32 << 20)  # The largest that it takes.
    mallopt(trim_threshold, 2**31 - 1)
