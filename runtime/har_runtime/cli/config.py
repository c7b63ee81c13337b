"""The options of a command from a TOML file: each by its long name, a list for one that may be given several times.

    source = "serial:auto"
    sink = ["jsonl:day.jsonl", "mqtt://broker/home/activity"]
    log-level = "info"

What the command line gives counts, and the file's value for that option does not.
"""

import argparse
import tomllib
from pathlib import Path
from typing import Any

from har_runtime.errors import ConfigError


def add_config(parser: argparse.ArgumentParser) -> None:
    """The option `--config`, for a command that parses with `parse_with_config`."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE.toml",
        help='read options from here, such as source = "serial:auto"; those of the command line win',
    )


def parse_with_config(parser: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    """Parse a command line, and the file that its `--config` names.

    Raises:
        ConfigError: the file cannot be read or is no TOML, a key is no option, a value has not the option's type.
    """
    options = parser.parse_args(arguments)
    if options.config is None:
        return options
    # A second time without defaults: what is None then was not given.
    blank = argparse.Namespace(**dict.fromkeys(vars(options)))
    given = vars(parser.parse_args(arguments, blank))
    for name, value in _read(options.config, _settable(parser)).items():
        if given[name] is None:
            setattr(options, name, value)
    return options


def _settable(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """The options a file may set, by long name without its dashes."""
    actions = parser._option_string_actions  # argparse shows them nowhere else.
    return {
        option.removeprefix("--"): action
        for option, action in actions.items()
        if option.startswith("--") and action.dest not in (argparse.SUPPRESS, "help", "config")
    }


def _read(path: Path, options: dict[str, argparse.Action]) -> dict[str, Any]:
    """The file's values by their names in a namespace."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text; save it as such") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not TOML ({error})") from error
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in options:
            raise ConfigError(f"{path}: unknown key '{key}'; known: {', '.join(sorted(options))}")
        try:
            values[options[key].dest] = _converted(options[key], value)
        except ValueError as error:
            raise ConfigError(f"{path}: '{key}' must be {error}, not {value!r}") from error
    return values


def _converted(action: argparse.Action, value: Any) -> Any:
    """A value as the option itself would give it.

    Raises:
        ValueError: it is of another type; says which is wanted.
    """
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise ValueError("true or false")
        return value
    if isinstance(action, argparse._AppendAction):
        if not (isinstance(value, list) and value and all(isinstance(item, str) for item in value)):
            raise ValueError('a list of strings, such as ["..."]')
        return value
    if not isinstance(value, str):
        raise ValueError("a string")
    if action.choices is not None and value not in action.choices:
        raise ValueError(f"one of {', '.join(action.choices)}")
    return value
