"""What Linux says of a process: its memory and the processor time it has used."""

import time
from pathlib import Path


def memory_bytes(field: str, pid: int | str = "self") -> int:
    """A line of /proc/PID/status: "VmRSS" for resident memory, "VmHWM" for its highest so far."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and all of its threads."""
    # The clock of a process, as clock_getcpuclockid(3) makes it: the process id inverted, and 2 for scheduled time.
    return time.clock_gettime((~pid << 3) | 2)
