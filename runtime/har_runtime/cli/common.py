"""What the command lines share: programs with subcommands, their common options, and exit codes.

Exit codes: 0 for success and after SIGTERM, 1 for a result that is empty, not well or could not be written, 2 with one
line on stderr for what the user can put right, 130 after Ctrl-C. `--debug` shows the traceback.
"""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from har_runtime.cli.config import with_config
from har_runtime.cli.extras import extra_of
from har_runtime.cli.interrupt import Terminated
from har_runtime.cli.log import add_log_level, set_up_log
from har_runtime.cli.streams import OutputError, careful_streams, flush_output, open_closed_streams
from har_runtime.errors import DataError, HarError
from har_runtime.text import MAX_LINE, clean, hide_secrets, wrap

_TYPES: Final = {"int": "a whole number", "float": "a number"}
"""What argparse calls by Python's names."""
COMMON_OPTIONS: Final = ("-h", "--help", "--debug", "--log-level")
"""These may precede the command."""


@dataclass(frozen=True)
class Command:
    """A subcommand. Whatever takes long to import is imported by `run`, or by both functions: they are called if it is
    the one that runs."""

    name: str
    help: str
    """One line for the program's list of commands."""
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    """The parsed options to the exit code."""
    description: str | None = None
    """For its own `--help`; `help` if None."""


@dataclass(frozen=True)
class Program:
    """A program with subcommands; `--debug` and `--help` may stand before or after the name of the subcommand."""

    name: str
    description: str
    commands: tuple[Command, ...]
    default: str | None = None
    """The command that runs if none is named."""
    extras: tuple[str, ...] = ()
    """The extras of the distribution that it needs."""
    has_log: bool = False
    """Whether its commands have `--log-level`."""
    hint: Callable[[str], str | None] = lambda _: None
    """What to write instead of a word that is no command, if that can be guessed."""

    def main(self, arguments: list[str] | None = None) -> int:
        """Parse the arguments (of the process by default), run the command, and return the exit code.

        Raises:
            SystemExit: after `--help`, or with code 2 after one line about an argument that is wrong.
        """
        return _exit_code(self.name, arguments, self._parse, self.extras)

    def _parse(self, arguments: list[str]) -> argparse.Namespace:
        common, rest = _common_first(arguments)
        names = [command.name for command in self.commands]
        named = rest.pop(0) if rest and rest[0] in names else None
        parser, commands = self._parsers(named or self.default)
        if named is None:
            named = self._default_command(common, rest, parser)
        arguments = [*([named] if named else []), *common, *rest]
        options = parser.parse_args(arguments)
        if getattr(options, "config", None) is not None:
            options = with_config(options, commands[options.command], arguments[1:])
        if self.has_log:
            set_up_log(options.log_level)
        return options

    def _parsers(self, runs: str | None) -> tuple["OneLineParser", dict[str, "OneLineParser"]]:
        """The program's own parser, and that of each command by its name, without the arguments of those that do not
        run."""
        program = OneLineParser(prog=self.name, description=self.description)
        choices = program.add_subparsers(title="commands", dest="command", required=True, metavar="COMMAND")
        commands: dict[str, OneLineParser] = {}
        for command in self.commands:
            description = command.description or f"{command.help[0].upper()}{command.help[1:]}."
            parser = choices.add_parser(command.name, help=command.help, description=description)
            if command.name == runs:
                command.add_arguments(parser)
            commands[command.name] = parser
            if command.name == self.default:
                parser.label, program.default = self.name, parser
            parser.set_defaults(run=command.run, label=parser.label)
        for parser in (program, *commands.values()):
            if self.has_log:
                add_log_level(parser)
            add_debug(parser)
        return program, commands

    def _default_command(self, common: list[str], rest: list[str], program: "OneLineParser") -> str | None:
        """The command that runs if none is named; None for the program's own help."""
        first = rest[0] if rest else None
        if first is not None and not first.startswith("-") and not (program.default and program.default.takes_values):
            known = self.hint(first) or f"known: {', '.join(command.name for command in self.commands)}"
            program.error(f"unknown command '{first}'; {known}")
        return None if first is None and {"-h", "--help"} & set(common) else self.default


def _common_first(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The common options that precede the command, and the rest."""
    common, rest = [], list(arguments)
    while rest and rest[0].partition("=")[0] in COMMON_OPTIONS:
        common.append(rest.pop(0))
        if common[-1] == "--log-level":
            common += rest[:1]
            del rest[:1]
    return common, rest


class OneLineParser(argparse.ArgumentParser):
    """Reports a mistake in one line, without what could steer the terminal."""

    def __init__(self, **settings: Any):
        super().__init__(**{"formatter_class": _Help, **settings})
        self.label = self.prog
        """What its messages begin with."""
        self.default: OneLineParser | None = None
        """The command that runs if none is named; its options are part of the help."""

    @property
    def takes_values(self) -> bool:
        """Whether there are arguments without a name."""
        return any(not action.option_strings for action in self._actions)  # argparse has no public list of them.

    def format_help(self) -> str:
        text = super().format_help()
        if self.default is None:
            return text
        return f"{text}\nWithout a command, {self.prog} means {self.default.prog}:\n\n{self.default.format_help()}"

    def error(self, message: str) -> NoReturn:
        for types, wanted in _TYPES.items():
            message = message.replace(f"invalid {types} value:", f"not {wanted}:")
        self.exit(2, f"{self.label}: {clean(message, MAX_LINE)}; see {self.prog} --help\n")


class _Help(argparse.HelpFormatter):
    """Breaks lines at spaces alone: an option or a name that is broken at a hyphen cannot be read or copied."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap(" ".join(text.split()), width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in wrap(" ".join(text.split()), width - len(indent)))


def add_debug(parser: argparse.ArgumentParser) -> None:
    """The option `--debug`, which `run_command` heeds."""
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def add_json(parser: argparse.ArgumentParser) -> None:
    """The option `--json`."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def add_data(parser: argparse.ArgumentParser) -> None:
    """The option `--data`, which `data_folder` reads."""
    parser.add_argument("--data", help="folder or archive of the data set (default: $HAREDGE_DATA)")


def whole_number(at_least: int) -> Callable[[str], int]:
    """A type for `add_argument`: whole numbers from a limit on.

    >>> whole_number(1)("3")
    3
    """

    def convert(text: str) -> int:
        if not text.isdecimal() or int(text) < at_least:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of {at_least} or more")
        return int(text)

    return convert


def percentage(text: str) -> float:
    """A type for `add_argument`: a number from 0 to 100."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 0 to 100")
    return value


def run_command(parser: argparse.ArgumentParser, arguments: list[str] | None) -> int:
    """Parse the arguments of a script without subcommands, call the `run` of its defaults, and return the exit code."""
    return _exit_code(parser.prog, arguments, parser.parse_args, ())


def _exit_code(
    label: str, arguments: list[str] | None, parse: Callable[[list[str]], argparse.Namespace], extras: Iterable[str]
) -> int:
    """Parse, call `run` of the options, and turn what it raises into an exit code."""
    open_closed_streams()
    with careful_streams():
        try:
            code = _code_of(label, arguments, parse, extras)
        except SystemExit:  # After --help.
            if code := _flush_code(label):
                return code
            raise
        return code or _flush_code(label)


def _flush_code(label: str) -> int:
    """Write what is left of the output; returns the exit code."""
    try:
        flush_output()
    except OutputError as error:
        return _failed(label, str(error), debug=False, code=1)
    except BrokenPipeError:
        return 1
    return 0


def _code_of(
    label: str, arguments: list[str] | None, parse: Callable[[list[str]], argparse.Namespace], extras: Iterable[str]
) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in given
    try:
        options = parse(given)
        debug, label = options.debug, getattr(options, "label", label)
        return int(options.run(options))
    except OutputError as error:
        return _failed(label, str(error), debug, code=1)
    except HarError as error:
        return _failed(label, " ".join(str(error).split()), debug)
    except ModuleNotFoundError as error:
        extra = extra_of(error.name or "", extras)
        if extra is None:
            raise
        return _failed(label, f"{error.name} is not installed: pip install 'haredge[{extra}]'", debug)
    except KeyboardInterrupt as interrupt:
        _failed(label, "stopped", debug)
        return 0 if isinstance(interrupt, Terminated) else 130
    except BrokenPipeError:  # The reader of a pipe (head, a pager) has left, and knows it.
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        # A name that no file system takes, e.g. of 300 characters, of which pathlib cannot even say that it is no file.
        return _failed(label, f"{clean(str(error.filename))}: cannot be used ({error.strerror})", debug)


def _failed(label: str, message: str, debug: bool, code: int = 2) -> int:
    """Report the exception being handled in one line; returns the exit code, by default that for a user's mistake."""
    if debug:
        print(hide_secrets(traceback.format_exc()), end="", file=sys.stderr)
    _say(label, message)
    return code


def _say(label: str, message: str) -> None:
    print(f"{label}: {clean(message, MAX_LINE)}", file=sys.stderr)


def data_folder(option: str | None) -> Path:
    """The folder of the data sets: the option, else $HAREDGE_DATA.

    Raises:
        DataError: neither is given.
    """
    folder = option or os.environ.get("HAREDGE_DATA")
    if not folder:
        raise DataError("no data given: set HAREDGE_DATA to the folder with the data sets, or use --data")
    return Path(folder)
