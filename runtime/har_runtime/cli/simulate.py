"""The command `har-stream simulate`: a virtual IMU on a serial port that any program can open."""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from har_runtime.cli.common import whole_number
from har_runtime.cli.interrupt import Interruptible
from har_runtime.errors import SourceError

STEP_S = 0.02
RATES = (50, 100)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `har-stream simulate`."""
    parser.add_argument("--pty", action="store_true", required=True, help="on a pseudo-terminal")
    parser.add_argument(
        "--format", choices=("witmotion", "witmotion-ble", "csv"), default="witmotion", help="what it sends"
    )
    parser.add_argument("--rate", type=int, choices=RATES, default=RATES[0], help="samples per second (default: 50)")
    parser.add_argument("--no-gyroscope", action="store_true", help="an accelerometer alone; needs --format csv")
    parser.add_argument("--seed", type=whole_number(0), default=0, help="chooses the wearer (default: 0)")
    parser.add_argument("--link", type=Path, help="make a symbolic link to the port here")


def run(options: argparse.Namespace) -> int:
    """Serve the virtual sensor until Ctrl-C or SIGTERM; returns the exit code.

    Raises:
        SourceError: the system has no pseudo-terminals, the link cannot be made, or a WitMotion without a gyroscope.
    """
    try:
        from har_runtime.sources.serial_port.virtual_sensor import Pty, make_virtual_sensor, serve
    except ImportError as error:  # Windows.
        raise SourceError("simulate: this system has no pseudo-terminals; use --source simulated: instead") from error
    device = make_virtual_sensor(options.format, options.rate, options.seed, not options.no_gyroscope)
    interruptible = Interruptible()
    with interruptible:
        pty = Pty(options.link)
        try:
            print(pty.path, flush=True)
            print(
                f"A SIMULATED sensor; Ctrl-C ends it. Read it with: har-stream --source serial:{pty.path}",
                file=sys.stderr,
                flush=True,
            )
            for _ in interruptible.items(serve(pty, device, _ticks())):
                pass
        finally:
            pty.close()
    interruptible.raise_if_interrupted()
    return 0


def _ticks() -> Iterator[float]:
    """Seconds since the start, about fifty times a second."""
    start = time.monotonic()
    while True:
        yield time.monotonic() - start
        time.sleep(STEP_S)
