"""Instructions of one inference: repeated exactly enough, of the inference alone, and a line where none can count."""

import os
import sys
from pathlib import Path

import pytest
from tests.bench.conftest import Untrained

import har_runtime
from har_bench.instructions import counters, perf, processors
from har_bench.instructions.counters import COUNTERS, Counter
from har_bench.instructions.emulated import Emulator
from har_bench.measure.worker_client import Task
from har_bench.results import RESULTS, read_result
from har_runtime.errors import HarError

MODELS = Path(har_runtime.__file__).parent / "pretrained"
MICRO = Task("litert", MODELS / "anywhere-micro.tflite", 1)
MICRO_MACS = 144_000
"""About: 0.29 million FLOPs."""


@pytest.mark.slow
@pytest.mark.parametrize("name", COUNTERS)
def test_a_count_repeats_to_within_a_percent(name: str) -> None:
    reason = COUNTERS[name].why_not()
    if reason:
        pytest.skip(f"{name}: {reason}")
    first, second = (COUNTERS[name].count(MICRO) for _ in range(2))
    assert second == pytest.approx(first, rel=0.01)
    # Of the inference alone: starting Python takes hundreds of millions. Few kernels do 64 MACs an instruction.
    assert MICRO_MACS / 64 < first < 10 * MICRO_MACS


@pytest.mark.slow
def test_har_bench_says_what_counted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    if all(counter.why_not() for counter in COUNTERS.values()):
        pytest.skip("; ".join(f"{name}: {counter.why_not()}" for name, counter in COUNTERS.items()))
    from har_bench.cli import main

    assert main(["instructions", "anywhere-micro", "--json", str(tmp_path / "a.json")]) == 0
    out = capsys.readouterr().out
    result = read_result(tmp_path / "a.json")
    assert COUNTERS[result["counter"]].description in " ".join(out.split())
    assert f"{result['models'][0]['instructions']:,}" in out


def test_a_machine_where_none_works_gives_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from har_bench.cli import main

    missing = Counter("nothing", lambda: "not here", lambda task: 0)
    monkeypatch.setattr(counters, "COUNTERS", {"perf": missing, "valgrind": missing})
    assert main(["instructions", "waist"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "har-bench instructions: instructions cannot be counted here (perf: not here; valgrind: not here)"


def test_the_first_that_works_is_chosen_and_a_named_one_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    missing, there = (Counter("", lambda reason=reason: reason, lambda task: 0) for reason in ("not here", None))
    monkeypatch.setattr(counters, "COUNTERS", {"perf": missing, "stepping": there, "valgrind": there})
    assert counters.choose(None) == "stepping"
    assert counters.choose("valgrind") == "valgrind"
    with pytest.raises(HarError, match=r"perf: not here"):
        counters.choose("perf")


@pytest.mark.slow
def test_a_model_of_another_runtime_gives_one_line(untrained: Untrained, capsys: pytest.CaptureFixture[str]) -> None:
    from har_bench.cli import main

    assert main(["instructions", str(untrained.folder / "toy.onnx")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("instructions are counted in LiteRT; give a .tflite or a pretrained name")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="perf_event_open is of Linux")
def test_a_counter_of_the_kernel_grows_with_work() -> None:
    task_clock = 1
    try:
        with perf.counter(os.getpid(), perf.SOFTWARE, task_clock) as read:
            before = read()
            sum(range(100_000))
            assert read() > before
    except OSError as error:
        pytest.skip(f"perf_event_open: {error.strerror}")


def test_a_folder_without_an_emulated_system_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HarError, match=r"no Python with haredge in it; make it with har_bench.stream.emulated_pi"):
        Emulator(tmp_path, tmp_path / "count_marks.so")


def test_the_table_has_a_column_for_each_processor() -> None:
    text = processors.markdown(read_result(RESULTS / "processors.json"))
    header, *_ = text.splitlines()
    assert all(name in header for name in processors.EMULATED)
