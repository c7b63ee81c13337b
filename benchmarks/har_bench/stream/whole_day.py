"""A day of answers through five sinks, while brokers, log rotators and viewers come and go.

    python -m har_bench.stream.whole_day --out benchmarks/results/whole_day.json [--hours 24] [--speed 200]

har-stream answers a simulated wearer, faster than in real time, in a terminal, JSON lines, CSV, MQTT and the page.
Meanwhile the broker is killed and started again, both files are renamed and compressed as by a log rotator, and viewers
open the page and leave it, every second one without reading what they asked for. In the end every answer must be in
each kind of file exactly once, and taken by the broker; memory and the number of open files must not have grown.
"""

import argparse
import csv
import gzip
import http.client
import itertools
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from har_bench.measure.process import cpu_seconds
from har_bench.progress import step_display
from har_bench.results import write_and_print
from har_bench.script import run_script, script_parser
from har_bench.stream.broker import Broker
from har_bench.stream.on_terminal import read_screen, stream_on_terminal
from har_bench.stream.ports import free_port, is_listening
from har_runtime.cli.common import whole_number
from har_runtime.contract import HOP_S
from har_runtime.errors import SourceError

HOURS = 24
SPEED = 100
STEP_S = 0.05
SAMPLE_S = 0.5
"""Between two looks at memory and open files."""
ROTATE_S = 3.0
VISIT_S, AWAY_S = 3.0, 2.0
"""How long a viewer looks at the page, and the pause before the next one."""
ASK_S = 0.5
"""Between two requests of a viewer."""
BROKER_UP_S, BROKER_DOWN_S = 40.0, 1.0
"""A connection that has lasted 30 s is made again after 1 s; here as many answers come in a second as else in 100."""
WARM_UP_S = 60.0
"""After this memory must be flat."""
FLAT_BYTES = 3_000_000
MORE_FILES = 8
"""What a viewer, a broker that is being connected and a rotation may have open for a moment."""
ENDING_S = 30.0
"""How long har-stream may take from closing the page to its end."""
STOPS_S = 120.0
"""The run fails if har-stream does not end this long after its day should have ended twice over."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns 0 if every answer was written exactly once and nothing grew."""
    parser = script_parser("stream.whole_day", "Answer a day through five sinks that are disturbed.", "out", "model")
    parser.add_argument("--hours", type=whole_number(1), default=HOURS, help=f"of the wearer (default: {HOURS})")
    parser.add_argument(
        "--speed", type=whole_number(1), default=SPEED, help=f"times as fast as in real time (default: {SPEED})"
    )
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    with step_display() as show_step:
        result = run_day(3600 * options.hours, options.speed, options.model, show_step=show_step)
    write_and_print(options.out, result)
    return 0 if result["as_expected"] else 1


class Rotator:
    """Renames a file again and again, and compresses it the time after, as logrotate with `delaycompress` does;
    nobody tells har-stream."""

    def __init__(self, path: Path):
        self.path = path
        self.rotations = 0
        self._packed: list[Path] = []
        self._newest: Path | None = None
        """Taken away, and not compressed yet."""

    def rotate(self) -> None:
        """Take the file away, if there is one."""
        if not self.path.exists():  # Nothing was written since the last time.
            return
        self.rotations += 1
        if self._newest is not None:
            packed = self._newest.with_name(f"{self._newest.name}.gz")
            with self._newest.open("rb") as source, gzip.open(packed, "wb", compresslevel=1) as target:
                shutil.copyfileobj(source, target)
            self._newest.unlink()
            self._packed.append(packed)
        self._newest = self.path.rename(self.path.with_name(f"{self.path.name}.{self.rotations}"))

    def rows(self) -> Iterator[dict[str, Any]]:
        """All rows that were written, oldest first."""
        for path in (*self._packed, self._newest, self.path):
            if path is None or not path.exists():
                continue
            with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
                yield from csv.DictReader(file) if self.path.suffix == ".csv" else map(json.loads, file)


class Viewer:
    """A browser that asks the page for what is new, and leaves; every second one does not read the last reply."""

    def __init__(self, port: int):
        self.port = port
        self._connection: http.client.HTTPConnection | None = None
        self._run, self._number = "", 0
        self.visits = self.replies = 0

    def come(self) -> None:
        """Open the page."""
        self.leave()
        self.visits += 1
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        self._run, self._number = "", 0
        self._get("/")
        self._get("/setup")

    def ask(self) -> None:
        """Ask for what is new, if the page is open."""
        if self._connection is not None:
            news = json.loads(self._get(f"/state?run={self._run}&after={self._number}"))
            self._run, self._number = news["run"], news["number"]

    def leave(self) -> None:
        """Close the page, if it is open."""
        if self._connection is None:
            return
        if self.visits % 2:
            with suppress(OSError, http.client.HTTPException):
                self._connection.request("GET", "/bokeh.min.js")
        self._connection.close()
        self._connection = None

    def _get(self, path: str) -> bytes:
        assert self._connection is not None
        self._connection.request("GET", path)
        reply = self._connection.getresponse()
        content = reply.read()
        if reply.status != http.HTTPStatus.OK:
            raise SourceError(f"the page answers {path} with {reply.status} {reply.reason}")
        self.replies += 1
        return content


class Due:
    """Says when something is to be done again."""

    def __init__(self, *pauses_s: float):
        """Set the pauses, which take turns, seconds."""
        self._pauses_s = itertools.cycle(pauses_s)
        self._next_s = time.monotonic() + next(self._pauses_s)

    def now(self) -> bool:
        """Whether it is time; the next pause begins then."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            return False
        self._next_s = now_s + next(self._pauses_s)
        return True


class Watched:
    """Memory and number of open files of a process, while it runs."""

    def __init__(self, pid: int):
        self._process = psutil.Process(pid)
        self._begin_s = time.monotonic()
        self.samples: list[tuple[float, int, int]] = []
        """Seconds since the start, resident bytes, open files."""
        self.processor_s = 0.0

    def look(self) -> None:
        """Add a sample, unless it has ended."""
        with suppress(psutil.Error, OSError):
            memory, files = self._process.memory_info().rss, self._process.num_fds()
            self.processor_s = cpu_seconds(self._process.pid)
            self.samples.append((time.monotonic() - self._begin_s, memory, files))

    def report(self, warm_up_s: float) -> dict[str, Any]:
        """What grew after the first `warm_up_s` seconds."""
        first = [sample for sample in self.samples if sample[0] <= warm_up_s]
        later = [sample for sample in self.samples if sample[0] > warm_up_s]
        if not first or not later:
            raise SourceError(f"the run ended within {warm_up_s:g} s; give more --hours or less --speed")
        (_, before, files_before), (_, after, files_after) = (_highest(part) for part in (first, later))
        typical = [statistics.median_low(sample[2] for sample in part) for part in (first, later[-len(first) :])]
        return {
            "memory": {
                "highest_of_the_first_minute_bytes": before,
                "highest_later_bytes": after,
                "highest_of_each_tenth_bytes": [
                    int(max(part)) for part in np.array_split([row[1] for row in later], 10)
                ],
                "end_bytes": later[-1][1],
                "flat": after - before <= FLAT_BYTES,
            },
            "open_files": {
                "typical_in_the_first_minute": typical[0],
                "typical_in_the_last_minute": typical[1],
                "highest": max(files_before, files_after),
                "constant": typical[1] <= typical[0] and max(files_before, files_after) <= typical[0] + MORE_FILES,
            },
        }


def _highest(samples: list[tuple[float, int, int]]) -> tuple[float, int, int]:
    """The highest value of each kind."""
    times, memory, files = zip(*samples, strict=True)
    return max(times), max(memory), max(files)


def run_day(
    seconds: int,
    speed: float,
    model: str,
    warm_up_s: float = WARM_UP_S,
    show_step: Callable[[str], None] = lambda step: None,
) -> dict[str, Any]:
    """Run har-stream for a wearer's `seconds`, and report what became of the answers.

    Args:
        seconds: of the simulated wearer.
        speed: how many times as fast as in real time.
        model: a pretrained name or a path.
        warm_up_s: of the run, after which nothing may grow.
        show_step: shows what is done.

    Raises:
        SourceError: mosquitto is not installed, or har-stream or its page fails.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(Broker(folder))
        files = [Rotator(folder / f"day.{kind}") for kind in ("jsonl", "csv")]
        viewer = Viewer(free_port())
        sinks = ["terminal:", *(f"{file.path.suffix[1:]}:{file.path}" for file in files)]
        sinks += [f"mqtt://127.0.0.1:{broker.port}/day", f"live:127.0.0.1:{viewer.port}"]
        said = stack.enter_context((folder / "summary.json").open("w+b"))
        source = f"simulated:?seconds={seconds}&speed={speed:g}"
        options = ("--model", model, "--json")
        stream, screen = stack.enter_context(stream_on_terminal(source, sinks, *options, stdout=said))
        begin_s = time.monotonic()
        watched = Watched(stream.pid)
        counts = _disturb(stream, screen, broker, files, viewer, watched, 2 * seconds / speed + STOPS_S, show_step)
        wall_s = time.monotonic() - begin_s
        if stream.returncode not in (0, 1):
            raise SourceError(f"har-stream ended with {stream.returncode}; run it by hand to see why")
        said.seek(0)
        summary = json.load(said)
        show_step("reading what was written")
        windows = summary["windows"]
        written = {file.path.suffix[1:]: compared(file, windows) for file in files}
        sink_counts = {sink["name"].partition(":")[0]: sink for sink in summary["sinks"]}
        taken = {kind: {"written": sink["written"], "dropped": sink["dropped"]} for kind, sink in sink_counts.items()}
        grown = watched.report(warm_up_s)
        expected = abs(windows - seconds / HOP_S) <= 2
        return {
            "model": model,
            "hours": seconds / 3600,
            "speed": speed,
            "wall_s": wall_s,
            "processor_s": watched.processor_s,
            "windows": windows,
            **counts,
            "files": written,
            "sinks": taken,
            **grown,
            "exit_code": stream.returncode,
            "as_expected": expected
            and stream.returncode == 0
            and all(file["each_exactly_once"] for file in written.values())
            and all(sink["written"] == windows for sink in taken.values())
            and grown["memory"]["flat"]
            and grown["open_files"]["constant"],
        }


def _disturb(
    stream: "subprocess.Popen[bytes]",
    screen: int,
    broker: Broker,
    files: list[Rotator],
    viewer: Viewer,
    watched: Watched,
    limit_s: float,
    show_step: Callable[[str], None],
) -> dict[str, int]:
    """Disturb har-stream in every way until it ends; returns how often in each."""
    end_s = time.monotonic() + limit_s
    sample, rotate, ask = Due(SAMPLE_S), Due(ROTATE_S), Due(ASK_S)
    visit, restart = Due(AWAY_S, VISIT_S), Due(BROKER_UP_S, BROKER_DOWN_S)
    is_away, is_up, kills = True, True, 0
    page_fails_s: float | None = None
    page_error: Exception | None = None
    while stream.poll() is None and not is_listening(viewer.port):
        time.sleep(STEP_S)
    while stream.poll() is None:
        if time.monotonic() > end_s:
            raise SourceError(f"har-stream has not ended after {limit_s:.0f} s")
        read_screen(screen)
        if sample.now():
            watched.look()
        if rotate.now():
            for file in files:
                file.rotate()
        if restart.now():
            broker.kill() if is_up else broker.start()
            is_up, kills = not is_up, kills + is_up
        try:
            if page_fails_s is None and visit.now():
                viewer.come() if is_away else viewer.leave()
                is_away = not is_away
            elif page_fails_s is None and ask.now():
                viewer.ask()
        except (OSError, http.client.HTTPException) as error:  # har-stream closes the page when it ends.
            page_fails_s, page_error = time.monotonic(), error
        show_step(f"{kills} times the broker was killed, {files[0].rotations} rotations, {viewer.visits} visits")
        time.sleep(STEP_S)
    before_s = 0 if page_fails_s is None else time.monotonic() - page_fails_s
    if before_s > ENDING_S:
        raise SourceError(f"the page did not respond {before_s:.0f} s before the end ({page_error!r})")
    rotations = sum(file.rotations for file in files)
    return {"broker_kills": kills, "rotations": rotations, "visits": viewer.visits, "page_replies": viewer.replies}


def compared(file: Rotator, windows: int) -> dict[str, Any]:
    """Whether each window has one row, in order."""
    starts = [round(float(row["start_s"]), 3) for row in file.rows()]
    steps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    doubled = len(starts) - len(set(starts))
    missing = sum(step > 1.5 * HOP_S for step in steps)
    return {
        "rows": len(starts),
        "doubled": doubled,
        "gaps": missing,
        "each_exactly_once": len(starts) == windows and not doubled and not missing,
    }


if __name__ == "__main__":
    sys.exit(main())
