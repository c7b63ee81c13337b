"""The program `har-stream`: its subcommands. What one of them needs is imported if it runs."""

import argparse

from har_runtime.cli.common import Command, Program
from har_runtime.cli.start import imported

RECORDINGS = (".csv", ".txt", ".tsv", ".zip", ".gz", ".json", ".parquet")


def _command(name: str, help: str, description: str | None = None) -> Command:
    """The command of the module of its name."""

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        imported(f"har_runtime.cli.{name}").add_arguments(parser)

    def run(options: argparse.Namespace) -> int:
        return imported(f"har_runtime.cli.{name}").run(options)

    return Command(name, help, add_arguments, run, description)


def _source_hint(word: str) -> str | None:
    """How to read what was given without an option."""
    from har_runtime.sources import SOURCES

    kind = word.partition(":")[0]
    if ":" in word and kind in SOURCES:
        return f"a source is given as --source {word}"
    return f"a recording is given as --source replay:{word}" if word.lower().endswith(RECORDINGS) else None


PROGRAM = Program(
    "har-stream",
    "Recognise activities in real time: read an IMU, a recording or a simulated wearer, print, log. "
    "Example: har-stream --source serial:auto --sink terminal: --sink jsonl:day.jsonl",
    (
        _command("run", "read a source and write its activities to sinks"),
        _command(
            "devices",
            "list the serial ports and IIO devices",
            "List the serial ports and IIO devices, and what they seem to be.",
        ),
        _command(
            "doctor",
            "check this computer, the model and a sensor",
            "Check Python, libraries, serial ports, model, sensor, clock, disk and processor, and say what to do about "
            "each. Exit code 0 if all is well, 1 if something needs fixing.",
        ),
        _command(
            "simulate",
            "serve a virtual sensor on a serial port",
            "A virtual IMU, worn by the simulated wearer. Prints the path of its port, which any program can open.",
        ),
        _command(
            "record",
            "record a source with labels, to train on",
            "Record a source into DATA/WEARER, in the layout of har-train's data set csv-folder. Keys set the label: 1 "
            "to 9 an activity, 0 none; u takes the last one back, q ends.",
        ),
        _command(
            "report",
            "summarise days that the jsonl: sink has written",
            "What somebody did all day: minutes, bouts and changes of activity, from files of the jsonl: sink.",
        ),
        _command(
            "personalise",
            "learn how you do the activities, from seconds of each",
            "Learn how one person does the activities, and new ones, from a few labelled seconds: prompted with a "
            "sensor, or from a recording with labels. Writes a profile for har-stream --profile.",
        ),
        _command(
            "qr",
            "show a code for a phone's camera: the address of a web: source",
            "Show the address that a phone's browser opens to be the sensor of a web: source, as a code for its "
            "camera. It contains the token: whoever sees it can be the sensor.",
        ),
        _command(
            "token",
            "print a new secret for sensorlogger:, web: and live:",
            "Print a random token, e.g. into a file that only you can read, for token-file=FILE of "
            "sensorlogger:, web: and live:. It is different each time.",
        ),
    ),
    default="run",
    has_log=True,
    hint=_source_hint,
)


def main(arguments: list[str] | None = None) -> int:
    """Run the program; returns the exit code."""
    return PROGRAM.main(arguments)
