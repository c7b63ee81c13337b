"""The state of the machine, as far as the system shows it: governor, clock, temperature, throttling."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

PROCESSOR_SENSORS = re.compile(r"coretemp|k10temp|zenpower|cpu|pkg|soc", re.IGNORECASE)
"""Names of the drivers and thermal zones whose sensors are in the processor."""
PI_FLAGS = {
    0: "under-voltage",
    1: "clock capped",
    2: "throttled",
    3: "soft temperature limit",
}
"""Bits of `vcgencmd get_throttled` (documentation of Raspberry Pi OS); 16 bits higher is the same since the start."""


@dataclass(frozen=True)
class MachineState:
    """The machine at one moment; each value is None if the system does not show it."""

    governor: str | None
    """Clock governors of all cores, e.g. "performance"."""
    clock_mhz: int | None
    """Highest clock of all cores."""
    temperature_c: float | None
    """Highest temperature in the processor."""
    throttled: int | None
    """How often the processor slowed down to stay cool since it was started; x86 counts this."""
    pi_flags: tuple[str, ...] | None
    """What the firmware of a Raspberry Pi complains about at this moment."""


def read_state(root: Path = Path("/")) -> MachineState:
    """Read the machine's state from psutil, from the firmware of a Pi, and the rest from `sys` below `root`."""
    cpus = root / "sys/devices/system/cpu"
    governors = sorted(set(_texts(cpus, "cpu[0-9]*/cpufreq/scaling_governor")))
    counts = [int(text) for text in _texts(cpus, "cpu[0-9]*/thermal_throttle/*_throttle_count") if text.isdecimal()]
    temperatures = [
        sensor.current
        for name, sensors in psutil.sensors_temperatures().items()
        if PROCESSOR_SENSORS.search(name)
        for sensor in sensors
    ]
    return MachineState(
        governor=", ".join(governors) or None,
        clock_mhz=_clock_mhz(),
        temperature_c=max(temperatures, default=None),
        throttled=sum(counts) if counts else None,
        pi_flags=_pi_flags(vcgencmd("get_throttled")),
    )


def vcgencmd(question: str) -> str | None:
    """The answer of a Raspberry Pi's firmware; None on other machines, and if this user may not ask it."""
    tool = shutil.which("vcgencmd")
    if tool is None:
        return None
    try:
        answered = subprocess.run([tool, question], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answered.stdout if answered.returncode == 0 else None


def _clock_mhz() -> int | None:
    try:
        clocks = psutil.cpu_freq(percpu=True)
    except (OSError, NotImplementedError):  # Some virtual machines list cores that have no clock.
        return None
    return round(max(clock.current for clock in clocks)) if clocks else None


def _pi_flags(answer: str | None) -> tuple[str, ...] | None:
    found = re.search(r"throttled=0x([0-9a-fA-F]+)", answer or "")
    return tuple(name for bit, name in PI_FLAGS.items() if int(found[1], 16) >> bit & 1) if found else None


def _texts(folder: Path, pattern: str) -> list[str]:
    texts: list[str] = []
    for path in sorted(folder.glob(pattern)):
        try:
            texts.append(path.read_text(encoding="ascii", errors="replace").strip())
        except OSError:  # Some files can be read by root only.
            continue
    return texts
