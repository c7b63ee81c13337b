"""`replay:FILE?speed=N` - a recording, at N times real time (`speed=max`: without waiting).

A file, or a folder or zip with one for each sensor: text tables of any delimiter, Parquet, and logs of WitMotion's
frames. Columns, units and clock are found by their names and by what they hold (SOURCES.md, "Recordings"); options say
what cannot be found: columns=, unit=, gyro=, time=, rate=, sign=, labels=. An empty cell is a lost sample. A row may
hold one sensor only, with empty cells for the other, since phones record two sensors at different times. If the
gyroscope's columns are missing or empty throughout, the sensor has no gyroscope.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from har_runtime.contract import MIN_RATE_HZ, SAMPLE_RATE_HZ
from har_runtime.errors import DataError, SourceError
from har_runtime.median import median
from har_runtime.samples import SampleChunk
from har_runtime.signal.checks import Units, acceleration_problem, choose_units
from har_runtime.signal.evidence import Evidence
from har_runtime.signal.unit_search import (
    Found,
    find_acceleration_unit,
    find_angular_rate_unit,
    has_gravity,
    stated_unit,
)
from har_runtime.signal.units import SIGNS, acceleration_unit, angular_rate_unit
from har_runtime.sources.base import Pace, SourceReport
from har_runtime.sources.replay.annotations import Annotations, annotations_of
from har_runtime.sources.replay.fields import TAKEN, Fields
from har_runtime.sources.replay.labels import Labels
from har_runtime.sources.replay.options import NAMES, ReadOptions, read_options
from har_runtime.sources.replay.recordings import LINEAR_MESSAGE, SENSOR_LOGGER, OpenRecording, open_recording
from har_runtime.text import clean
from har_runtime.uri import Uri, speed_option

CHUNK_ROWS = 2048
"""Rows read at a time."""
EVIDENCE_ROWS = 60 * SAMPLE_RATE_HZ
"""The units are judged by this many rows at the beginning."""
MAX_ANGULAR_RATE = 70.0
"""rad/s; twice the usual full scale of gyroscopes, 2000 deg/s. No larger value is in rad/s."""
TOO_SLOW_HZ: Final = 0.5 * MIN_RATE_HZ
"""Of a recording of fewer samples a second often not even the units can be found."""
MIN_FAST = 5
FAST_SHARE = 0.02
"""So many readings, and such a share of those read at a time, must be larger."""
ASSUMED_SIGN: Final = "Android's sign assumed, as samples do not show it (for Apple's: sign=apple)"
"""A reversal of all three axes of acceleration is the wearer's mirror image: see `signal.evidence`."""
DEFAULTS: Final = ReadOptions()


def open_replay(uri: Uri) -> "Replay":
    """The source of a `replay:` URI."""
    uri.only("speed", *NAMES)
    if not uri.target:
        raise SourceError("replay: needs a file, such as replay:walk.csv")
    return Replay(Path(uri.target), uri.option("speed", speed_option, 1.0), read_options(uri))


class Replay:
    """Samples of a recording.

    Args:
        path: a file, or the folder or zip of one recording.
        speed: times real time; infinite for as fast as possible.
        options: what is known about it.
        more: further files of the same recording.

    Raises:
        DataError: it cannot be read, or its columns, units or clock are not known.
    """

    def __init__(self, path: Path, speed: float = 1.0, options: ReadOptions = DEFAULTS, more: Sequence[Path] = ()):
        self.path, self._more = path, more
        self._speed, self._options = speed, options
        self.report = SourceReport(can_wait=True, speed=speed)
        self.labels = Labels(options.labels, options.labels_as_written)
        self._opened = self._open()
        try:
            self._first = self._read_first()
            self.report.gyroscope = self._has_gyroscope()
            self._units = self._choose_units()
            self._sign, sign_why = self._choose_sign()
            self._scale = self._sign * self._units.acc.size
            self._check_rates(self._first)
        except BaseException:
            self._opened.stream.close()
            raise
        clock = self._opened.stream.clock
        self._annotations = self._find_annotations(clock.unix_offset_ns)
        self.report.units = f"{self._units.text}; {sign_why}" if sign_why else self._units.text
        if not (sign_why or self._is_sign_known()):
            self.report.units += f"; {ASSUMED_SIGN}"
        self.report.rate_hz = clock.rate_hz and round(clock.rate_hz, 2)
        self.report.unix_offset_ns = clock.unix_offset_ns
        self.report.labels = self.labels.used
        self.description = self._describe(str(clock), sign_why)

    @property
    def labelled(self) -> bool:
        """Whether it has a column of labels, or annotations."""
        return self._opened.acc.label is not None or self._annotations is not None

    @property
    def size(self) -> int | None:
        """Bytes to be read; None if that is not known."""
        return self._opened.size

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._opened.stream.position

    def __iter__(self) -> Iterator[SampleChunk]:
        pace = Pace(self._speed)
        # In real time, a chunk is a tenth of a second; without waiting, it is as many rows as are read at a time.
        step = CHUNK_ROWS if self._speed == float("inf") else max(1, round(self._speed * SAMPLE_RATE_HZ / 10))
        first, self._first = self._first, []
        for chunk in first:
            yield from self._pieces(chunk, step, pace)
        while (chunk := self._opened.stream.read(CHUNK_ROWS)) is not None:
            self._check_rates([chunk])
            yield from self._pieces(chunk, step, pace)

    def close(self) -> None:
        self._opened.stream.close()

    def _open(self) -> OpenRecording:
        return open_recording(self.path, self._options, self.labels, self.report.lost, self._more)

    def _pieces(self, chunk: SampleChunk, step: int, pace: Pace) -> Iterator[SampleChunk]:
        """The pieces of a chunk when they are due, in SI units."""
        for begin in range(0, len(chunk.times_ns), step):
            piece = chunk.part(begin, begin + step)
            pace.wait_until(int(piece.times_ns[-1]))
            if self._annotations is not None and piece.acc is not None:
                piece = replace(piece, labels=self._annotations.at(piece.times_ns))
            yield from _by_sensor(self._scaled(piece))

    def _find_annotations(self, unix_offset_ns: int | None) -> Annotations | None:
        """What was written while it was recorded, if nothing else labels it and its date is known."""
        if self._opened.acc.label is not None or unix_offset_ns is None or self._opened.acc.profile != SENSOR_LOGGER:
            return None
        marks = annotations_of(self.path)
        return Annotations(marks, unix_offset_ns, self.labels) if marks else None

    def _scaled(self, chunk: SampleChunk) -> SampleChunk:
        if not self.report.gyroscope:
            chunk = chunk.without_gyroscope()
        acc, gyro, rate = chunk.acc, chunk.gyro, self._units.gyro
        if acc is not None and self._scale != 1.0:
            acc = acc * self._scale
        if gyro is not None and rate is not None and rate.size != 1.0:
            gyro = gyro * rate.size
        return chunk if acc is chunk.acc and gyro is chunk.gyro else replace(chunk, acc=acc, gyro=gyro)

    def _read_first(self) -> list[SampleChunk]:
        """The rows that the units are judged by."""
        chunks: list[SampleChunk] = []
        rows = 0
        while rows < EVIDENCE_ROWS and (chunk := self._opened.stream.read(CHUNK_ROWS)) is not None:
            chunks.append(chunk)
            rows += len(chunk.times_ns)
        return chunks

    def _has_gyroscope(self) -> bool:
        """Whether there is an angular rate anywhere. If the rows at the beginning have none, look through them all:
        a recorder may keep the columns of a sensor that its phone lacks."""
        if self._opened.gyro is None:
            return False
        if any(_has_rates(chunk) for chunk in self._first) or not self._opened.again:
            return True
        opened = self._open()
        try:
            return any(_has_rates(chunk) for chunk in iter(lambda: opened.stream.read(CHUNK_ROWS), None))
        finally:
            opened.stream.close()

    def _choose_units(self) -> Units:
        """The units of the columns, by options, header, profile and what they hold.

        Raises:
            DataError: they cannot be found, or something speaks against them.
        """
        evidence, options = Evidence(), self._options
        for chunk in self._first:
            known = chunk.times_ns != np.iinfo(np.int64).min
            measured = None if chunk.acc is None else chunk.acc[known]
            turned = None if chunk.gyro is None or not self.report.gyroscope else chunk.gyro[known]
            if measured is not None or turned is not None:
                evidence.push(chunk.times_ns[known], measured, turned)
        evidence.finish()
        fields, rates = self._opened.acc, self._opened.gyro or Fields()
        acc = stated_unit(acceleration_unit, options.unit, fields.acc_unit, _why(fields))
        if acc is None and fields.own_header:
            acc = find_acceleration_unit(evidence) or Found(acceleration_unit("m/s2"), "by the names of its columns")
        gyro = stated_unit(angular_rate_unit, options.gyro, rates.gyro_unit, _why(rates))
        if gyro is None and rates.own_header:
            gyro = find_angular_rate_unit(evidence) or Found(angular_rate_unit("rad/s"), "by the names of its columns")
        if (problem := self._no_evidence()) is not None:
            raise DataError(f"{self.path}: {problem}")
        if fields.linear and (not has_gravity(evidence) or (acc and acceleration_problem(evidence, acc.unit))):
            raise DataError(f"{self.path}: {LINEAR_MESSAGE}")
        try:
            return choose_units(evidence, acc, gyro, gyroscope=self.report.gyroscope)
        except DataError as error:
            taken = f"; {fields.note}" if TAKEN in fields.note and "gravity" in str(error) else ""
            raise DataError(f"{self.path}: {self._too_slow() or f'{error}{taken}'}") from error

    def _no_evidence(self) -> str | None:
        """Why no row shows a unit, if that is not because of the numbers in it."""
        acc = [chunk.acc for chunk in self._first if chunk.acc is not None]
        held = np.isfinite(np.concatenate(acc)) if acc else np.empty((0, 3), bool)
        if not len(held) or held.all(axis=1).any() or not held.any(axis=0).all():
            return None
        return (
            "no row has all three axes of acceleration, each stands in a row of its own: write a row for each time "
            "with all of them"
        )

    def _too_slow(self) -> str | None:
        """Why a recording of few samples a second shows no unit."""
        rate_hz = self._opened.stream.clock.rate_hz
        if rate_hz is None or rate_hz >= TOO_SLOW_HZ:
            return None
        return (
            f"it has {rate_hz:.3g} samples a second, and {MIN_RATE_HZ} are needed: record it faster, or add time=s, "
            "ms, us or ns if its times are in another unit"
        )

    def _choose_sign(self) -> tuple[float, str]:
        """What acceleration is multiplied by, and why if that is not 1."""
        if self._options.sign is not None:
            sign = self._options.sign
            return SIGNS[sign], "Apple's sign, as given" if sign == "apple" else ""
        if self._opened.sign is not None:
            apple = self._opened.sign == "apple"
            return SIGNS[self._opened.sign], "Apple's sign, by its Metadata.csv" if apple else ""
        if self._opened.acc.apple_sign:
            return SIGNS["apple"], f"Apple's sign, as {self._opened.acc.profile} writes it"
        return 1.0, ""

    def _is_sign_known(self) -> bool:
        """Whether an option, the recording or the app that wrote it says whose sign acceleration has."""
        return bool(self._options.sign or self._opened.sign or self._opened.acc.profile)

    def _check_rates(self, chunks: Sequence[SampleChunk]) -> None:
        """Refuse angular rates that no gyroscope measures.

        Raises:
            DataError: there are many.
        """
        unit = self._units.gyro
        if unit is None:
            return
        for chunk in chunks:
            if chunk.gyro is None:
                continue
            rates = np.abs(chunk.gyro[np.isfinite(chunk.gyro).all(axis=1)]).max(axis=1)
            fast = rates[rates * unit.size > MAX_ANGULAR_RATE]
            # A garbled reading now and then is dropped later; a wrong unit shows again and again.
            if len(fast) >= MIN_FAST and len(fast) > FAST_SHARE * len(rates):
                raise DataError(
                    f"{self.path}: angular rates reach {median(fast):.0f}, more than any gyroscope "
                    f"measures in {unit.text}: add gyro=deg/s, or gyro=N, the counts of a deg/s"
                )

    def _describe(self, clock: str, sign: str) -> str:
        opened = self._opened
        facts = [clock]
        facts += [" + ".join(opened.files)] if opened.files else []
        facts += (
            [f"not read: {', '.join(clean(Path(name).name) for name in opened.not_read)}"] if opened.not_read else []
        )
        facts += [opened.acc.profile] if opened.acc.profile else []
        facts += [opened.acc.note] if opened.acc.note else []
        facts += ["labels of its Annotation.csv"] if self._annotations is not None else []
        facts += ["gravity is in it, though its name says linear"] if opened.acc.linear else []
        if not (self._units.acc.size == 1.0 and (self._units.gyro is None or self._units.gyro.size == 1.0)):
            facts.append(self._units.text)
        facts += [sign] if sign else []
        facts += [] if self.report.gyroscope else ["no gyroscope in it"]
        if self.labels.used:
            facts.append("labels: " + ", ".join(f"{theirs} is {ours}" for theirs, ours in self.labels.used.items()))
        return f"recording {self.path.name} ({'; '.join(facts)})"


def _why(fields: Fields) -> str:
    return f"as {fields.profile} writes it" if fields.profile else "by the header"


def _has_rates(chunk: SampleChunk) -> bool:
    return chunk.gyro is not None and bool(np.isfinite(chunk.gyro).any())


def _by_sensor(chunk: SampleChunk) -> Sequence[SampleChunk]:
    """The chunk itself, or one chunk for each sensor if some rows hold one sensor only."""
    if chunk.acc is None or chunk.gyro is None:
        return [chunk]
    no_acc, no_gyro = np.isnan(chunk.acc).all(axis=1), np.isnan(chunk.gyro).all(axis=1)
    if np.array_equal(no_acc, no_gyro):
        return [chunk]
    acc, gyro = ~no_acc | no_gyro, ~no_gyro | no_acc  # A row with neither is lost for both.
    labels = None if chunk.labels is None else chunk.labels[acc]
    parts = [
        SampleChunk(chunk.times_ns[acc], chunk.acc[acc], None, labels),
        SampleChunk(chunk.times_ns[gyro], None, chunk.gyro[gyro]),
    ]
    return [part for part in parts if len(part.times_ns)]
