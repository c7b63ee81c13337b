"""The command `har-stream record`: records a source with labels, in the layout that `har-train` trains on."""

import argparse
import json
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from har_runtime.answers.totals import duration_text
from har_runtime.cli.buttons.board import Board, Button, label_buttons
from har_runtime.cli.buttons.page import add_page, open_page
from har_runtime.cli.common import add_json
from har_runtime.cli.interrupt import Interruptible
from har_runtime.cli.keys import Keys, open_keys
from har_runtime.cli.labelled_table import LabelledTable
from har_runtime.cli.status_line import StatusLine
from har_runtime.errors import HarError, SourceError
from har_runtime.samples import SampleChunk
from har_runtime.signal.axes import IDENTITY, parse_axes, turned
from har_runtime.sources import checked, open_source
from har_runtime.sources.base import Mark
from har_runtime.sources.column_names import sensor_named
from har_runtime.sources.replay.labels import Labels, annotated
from har_runtime.stream import begun
from har_runtime.text import clean, folded, is_name, print_lines

ACTIVITIES = "walking,stairs_up,stairs_down,running,standing,sitting,lying"
MAX_ACTIVITIES = 9
"""One for each key."""
MAX_SAID = 100
"""Unknown words of a phone that are said, each once."""
STOP, UNDO, END = "0 ", "u", "q"
"""Keys; the first of `STOP` is the one that is shown."""
DRAW_S = 0.5
"""From one drawing of the status to the next."""
RESTARTED_NS = 1_000_000_000
"""A sensor's clock that is set back by more has started again: then the recording goes on in another file."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `har-stream record`."""
    parser.add_argument("folder", type=Path, metavar="DATA/WEARER", help="the wearer's folder in that of the data set")
    parser.add_argument("--source", required=True, metavar="URI", help="as of har-stream run")
    parser.add_argument("--name", help="of the recording (default: the time, such as 2026-11-30T10-15-00)")
    parser.add_argument(
        "--labels",
        default=ACTIVITIES,
        metavar="A,B,...",
        help=f"activities of the keys 1 to {MAX_ACTIVITIES} (default: {ACTIVITIES.replace(',', ', ')})",
    )
    parser.add_argument(
        "--axes", metavar="x=-y,y=x,z=z", default=str(IDENTITY), help="which sensor axis is each axis of the recording"
    )
    parser.add_argument(
        "--source-labels", action="store_true", help="where no key has set a label, record the one that the source has"
    )
    add_page(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Record until the key q, the end of the source or a signal; returns the exit code: 1 if no samples came.

    Raises:
        HarError: an option is invalid, the source cannot be used, or the file not written.
        KeyboardInterrupt: after Ctrl-C or SIGTERM, once everything is on the disk.
    """
    names = activities_of(options.labels)
    axes = parse_axes(options.axes)
    path = options.folder / f"{_name(options.name)}.csv"
    _check_place(options.folder, path)
    source = open_source(options.source)
    wearer = options.folder.resolve().name
    print_lines(f"{source.description} -> {path}, of the wearer {wearer}", file=sys.stderr)
    buttons = [*label_buttons(names), Button(STOP[0], "stop"), Button(UNDO, "undo"), Button(END, "end", "end")]
    page = open_page(options.page, f"recording {path.name}", buttons, lambda: source.report.trouble)
    with Interruptible() as interruptible, open_keys() as keys, page as board:
        if keys is None:
            print("no keys, as standard input is no terminal", file=sys.stderr)
        else:
            print(folded(_help(names), sys.stderr), file=sys.stderr, flush=True)
        recorder = Recorder(
            path, names, lambda: source.report.gyroscope, keys, options.source_labels, source.report.marks, board
        )
        try:
            chunks: Iterable[SampleChunk] = begun(checked(source, interruptible.items(source)))
            if axes != IDENTITY:
                chunks = turned(chunks, axes)
            recorder.record(chunks)
        finally:
            source.close()
            recorder.close()
        if options.json:
            print(json.dumps(recorder.to_dict(), indent=1, allow_nan=False))
        else:
            print_lines(*recorder.summary(), file=sys.stderr)
        interruptible.raise_if_interrupted()
    if not recorder.samples:
        print(f"{options.label}: no samples came, so there is no recording", file=sys.stderr)
        return 1
    return 0


def activities_of(text: str) -> tuple[str, ...]:
    """The activities of the keys 1, 2 and so on.

    Raises:
        HarError: there are none or too many, two are the same, or one cannot be a label in a table.
    """
    names = tuple(name.strip() for name in text.split(","))
    if len(names) > MAX_ACTIVITIES or len(set(names)) < len(names):
        raise HarError(f"--labels: give 1 to {MAX_ACTIVITIES} different activities")
    for name in names:
        if not is_name(name) or '"' in name:
            raise HarError(f"--labels: '{clean(name)}' cannot be a label: give short names without quotes")
    return names


class Recorder:
    """Writes chunks with the label that the keys have set.

    Args:
        path: of the first file; its name gets a number for the others, if the sensor's clock starts again.
        names: activities of the keys.
        gyroscope: whether the source has one, once the first chunk has come.
        keys: None without a terminal.
        source_labels: whether labels of the source are used where no key has set one.
        marks: what is said at the sensor: each sets the label from its time on, and is taken out.
        board: of the page with buttons; None without one.
    """

    def __init__(
        self,
        path: Path,
        names: tuple[str, ...],
        gyroscope: Callable[[], bool],
        keys: Keys | None,
        source_labels: bool = False,
        marks: deque[Mark] | None = None,
        board: Board | None = None,
    ) -> None:
        self._path, self._names, self._gyroscope, self._keys = path, names, gyroscope, keys
        self._source_labels, self._board, self._status = source_labels, board, StatusLine()
        self._tables: list[LabelledTable] = []
        self._marks = deque[Mark]() if marks is None else marks
        self._words, self._said = Labels(), set[str]()
        self._label = ""
        self._drawn_s = 0.0
        self._is_ended = False

    @property
    def samples(self) -> int:
        """Rows of the accelerometer so far."""
        return sum(table.samples for table in self._tables)

    @property
    def seconds(self) -> dict[str, float]:
        """Of each label so far."""
        total: dict[str, float] = {}
        for table in self._tables:
            for label, seconds in table.seconds.items():
                total[label] = total.get(label, 0.0) + seconds
        return {label: seconds for label, seconds in total.items() if seconds}

    def record(self, chunks: Iterable[SampleChunk]) -> None:
        """Write chunks until they end, or the key q is pressed.

        Raises:
            HarError: a file cannot be written.
        """
        for chunk in chunks:
            for key in self._keys.pressed() if self._keys else "":
                self._press(key)
            for key in self._board.pressed() if self._board else "":
                self._press(key, toggles=False)
            if self._is_ended:
                return
            table = self._table(chunk)
            for part in self._between_marks(chunk):
                if self._label or not self._source_labels or part.labels is None:
                    table.write(part, self._label)
                else:
                    _write_labelled(table, part)
            if time.monotonic() - self._drawn_s >= DRAW_S:
                self._show()

    def close(self) -> None:
        """Force everything to the disk."""
        if self._tables:
            self._show()
            self._status.keep()
            self._tables[-1].close()

    def summary(self) -> list[str]:
        """What was recorded, for a person."""
        lines = [f"{table.path}: {table.samples} samples" for table in self._tables]
        seconds = [f"  {label}: {duration_text(seconds)}" for label, seconds in self.seconds.items()]
        if any(table.has_more_labels for table in self._tables):
            seconds.append("  and further labels, which are in the table but not counted")
        return lines + (seconds or ["  no label was set: there is nothing to train on"] if lines else [])

    def to_dict(self) -> dict[str, object]:
        """What was recorded, as plain JSON-able values."""
        files = [str(table.path) for table in self._tables]
        return {"files": files, "samples": self.samples, "seconds": self.seconds}

    def _press(self, key: str, toggles: bool = True) -> None:
        """Do what a key says.

        Args:
            toggles: whether that of the current label ends it. Not if it may have been pressed twice for once, by two
                people or over a slow network.
        """
        if key == END:
            self._is_ended = True
        elif key in STOP:
            self._label = ""
        elif key == UNDO:
            self._label = ""
            if self._tables:
                self._tables[-1].undo()
        elif key in "123456789"[: len(self._names)]:
            name = self._names[int(key) - 1]
            self._label = "" if name == self._label and toggles else name
        self._drawn_s = 0.0

    def _between_marks(self, chunk: SampleChunk) -> Iterator[SampleChunk]:
        """The chunk in parts, each of which ends where a mark sets the label; the accelerometer's times count."""
        begin = 0
        while chunk.acc is not None and len(chunk.times_ns) and self._marks:
            if self._marks[0].time_ns > chunk.times_ns[-1]:
                break
            mark = self._marks.popleft()
            at = max(begin, int(np.searchsorted(chunk.times_ns, mark.time_ns)))
            if at > begin:
                yield chunk.part(begin, at)
            begin = at
            self._set_by(mark)
        if begin < len(chunk.times_ns) or not begin:
            yield chunk.part(begin, len(chunk.times_ns)) if begin else chunk

    def _set_by(self, mark: Mark) -> None:
        """Use what a mark says as the label."""
        label = annotated(mark.text)
        own = next((name for name in self._names if name.lower() == label.lower()), None)
        self._label = own or str(self._words.ours([label])[0])
        self._drawn_s = 0.0
        if self._label and self._label not in (*self._names, *self._said) and len(self._said) < MAX_SAID:
            self._said.add(self._label)
            line = f"'{clean(self._label)}', written on the phone, is none of --labels; it is recorded as it is"
            self._status.say(line)
            if self._board:
                self._board.say(line)

    def _table(self, chunk: SampleChunk) -> LabelledTable:
        """The table for a chunk: the current one, unless the sensor's clock has started again."""
        last = self._tables[-1] if self._tables else None
        newest = last and last.newest_ns
        restarted = newest is not None and len(chunk.times_ns) and chunk.times_ns[0] < newest - RESTARTED_NS
        if last is not None and not restarted:
            return last
        if last is not None:
            last.close()
        number = len(self._tables) + 1
        path = self._path if number == 1 else self._path.with_name(f"{self._path.stem}-{number}.csv")
        self._tables.append(LabelledTable(path, self._gyroscope()))
        return self._tables[-1]

    def _show(self) -> None:
        self._drawn_s = time.monotonic()
        minutes = "  ".join(f"{label} {duration_text(seconds)}" for label, seconds in self.seconds.items())
        if self._board:
            self._board.show(self._label, "now", samples=self.samples, seconds=self.seconds)
        self._status.draw(f"[{self._label or 'no label'}]  {self.samples} samples  {minutes}")


def _write_labelled(table: LabelledTable, chunk: SampleChunk) -> None:
    """Write a chunk with its own labels."""
    labels = chunk.labels
    assert labels is not None
    begin = 0
    for at in range(1, len(labels) + 1):
        if at == len(labels) or labels[at] != labels[begin]:
            own = str(labels[begin])
            table.write(chunk.part(begin, at), own if is_name(own) and not {",", '"'} & set(own) else "")
            begin = at


def _name(given: str | None) -> str:
    if given is None:
        return f"{datetime.now():%Y-%m-%dT%H-%M-%S}"
    if not is_name(given) or "/" in given or given.startswith("."):
        raise HarError(f"--name: '{clean(given)}' cannot be the name of a file")
    return given


def _check_place(folder: Path, path: Path) -> None:
    if (folder / "dataset.toml").exists() or (folder.is_dir() and any(map(_is_wearers, folder.iterdir()))):
        raise SourceError(f"{folder}: has the wearers' folders; give one of them, such as {folder / 'anna'}")
    if folder.exists() and not folder.is_dir():
        raise SourceError(f"{folder}: is a file; give the wearer's folder")
    if path.exists():
        raise HarError(f"{path}: exists already; give another --name")


def _is_wearers(folder: Path) -> bool:
    """Whether it holds recordings, and is not one itself, with a table for each sensor."""
    if not folder.is_dir() or folder.name.startswith("."):
        return False
    names = [file.stem for file in folder.glob("*.csv")]
    return bool(names) and all(sensor_named(name) is None for name in names)


def _help(names: tuple[str, ...]) -> str:
    keys = "  ".join(f"{number} {name}" for number, name in enumerate(names, 1))
    return f"keys: {keys}  {STOP[0]} stop  {UNDO} take the last label back  {END} end"
