"""Energy that a piece of work takes, if the machine measures it: RAPL on x86, the power chip of a Raspberry Pi 5.

Both measure more than the work: the whole processor package, or all rails of the board behind the power chip, with
everything else that runs. The same time spent idle is therefore measured too.
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from har_bench.measure.machine_state import vcgencmd
from har_runtime.errors import HarError

PMIC_PERIOD_S = 0.25
"""Between two readings; each costs the processor a few milliseconds."""
PMIC_LINE = re.compile(r"(\w+)_([AV]) (?:current|volt)\(\d+\)=([\d.]+)[AV]")


class NotMeasurableError(HarError):
    """The machine does not report its energy, or not to this user."""


class Meter(Protocol):
    """An energy meter."""

    @property
    def name(self) -> str:
        """What it measures, for reports."""
        ...

    def joules(self, work: Callable[[], object]) -> float:
        """The energy that the machine used while `work` ran."""
        ...


def find_meter(root: Path = Path("/")) -> Meter:
    """Find the meter of this machine.

    Raises:
        NotMeasurableError: it has no meter, or this user may not read it.
    """
    zones = [
        zone
        for zone in sorted((root / "sys/class/powercap").glob("intel-rapl:*"))
        if (zone / "name").is_file() and (zone / "name").read_text(encoding="ascii").startswith("package")
    ]
    if zones:
        rapl = Rapl(tuple(zones))
        rapl.joules(lambda: None)
        return rapl
    answer = vcgencmd("pmic_read_adc")
    if answer is not None and pmic_watts(answer) is not None:
        return Pmic()
    raise NotMeasurableError("not measurable here: neither RAPL nor the power chip of a Raspberry Pi 5")


@dataclass(frozen=True)
class Rapl:
    """Counters of the processor packages (Linux: Documentation/power/powercap/powercap.rst)."""

    zones: tuple[Path, ...]
    name: str = "RAPL, whole processor package"

    def joules(self, work: Callable[[], object]) -> float:
        before = [_microjoules(zone / "energy_uj") for zone in self.zones]
        work()
        total = 0
        for zone, began in zip(self.zones, before, strict=True):
            ended = _microjoules(zone / "energy_uj")
            # The counter overflows after a quarter of an hour or more.
            total += ended - began if ended >= began else ended - began + _microjoules(zone / "max_energy_range_uj")
        return total / 1e6


def _microjoules(path: Path) -> int:
    try:
        return int(path.read_text(encoding="ascii"))
    except PermissionError as error:
        raise NotMeasurableError(
            f"not measurable here: only root may read {path}; allow it with: sudo chmod a+r {path}"
        ) from error
    except (OSError, ValueError) as error:
        raise NotMeasurableError(f"not measurable here: {path} cannot be read ({error})") from error


@dataclass(frozen=True)
class Pmic:
    """The power chip of a Raspberry Pi 5, read four times a second: volts times amperes of rails that have both."""

    name: str = "power chip of the Raspberry Pi 5, all rails that it measures"

    def joules(self, work: Callable[[], object]) -> float:
        watts: list[float] = []
        done = threading.Event()

        def watch() -> None:
            while True:
                power = pmic_watts(vcgencmd("pmic_read_adc") or "")
                if power is not None:
                    watts.append(power)
                if done.wait(PMIC_PERIOD_S):
                    return

        thread = threading.Thread(target=watch, daemon=True)
        began = time.monotonic()
        thread.start()
        try:
            work()
        finally:
            done.set()
            thread.join()
        if not watts:
            raise NotMeasurableError("not measurable here: the power chip no longer answers")
        return sum(watts) / len(watts) * (time.monotonic() - began)


def pmic_watts(answer: str) -> float | None:
    """Power from the answer to `vcgencmd pmic_read_adc`; None if it has no rail with volts and amperes.

    >>> pmic_watts("VDD_CORE_A current(7)=2.0A\\n VDD_CORE_V volt(15)=0.8V\\n EXT5V_V volt(24)=5.1V")
    1.6
    """
    rails: dict[str, dict[str, float]] = {}
    for rail, unit, value in PMIC_LINE.findall(answer):
        rails.setdefault(rail, {})[unit] = float(value)
    powers = [rail["A"] * rail["V"] for rail in rails.values() if len(rail) == 2]
    return sum(powers) if powers else None
