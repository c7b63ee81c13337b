"""`har-data convert`: a recording of any app or board as a CSV with our own header, in SI units."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
from rich.progress import TaskProgressColumn

from har_runtime.errors import DataError, SourceError
from har_runtime.files import atomic_path
from har_runtime.samples import SampleChunk
from har_runtime.sources.replay.cells import NO_TIME
from har_runtime.sources.replay.options import NAMES, ReadOptions, read_options
from har_runtime.sources.replay.source import Replay
from har_runtime.text import print_lines
from har_runtime.uri import Uri
from har_train.progress import progress_bar

LONG_BYTES = 20_000_000
"""A longer recording has a progress bar."""
_OPTION = re.compile(rf"\b({'|'.join(NAMES)})=")


@dataclass(frozen=True)
class Converted:
    """What was written."""

    source: str
    """The recording in words: its clock, units and labels."""
    units: str | None
    rows: int
    seconds: float
    """From the first sample to the last."""
    gyroscope: bool
    labels: dict[str, str]
    """Our words for its labels."""
    lost: dict[str, int]
    """Lines and samples that were not written, by reason."""


def options_from(given: dict[str, str | None]) -> ReadOptions:
    """The options of the command line, by the names of `replay:`.

    Raises:
        DataError: an invalid value.
    """
    try:
        return read_options(Uri("convert", "", {name: text for name, text in given.items() if text is not None}))
    except SourceError as error:
        raise DataError(_as_options(str(error).removeprefix("convert: option "))) from error


def convert(files: list[Path], out: Path, options: ReadOptions) -> Converted:
    """Write a recording as a CSV with our own header.

    Args:
        files: of one recording: a table, a folder or zip, or a table for each sensor.
        out: the file to write.
        options: what is known about the recording.

    Raises:
        HarError: the recording cannot be read, or the file not be written.
    """
    try:
        if out.exists() and any(out.samefile(file) for file in files if file.exists()):
            raise DataError(f"--out {out}: is the recording itself; give another name")
        replay = Replay(files[0], float("inf"), options, files[1:])
        try:
            with atomic_path(out) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
                return _write(replay, file)
        finally:
            replay.close()
    except DataError as error:
        raise DataError(_as_options(str(error))) from error


def _write(replay: Replay, file: TextIO) -> Converted:
    gyroscope = replay.report.gyroscope
    columns = ["time", "acc_x", "acc_y", "acc_z", *(["gyro_x", "gyro_y", "gyro_z"] if gyroscope else [])]
    offset_ns = replay.report.unix_offset_ns or 0
    rows, first_ns, last_ns = 0, None, None
    file.write(",".join([*columns, *(["label"] if replay.labelled else [])]) + "\n")
    for read in _watched(replay, iter(replay)):
        known = read.times_ns != NO_TIME
        if lost := int(np.count_nonzero(~known)):
            replay.report.lost["sample without a time"] += lost
        chunk = _only(read, known) if lost else read
        if not len(chunk.times_ns):
            continue
        first_ns = int(chunk.times_ns[0]) if first_ns is None else first_ns
        last_ns = int(chunk.times_ns[-1])
        rows += len(chunk.times_ns)
        file.writelines(_lines(chunk, offset_ns, gyroscope, replay.labelled))
    seconds = (last_ns - first_ns) / 1e9 if first_ns is not None and last_ns is not None else 0.0
    report = replay.report
    return Converted(replay.description, report.units, rows, seconds, gyroscope, dict(report.labels), dict(report.lost))


def _lines(chunk: SampleChunk, offset_ns: int, gyroscope: bool, labelled: bool) -> Iterator[str]:
    """The lines of a chunk; a sensor that it has not leaves its cells empty, as does a value that is missing."""
    times = (chunk.times_ns + offset_ns).tolist()
    empty = [""] * len(times)
    cells = [[_seconds(time) for time in times]]
    for values in (chunk.acc, chunk.gyro) if gyroscope else (chunk.acc,):
        cells += [empty] * 3 if values is None else [_texts(column) for column in values.T.tolist()]
    if labelled:
        cells.append(empty if chunk.labels is None else [_quoted(label) for label in chunk.labels.tolist()])
    return (",".join(row) + "\n" for row in zip(*cells, strict=True))


def _texts(values: list[float]) -> list[str]:
    return [repr(value) if value == value else "" for value in values]


def _seconds(time_ns: int) -> str:
    """Nanoseconds as seconds, exactly.

    >>> _seconds(1_500_000_000), _seconds(-20_000_000)
    ('1.5', '-0.02')
    """
    whole, rest = divmod(abs(time_ns), 1_000_000_000)
    text = f"{whole}.{rest:09d}".rstrip("0")
    return ("-" if time_ns < 0 else "") + (text + "0" if text.endswith(".") else text)


def _quoted(label: str) -> str:
    """A label as a cell.

    >>> _quoted('by "bus", or not')
    '"by ""bus"", or not"'
    """
    plain = label.replace("\n", " ").replace("\r", " ")
    return '"' + plain.replace('"', '""') + '"' if "," in plain or '"' in plain else plain


def _only(chunk: SampleChunk, kept: np.ndarray) -> SampleChunk:
    return SampleChunk(
        chunk.times_ns[kept],
        None if chunk.acc is None else chunk.acc[kept],
        None if chunk.gyro is None else chunk.gyro[kept],
        None if chunk.labels is None else chunk.labels[kept],
    )


def _watched(replay: Replay, chunks: Iterator[SampleChunk]) -> Iterator[SampleChunk]:
    """The chunks, with a progress bar on a terminal if there are many."""
    if replay.size is None or replay.size < LONG_BYTES:
        yield from chunks
        return
    with progress_bar(TaskProgressColumn()) as progress:
        task = progress.add_task(replay.path.name, total=replay.size)
        for chunk in chunks:
            progress.update(task, completed=replay.position)
            yield chunk


def _as_options(message: str) -> str:
    """A message that names options of a URI, with those of the command line: `rate=N` is `--rate N`."""
    return _OPTION.sub(r"--\1 ", message)


def report_lines(found: Converted, out: Path) -> list[str]:
    """What was written, for a person."""
    lines = [found.source, f"{found.rows} rows, {found.seconds:.1f} s, written to {out}"]
    if found.units:
        lines.append(f"  units: {_as_options(found.units)}")
    if found.labels:
        lines.append("  labels: " + ", ".join(f"{theirs} is {ours}" for theirs, ours in found.labels.items()))
    if found.lost:
        lines.append("  lost: " + ", ".join(f"{count} x {why}" for why, count in found.lost.items()))
    return lines


def print_report(found: Converted, out: Path) -> None:
    """Print it on stderr."""
    print_lines(*report_lines(found, out), file=sys.stderr)
