"""Watching a source for some seconds: its true rate, jitter, gaps, losses and units, and what to do about each."""

import threading
import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import MAX_GAP_NS, MIN_RATE_HZ
from har_runtime.errors import HarError
from har_runtime.signal.report import SensorReport
from har_runtime.signal.resample import Resampler
from har_runtime.signal.units import rest_magnitude, unit_problem
from har_runtime.sources import Source, open_source
from har_runtime.uri import parse_uri

PATIENCE_S = 10.0
"""A source may take so much longer: to be set up, and for the units to be found out."""
MOST_SAMPLES = 200_000
UNEVEN = 0.3
"""Standard deviation of the time between samples, as a fraction of it, from which on it is worth a word."""
WORTH_A_WORD = 0.01
"""Part of the samples that may be lost before something needs doing."""
CLOCK_RATIO = (0.8, 1.25)
"""Sensor time over the computer's, in some seconds, of a clock that runs in the unit it is taken for."""
UNTIMED = ("replay", "simulated")
"""Sources whose time is not that of the computer."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    state: Literal["ok", "note", "fix"]
    """Whether it is well, is worth knowing, or needs doing something about."""
    found: str
    advice: str | None = None
    """What to do."""


@dataclass(frozen=True)
class Rhythm:
    """The times of one sensor's samples."""

    rate_hz: float
    """Over all, gaps left out."""
    jitter_ms: float
    """Standard deviation of the time between samples, gaps left out."""
    longest_ms: float
    """Longest time between two samples."""


def rhythm(times_ns: NDArray[np.int64]) -> Rhythm | None:
    """Of times as they came, shape (n,); None for fewer than two that go forward.

    >>> rhythm(np.array([0, 20, 40, 60, 400, 420]) * 1_000_000)
    Rhythm(rate_hz=50.0, jitter_ms=0.0, longest_ms=340.0)
    """
    steps = np.diff(times_ns)
    steps = steps[steps > 0]
    even = steps[steps <= MAX_GAP_NS]
    if not len(even):
        return None
    return Rhythm(float(1e9 / even.mean()), float(even.std() / 1e6), float(steps.max() / 1e6))


class _Watch(threading.Thread):
    """Reads a source beside the program, which goes on where no sample comes."""

    def __init__(self, source: Source, seconds: float):
        super().__init__(daemon=True)
        self._source, self._seconds = source, seconds
        self.resampler = Resampler()
        self.times: dict[str, list[NDArray[np.int64]]] = {"accelerometer": [], "gyroscope": []}
        self.acc: list[NDArray[np.float64]] = []
        self.took_s = 0.0
        """From the first samples to the last."""
        self.error: Exception | None = None

    def run(self) -> None:
        start: float | None = None
        samples = 0
        try:
            for chunk in self._source:
                now = time.monotonic()
                start = now if start is None else start
                self.took_s = now - start
                self.resampler.push(chunk.times_ns, chunk.acc, chunk.gyro)
                if chunk.acc is not None:
                    self.times["accelerometer"].append(chunk.times_ns)
                    self.acc.append(chunk.acc)
                if chunk.gyro is not None:
                    self.times["gyroscope"].append(chunk.times_ns)
                samples += len(chunk.times_ns)
                if self.took_s >= self._seconds or samples >= MOST_SAMPLES:
                    break
            self.resampler.finish()
        except Exception as error:  # Whatever a source does, the doctor says it and goes on.
            self.error = error


def source_findings(text: str, seconds: float) -> list[Finding]:
    """Open a source by its URI, watch it for `seconds`, and say what was seen."""
    try:
        source = open_source(text)
    except HarError as error:
        return [Finding("source", "fix", str(error))]
    watch = _Watch(source, seconds)
    try:
        watch.start()
        watch.join(seconds + PATIENCE_S)
        silent = watch.is_alive() and not any(watch.times.values())
    finally:
        source.close()
    findings = [Finding("source", "ok", source.description)]
    if watch.error is not None:
        return [*findings, Finding("source", "fix", str(watch.error) or type(watch.error).__name__)]
    if silent or not any(watch.times.values()):
        advice = "is the sensor switched on, connected and set to send?"
        return [*findings, Finding("samples", "fix", f"none came in {seconds + PATIENCE_S:.0f} s", advice)]
    if source.report.units:
        findings.append(Finding("units", "ok", source.report.units))
    report = watch.resampler.report
    for name, sensor in (("accelerometer", report.accelerometer), ("gyroscope", report.gyroscope)):
        findings += sensor_findings(name, watch.times[name], sensor)
    findings += _gravity(watch.acc)
    if parse_uri(text).kind not in UNTIMED:
        findings += _clock(watch.times["accelerometer"], watch.took_s)
    received = max(report.accelerometer.received, report.gyroscope.received)
    for why, count in source.report.lost.items():
        state = "fix" if count > WORTH_A_WORD * received else "note"
        advice = "a slower rate, a higher baud rate, a shorter cable or a better radio link" if state == "fix" else None
        findings.append(Finding("losses", state, f"{count} x {why}, beside {received} samples", advice))
    return findings


def sensor_findings(name: str, times: list[NDArray[np.int64]], report: SensorReport) -> list[Finding]:
    """Rate, jitter, gaps and losses of one sensor."""
    if not times:
        return [Finding(name, "fix", "no sample of it", "turn it on in the sensor or the app: a model needs both")]
    seen = rhythm(np.concatenate(times))
    if seen is None:
        return [Finding(name, "fix", f"{report.received} samples, none within 0.1 s of another", _faster())]
    text = (
        f"{seen.rate_hz:.1f} Hz, jitter {seen.jitter_ms:.1f} ms, longest pause {seen.longest_ms:.0f} ms, "
        f"{report.received} samples"
    )
    findings: list[Finding] = []
    if seen.rate_hz < MIN_RATE_HZ:
        findings.append(Finding(name, "fix", text, _faster()))
    elif seen.jitter_ms > UNEVEN * 1000 / seen.rate_hz:
        advice = "times that are even would serve better: let the sensor send its own time, if it can"
        findings.append(Finding(name, "note", text, advice))
    else:
        findings.append(Finding(name, "ok", text))
    if report.gaps:
        advice = "nothing is answered across a gap: look at the cable or the radio link, the baud rate, the power"
        findings.append(Finding(name, "fix", f"{report.gaps} gaps over 0.1 s", advice))
    if report.clock_jumps:
        findings.append(Finding(name, "fix", f"its clock was set back {report.clock_jumps} times", "does it restart?"))
    bad = report.dropped - report.unpaired
    if bad:
        state = "fix" if bad > WORTH_A_WORD * report.received else "note"
        counts = report.named_counts()
        names = ("not finite", "repeated", "out of order", "stray")
        text = "samples dropped: " + ", ".join(f"{counts[name]} {name}" for name in names if counts[name])
        advice = "times must go forward, and each line hold a whole sample" if state == "fix" else None
        findings.append(Finding(name, state, text, advice))
    if report.stuck:
        advice = "no real sensor reads the same for a second, unless it is a coarse one at rest: move it and try again"
        findings.append(Finding(name, "note", f"{report.stuck} samples stayed the same", advice))
    if report.full_scale:
        advice = "set a larger range in the sensor"
        findings.append(Finding(name, "fix", f"{report.full_scale} readings at the end of its range", advice))
    return findings


def _faster() -> str:
    return f"set it to 50 or 100 Hz: {MIN_RATE_HZ} Hz is the least"


def _gravity(acc: list[NDArray[np.float64]]) -> list[Finding]:
    magnitude = rest_magnitude(np.concatenate(acc)) if acc else None
    if magnitude is None:
        return []
    if problem := unit_problem(magnitude):
        return [Finding("gravity", "fix", problem, "correct the unit, and do not use linear acceleration")]
    return [Finding("gravity", "ok", f"reads {magnitude:.2f} m/s^2")]


def _clock(times: list[NDArray[np.int64]], took_s: float) -> list[Finding]:
    if len(times) < 2 or took_s < 1:
        return []
    # From the end of the first piece to that of the last, as `took_s` is.
    ratio = float(times[-1][-1] - times[0][-1]) / 1e9 / took_s
    if CLOCK_RATIO[0] <= ratio <= CLOCK_RATIO[1]:
        return [Finding("sensor clock", "ok", f"{ratio:.2f} s to the computer's second")]
    advice = "is the unit of its time column right?"
    return [Finding("sensor clock", "fix", f"{ratio:.3g} s to the computer's second", advice)]
