"""How long `har-stream report` takes for many days of answers, and how much memory.

    python -m har_bench.stream.report_speed --out benchmarks/results/report_speed.json

The answers are those of `anywhere` to a simulated wearer, again and again until the days are full. The report is made
by a process of its own: of a day, of all days, with a picture, and of all days in a file by change.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from har_bench.progress import step_display
from har_bench.results import write_and_print
from har_bench.script import run_script, script_parser
from har_runtime.answers.answer import Answer
from har_runtime.answers.row import row_of
from har_runtime.cli.common import whole_number
from har_runtime.contract import HOP_S
from har_runtime.model.load import load_model
from har_runtime.recognizer import Recognizer
from har_runtime.sources import open_source

DAYS = 10
DAY_WINDOWS = round(86_400 / HOP_S)
WEARER = "simulated:?seconds=1800&speed=max"
UNIX_S = 1_790_899_200
MEBIBYTE = 2**20
CHILD = """
import json, resource, sys
from pathlib import Path
from har_runtime.cli.stream import main
code = main(["report", *sys.argv[1:]])
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
used = resource.getrusage(resource.RUSAGE_SELF)
found = {"seconds": used.ru_utime + used.ru_stime, "peak_mib": int(peak.split()[1]) / 1024}
print(json.dumps(found), file=sys.stderr)
sys.exit(code)
"""


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("stream.report_speed", "Time har-stream report on days of answers.", "out")
    parser.add_argument("--days", type=whole_number(1), default=DAYS, help="of answers (default: %(default)s)")
    parser.add_argument(
        "--windows", type=whole_number(1), default=DAY_WINDOWS, help="of a day, for a short try (default: %(default)s)"
    )
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as name, step_display() as show_step:
        folder = Path(name)
        show_step("classifying")
        rows = _rows()
        days, by_change = (
            [folder / f"day-{number:02d}.jsonl" for number in range(options.days)],
            folder / "change.jsonl",
        )
        with by_change.open("w", encoding="utf-8") as change:
            for number, path in enumerate(days):
                show_step(f"writing day {number + 1} of {options.days}")
                with path.open("w", encoding="utf-8") as file:
                    for window in range(options.windows):
                        file.write(_line(rows[window % len(rows)], number * DAY_WINDOWS + window))
                change.writelines(_changes(rows, number * DAY_WINDOWS, options.windows))
        runs = {
            "a day": days[:1],
            "all days": days,
            "all days, with a picture": [*days, "--out", folder / "days.png"],
            "all days, by change": [by_change],
        }
        found: list[dict[str, Any]] = []
        for what, arguments in runs.items():
            show_step(what)
            command = [sys.executable, "-c", CHILD, *map(str, arguments)]
            result = subprocess.run(command, capture_output=True, text=True, check=True)
            files = [path for path in arguments if isinstance(path, Path) and path.suffix == ".jsonl"]
            size = sum(path.stat().st_size for path in files)
            found.append({"report": what, "bytes": size, **json.loads(result.stderr.splitlines()[-1])})
    write_and_print(options.out, {"days": options.days, "windows_a_day": options.windows, "reports": found})
    return 0


def _rows() -> list[dict[str, Any]]:
    """The rows of half an hour."""
    recognizer = Recognizer(load_model("anywhere"))
    answers: list[Answer] = [answer for chunk in open_source(WEARER) for answer in recognizer.push(chunk)]
    return [row_of(answer, recognizer.model.card.labels) for answer in [*answers, *recognizer.finish()]]


def _at(row: dict[str, Any], window: int) -> dict[str, Any]:
    """The row as that of another window."""
    start_s = window * HOP_S
    return {**row, "unix_s": UNIX_S + start_s, "start_s": start_s, "end_s": round(start_s + 0.98, 2)}


def _line(row: dict[str, Any], window: int) -> str:
    return json.dumps(_at(row, window), allow_nan=False) + "\n"


def _changes(rows: list[dict[str, Any]], first: int, windows: int) -> Iterator[str]:
    """The lines of a day by change: stretches of one activity and place, a minute at most."""
    begin = 0
    for window in range(1, windows + 1):
        last = rows[(window - 1) % len(rows)]
        row = rows[window % len(rows)]
        same = all(row.get(key) == last.get(key) for key in ("activity", "reason", "place"))
        if window < windows and same and window - begin < 120:
            continue
        steps = sum(rows[each % len(rows)]["steps"] for each in range(begin, window))
        since = {"windows": window - begin, "since_unix_s": UNIX_S + (first + begin) * HOP_S}
        yield json.dumps({**_at(last, first + window - 1), "steps": steps, **since}, allow_nan=False) + "\n"
        begin = window


if __name__ == "__main__":
    sys.exit(main())
