"""har-bench end to end: real models in worker processes, its files, and one line for each mistake of a user."""

import argparse
import json
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.bench.conftest import Untrained
from torch import nn

import har_runtime
from har_bench import tables
from har_bench.cli import main
from har_bench.graphs.counting import count
from har_bench.measure import measure as measuring
from har_bench.measure import measurement
from har_bench.measure.compare import compare, remarks
from har_bench.measure.loaded_model import LiteRt, OnnxRuntime, Torch
from har_bench.measure.measure import measure
from har_bench.measure.measured_model import open_model, open_models
from har_bench.measure.options import QUICK as QUICK_SETTINGS
from har_bench.measure.options import Settings, add_measure_options, measure_settings
from har_bench.measure.runtimes import RUNTIMES
from har_bench.measure.worker import windows
from har_bench.measure.worker_client import Task, Worker
from har_export import onnx_conversion, tflite
from har_export.inference import InferenceNetwork
from har_runtime.errors import HarError, ModelError
from har_runtime.model.load import load_model

MODELS = Path(har_runtime.__file__).parent / "pretrained"
QUICK = ("--repetitions", "2")


class Plain(nn.Module):
    """The smallest of networks: (batch, window, channels) to (batch, 2)."""

    def __init__(self, window: int = 50, channels: int = 6):
        super().__init__()
        self.output = nn.Linear(window * channels, 2)

    def forward(self, imu: torch.Tensor) -> torch.Tensor:
        return self.output(imu.flatten(1)).softmax(dim=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files that are not models."""
    for extension in ("tflite", "onnx", "txt", "pt2"):
        (tmp_path / f"text.{extension}").write_text("not a model")
    return tmp_path


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A .tflite and a .onnx without cards."""
    out = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    (out / "plain.tflite").write_bytes(tflite.to_tflite(Plain().eval()))
    (out / "plain.onnx").write_bytes(onnx_conversion.to_onnx(Plain().eval()))
    return out


@pytest.fixture(scope="module")
def result(models: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The result of a short run of the shipped model and two without cards."""
    out = tmp_path_factory.mktemp("out")
    files = [str(models / "plain.tflite"), str(models / "plain.onnx")]
    written = ["--json", str(out / "a.json"), "--markdown", str(out / "a.md"), "--plot", str(out / "a.png")]
    assert main(["waist", *files, "--threads", "1,2", *QUICK, *written]) == 0
    assert (out / "a.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads((out / "a.json").read_text(encoding="utf-8"))
    assert (out / "a.md").read_text(encoding="utf-8") == tables.markdown(found)
    return found


def line(capsys: pytest.CaptureFixture[str]) -> str:
    (only,) = capsys.readouterr().err.splitlines()
    return only


@pytest.mark.slow
def test_every_model_is_described(result: dict[str, Any]) -> None:
    waist, plain, onnx = result["models"]
    assert [model["name"] for model in result["models"]] == ["waist", "plain.tflite", "plain.onnx"]
    assert waist["number_format"] == "int8"
    assert waist["flops"] == 2 * waist["macs"]
    assert waist["file_bytes"] == (MODELS / "waist.tflite").stat().st_size
    assert waist["macro_f1"] == load_model("waist").card.scores["int8"].macro_f1
    assert plain["macs"] == onnx["macs"] == 2 * 300
    assert plain["parameters"] == onnx["parameters"] == 2 * 300 + 2
    assert plain["macro_f1"] is None
    assert "2 x MACs" in result["convention"]


@pytest.mark.slow
def test_every_model_ran_in_every_runtime_that_takes_it(result: dict[str, Any]) -> None:
    ran = [(run["model"], run["runtime"], run["threads"]) for run in result["runs"]]
    assert {("waist", "LiteRT", 1), ("waist", "LiteRT", 2), ("plain.onnx", "ONNX Runtime", 2)} <= set(ran)
    assert ("plain.tflite", "TFLM", 1) not in ran  # Microcontrollers run int8.
    for run in result["runs"]:
        latency = run["latency_us"]
        assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"]
        assert run["windows"] >= 2
        assert run["load_seconds"] > 0
        assert 0 < run["rss_above_empty_bytes"] < 200 << 20
        assert run["windows_per_second"] == pytest.approx(1e6 / latency["mean"])
        assert run["share_of_core"] == pytest.approx(run["cpu_us"] / 500_000)
        assert run["turn_medians_us"][0] <= run["turn_medians_us"][1]
        assert run["version"]


@pytest.mark.slow
@pytest.mark.skipif(not RUNTIMES["tflm"].is_installed, reason="tflite-micro is not installed")
def test_tflm_reports_its_arena(result: dict[str, Any]) -> None:
    waist, plain, _ = result["models"]
    assert 30_000 < waist["tflm_arena_bytes"] < 60_000
    assert plain["tflm_arena_bytes"] is None


@pytest.mark.slow
def test_int8_on_one_thread_is_compared_with_the_peak(result: dict[str, Any]) -> None:
    rate = result["int8_peak"]["macs_per_second"]
    assert rate == max(result["int8_peak"]["products"].values())
    (compared,) = (run for run in result["runs"] if run["share_of_int8_peak"] is not None)
    assert (compared["model"], compared["runtime"], compared["threads"]) == ("waist", "LiteRT", 1)
    macs = result["models"][0]["macs"]
    assert compared["share_of_int8_peak"] == pytest.approx(macs * 1e6 / compared["latency_us"]["p50"] / rate)


@pytest.mark.slow
def test_a_result_contains_the_machine_and_its_noise(result: dict[str, Any]) -> None:
    assert result["machine"]["cpu"]
    assert set(result["state"]) == {"before", "after"}
    assert result["noise"]["spread"] >= 0
    text = tables.markdown(result)
    assert ("TOO NOISY" in text) == bool(result["noise"]["reasons"])
    assert result["energy"]["meter"] or result["energy"]["why_not"] in text
    assert "| waist | int8 |" in text


@pytest.mark.slow
def test_a_model_that_tells_places_is_measured_like_any_other(
    untrained: Untrained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(untrained.folder / name) for name in ("toy.tflite", "toy-fp32.tflite", "toy.onnx")]
    assert main([*files, *QUICK, "--json", str(tmp_path / "a.json")]) == 0
    found = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    deployed = InferenceNetwork(untrained.network, untrained.card.temperature)
    assert {model["macs"] for model in found["models"]} == {count(deployed, 50, 6).macs}
    assert not any(model["uncounted"] for model in found["models"])
    ran = {(run["model"], run["runtime"]) for run in found["runs"]}
    assert ran >= {("toy.tflite", "LiteRT"), ("toy-fp32.tflite", "LiteRT"), ("toy.onnx", "ONNX Runtime")}
    if RUNTIMES["tflm"].is_installed:
        assert 1_000 < found["models"][0]["tflm_arena_bytes"] < 30_000
    assert "| toy.tflite | int8 |" in tables.markdown(found)


@pytest.mark.slow
def test_every_output_of_a_model_is_copied_to_its_caller(untrained: Untrained, tmp_path: Path) -> None:
    deployed = InferenceNetwork(untrained.network, untrained.card.temperature)
    program = torch.export.export(deployed, (torch.zeros(1, 50, 6),))
    torch.export.save(program, tmp_path / "toy.pt2")
    window = windows("float32")[0]
    wanted = [output.detach().numpy() for output in deployed(torch.from_numpy(window))]
    for loaded in (
        LiteRt(untrained.folder / "toy-fp32.tflite", 1),
        OnnxRuntime(untrained.folder / "toy.onnx", 1),
        Torch(tmp_path / "toy.pt2", 1),
    ):
        found = loaded(window)
        assert isinstance(found, list)
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.slow
def test_check_compares_with_the_sum_of_many_windows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["waist", "--runtimes", "litert", "--check", *QUICK]) == 0
    assert "sum of 10,000" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.skipif(not RUNTIMES["tflm"].is_installed, reason="tflite-micro is not installed")
def test_tflm_does_not_get_weights_that_it_would_read_wrongly() -> None:
    waist = open_model(MODELS / "waist.tflite", "waist")
    assert waist.graph is not None
    outside = replace(waist, graph=replace(waist.graph, weights_outside=True))
    found = measure([outside], Settings(repetitions=2, energy=False))
    assert [run["runtime"] for run in found["runs"]] == ["LiteRT"]
    (reason,) = found["left_out"]
    assert reason.startswith("waist in TFLM: its weights lie behind the flatbuffer")
    with pytest.raises(ModelError, match="weights lie behind"):
        measure([outside], Settings(("tflm",), repetitions=2, energy=False))


@pytest.mark.slow
def test_energy_is_measured_if_the_machine_has_a_meter(monkeypatch: pytest.MonkeyPatch) -> None:
    class Meter:
        name = "made up"

        def __init__(self) -> None:
            self.readings = iter([0.6, 6.0])  # Idle, then at work.

        def joules(self, work) -> float:
            work()
            return next(self.readings)

    monkeypatch.setattr(measuring, "find_meter", Meter)
    monkeypatch.setattr(measurement, "ENERGY_S", 0.2)
    waist = open_model(MODELS / "waist.tflite", "waist")
    found = measure([waist], Settings(("litert",), repetitions=2, energy=True))
    (run,) = found["runs"]
    assert run["energy"]["idle_watts"] == pytest.approx(3)
    assert 0 < run["energy"]["above_idle_microjoules"] < run["energy"]["microjoules"]
    shown = tables.remarks({"machine": {"cpu": "x", "cores": 1, "python": "3"}, **found})
    assert "energy: made up, including everything else that ran" in shown


BLOCKED = """
import sys
from har_bench.cli import main
code = main(["waist", "--repetitions", "2", "--json", sys.argv[1]])
assert "torch" not in sys.modules and "har_train" not in sys.modules
table4 = main(["table4"])
sys.exit(10 * code + table4)
"""


@pytest.mark.slow
def test_a_tflite_is_measured_without_torch(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError('blocked', name='torch')\n")
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, str(tmp_path / "a.json")],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr == "har-bench table4: torch is not installed: pip install 'haredge[export]'\n"
    found = json.loads((tmp_path / "a.json").read_text())
    assert found["models"][0]["macs"]
    if RUNTIMES["tflm"].is_installed:
        assert found["models"][0]["tflm_arena_bytes"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing.tflite", "cannot be read (No such file or directory); give a .tflite"),
        ("nothing", "not a model; give a .tflite, .onnx, .pt2, a run of har-train or a pretrained name (anywhere"),
        ("text.txt", "not a model; give a .tflite"),
        ("text.tflite", "not a .tflite model (no TFL3 identifier)"),
        ("text.onnx", "not an ONNX model"),
        ("text.pt2", "not a program of torch.export"),
    ],
)
def test_a_file_that_is_not_a_model_gives_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, message: str
) -> None:
    assert main([str(folder / name), *QUICK]) == 2
    only = line(capsys)
    assert only.startswith(f"har-bench: {folder / name}: ")
    assert message in only


def test_a_model_with_another_input_gives_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = torch.export.export(Plain(128, 9).eval(), (torch.zeros(1, 128, 9),))
    torch.export.save(program, tmp_path / "longer.pt2")
    assert main([str(tmp_path / "longer.pt2"), *QUICK]) == 2
    assert "longer.pt2: takes float32 (1, 128, 9); har-bench gives it windows, float32 or int8 (1, 50, 6)" in line(
        capsys
    )


def test_a_card_of_another_file_gives_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("waist.tflite", "waist.json"):
        shutil.copy(MODELS / name, tmp_path / name)
    with (tmp_path / "waist.tflite").open("ab") as file:
        file.write(b"\0")
    assert main([str(tmp_path / "waist.tflite"), *QUICK]) == 2
    assert "does not match its card waist.json" in line(capsys)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["waist", "--runtimes", "tensorrt"], "--runtimes: unknown runtime 'tensorrt'; known: litert, "),
        (["waist", "--runtimes", "onnxruntime"], "no requested runtime can run it; it needs LiteRT"),
        (["waist", "--threads", "0"], "--threads: '0' is not a list of numbers from 1 to 1024"),
        (["waist", "--repetitions", "1"], "--repetitions: give at least 2"),
        (["waist", "waist"], "waist: given twice"),
        (["--compare", "/nowhere/a.json", "/nowhere/b.json"], "/nowhere/a.json: not a result of a benchmark"),
    ],
)
def test_invalid_options_give_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert main([*QUICK, *arguments]) == 2
    assert message in line(capsys)


def test_a_runtime_that_is_not_installed_gives_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tflite_micro", None)
    assert main(["waist", "--runtimes", "tflm", *QUICK]) == 2
    assert line(capsys) == "har-bench: --runtimes tflm: TFLM is not installed; pip install tflite-micro"


def test_required_energy_that_cannot_be_measured_gives_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "find_meter", lambda: measuring_fails("only root may read /sys/x"))
    assert main(["waist", "--energy", *QUICK]) == 2
    assert line(capsys) == "har-bench: not measurable here: only root may read /sys/x"


def measuring_fails(why: str) -> None:
    raise measuring.NotMeasurableError(f"not measurable here: {why}")


@pytest.mark.slow
def test_a_plot_without_a_score_gives_one_line(
    models: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main([str(models / "plain.tflite"), *QUICK, "--plot", str(tmp_path / "a.png")]) == 2
    assert "none of the measured models has a card with a score" in line(capsys)
    assert not (tmp_path / "a.png").exists()


def test_models_with_the_same_name_are_named_with_their_folders(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        shutil.copy(MODELS / "waist.tflite", tmp_path / name)
    with ExitStack() as stack:
        models = open_models([str(tmp_path / name / "waist.tflite") for name in ("one", "other")], stack)
    assert [model.name for model in models] == ["one/waist.tflite", "other/waist.tflite"]


def test_a_worker_that_dies_is_an_error_and_not_a_hang() -> None:
    with Worker(Task("litert", MODELS / "waist.tflite", 1)) as worker:
        worker._process.kill()
        with pytest.raises(HarError, match=r"waist\.tflite in LiteRT: its process ended with -9"):
            worker.ask(windows=1)


def test_a_model_that_a_runtime_refuses_is_an_error(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"text\.tflite in LiteRT: cannot be run"):
        Worker(Task("litert", folder / "text.tflite", 1))


def test_windows_of_a_worker_are_answered_one_by_one() -> None:
    with Worker(Task("litert", MODELS / "waist.tflite", 1)) as worker:
        answer = worker.ask(windows=100)
        assert len(answer["nanoseconds"]) == 100
        assert min(answer["nanoseconds"]) > 0
        assert worker.ask(loop=10) == {}
        assert 1 << 20 < worker.memory_bytes <= worker.peak_memory_bytes
        assert worker.cpu_seconds > 0


def made_up(p50: float, turns: tuple[float, float], memory: int = 10 << 20, **noise: list[str]) -> dict[str, Any]:
    run = {
        "model": "waist",
        "runtime": "LiteRT",
        "threads": 1,
        "latency_us": {"p50": p50},
        "turn_medians_us": list(turns),
        "rss_above_empty_bytes": memory,
    }
    machine = {"cpu": "x", "cores": 2, "date": "2026-01-01", "versions": {"numpy": f"{p50:.0f}"}}
    return {"machine": machine, "runs": [run], "noise": {"reasons": noise.get("reasons", [])}}


@pytest.mark.parametrize(
    ("second", "difference"),
    [
        (made_up(50, (49, 51)), "2.00 x faster"),
        (made_up(200, (190, 210)), "2.00 x slower"),
        (made_up(98, (95, 101)), "the same within the spread of the turns"),
    ],
)
def test_results_are_compared_by_their_turns(second: dict[str, Any], difference: str) -> None:
    (row,) = compare(made_up(100, (97, 103)), second).rows
    assert row == (
        "waist",
        "LiteRT",
        "1",
        "100.0 µs",
        f"{second['runs'][0]['latency_us']['p50']:.1f} µs",
        difference,
        "+0.0 MiB",
    )


def test_a_comparison_says_what_else_changed_and_what_was_noisy() -> None:
    first, second = made_up(100, (97, 103)), made_up(50, (49, 51), reasons=["other processes"])
    a, b, versions = remarks(first, second)
    assert a.endswith("quiet")
    assert b.endswith("TOO NOISY: other processes")
    assert versions == "versions: numpy 100 -> 50"


def test_results_with_nothing_in_common_cannot_be_compared() -> None:
    other = made_up(50, (49, 51))
    other["runs"][0]["threads"] = 4
    with pytest.raises(HarError, match="share no model in the same runtime"):
        compare(made_up(100, (97, 103)), other)


@pytest.mark.slow
def test_two_written_results_are_compared(
    result: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.json").write_text(json.dumps(result))
    assert main(["--compare", str(tmp_path / "a.json"), str(tmp_path / "a.json")]) == 0
    assert capsys.readouterr().out.count("the same within the spread of the turns") == len(result["runs"])
    (tmp_path / "b.json").write_text(json.dumps({"machine": {}, "rows": []}))
    assert main(["--compare", str(tmp_path / "a.json"), str(tmp_path / "b.json")]) == 2
    assert "not a result of har-bench" in line(capsys)


def test_every_worker_gets_the_same_windows() -> None:
    assert all(np.array_equal(a, b) for a, b in zip(windows("float32"), windows("float32"), strict=True))
    assert {window.dtype.name for window in windows("int8")} == {"int8"}
    assert windows("float32")[0].shape == (1, 50, 6)


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        ([], Settings()),
        (["--quick"], QUICK_SETTINGS),
        (["--quick", "--repetitions", "9", "--energy"], replace(QUICK_SETTINGS, repetitions=9, energy=True)),
        (["--quick", "--runtimes", "tflm"], replace(QUICK_SETTINGS, runtimes=("tflm",))),
    ],
)
def test_quick_measures_less_unless_other_options_ask_for_more(arguments: list[str], settings: Settings) -> None:
    parser = argparse.ArgumentParser()
    add_measure_options(parser)
    assert measure_settings(parser.parse_args(arguments)) == settings
