"""har-stream run as people use it: the demo, replays, files, Ctrl-C, and its messages if something is wrong."""

import itertools
import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from tests.conftest import simulated_recording
from tests.runtime import fake_model

from har_runtime.cli import run
from har_runtime.cli.run import DEMO_SOURCE
from har_runtime.cli.stream import main
from har_runtime.model.load import load_model
from har_runtime.recognizer import Recognizer
from har_runtime.samples import SampleChunk
from har_runtime.signal.axes import parse_axes
from har_runtime.sinks import StreamInfo
from har_runtime.sinks.terminal import panel
from har_runtime.sources import SOURCES
from har_runtime.sources.base import SourceReport
from har_runtime.sources.serial_port.virtual_sensor import Pty, make_virtual_sensor, serve
from har_runtime.uri import Uri
from har_train.data.cli import main as har_data
from har_train.data.cli import write_replay
from har_train.evaluation.evaluate import evaluate

HAR_STREAM = [sys.executable, "-m", "har_runtime"]


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    write_replay(simulated_recording(0, 1500), tmp_path / "walk.csv")
    return tmp_path / "walk.csv"


def test_the_demo_is_mostly_right_says_that_it_is_simulated_and_ends(capsys) -> None:
    source = DEMO_SOURCE.replace("speed=4", "speed=max")  # The demo's wearer without the waiting.
    assert main(["--demo", "--source", source, "--json"]) == 0
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert "SIMULATED" in err
    assert result["source"].startswith("simulated wearer")
    assert result["windows"] == (120 * 50 - 50) // 25 + 1
    assert result["scores"]["accuracy"] >= 0.85
    assert result["seconds"].get("unknown", 0) < 15
    assert {place for place, seconds in result["places"].items() if seconds > 30} == {"thigh", "torso"}


@pytest.mark.parametrize("number", [5, 24, 55])
@pytest.mark.slow
def test_a_replayed_recording_scores_what_har_train_evaluate_scores(
    number, data, hapt_recordings, monkeypatch, tmp_path, capsys
) -> None:
    for module in ("har_train.datasets", "har_train.data.windows"):  # The archive takes seconds to read.
        monkeypatch.setattr(f"{module}.load", lambda *_: hapt_recordings)
    path = tmp_path / "recording.csv"
    assert har_data(["cut", "hapt", "--recording", str(number), "--out", str(path), "--json"]) == 0
    cut = json.loads(capsys.readouterr().out)
    if cut["user"] not in load_model("waist").card.training.never_seen:
        pytest.fail(f"{cut['user']} is not one of the users waist never saw: choose other recordings for this test")
    assert main(["--model", "waist", "--source", f"replay:{path}?speed=max", "--json"]) == 0
    streamed = json.loads(capsys.readouterr().out)["scores"]
    evaluated = evaluate("waist", data, cut["recording"]).judgement.scores
    assert streamed["macro_f1"] == evaluated.macro_f1
    assert streamed["confusion"] == [list(row) for row in evaluated.confusion]
    assert main(["--model", "waist", "--source", f"replay:{path}?speed=max"]) == 0
    assert f"macro-F1 {100 * evaluated.macro_f1:.2f} %" in capsys.readouterr().err


def test_a_jsonl_sink_has_a_line_for_each_window_and_appends(walk: Path, tmp_path: Path, capsys) -> None:
    log = tmp_path / "day.jsonl"
    for _ in range(2):
        assert main(["--source", f"replay:{walk}?speed=max", "--sink", f"jsonl:{log}", "--json"]) == 0
    windows = json.loads(capsys.readouterr().out.split("\n}\n")[0] + "}")["windows"]
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(rows) == 2 * windows == 2 * 59
    assert rows[0]["start_s"] == 0
    assert rows[0]["truth"] == "standing"
    assert rows[0]["window_label"] == max(rows[0]["window_probabilities"], key=rows[0]["window_probabilities"].get)


def test_several_sinks_at_once_and_standard_output(walk: Path, tmp_path: Path, capsys) -> None:
    assert main(["--source", f"replay:{walk}?speed=max", "--sink", "jsonl:-", "--sink", f"jsonl:{tmp_path / 'b'}"]) == 0
    assert capsys.readouterr().out == (tmp_path / "b").read_text()


def test_on_a_terminal_it_draws_the_activity_and_bars() -> None:
    leader, follower = pty.openpty()
    arguments = ["--source", "simulated:?seconds=8&speed=max"]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"}
    with subprocess.Popen([*HAR_STREAM, *arguments], stderr=follower, stdout=follower, env=environment) as process:
        os.close(follower)
        screen = b""
        try:
            while piece := os.read(leader, 4096):
                screen += piece
        except OSError:  # The terminal is closed once the program has ended.
            pass
        assert process.wait() == 0
    os.close(leader)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.decode())
    assert "simulated wearer" in text
    assert "model anywhere" in text
    assert "█" in text
    assert re.search(r"stairs up\s+█*\s+\d+\.\d %", text)
    assert "sensor 50.0 Hz" in text


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
@pytest.mark.usefixtures("ctrl_c")
def test_after_a_signal_it_keeps_whole_lines_and_prints_the_summary(stop, code: int, tmp_path: Path) -> None:
    log = tmp_path / "day.jsonl"
    arguments = ["--source", "simulated:?speed=20", "--sink", "jsonl:-", "--sink", f"jsonl:{log}"]
    with subprocess.Popen(
        [*HAR_STREAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        for _ in range(5):
            process.stdout.readline()
        process.send_signal(stop)
        process.stdout.read()
        error = process.stderr.read()
        assert process.wait() == code
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(rows) >= 5
    assert f"{len(rows)} windows of simulated wearer" in error
    assert error.endswith("har-stream: stopped\n")


@pytest.mark.parametrize("speed", ["max", "40"])
def test_answers_of_a_fast_replay_are_as_far_apart_as_its_samples(speed: str, tmp_path: Path) -> None:
    """So that a report of it counts an hour as an hour."""
    log = tmp_path / "day.jsonl"
    begin = time.time()
    assert main(["--source", f"simulated:?seconds=60&speed={speed}", "--sink", f"jsonl:{log}"]) == 0
    times = np.array([json.loads(line)["unix_s"] for line in log.read_text().splitlines()])
    assert len(times) == 119
    np.testing.assert_allclose(np.diff(times), 0.5, atol=0.002)
    assert begin < times[0] < time.time() + 1  # The first window ends a second after its first sample.


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_a_file_of_answers_is_no_recording(kind: str, tmp_path: Path, capsys) -> None:
    log = tmp_path / f"day.{kind}"
    assert main(["--source", "simulated:?seconds=20&speed=max", "--sink", f"{kind}:{log}"]) == 0
    capsys.readouterr()
    assert main(["--source", f"replay:{log}?speed=max"]) == 2
    message = f"har-stream: {log}: holds answers that har-stream has written, not samples of a sensor\n"
    assert capsys.readouterr().err == message


@pytest.fixture
def anyplace(monkeypatch, tmp_path: Path) -> str:
    """A recording with labels that har-stream answers with a model that tells places and families; its source."""
    monkeypatch.setattr(run, "load_model", lambda _: fake_model.fake_model())
    recording = fake_model.recording(
        ("walking", "thigh", 15), ("gait", "thigh", 10), ("level", "thigh", 10), ("posture", "wrist", 10)
    )
    labels = np.repeat(["walking", "sitting", "stairs_up"], [25 * 50, 10 * 50, 10 * 50])
    write_replay(replace(recording, labels=labels), tmp_path / "anyplace.csv")
    return f"replay:{tmp_path / 'anyplace.csv'}?speed=max"


def test_families_are_neither_right_nor_wrong_and_places_are_summed_up(anyplace: str, capsys) -> None:
    arguments = ["--source", anyplace, "--smoothing", "none"]
    assert main([*arguments, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result["seconds"]) >= {"walking", "on_foot", "sitting", "still"}
    families = result["families"]
    answered = 2 * (result["seconds"]["on_foot"] + result["seconds"]["still"])
    assert answered - 2 <= families["windows"] <= answered  # A window across two labels has no truth.
    assert families["windows"] > families["right"] >= 15
    assert result["answered"]["windows"] + families["windows"] <= result["scores"]["windows"] <= 89
    assert result["answered"]["accuracy"] > 0.95
    assert list(result["places"]) == ["unknown", "thigh"]
    assert sum(result["places"].values()) == 44.5
    assert main(arguments) == 0
    error = capsys.readouterr().err
    assert re.search(r"worn at: thigh \d+ s, unknown [\d.]+ s", error)
    share = 100 * families["right"] / families["windows"]
    assert f"{families['windows']} windows, neither right nor wrong: {share:.1f} % of the families contain" in error


def test_the_place_and_whether_answers_may_be_families_are_options(anyplace: str, tmp_path: Path, capsys) -> None:
    log, config = tmp_path / "day.jsonl", tmp_path / "haredge.toml"
    config.write_text(f'source = "{anyplace}"\nsink = ["jsonl:{log}"]\nplace = "waist"\ncoarse = "off"\n')
    assert main(["--config", str(config)]) == 0
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert {row["place"] for row in rows} == {"torso"}
    assert {row["activity"] for row in rows} == {"walking", "lying", "unknown"}  # A hip that is level lies.
    log.unlink()
    assert main(["--config", str(config), "--place", "auto", "--coarse", "on"]) == 0
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert {row["place"] for row in rows} == {None, "thigh"}
    assert {"walking", "sitting", "still"} <= {row["activity"] for row in rows}


@pytest.mark.usefixtures("anyplace")
def test_sinks_show_families_only_if_answers_may_be_families(monkeypatch) -> None:
    shown: list[dict] = []
    monkeypatch.setattr(
        run, "StreamInfo", lambda card, *others: shown.append(card.families) or StreamInfo(card, *others)
    )
    for coarse in ("on", "off"):
        assert main(["--source", "simulated:?seconds=3&speed=max", "--coarse", coarse]) == 0
    assert shown == [fake_model.FAMILIES, {}]


def test_a_place_for_a_model_that_tells_none_is_one_line(walk: Path, capsys) -> None:
    assert main(["--model", "waist", "--source", f"replay:{walk}?speed=max", "--place", "pocket"]) == 2
    assert capsys.readouterr().err == "har-stream: waist: this model does not tell places; give no place\n"


def test_lost_samples_are_counted_and_reported(tmp_path: Path, capsys) -> None:
    recording = simulated_recording(0, 1500)
    path = tmp_path / "walk.csv"
    write_replay(recording, path)
    lines = path.read_text().splitlines()
    del lines[500:520]
    lines[700] = lines[700].replace(",", ",nan,", 1).rsplit(",", 2)[0] + ","
    path.write_text("\n".join(lines) + "\n" + lines[-1] + "\n")
    assert main(["--source", f"replay:{path}?speed=max"]) == 0
    assert "accelerometer: 1 invalid, 1 repeated, 1 gaps" in capsys.readouterr().err


def test_a_source_that_is_too_slow_is_reported(tmp_path: Path, capsys) -> None:
    recording = simulated_recording(0, 1500)
    path = tmp_path / "slow.csv"
    write_replay(recording, path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], *lines[1::4]]) + "\n")
    arguments = ["--source", f"replay:{path}?speed=max"]
    assert main(arguments) == 1
    why = "har-stream: no window: the accelerometer has 12.5 samples a second, and 20 are needed"
    assert capsys.readouterr().err.splitlines()[-1] == why
    assert main([*arguments, "--allow-empty"]) == 0
    assert capsys.readouterr().err.splitlines()[-1] == why


class LossySource:
    """A device of the test that has lost something, and whose readings stick and saturate."""

    def __init__(self) -> None:
        self.description = "a sensor of the test"
        self.report = SourceReport(units="acceleration in g (as told)", range="16 g")

    def __iter__(self) -> Iterator[SampleChunk]:
        recording = simulated_recording(0, 1500)
        recording.acc[200:300] = recording.acc[200]
        recording.gyro[400:420, 1] = 34.9
        times = recording.times_ns.copy()
        times[700:] -= 10**10
        self.report.lost["wrong checksum"] += 3
        self.report.reconnections = 1
        yield SampleChunk(times, recording.acc, recording.gyro)

    def close(self) -> None:
        """Nothing to let go of."""


def test_whatever_was_lost_or_looks_wrong_is_reported_at_the_end_and_in_json(monkeypatch, capsys) -> None:
    def open_lossy(uri: Uri) -> LossySource:
        return LossySource()

    monkeypatch.setitem(SOURCES, "lossy", open_lossy)
    assert main(["--source", "lossy:"]) == 0
    error = capsys.readouterr().err
    assert "accelerometer: 1 clock jumps, 100 stuck" in error
    assert "gyroscope: 1 clock jumps, 20 at full scale" in error
    assert "lost at the source: 3 x wrong checksum" in error
    assert "reconnections: 1" in error
    assert "units: acceleration in g (as told)" in error
    assert "range: 16 g" in error
    assert main(["--source", "lossy:", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["lost"], result["reconnections"]) == ({"wrong checksum": 3}, 1)
    assert (result["units"], result["range"]) == ("acceleration in g (as told)", "16 g")
    assert result["report"]["accelerometer"]["stuck"] == 100
    assert result["still"] is None


def test_the_live_view_shows_losses_only_if_there_are_any() -> None:
    source, recording = LossySource(), simulated_recording(0, 200)
    recognizer = Recognizer(load_model("waist"))
    info = StreamInfo(recognizer.model.card, source.description, source.report)

    def view() -> str:
        answer = recognizer.push(recording.times_ns, recording.acc, recording.gyro)[-1]
        console = Console(record=True, width=100, file=Path(os.devnull).open("w"))  # noqa: SIM115
        console.print(panel(info, answer))
        recognizer.reset()
        return " ".join(console.export_text().replace("│", " ").split())

    assert not any(word in view() for word in ("checksum", "reconnections", "clock jumps", "stuck", "full scale"))
    (chunk,) = source
    assert chunk.acc is not None and chunk.gyro is not None
    recording = replace(recording, times_ns=chunk.times_ns, acc=chunk.acc, gyro=chunk.gyro)
    assert "1 clock jumps, 100 stuck, 20 at full scale, 1 reconnections, 3 wrong checksum" in view()


def test_a_sensor_mounted_differently_gives_the_same_answers_with_its_axes(tmp_path: Path, capsys) -> None:
    recording = simulated_recording(0, 1500)
    mounted, flag = parse_axes("x=y,y=-x,z=z"), "x=-y,y=x,z=z"
    other = replace(recording, acc=mounted.turn(recording.acc), gyro=mounted.turn(recording.gyro))
    logs = []
    for name, entry, extra in (("plain", recording, []), ("mounted", other, ["--axes", flag])):
        write_replay(entry, tmp_path / f"{name}.csv")
        arguments = ["--source", f"replay:{tmp_path / name}.csv?speed=max", "--sink", "jsonl:-", *extra]
        assert main(arguments) == 0
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        logs.append([row["probabilities"] for row in rows])
    assert logs[0] == logs[1] != []


def rows_of(path: Path, model: Path | str, capsys) -> list[dict]:
    """The answers to a recording."""
    assert main(["--source", f"replay:{path}?speed=max", "--model", str(model), "--sink", "jsonl:-"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def without_columns(path: Path, kept: int) -> Path:
    """The same CSV file with its first columns only."""
    other = path.with_name("cut.csv")
    other.write_text("".join(",".join(line.split(",")[:kept]) + "\n" for line in path.read_text().splitlines()))
    return other


@pytest.mark.slow
def test_a_real_recording_without_its_gyroscope_is_answered_as_with_angular_rates_of_zero(
    hapt_recordings, optional_model: Path, tmp_path: Path, capsys
) -> None:
    recording = hapt_recordings[5]
    whole = tmp_path / "whole.csv"
    write_replay(replace(recording, gyro=np.zeros_like(recording.gyro), labels=None), whole)
    alone = rows_of(without_columns(whole, 4), optional_model, capsys)
    zeros = rows_of(whole, optional_model, capsys)
    assert len(alone) == len(zeros) > 500
    for one, other in zip(alone, zeros, strict=True):
        assert one["window_probabilities"] == other["window_probabilities"]
        assert (one["activity"], one["start_s"]) == (other["activity"], other["start_s"])


def test_har_stream_says_that_there_is_no_gyroscope(optional_model: Path, capsys) -> None:
    source = "simulated:?gyroscope=no&seconds=20&speed=max"
    assert main(["--source", source, "--model", str(optional_model), "--sink", "jsonl:-", "--still"]) == 0
    error = capsys.readouterr().err
    assert error.count("no gyroscope in it; the model forgiving answers by acceleration alone") == 1
    assert "still: no gyroscope, so there is no bias to remove" in error
    assert main(["--source", source, "--model", str(optional_model), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["gyroscope"], result["windows"]) == (False, 39)
    assert main(["--source", "simulated:?seconds=5&speed=max", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["gyroscope"]


@pytest.mark.parametrize("more", [[], ["--still"]])
def test_a_model_that_needs_a_gyroscope_is_refused_before_anything_else_happens(more, tmp_path: Path, capsys) -> None:
    log = tmp_path / "day.jsonl"
    source = "simulated:?gyroscope=no"
    assert main(["--model", "waist", "--source", source, "--sink", f"jsonl:{log}", *more]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("har-stream: simulated wearer (")
    assert "): no gyroscope in it, and the model waist wants both sensors: use " in line
    assert not log.exists()


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--still"]])
def test_a_board_that_turns_out_to_have_no_gyroscope_is_read_or_refused(more, optional_model: Path) -> None:
    pty, stop = Pty(), threading.Event()

    def ticks() -> Iterator[float]:
        for index in itertools.count():
            yield index / 50
            if stop.wait(0.002):
                return

    board = make_virtual_sensor("csv", gyroscope=False)
    thread = threading.Thread(target=lambda: [None for _ in serve(pty, board, ticks())])
    thread.start()
    command = [*HAR_STREAM, "--source", f"serial:{pty.path}?format=csv&baud=115200", "--sink", "jsonl:-"]
    try:
        refused = subprocess.run(
            [*command, "--model", "waist", *more], check=False, capture_output=True, text=True, timeout=60
        )
        with subprocess.Popen(
            [*command, "--model", str(optional_model)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            row = json.loads(process.stdout.readline())
            process.send_signal(signal.SIGTERM)
            process.stdout.read()
            error = process.stderr.read()
            assert process.wait() == 0
    finally:
        stop.set()
        thread.join()
        pty.close()
    assert refused.returncode == 2
    assert "baud): no gyroscope in it, and the model waist wants both sensors: use " in refused.stderr
    assert row["window_label"] in row["window_probabilities"]
    assert "no gyroscope in it; the model forgiving answers by acceleration alone" in error


@pytest.fixture
def standing(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """Twenty seconds of somebody standing, and what the gyroscope reads on average."""
    recording = simulated_recording(0, 1500)
    assert recording.labels is not None
    upright = np.flatnonzero(recording.labels == "standing")
    index = np.resize(upright, 1000)
    times = np.arange(1000) * 20_000_000
    gyro = recording.gyro[index] + [0.2, -0.1, 0.05]
    path = tmp_path / "standing.csv"
    write_replay(replace(recording, times_ns=times, acc=recording.acc[index], gyro=gyro, labels=None), path)
    return path, gyro.mean(axis=0)


def test_standing_still_first_removes_the_bias_and_checks_the_sensor(standing, capsys) -> None:
    path, bias = standing
    source = f"replay:{path}?speed=max"
    assert main(["--source", source, "--still", "--json"]) == 0
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert result["still"]["gyro_bias"] == pytest.approx(bias.tolist(), abs=0.02)
    assert result["still"]["magnitude"] == pytest.approx(9.81, rel=0.05)
    assert result["still"]["placement"]["up"] == "+x"
    assert result["still"]["placement"]["suggestions"] == []
    assert 0 < result["windows"] < 31
    assert "Stand still for 5 seconds" in err
    assert f"gyroscope bias {np.degrees(result['still']['gyro_bias'][0]):+.2f}" in err
    assert "up is the sensor's +x" in err


def test_somebody_who_walks_is_asked_to_stand_still(walk: Path, tmp_path: Path, capsys) -> None:
    recording = simulated_recording(0, 4000)
    assert recording.labels is not None
    begin = int(np.flatnonzero(recording.labels == "walking")[0])
    part = slice(begin, begin + 400)
    write_replay(
        replace(
            recording,
            times_ns=recording.times_ns[part],
            acc=recording.acc[part],
            gyro=recording.gyro[part],
            labels=None,
        ),
        walk,
    )
    assert main(["--source", f"replay:{walk}?speed=max", "--still"]) == 2
    assert "har-stream: --still: the sensor moved" in capsys.readouterr().err


@pytest.mark.usefixtures("ctrl_c")
def test_stopped_while_standing_still_it_stops() -> None:
    arguments = ["--source", "simulated:?speed=0.01", "--still"]
    with subprocess.Popen([*HAR_STREAM, *arguments], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("Stand still")
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "har-stream: stopped\n"
        assert process.wait() == 130


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--demo", "--axes", "x=y,y=x,z=z"], "this is a mirror image, which no mounting makes"),
        (["--demo", "--axes", "x=y"], "each of x, y and z must be given once"),
        ([], "nothing to read: give --source URI, or --demo"),
        (["--source", "replay:absent.csv"], "absent.csv: cannot be read"),
        (["--demo", "--model", "absent.tflite"], "absent.tflite: no such model"),
        (["--demo", "--sink", "telegram:me"], "unknown sink 'telegram:'; known: terminal:, jsonl:, csv:, mqtt:"),
        (["--demo", "--sink", "jsonl:"], "jsonl: needs a file"),
        (["--demo", "--sink", "jsonl:absent/day.jsonl"], "jsonl:absent/day.jsonl: cannot be written"),
        (["--demo", "--sink", "terminal:here"], "terminal: takes no target"),
        (["--source", "simulated:x"], "simulated: takes no target, not 'x'"),
        (["--source", "simulated:?seconds=nan"], "simulated: option seconds=nan is not valid (must be 1 to 100000000)"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments, message, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("har-stream: ")
    assert message in last
    assert not list(tmp_path.iterdir())


def test_har_stream_imports_no_heavy_library() -> None:
    script = "import sys, har_runtime.cli.stream; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "tensorflow", "scipy", "pandas", "lightning", "matplotlib"} & set(loaded)


def test_streaming_imports_no_heavy_library(walk: Path) -> None:
    script = (
        "import sys; from har_runtime.cli.stream import main; "
        f"main(['--source', 'replay:{walk}?speed=max']); print(*{{name.split('.')[0] for name in sys.modules}})"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "ai_edge_litert" in loaded
    assert not {"torch", "tensorflow", "scipy", "pandas"} & set(loaded)


def test_a_run_imports_no_other_command_and_no_large_library_that_it_does_not_need(tmp_path: Path) -> None:
    script = (
        "import sys; from har_runtime.cli.stream import main; "
        f"main(['--source', 'simulated:?seconds=5&speed=max', '--sink', 'jsonl:{tmp_path}/day.jsonl']); "
        "print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "har_runtime.cli.run" in loaded
    others = {f"har_runtime.cli.{name}" for name in ("doctor", "personalise", "record", "report", "simulate")}
    assert not {"numpy.ma", *others} & set(loaded)
