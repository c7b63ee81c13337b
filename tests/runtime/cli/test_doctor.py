"""har-stream doctor: it says what is well and how to fix the rest, and never hangs or fails itself."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from har_runtime.cli import doctor, source_check
from har_runtime.cli.source_check import Finding, source_findings
from har_runtime.cli.stream import main
from har_runtime.contract import PERIOD_NS
from har_runtime.errors import SourceError
from har_runtime.model.card import ModelCard
from har_runtime.model.load import load_model
from har_runtime.samples import SampleChunk
from har_runtime.sources import SOURCES
from har_runtime.sources.base import SourceReport
from har_runtime.uri import Uri


class FakeSource:
    """Chunks at hand, or whatever `chunks` does."""

    def __init__(self, chunks: Callable[[], Iterator[SampleChunk]]):
        self.description = "a sensor of the test"
        self.report = SourceReport(units="acceleration in g (as told)")
        self.closed = False
        self._chunks = chunks

    def __iter__(self) -> Iterator[SampleChunk]:
        return self._chunks()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def watched(monkeypatch) -> Callable[..., list[Finding]]:
    """Findings on a fake source."""
    monkeypatch.setattr(source_check, "EXTRA_S", 0.3)
    monkeypatch.setattr(source_check, "UNTIMED", ("fake",))

    def watch(
        chunks: Callable[[], Iterator[SampleChunk]],
        lost: dict[str, int] | None = None,
        card: ModelCard | None = None,
        gyroscope: bool = True,
    ) -> list[Finding]:
        source = FakeSource(chunks)
        source.report.gyroscope = gyroscope
        source.report.lost.update(lost or {})

        def open_fake(uri: Uri) -> FakeSource:
            return source

        monkeypatch.setitem(SOURCES, "fake", open_fake)
        findings = source_findings("fake:", 0.1, card)
        assert source.closed
        return findings

    return watch


def device(count=500, period_ns=PERIOD_NS, acc=None, gyro=None, times=None) -> Callable[[], Iterator[SampleChunk]]:
    rng = np.random.default_rng(0)
    t = np.arange(count) * period_ns if times is None else times
    a = np.array([0, 0, 9.81]) + 0.1 * rng.normal(size=(count, 3)) if acc is None else acc
    g = 0.1 * rng.normal(size=(count, 3)) if gyro is None else gyro
    return lambda: iter([SampleChunk(t[i : i + 50], a[i : i + 50], g[i : i + 50]) for i in range(0, count, 50)])


def fixes(findings: list[Finding]) -> list[str]:
    return [f"{finding.subject}: {finding.found}" for finding in findings if finding.state == "fix"]


def test_all_is_well_here_and_with_a_wearer(capsys) -> None:
    assert main(["doctor", "--source", "simulated:?speed=max&seconds=60"]) == 0
    out, err = capsys.readouterr()
    for subject in ("Python", "numpy", "ai-edge-litert", "pyserial", "model", "disk", "accelerometer"):
        assert f"\nok   {subject}" in "\n" + out
    assert "50.0 Hz, jitter 0.0 ms, longest pause 20 ms, 3000 samples" in out
    assert out.endswith("all is well\n")
    assert "watching simulated:" in err


def test_something_to_fix_gives_exit_code_1_and_advice(tmp_path: Path, capsys) -> None:
    missing = tmp_path / "ttyUSB7"
    assert main(["doctor", "--source", f"serial:{missing}", "--model", "absent.tflite", "--json"]) == 1
    result = json.loads(capsys.readouterr().out)
    assert not result["well"]
    rows = {row["subject"]: row for row in result["findings"] if row["state"] == "fix"}
    assert set(rows) == {"model", "serial port", "source"}
    assert "absent.tflite: no such model" in rows["model"]["found"]
    assert rows["serial port"]["advice"] == "har-stream devices lists the ports"


def test_a_real_virtual_sensor_on_a_port_is_measured(capsys) -> None:
    from har_runtime.sources.serial_port.virtual_sensor import Pty, make_virtual_sensor, serve

    pty, stop = Pty(), threading.Event()

    def ticks() -> Iterator[float]:
        now_s = 0.0
        while not stop.wait(0.02):
            now_s += 0.02
            yield now_s

    thread = threading.Thread(target=lambda: [None for _ in serve(pty, make_virtual_sensor("witmotion", 100), ticks())])
    thread.start()
    try:
        source = f"serial:{pty.path}?format=witmotion&baud=115200&rate=100"
        main(["doctor", "--source", source, "--seconds", "1", "--json"])
    finally:
        stop.set()
        thread.join()
        pty.close()
    findings = {row["subject"]: row for row in json.loads(capsys.readouterr().out)["findings"]}
    assert findings["serial port"]["state"] == "ok"
    assert findings["units"]["found"].startswith("acceleration in g, angular rate in deg/s")
    assert findings["accelerometer"]["found"].startswith("100.0 Hz")
    assert findings["gravity"]["state"] == "ok"


def test_a_wrong_number_of_seconds_is_refused(capsys) -> None:
    assert main(["doctor", "--seconds", "0"]) == 2
    assert "har-stream doctor: --seconds 0: give 1 to 3600" in capsys.readouterr().err


def test_a_port_without_permission_names_the_group_to_join(tmp_path: Path) -> None:
    port = tmp_path / "ttyUSB0"
    port.touch()
    assert doctor.port_finding(port).state == "ok"
    finding = doctor.port_finding(port, access=lambda path, mode: False)
    assert finding.state == "fix"
    assert finding.advice == f"sudo usermod -aG {port.group()} $USER, then log out and in again"


@pytest.mark.parametrize(("running", "state"), [((3, 10), "fix"), ((3, 11), "ok"), ((3, 13), "ok"), ((3, 14), "fix")])
def test_pythons_without_wheels_are_named(running: tuple[int, int], state: str) -> None:
    assert doctor.python_finding(running).state == state


def test_a_library_that_is_missing_is_named_with_the_command_that_installs_it(monkeypatch) -> None:
    monkeypatch.setattr(doctor, "INTERPRETERS", ("no_such_interpreter.interpreter",))
    (finding,) = [finding for finding in doctor.library_findings() if finding.state == "fix"]
    assert (finding.subject, finding.advice) == ("LiteRT", "pip install ai-edge-litert")


@pytest.mark.parametrize(
    ("governor", "driver", "states"),
    [
        ("powersave", "cpufreq-dt", ["note"]),
        ("powersave", "intel_pstate", ["ok"]),
        ("ondemand", "cpufreq-dt", ["ok"]),
        (None, None, []),
    ],
)
def test_a_processor_held_at_its_lowest_speed_is_noted(governor, driver, states, tmp_path: Path) -> None:
    if governor is not None:
        (tmp_path / "scaling_governor").write_text(governor + "\n")
        (tmp_path / "scaling_driver").write_text(driver + "\n")
    assert [finding.state for finding in doctor.governor_findings(tmp_path / "scaling_governor")] == states


def test_a_clock_that_the_network_does_not_set_is_a_note_and_a_coarse_one_a_fix(monkeypatch) -> None:
    for known, state in ((True, "ok"), (False, "note"), (None, "ok")):
        monkeypatch.setattr(doctor, "clock_synchronised", lambda known=known: known)
        assert doctor.clock_finding().state == state
    monkeypatch.setattr(doctor, "COARSE_CLOCK_S", 0.0)
    assert doctor.clock_finding().state == "fix"


def test_the_kernel_is_asked_whether_its_clock_is_set() -> None:
    assert doctor.clock_synchronised() in (True, False, None)


def test_a_full_disk_is_named(monkeypatch, tmp_path: Path) -> None:
    assert doctor.disk_finding(tmp_path).state == "ok"
    monkeypatch.setattr(doctor, "ENOUGH_DISK", 2**62)
    assert doctor.disk_finding(tmp_path).state == "fix"


def test_a_model_too_slow_for_real_time_is_named(monkeypatch) -> None:
    finding, card = doctor.model_finding("waist")
    assert finding.state == "ok"
    assert card is not None and card.name == "waist"
    monkeypatch.setattr(doctor, "HOP_S", 0)
    assert doctor.model_finding("waist")[0].advice == "too slow for real time: use an int8 model"


def test_a_good_sensor_has_nothing_to_fix(watched) -> None:
    findings = watched(device())
    assert fixes(findings) == []
    assert ("units", "acceleration in g (as told)") in [(finding.subject, finding.found) for finding in findings]


def test_what_is_wrong_with_a_sensor_is_reported_with_its_numbers(watched) -> None:
    rng = np.random.default_rng(0)
    assert "accelerometer: 12.5 Hz" in fixes(watched(device(period_ns=80_000_000)))[0]
    gap = np.arange(500) * PERIOD_NS + np.where(np.arange(500) > 200, 10**9, 0)
    assert "gyroscope: 1 gaps over 0.1 s" in fixes(watched(device(times=gap)))
    back = np.arange(500) * PERIOD_NS - np.where(np.arange(500) > 200, 10**10, 0)
    assert "accelerometer: its clock was set back 1 times" in fixes(watched(device(times=back)))
    uneven = np.sort(rng.integers(0, 500 * PERIOD_NS, 500))
    assert any(
        finding.state == "note" and "even times would be better" in str(finding.advice)
        for finding in watched(device(times=uneven))
    )
    weak = fixes(watched(device(acc=np.full((500, 3), 0.1))))[-1]
    assert weak.startswith("signal: acceleration is about 0.1732 at rest, which is gravity in no usual unit")
    degrees = np.degrees(np.tile([0.02, -0.04, 0.01], (500, 1)))
    wrong = fixes(watched(device(gyro=degrees)))[-1]
    assert wrong.startswith("signal: angular rates are about 2.63 while acceleration is at rest")
    holes = 0.1 * rng.normal(size=(500, 3))
    holes[::20] = np.nan
    assert fixes(watched(device(gyro=holes)))[0] == "gyroscope: samples dropped: 25 invalid"
    clipped = np.array([0, 0, 9.81]) + 0.1 * rng.normal(size=(500, 3))
    clipped[100:110, 0] = 19.6
    assert fixes(watched(device(acc=clipped))) == ["accelerometer: 10 readings at the end of its range"]
    stuck = np.tile([0.0, 0.0, 0.1], (500, 1))
    assert any("500 samples stayed the same" in finding.found for finding in watched(device(gyro=stuck)))


def test_a_sensor_that_is_missing_is_named(watched) -> None:
    chunk = next(device()())
    alone = SampleChunk(chunk.times_ns, chunk.acc, None)
    assert fixes(watched(lambda: iter([alone]))) == ["gyroscope: no samples"]


def test_a_sensor_without_a_gyroscope_is_to_be_fixed_only_for_a_model_that_needs_one(watched, optional_model) -> None:
    def watch(card: ModelCard | None) -> list[Finding]:
        (chunk,) = device(50)()
        return watched(lambda: iter([chunk.without_gyroscope()]), card=card, gyroscope=False)

    forgiving, waist = watch(load_model(optional_model).card), watch(load_model("waist").card)
    assert fixes(forgiving) == []
    assert fixes(waist) == ["gyroscope: none"]
    (note,) = [finding for finding in forgiving if finding.subject == "gyroscope"]
    assert (note.state, note.found) == ("note", "none; the model forgiving answers by acceleration alone")
    (fix,) = [finding for finding in waist if finding.subject == "gyroscope"]
    assert "the sensor: no gyroscope in it, and the model waist wants both sensors: use " in str(fix.advice)
    assert fixes(watch(None)) == []
    for findings in (forgiving, waist):
        assert [finding.found.split(",")[0] for finding in findings if finding.subject == "accelerometer"] == [
            "50.0 Hz"
        ]


def test_losses_at_the_source_are_reported_and_need_fixing_if_there_are_many(watched) -> None:
    findings = watched(device(), lost={"wrong checksum": 2, "stray bytes": 90})
    states = {finding.found.split(",")[0]: finding.state for finding in findings if finding.subject == "losses"}
    assert states == {"2 x wrong checksum": "note", "90 x stray bytes": "fix"}


def test_a_source_that_is_silent_or_fails_is_only_a_finding(watched) -> None:
    release = threading.Event()

    def silent() -> Iterator[SampleChunk]:
        release.wait()
        return iter([])

    def fails() -> Iterator[SampleChunk]:
        raise SourceError("unplugged; plug it in again")

    def falls_over() -> Iterator[SampleChunk]:
        raise ZeroDivisionError

    assert fixes(watched(silent)) == ["samples: none arrived in 0 s"]
    release.set()
    assert fixes(watched(fails)) == ["source: unplugged; plug it in again"]
    assert fixes(watched(falls_over)) == ["source: ZeroDivisionError"]


def test_a_sensor_clock_in_another_unit_is_found_by_the_computer_s(watched, monkeypatch) -> None:
    monkeypatch.setattr(source_check, "UNTIMED", ())
    moments = iter(np.arange(100) * 1.0)
    monkeypatch.setattr(source_check.time, "monotonic", lambda: float(next(moments)))
    thousandfold = [
        SampleChunk(chunk.times_ns * 1000, chunk.acc, chunk.gyro) for chunk in device(count=1000, period_ns=10**6)()
    ]
    assert any("s to the computer's second" in text for text in fixes(watched(lambda: iter(thousandfold))))
