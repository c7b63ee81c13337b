"""The assessment of a machine's noise, on made-up measurements."""

from pathlib import Path

import numpy as np
import psutil
import pytest

from har_bench.measure.measurement import times_first
from har_bench.measure.noise import CpuTimes, Noise, assess, read_cpu_times

QUIET = (1e-3 * (1 + 0.01 * np.random.default_rng(0).random(400))).tolist()


def assessed(loops: list[float], busy: float = 20.0, stolen: float = 0.0, throttled: tuple[str, ...] = ()) -> Noise:
    """The noise of a run of 20 s on 2 cores that used 20 s of processor time itself."""
    return assess(
        loops, 20.0, 20.0, CpuTimes(100.0, 5.0), CpuTimes(100.0 + busy, 5.0 + stolen), 0.5, throttled, cores=2
    )


def test_a_quiet_machine_gives_no_reason() -> None:
    noise = assessed(QUIET)
    assert noise.reasons == ()
    assert noise.spread < 0.01
    assert noise.stolen == 0
    assert noise.others == 0


def test_a_few_slow_loops_are_not_noise() -> None:
    assert assessed([*QUIET[:390], *[0.02] * 10]).reasons == ()


def test_a_loop_that_is_often_slow_is_noise() -> None:
    noise = assessed([value * (1.4 if number % 5 == 0 else 1) for number, value in enumerate(QUIET)])
    assert noise.spread == pytest.approx(0.4, abs=0.02)
    (reason,) = noise.reasons
    assert reason.startswith("a fixed loop took up to ")


def test_a_machine_that_becomes_slower_is_noise() -> None:
    noise = assessed([value * (1.07 if number >= 200 else 1) for number, value in enumerate(QUIET)])
    assert noise.reasons == ("a fixed loop was 7 % slower towards the end",)


def test_other_processes_are_noise() -> None:
    noise = assessed(QUIET, busy=46.0)
    assert noise.others == pytest.approx(1.3)
    assert noise.reasons == ("other processes kept 1.3 cores busy",)


def test_a_host_that_keeps_time_is_noise() -> None:
    noise = assessed(QUIET, stolen=2.0)
    assert noise.stolen == pytest.approx(0.05)
    assert noise.reasons == ("the host of this virtual machine kept 5 % of its time",)


def test_heat_is_noise() -> None:
    assert assessed(QUIET, throttled=("too hot",)).reasons == ("too hot",)


def test_processor_times_are_those_of_proc_stat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    (tmp_path / "stat").write_text("cpu  100 200 300 9999 8888 50 50 700 11 12\ncpu0 1 1\n")
    times = read_cpu_times()
    assert times.busy / times.stolen == pytest.approx(1.0)


def test_turns_side_by_side_tell_a_ratio_although_the_machine_is_busy() -> None:
    rng = np.random.default_rng(3)
    busy = 1 + 4 * rng.random(40)  # Both of a pair take up to five times as long.
    first, second = 100 * busy, 80 * busy * (1 + 0.02 * rng.standard_normal(40))
    ratio = times_first(second / first)
    low, high = ratio["interval"]
    assert low < 0.8 < high < 0.82
    assert 0.79 < ratio["median"] < 0.81


@pytest.mark.parametrize(("turns", "interval"), [(5, None), (6, [1, 6]), (15, [4, 12]), (40, [14, 27])])
def test_the_interval_of_a_median_has_the_ranks_of_the_binomial_distribution(turns: int, interval: object) -> None:
    assert times_first(np.arange(1.0, turns + 1))["interval"] == interval
