"""What Linux shows of the state of a machine: governor, clock, temperature, throttling. None where it shows nothing."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SENSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal")
"""Names of hwmon drivers whose sensors sit in the processor."""
PI_FLAGS = {
    0: "under-voltage",
    1: "clock capped",
    2: "throttled",
    3: "soft temperature limit",
}
"""Bits of `vcgencmd get_throttled`; 16 higher the same since the start (documentation of Raspberry Pi OS, vcgencmd)."""


@dataclass(frozen=True)
class State:
    """The machine at one moment."""

    governor: str | None
    """Of the clock, of all cores, as in "performance"."""
    clock_mhz: int | None
    """Highest of the cores'."""
    temperature_c: float | None
    """Highest of the processor's."""
    throttled: int | None
    """Times that the processor slowed down to stay cool, since it was started; x86 counts them."""
    pi_flags: tuple[str, ...] | None
    """What a Raspberry Pi's firmware complains of at this moment."""


def read_state(root: Path = Path("/")) -> State:
    """Read the machine's state from `sys` below `root`, and from the Pi's firmware."""
    cpus = root / "sys/devices/system/cpu"
    governors = sorted(set(_texts(cpus, "cpu[0-9]*/cpufreq/scaling_governor")))
    clocks = _numbers(cpus, "cpu[0-9]*/cpufreq/scaling_cur_freq")
    throttled = _numbers(cpus, "cpu[0-9]*/thermal_throttle/*_throttle_count")
    temperatures = _temperatures(root)
    return State(
        governor=", ".join(governors) or None,
        clock_mhz=round(max(clocks) / 1000) if clocks else None,
        temperature_c=max(temperatures) / 1000 if temperatures else None,
        throttled=sum(throttled) if throttled else None,
        pi_flags=_pi_flags(vcgencmd("get_throttled")),
    )


def vcgencmd(question: str) -> str | None:
    """What a Raspberry Pi's firmware answers; None elsewhere, and where it may not be asked."""
    tool = shutil.which("vcgencmd")
    if tool is None:
        return None
    try:
        said = subprocess.run([tool, question], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout if said.returncode == 0 else None


def _temperatures(root: Path) -> list[int]:
    """Thousandths of a degree, of thermal zones and hwmon sensors in the processor."""
    found: list[int] = []
    for zone in sorted((root / "sys/class/thermal").glob("thermal_zone*")):
        kind = "".join(_texts(zone, "type")).lower()
        if "cpu" in kind or "pkg" in kind or "soc" in kind:
            found += _numbers(zone, "temp")
    for device in sorted((root / "sys/class/hwmon").glob("hwmon*")):
        if "".join(_texts(device, "name")) in SENSORS:
            found += _numbers(device, "temp*_input")
    return found


def _pi_flags(said: str | None) -> tuple[str, ...] | None:
    found = re.search(r"throttled=0x([0-9a-fA-F]+)", said or "")
    return tuple(name for bit, name in PI_FLAGS.items() if int(found[1], 16) >> bit & 1) if found else None


def _texts(folder: Path, pattern: str) -> list[str]:
    texts: list[str] = []
    for path in sorted(folder.glob(pattern)):
        try:
            texts.append(path.read_text(encoding="ascii", errors="replace").strip())
        except OSError:  # Some sensors refuse while they sleep, others all but root.
            continue
    return texts


def _numbers(folder: Path, pattern: str) -> list[int]:
    return [int(text) for text in _texts(folder, pattern) if re.fullmatch(r"-?\d+", text)]
