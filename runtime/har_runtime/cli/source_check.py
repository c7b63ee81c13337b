"""Watches a source for some seconds: its true rate, jitter, gaps, losses and units, and what to do about each."""

import threading
import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import MAX_GAP_NS, MIN_RATE_HZ
from har_runtime.errors import HarError, ModelError
from har_runtime.model.card import ModelCard
from har_runtime.model.load import check_gyroscope
from har_runtime.signal.checks import Problem
from har_runtime.signal.report import SensorReport
from har_runtime.signal.resample import Resampler
from har_runtime.signal.units import rest_magnitude, unit_problem
from har_runtime.sources import Source, open_source
from har_runtime.sources.checked import SignalCheck
from har_runtime.uri import parse_uri

EXTRA_S = 10.0
"""Additional time for a source to be set up and its units to be found."""
MAX_SAMPLES = 200_000
UNEVEN = 0.3
"""Standard deviation of the time between samples over its mean; more is noted."""
TOLERABLE_LOSS = 0.01
"""Share of the samples that may be lost before it needs fixing."""
CLOCK_RATIO = (0.8, 1.25)
"""Limits of the sensor's time over the computer's; outside, the unit of the sensor's time is wrong."""
UNTIMED = ("replay", "simulated")
"""Sources whose time does not pass like the computer's."""


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    subject: str
    state: Literal["ok", "note", "fix"]
    """Well, worth knowing, or to be fixed."""
    found: str
    advice: str | None = None
    """What to do."""


@dataclass(frozen=True)
class Rhythm:
    """The times of one sensor's samples."""

    rate_hz: float
    """Without the gaps."""
    jitter_ms: float
    """Standard deviation of the time between samples, without the gaps."""
    longest_ms: float
    """Longest time between two samples."""


def rhythm(times_ns: NDArray[np.int64]) -> Rhythm | None:
    """The rhythm of times in their order of arrival, shape (n,); None if no two neighbours are within 0.1 s.

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
    """Reads a source in a thread of its own, so that a silent source does not block the program."""

    def __init__(self, source: Source, seconds: float):
        super().__init__(daemon=True)
        self._source, self._seconds = source, seconds
        self.resampler: Resampler | None = None
        """None until the first samples have arrived."""
        self.times: dict[str, list[NDArray[np.int64]]] = {"accelerometer": [], "gyroscope": []}
        self.check: SignalCheck | None = None
        """None until the first samples have arrived."""
        self.problem: Problem | None = None
        """What is wrong with units, gravity or axes, once that is clear."""
        self.acc: list[NDArray[np.float64]] = []
        self.duration_s = 0.0
        """Time from the first samples to the last."""
        self.error: Exception | None = None

    def run(self) -> None:
        start: float | None = None
        samples = 0
        try:
            for chunk in self._source:
                self.resampler = self.resampler or Resampler(gyroscope=self._source.report.gyroscope)
                now = time.monotonic()
                start = now if start is None else start
                self.duration_s = now - start
                self.resampler.push(chunk.times_ns, chunk.acc, chunk.gyro)
                if chunk.acc is not None:
                    self.times["accelerometer"].append(chunk.times_ns)
                    self.acc.append(chunk.acc)
                if chunk.gyro is not None:
                    self.times["gyroscope"].append(chunk.times_ns)
                report = self._source.report
                self.check = self.check or SignalCheck(report.takes_units, report.gyroscope)
                self.problem = self.problem or self.check.push(chunk)
                samples += len(chunk.times_ns)
                if self.duration_s >= self._seconds or samples >= MAX_SAMPLES:
                    break
            if self.resampler is not None:
                self.resampler.finish()
                self.problem = self.problem or (self.check and self.check.finish())
        except Exception as error:  # The doctor reports any failure of a source and continues.
            self.error = error


def source_findings(text: str, seconds: float, card: ModelCard | None = None) -> list[Finding]:
    """Open a source by its URI, watch it for `seconds`, and return the findings.

    Args:
        card: of the model that is to be used; None if that is unknown.
    """
    try:
        source = open_source(text)
    except HarError as error:
        return [Finding("source", "fix", str(error))]
    watch = _Watch(source, seconds)
    try:
        watch.start()
        watch.join(seconds + EXTRA_S)
        silent = watch.is_alive() and not any(watch.times.values())
    finally:
        source.close()
    findings = [Finding("source", "ok", source.description)]
    if watch.error is not None:
        return [*findings, Finding("source", "fix", str(watch.error) or type(watch.error).__name__)]
    if silent or watch.resampler is None:
        advice = "is the sensor switched on, connected and set to send?"
        return [*findings, Finding("samples", "fix", f"none arrived in {seconds + EXTRA_S:.0f} s", advice)]
    if source.report.units:
        findings.append(Finding("units", "ok", source.report.units))
    report = watch.resampler.report
    findings += sensor_findings("accelerometer", watch.times["accelerometer"], report.accelerometer)
    if source.report.gyroscope:
        findings += sensor_findings("gyroscope", watch.times["gyroscope"], report.gyroscope)
    else:
        findings.append(no_gyroscope_finding(card))
    findings += _signal(watch)
    if parse_uri(text).kind not in UNTIMED:
        findings += _clock(watch.times["accelerometer"], watch.duration_s)
    received = max(report.accelerometer.received, report.gyroscope.received)
    for why, count in source.report.lost.items():
        state = "fix" if count > TOLERABLE_LOSS * received else "note"
        advice = "a slower rate, a higher baud rate, a shorter cable or a better radio link" if state == "fix" else None
        findings.append(Finding("losses", state, f"{count} x {why}, beside {received} samples", advice))
    return findings


def sensor_findings(name: str, times: list[NDArray[np.int64]], report: SensorReport) -> list[Finding]:
    """Rate, jitter, gaps and losses of one sensor."""
    if not times:
        return [Finding(name, "fix", "no samples", "turn it on in the sensor or the app")]
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
        advice = "even times would be better: let the sensor send its own time, if it can"
        findings.append(Finding(name, "note", text, advice))
    else:
        findings.append(Finding(name, "ok", text))
    if report.gaps:
        advice = "there are no answers across a gap: check the cable or the radio link, the baud rate, the power"
        findings.append(Finding(name, "fix", f"{report.gaps} gaps over 0.1 s", advice))
    if report.clock_jumps:
        findings.append(Finding(name, "fix", f"its clock was set back {report.clock_jumps} times", "does it restart?"))
    bad = report.dropped - report.unpaired
    if bad:
        state = "fix" if bad > TOLERABLE_LOSS * report.received else "note"
        counts = report.named_counts()
        names = ("invalid", "repeated", "out of order", "stray")
        text = "samples dropped: " + ", ".join(f"{counts[name]} {name}" for name in names if counts[name])
        advice = "times must increase, and each line must have a whole sample" if state == "fix" else None
        findings.append(Finding(name, state, text, advice))
    if report.stuck:
        advice = "only a coarse sensor at rest reads the same value for a second: move it and try again"
        findings.append(Finding(name, "note", f"{report.stuck} samples stayed the same", advice))
    if report.full_scale:
        advice = "set a larger range in the sensor"
        findings.append(Finding(name, "fix", f"{report.full_scale} readings at the end of its range", advice))
    return findings


def no_gyroscope_finding(card: ModelCard | None) -> Finding:
    """Whether a model does without a gyroscope."""
    if card is None:
        return Finding("gyroscope", "note", "none", "choose a model whose card says that it is optional")
    try:
        check_gyroscope(card, False, "the sensor")
    except ModelError as error:
        return Finding("gyroscope", "fix", "none", str(error))
    return Finding("gyroscope", "note", f"none; the model {card.name} answers by acceleration alone")


def _faster() -> str:
    return f"set it to 50 or 100 Hz: at least {MIN_RATE_HZ} Hz are needed"


def _signal(watch: _Watch) -> list[Finding]:
    """Units, gravity, and whether the axes of both sensors belong together."""
    if problem := watch.problem or (watch.check and watch.check.doubt):
        return [Finding("signal", "fix", problem.seen, problem.advice)]
    magnitude = rest_magnitude(np.concatenate(watch.acc)) if watch.acc else None
    if magnitude is None:
        return []
    if problem := unit_problem(magnitude):
        return [Finding("gravity", "fix", problem, "correct the unit, and do not use linear acceleration")]
    return [Finding("gravity", "ok", f"reads {magnitude:.2f} m/s^2")]


def _clock(times: list[NDArray[np.int64]], duration_s: float) -> list[Finding]:
    if len(times) < 2 or duration_s < 1:
        return []
    # From the end of the first chunk to that of the last, like `duration_s`.
    ratio = float(times[-1][-1] - times[0][-1]) / 1e9 / duration_s
    if CLOCK_RATIO[0] <= ratio <= CLOCK_RATIO[1]:
        return [Finding("sensor clock", "ok", f"{ratio:.2f} s to the computer's second")]
    advice = "is the unit of its time column right?"
    return [Finding("sensor clock", "fix", f"{ratio:.3g} s to the computer's second", advice)]
