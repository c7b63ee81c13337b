"""How to measure: the settings, and the command-line options for them."""

import argparse
from dataclasses import dataclass

from har_bench.measure.runtimes import CHOICES
from har_runtime.errors import HarError


@dataclass(frozen=True)
class Settings:
    """How to measure."""

    runtimes: tuple[str, ...] | None = None
    """Keys of `RUNTIMES`; None for all that are installed."""
    threads: tuple[int, ...] = (1,)
    repetitions: int = 40
    """Turns of each model."""
    check: bool = False
    """Whether to compare with the processor time of 10,000 windows."""
    energy: bool | None = None
    """None measures energy if the machine can."""


QUICK = Settings(runtimes=("litert",), repetitions=15, energy=False)
"""What --quick measures, unless other options say more."""


def add_measure_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that `measure_settings` reads."""
    parser.add_argument("--runtimes", metavar="R,R", help=f"of {', '.join(CHOICES)} (default: all that are installed)")
    parser.add_argument("--threads", default="1", metavar="N,N", help="numbers of threads (default: %(default)s)")
    parser.add_argument(
        "--repetitions",
        type=int,
        metavar="N",
        help=f"turns of each model, of 0.05 s (default: {Settings.repetitions}, or {QUICK.repetitions} with --quick)",
    )
    parser.add_argument(
        "--quick", action="store_true", help="within half a minute: LiteRT alone, fewer turns, no energy"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="compare the latencies with the processor time that the kernel reports for 10,000 windows",
    )
    parser.add_argument(
        "--energy",
        action=argparse.BooleanOptionalAction,
        help="require energy, or skip it (default: measure it if the machine can)",
    )


def measure_settings(options: argparse.Namespace) -> Settings:
    """The settings that the options of `add_measure_options` ask for.

    Raises:
        HarError: an invalid value.
    """
    usual = QUICK if options.quick else Settings()
    repetitions = usual.repetitions if options.repetitions is None else options.repetitions
    if repetitions < 2:
        raise HarError("--repetitions: give at least 2; the noise is estimated from the differences between turns")
    return Settings(
        runtimes=_runtimes(options.runtimes) if options.runtimes else usual.runtimes,
        threads=_threads(options.threads),
        repetitions=repetitions,
        check=options.check,
        energy=usual.energy if options.energy is None else options.energy,
    )


def _runtimes(text: str) -> tuple[str, ...]:
    keys = tuple(dict.fromkeys(key for key in text.split(",") if key))
    for key in keys:
        if key not in CHOICES:
            raise HarError(f"--runtimes: unknown runtime '{key}'; known: {', '.join(CHOICES)}")
    return keys


def _threads(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.isdecimal() and 1 <= int(part) <= 1024 for part in parts):
        raise HarError(f"--threads: '{text}' is not a list of numbers from 1 to 1024, such as 1,2")
    return tuple(dict.fromkeys(int(part) for part in parts))
