"""The command `har-stream doctor`: checks this computer, the model and the sensor, and says what to fix."""

import argparse
import ctypes
import importlib
import json
import os
import platform
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from har_runtime.answers.answer import UNKNOWN
from har_runtime.cli.common import add_json
from har_runtime.cli.source_check import Finding, source_findings
from har_runtime.contract import CHANNELS, HOP_S, WINDOW
from har_runtime.errors import HarError, SourceError
from har_runtime.model.card import ModelCard
from har_runtime.model.litert_backend import INTERPRETERS
from har_runtime.model.load import DEFAULT_MODEL, load_model
from har_runtime.sources.serial_port.ports import serial_ports
from har_runtime.text import MAX_LINE, clean, folded
from har_runtime.uri import parse_uri

PYTHON = ((3, 11), (3, 13))
"""The oldest and the newest version that has wheels."""
ENOUGH_DISK = 200_000_000
"""Bytes: four days of answers as JSON lines."""
TIMED_WINDOWS = 20
COARSE_CLOCK_S = 0.001
GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
TIME_ERROR = 5
"""Returned by adjtimex(2) if the clock is not synchronised."""
TIMEX_BYTES = 256
"""More than the size of its struct timex (208 on 64-bit Linux)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `har-stream doctor`."""
    parser.add_argument("--source", metavar="URI", help="also watch this source: rate, jitter, gaps, units")
    parser.add_argument(
        "--model", default=DEFAULT_MODEL, metavar="NAME|PATH", help="the model to check (default: %(default)s)"
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="how long to watch the source (default: 5)")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Print the findings; returns 0 if all is well and 1 if something needs fixing.

    Raises:
        SourceError: an invalid number of seconds.
    """
    if not 0 < options.seconds <= 3600:
        raise SourceError(f"--seconds {options.seconds:g}: give 1 to 3600")
    model, card = model_finding(options.model)
    findings = [python_finding(sys.version_info[:2]), *library_findings(), model]
    findings += port_findings(options.source)
    findings += [clock_finding(), disk_finding(Path.cwd()), *governor_findings(GOVERNOR)]
    if options.source:
        if not options.json:
            print(f"watching {clean(options.source, MAX_LINE)} for {options.seconds:g} s", file=sys.stderr, flush=True)
        findings += source_findings(options.source, options.seconds, card)
    well = all(finding.state != "fix" for finding in findings)
    if options.json:
        print(
            json.dumps({"well": well, "findings": [asdict(finding) for finding in findings]}, indent=1, allow_nan=False)
        )
    else:
        for finding in findings:
            found = f"{finding.state:5}{finding.subject:15}{clean(finding.found, MAX_LINE)}"
            print(folded(found, sys.stdout, " " * 20))
            if finding.advice:
                print(folded(f"{'':20}-> {clean(finding.advice, MAX_LINE)}", sys.stdout, " " * 3))
        print("all is well" if well else "something needs fixing: see the lines that begin with fix")
    return 0 if well else 1


def python_finding(running: tuple[int, int]) -> Finding:
    """Whether the runtime supports this Python."""
    bits = 64 if sys.maxsize > 2**32 else 32
    text = f"{platform.python_version()}, {bits}-bit, {platform.system()} on {platform.machine()}"
    if bits == 32:
        advice = "install a 64-bit system: there is no LiteRT for 32 bits"
    elif not PYTHON[0] <= running <= PYTHON[1]:
        advice = "use Python " + " to ".join(".".join(map(str, one)) for one in PYTHON)
    else:
        return Finding("Python", "ok", text)
    return Finding("Python", "fix", text, advice)


def library_findings() -> list[Finding]:
    """The libraries that the runtime needs, with their versions."""
    findings = [
        _library(name, module) for name, module in (("numpy", "numpy"), ("rich", "rich"), ("pyserial", "serial"))
    ]
    for module in INTERPRETERS:
        name = module.partition(".")[0].replace("_", "-")
        if (found := _library(name, module)).state == "ok":
            return [*findings, found]
    return [*findings, Finding("LiteRT", "fix", "no interpreter", "pip install ai-edge-litert")]


def _library(name: str, module: str) -> Finding:
    try:
        importlib.import_module(module)
        return Finding(name, "ok", version(name))
    except PackageNotFoundError:
        return Finding(name, "ok", "version unknown")
    except ImportError as error:
        return Finding(name, "fix", f"cannot be imported ({error})", f"pip install {name}")


def model_finding(name: str) -> tuple[Finding, ModelCard | None]:
    """Whether the model loads, fits its card and is fast enough; and the card, None if it does not load."""
    try:
        model = load_model(name)
    except HarError as error:
        return Finding("model", "fix", str(error)), None
    window = np.zeros((1, WINDOW, len(CHANNELS)), np.float32)
    durations: list[float] = []
    for _ in range(TIMED_WINDOWS):
        begin = time.perf_counter()
        model.probabilities(window)
        durations.append(time.perf_counter() - begin)
    seconds = statistics.median(durations)
    card = model.card
    worn = ", ".join(card.places) if card.places else card.placement or "unknown"
    activities = sum(label != UNKNOWN for label in card.labels)
    text = f"{card.name} {card.version}, worn at: {worn}, {activities} activities, {1e6 * seconds:,.0f} us a window"
    if seconds > HOP_S:
        return Finding("model", "fix", text, "too slow for real time: use an int8 model"), card
    return Finding("model", "ok", text), card


def port_findings(source: str | None) -> list[Finding]:
    """Permission on the serial port of the source, or on every port if no source is given."""
    if source is None:
        paths = [port.path for port in serial_ports()]
    else:
        uri = parse_uri(source)
        paths = [uri.target] if uri.kind == "serial" and uri.target != "auto" else []
        if uri.kind != "serial":
            return []
    if not paths and source is None:
        return [Finding("serial port", "note", "none found", "plug the sensor in, if it is a serial one")]
    return [port_finding(Path(path)) for path in paths]


def port_finding(path: Path, access: Callable[[Path, int], bool] = os.access) -> Finding:
    """Whether a serial port can be read and written; if not, which group to join."""
    if not path.exists():
        return Finding("serial port", "fix", f"{path} does not exist", "har-stream devices lists the ports")
    if access(path, os.R_OK | os.W_OK):
        return Finding("serial port", "ok", f"{path} can be opened")
    try:
        group = path.group()
    except (OSError, KeyError, NotImplementedError):
        group = "dialout"
    advice = f"sudo usermod -aG {group} $USER, then log out and in again"
    return Finding("serial port", "fix", f"you have no permission to open {path}", advice)


def clock_finding() -> Finding:
    """The resolution of the computer's clock, and whether the network sets it."""
    resolution = time.get_clock_info("monotonic").resolution
    synchronised = clock_synchronised()
    known = {True: "set by the network", False: "not set by the network", None: "unknown whether the network sets it"}
    text = f"resolution {1e9 * resolution:.0f} ns; {known[synchronised]}"
    if resolution > COARSE_CLOCK_S:
        return Finding("clock", "fix", text, "a sensor without its own clock needs a resolution of 1 ms or better")
    if synchronised is False:
        return Finding("clock", "note", text, "if times of day matter to you: sudo timedatectl set-ntp true")
    return Finding("clock", "ok", text)


def clock_synchronised() -> bool | None:
    """Whether NTP sets the clock; None if the kernel does not report it (adjtimex(2), readable without privileges)."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    except (OSError, AttributeError, TypeError):  # Not Linux.
        return None
    return None if state < 0 else state != TIME_ERROR


def disk_finding(folder: Path) -> Finding:
    """Whether there is room for answers."""
    free = shutil.disk_usage(folder).free
    text = f"{free / 1e9:,.1f} GB free in this folder"
    if free < ENOUGH_DISK:
        return Finding("disk", "fix", text, "make room: a day of answers takes 50 MB as JSON lines")
    return Finding("disk", "ok", text)


def governor_findings(path: Path) -> list[Finding]:
    """Whether the processor is held at its lowest speed; nothing if the kernel does not report it.

    Args:
        path: of `scaling_governor`; `scaling_driver` is beside it.
    """
    try:
        governor = path.read_text(encoding="ascii").strip()
        driver = path.with_name("scaling_driver").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return []
    if governor == "powersave" and "pstate" not in driver:  # With the pstate drivers, powersave adapts.
        advice = f"answers take longer this way; for speed: echo ondemand | sudo tee {path}"
        return [Finding("processor", "note", "governor powersave: always at its lowest speed", advice)]
    return [Finding("processor", "ok", f"governor {governor}")]
