"""What the command lines share: one line and exit code 2 for what the user got wrong, 130 for Ctrl-C, 0 for SIGTERM."""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from har_runtime.cli.interrupt import Terminated
from har_runtime.errors import DataError, HarError

Command = Callable[[list[str]], int]
"""The entry point of a subcommand: its arguments to its exit code."""
Parse = Callable[[argparse.ArgumentParser, list[str]], argparse.Namespace]
"""Reads options from arguments."""


def add_common(parser: argparse.ArgumentParser) -> None:
    """Options every command has."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def run_command(
    parser: argparse.ArgumentParser,
    arguments: list[str] | None,
    commands: Mapping[str, Command] | None = None,
    parse: Parse = argparse.ArgumentParser.parse_args,
) -> int:
    """Parse, call the chosen command's `run`, and turn what it raises into an exit code.

    Args:
        commands: for a program that does its main job without a subcommand: what else it can do, by first argument.
        parse: where options come from elsewhere too.
    """
    given = sys.argv[1:] if arguments is None else arguments
    if commands and given and given[0] in commands:
        return commands[given[0]](given[1:])
    debug = "--debug" in given
    try:
        options = parse(parser, given)
        debug |= options.debug
        return int(options.run(options))
    except HarError as error:
        if debug:
            traceback.print_exc()
        print(f"{parser.prog}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as interrupt:
        if debug:
            traceback.print_exc()
        print(f"{parser.prog}: stopped", file=sys.stderr)
        return 0 if isinstance(interrupt, Terminated) else 130
    except BrokenPipeError:
        # The reader of a pipe (head, a pager) has left. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def data_folder(option: str | None) -> Path:
    """Where the data sets lie: the option, else $HAREDGE_DATA.

    Raises:
        DataError: neither is given.
    """
    place = option or os.environ.get("HAREDGE_DATA")
    if not place:
        raise DataError("no data given: set HAREDGE_DATA to the folder with the data sets, or use --data")
    return Path(place)
