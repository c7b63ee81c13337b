"""The options of a command from a TOML file: each by its long name, as a list if it may be given several times.

    source = "serial:auto"
    sink = ["jsonl:day.jsonl", "mqtt://broker/home/activity"]
    log-level = "info"

An option on the command line overrides the file.
"""

import argparse
from pathlib import Path
from typing import Any

from har_runtime.errors import ConfigError
from har_runtime.tables import TableError, read_toml, shown
from har_runtime.text import MAX_LINE, clean


def add_config(parser: argparse.ArgumentParser) -> None:
    """The option `--config`; `with_config` reads the file."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE.toml",
        help='read options from this file, e.g. source = "serial:auto"; the command line overrides it',
    )


def with_config(
    options: argparse.Namespace, parser: argparse.ArgumentParser, arguments: list[str]
) -> argparse.Namespace:
    """The options of a command line, completed from the file that its `--config` names.

    Args:
        options: as parsed from `arguments`.
        parser: of the command.
        arguments: of the command.

    Raises:
        ConfigError: the file cannot be read or is not TOML, a key is no option, or a value has the wrong type.
    """
    # Parse again without defaults: an option that is None now was not given.
    given = vars(parser.parse_args(arguments, argparse.Namespace(**dict.fromkeys(vars(options)))))
    values = _read(options.config, _settable(parser))
    return argparse.Namespace(**vars(options) | {name: value for name, value in values.items() if given[name] is None})


def _settable(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """The options that a file may set, by long name without the dashes."""
    actions = parser._option_string_actions  # argparse has no public list of them.
    return {
        option.removeprefix("--"): action
        for option, action in actions.items()
        if option.startswith("--") and action.dest not in (argparse.SUPPRESS, "help", "config")
    }


def _read(path: Path, options: dict[str, argparse.Action]) -> dict[str, Any]:
    """The file's values by their names in a namespace."""
    try:
        table = read_toml(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error})") from error
    except TableError as error:
        raise ConfigError(f"{path}: {error}") from error
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in options:
            raise ConfigError(f"{path}: unknown key '{clean(key)}'; known: {', '.join(sorted(options))}")
        try:
            values[options[key].dest] = _converted(options[key], value)
        except ValueError as error:
            raise ConfigError(f"{path}: '{key}' must be {error}, not {shown(value)}") from error
    return values


def _converted(action: argparse.Action, value: Any) -> Any:
    """A value as the option itself would give it.

    Raises:
        ValueError: it has the wrong type; the message is the right one.
    """
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise ValueError("true or false")
        return value
    if isinstance(action, argparse._AppendAction):
        if not (isinstance(value, list) and value and all(map(_is_text, value))):
            raise ValueError('a list of strings, such as ["..."]')
        return value
    if not _is_text(value):
        raise ValueError("a string")
    if action.choices is not None and value not in action.choices:
        raise ValueError(f"one of {', '.join(action.choices)}")
    return value


def _is_text(value: object) -> bool:
    """Whether it is a string that a command line can have too."""
    return isinstance(value, str) and "\0" not in value and len(value) <= MAX_LINE
