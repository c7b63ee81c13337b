"""The state of a machine and its energy counters, read from made-up files and sensors."""

from collections import namedtuple
from pathlib import Path

import psutil
import pytest

from har_bench.measure import energy, machine_state
from har_bench.measure.energy import NotMeasurableError, find_meter, pmic_watts
from har_bench.measure.machine_state import read_state

Frequency = namedtuple("Frequency", "current min max")
Sensor = namedtuple("Sensor", "label current high critical")

PMIC = """   3V3_SYS_A current(1)=0.10000000A
  VDD_CORE_A current(7)=2.00000000A
   3V3_SYS_V volt(9)=3.30000000V
  VDD_CORE_V volt(15)=0.80000000V
     EXT5V_V volt(24)=5.10000000V
"""


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def no_pi(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A PATH without vcgencmd."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def pi(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A vcgencmd that answers as on a Raspberry Pi 5."""
    tool = tmp_path / "bin" / "vcgencmd"
    tool.parent.mkdir()
    tool.write_text(
        f"#!/bin/sh\ncase $1 in get_throttled) echo throttled=0x50005;; pmic_read_adc) cat <<'E'\n{PMIC}E\n;; esac\n"
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:/bin:/usr/bin")


@pytest.fixture(autouse=True)
def no_sensors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which psutil finds neither clocks nor temperatures."""
    monkeypatch.setattr(psutil, "cpu_freq", lambda percpu: [])
    monkeypatch.setattr(psutil, "sensors_temperatures", dict)


def test_a_machine_that_shows_nothing_is_reported_as_such(no_pi: None, tmp_path: Path) -> None:
    assert set(vars(read_state(tmp_path)).values()) == {None}


def test_the_clock_and_temperature_of_a_laptop_are_read(
    no_pi: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {
        "acpitz": [Sensor("", 99.0, None, None)],
        "x86_pkg_temp": [Sensor("", 51.0, None, None)],
        "k10temp": [Sensor("Tctl", 61.0, None, None), Sensor("Tccd1", 62.5, None, None)],
        "nvme": [Sensor("Composite", 80.0, 84.8, 84.8)],
    }
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: found)
    monkeypatch.setattr(psutil, "cpu_freq", lambda percpu: [Frequency(2400.0, 0, 0), Frequency(4000.0, 0, 0)])
    cpus = "sys/devices/system/cpu"
    state = read_state(
        tree(
            tmp_path,
            {
                f"{cpus}/cpu0/cpufreq/scaling_governor": "powersave\n",
                f"{cpus}/cpu1/cpufreq/scaling_governor": "performance\n",
                f"{cpus}/cpu0/thermal_throttle/core_throttle_count": "3\n",
                f"{cpus}/cpu1/thermal_throttle/core_throttle_count": "4\n",
                f"{cpus}/cpufreq/policy0/scaling_governor": "not of a core\n",
            },
        )
    )
    assert state.governor == "performance, powersave"
    assert state.clock_mhz == 4000
    assert state.throttled == 7
    assert state.temperature_c == 62.5
    assert state.pi_flags is None


def test_the_real_machine_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    state = read_state()
    assert state.clock_mhz is None or 100 < state.clock_mhz < 10_000
    assert state.temperature_c is None or -50 < state.temperature_c < 150


def test_a_raspberry_pi_complains_through_its_firmware(
    pi: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: {"cpu-thermal": [Sensor("", 70.2, None, None)]})
    state = read_state(tmp_path)
    assert state.temperature_c == 70.2
    assert state.pi_flags == ("under-voltage", "throttled")


def rapl(root: Path, microjoules: int) -> Path:
    zones = "sys/class/powercap"
    return tree(
        root,
        {
            f"{zones}/intel-rapl:0/name": "package-0\n",
            f"{zones}/intel-rapl:0/energy_uj": f"{microjoules}\n",
            f"{zones}/intel-rapl:0/max_energy_range_uj": "1000000\n",
            f"{zones}/intel-rapl:0:0/name": "core\n",
            f"{zones}/intel-rapl:0:0/energy_uj": "12\n",
        },
    )


@pytest.mark.parametrize(("before", "after", "joules"), [(100_000, 350_000, 0.25), (900_000, 100_000, 0.2)])
def test_rapl_energy_is_the_difference_of_a_counter_that_may_overflow(
    no_pi: None, tmp_path: Path, before: int, after: int, joules: float
) -> None:
    meter = find_meter(rapl(tmp_path, before))
    assert meter.joules(lambda: rapl(tmp_path, after)) == pytest.approx(joules)


def test_counters_that_only_root_may_read_give_one_line(
    no_pi: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = rapl(tmp_path, 1)
    read = Path.read_text

    def guarded(path: Path, *arguments: str, **options: str) -> str:
        if path.name == "energy_uj":
            raise PermissionError(13, "Permission denied")
        return read(path, *arguments, **options)

    monkeypatch.setattr(Path, "read_text", guarded)
    with pytest.raises(NotMeasurableError, match=r"only root may read .*energy_uj; allow it with: sudo chmod a\+r"):
        find_meter(root)


def test_a_raspberry_pi_5_is_measured_by_its_power_chip(
    pi: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pmic_watts(PMIC) == pytest.approx(2.0 * 0.8 + 0.1 * 3.3)
    clock = iter([10.0, 13.0])
    monkeypatch.setattr(energy.time, "monotonic", lambda: next(clock))
    assert find_meter(tmp_path).joules(lambda: None) == pytest.approx(3 * 1.93)


def test_energy_is_not_measurable_on_other_machines(no_pi: None, tmp_path: Path) -> None:
    with pytest.raises(NotMeasurableError, match="not measurable here: neither RAPL nor the power chip"):
        find_meter(tmp_path)


def test_a_vcgencmd_that_refuses_counts_as_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "vcgencmd").write_text("#!/bin/sh\nexit 255\n")
    (tmp_path / "vcgencmd").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine_state.vcgencmd("get_throttled") is None
