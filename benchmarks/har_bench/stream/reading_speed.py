"""How fast recordings are read, and how much memory a large one takes.

    python -m har_bench.stream.reading_speed --out benchmarks/results/reading_speed.json

An hour of the simulated wearer at 100 Hz is written in our own header, and as some apps write it. Each file is read to
its end several times, in turn. Then a file of --gigabytes in our own header is read while the process's memory is
watched. It is written once beside the others, in a temporary folder, and removed at the end.
"""

import argparse
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from har_bench.progress import step_display
from har_bench.results import write_and_print
from har_bench.script import run_script, script_parser
from har_runtime.cli.common import whole_number
from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.sources.replay.source import Replay
from har_runtime.sources.serial_port.virtual_sensor import SampledWearer

SECONDS = 3600
RATE_HZ = 100
TURNS = 5
GIGABYTES = 2.0
WARM_UP = 0.05
"""Share of the large file after which memory is taken to be level."""
CHUNKS_BETWEEN = 50
"""Memory is read at each of so many chunks."""
UNIX_NS = 1_790_899_200_000_000_000
MEBIBYTE = 2**20

Table = NDArray[np.float64]
"""Times in s, acceleration in m/s^2 and angular rate in rad/s, shape (n, 7)."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("stream.reading_speed", "Time the reading of recordings.", "out")
    parser.add_argument(
        "--seconds", type=whole_number(10), default=SECONDS, help="of the recording (default: %(default)s)"
    )
    parser.add_argument(
        "--gigabytes", type=float, default=GIGABYTES, help="size of the large file (default: %(default)s)"
    )
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    table = _recording(options.seconds)
    with tempfile.TemporaryDirectory() as name, step_display() as show_step:
        paths = {kind: Path(name) / file for kind, file in FILES.items()}
        for kind, path in paths.items():
            show_step(f"writing {kind}")
            WRITERS[kind](path, table)
        took: dict[str, list[float]] = {kind: [] for kind in paths}
        for turn in range(TURNS):
            for kind, path in paths.items():
                show_step(f"{kind}, turn {turn + 1} of {TURNS}")
                took[kind].append(_seconds_to_read(path))
        medians = {kind: statistics.median(seconds) for kind, seconds in took.items()}
        rows = [
            {"kind": kind, "seconds": median, "times_own_header": median / medians[OWN], "bytes": _size(paths[kind])}
            for kind, median in medians.items()
        ]
        show_step(f"a file of {options.gigabytes:g} GB")
        large = Path(name) / "large.csv"
        written = _write_large(large, paths[OWN], options.seconds, int(options.gigabytes * 1e9))
        memory = {"samples_written": written, **_memory(large)}
    write_and_print(options.out, {"samples": len(table), "rate_hz": RATE_HZ, "read": rows, "memory": memory})
    return 0


def _recording(seconds: int) -> Table:
    times, channels = SampledWearer(seed=0, rate_hz=RATE_HZ).samples_until(seconds)
    return np.column_stack([times, channels])


def _write(path: Path, header: str, columns: Iterable[Table], format: str, delimiter: str = ",") -> None:
    np.savetxt(path, np.column_stack(list(columns)), format, delimiter, header=header, comments="")


def _write_own(path: Path, table: Table) -> None:
    _write(path, "time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z", [table], "%.6f")


def _write_physics_toolbox(path: Path, table: Table) -> None:
    columns = [table[:, 0], table[:, 1:4] / STANDARD_GRAVITY, table[:, 4:]]
    _write(path, "time,gFx,gFy,gFz,wx,wy,wz", columns, "%.4f")


def _write_witmotion(path: Path, table: Table) -> None:
    header = "time\tDeviceName\tAccX(g)\tAccY(g)\tAccZ(g)\tAsX(°/s)\tAsY(°/s)\tAsZ(°/s)"
    start = datetime(2026, 10, 2, tzinfo=UTC)
    with path.open("w", encoding="utf-8") as file:
        print(header, file=file)
        for time_s, *channels in table.tolist():
            date = (start + timedelta(seconds=time_s)).isoformat(timespec="milliseconds").removesuffix("+00:00")
            acc = (f"{value / STANDARD_GRAVITY:.3f}" for value in channels[:3])
            gyro = (f"{math.degrees(value):.3f}" for value in channels[3:])
            print(date, "HC-06", *acc, *gyro, sep="\t", file=file)


def _write_sensor_logger(folder: Path, table: Table) -> None:
    folder.mkdir()
    unix_ns, seconds = UNIX_NS + table[:, :1] * 1e9, table[:, :1]
    for sensor, columns in (("TotalAcceleration", slice(3, 0, -1)), ("Gyroscope", slice(6, 3, -1))):
        parts = [unix_ns, seconds, table[:, columns]]
        _write(folder / f"{sensor}.csv", "time,seconds_elapsed,z,y,x", parts, "%.0f," + ",".join(["%.7f"] * 4))


OWN = "own header"
FILES = {
    OWN: "own.csv",
    "Physics Toolbox": "physics_toolbox.csv",
    "WitMotion's program": "witmotion.txt",
    "Sensor Logger": "sensor_logger",
}
"""Files, and the folder of one with a file for each sensor."""
WRITERS: dict[str, Callable[[Path, Table], None]] = {
    OWN: _write_own,
    "Physics Toolbox": _write_physics_toolbox,
    "WitMotion's program": _write_witmotion,
    "Sensor Logger": _write_sensor_logger,
}


def _seconds_to_read(path: Path) -> float:
    begin = time.perf_counter()
    for _ in Replay(path, speed=float("inf")):
        pass
    return time.perf_counter() - begin


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.iterdir()) if path.is_dir() else path.stat().st_size


def _write_large(path: Path, own: Path, seconds: int, size: int) -> int:
    """Write the rows of `own` again and again, each time later by `seconds` and a second, until there are `size` bytes;
    returns the number of rows."""
    header, *rows = own.read_bytes().splitlines(keepends=True)
    parts = [(float(time_s), rest) for time_s, _, rest in (row.partition(b",") for row in rows)]
    times = 0
    with path.open("wb") as file:
        file.write(header)
        while file.tell() < size:
            later = times * (seconds + 1)
            file.writelines(b"%.6f,%b" % (later + time_s, rest) for time_s, rest in parts)
            times += 1
    return times * len(parts)


def _memory(path: Path) -> dict[str, Any]:
    """What reading a file does to the memory of this process."""
    process = psutil.Process()
    size = path.stat().st_size
    source = Replay(path, speed=float("inf"))
    level: int | None = None
    samples = most = 0
    begin = time.perf_counter()
    for number, chunk in enumerate(source):
        samples += len(chunk.times_ns)
        if number % CHUNKS_BETWEEN:
            continue
        resident = process.memory_info().rss
        if level is None and source.position > WARM_UP * size:
            level = resident
        most = max(most, resident)
    return {
        "bytes": size,
        "samples_read": samples,
        "seconds": time.perf_counter() - begin,
        "level_mib": (level or most) / MEBIBYTE,
        "most_mib": most / MEBIBYTE,
    }


if __name__ == "__main__":
    sys.exit(main())
