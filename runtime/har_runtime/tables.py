"""Tables of JSON and TOML from outside as dataclasses: size, depth, types and lengths are checked before use.

Whoever reads a file adds its name to the message of `TableError`, which is one line and shows at most
`text.MAX_SHOWN` characters of a value.
"""

import json
import math
import re
import tomllib
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NoReturn, TypeVar, get_args, get_origin

from har_runtime.files import read_at_most
from har_runtime.text import clean, has_control

MAX_BYTES = 1_000_000
"""Of a file of settings; a card of fifty labels has 100,000."""
MAX_DEPTH = 16
"""Of lists and tables inside each other; a card has 4."""
NESTED = f"it is nested more than {MAX_DEPTH} deep"
MAX_TEXT = 4_000
"""Characters of a text; the citations of several data sets have 1,500."""
MAX_ITEMS = 20_000
"""Of a list or a table."""
MAX_INTEGER = 2**63 - 1
_NO_BARE_KEY = re.compile(r""" "(?:[^"\\\n]|\\[^\n])*+"? | '[^'\n]*+'? | \#[^\n]*+ """, re.VERBOSE)
"""Texts, quoted keys and comments of TOML."""
_DEEP_KEY = re.compile(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{MAX_DEPTH}}}")

Built = TypeVar("Built")


class TableError(ValueError):
    """What is wrong with a table or its file, without the file's name."""


def read_bounded(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a file, of which no more than `limit` are read.

    Raises:
        OSError: it cannot be read.
        TableError: it is larger.
    """
    content, _ = read_at_most(path, limit + 1)
    if len(content) > limit:
        raise TableError(f"it is larger than {limit:,} bytes")
    return content


def read_json(path: Path, limit: int = MAX_BYTES) -> Any:
    """The content of a JSON file.

    Raises:
        OSError: it cannot be read.
        TableError: it is too large, or not JSON that `parse_json` takes.
    """
    return parse_json(read_bounded(path, limit))


def read_toml(path: Path, limit: int = MAX_BYTES) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        OSError: it cannot be read.
        TableError: it is too large, or not TOML that `parse_toml` takes.
    """
    return parse_toml(read_bounded(path, limit))


def parse_json(text: str | bytes) -> Any:
    """The value of JSON text, without NaN and Infinity, which JSON does not have.

    >>> parse_json('{"a": [1, 2.5]}')
    {'a': [1, 2.5]}

    Raises:
        TableError: not JSON, or nested too deeply.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode(json.detect_encoding(text))
        return _bounded(json.loads(text, parse_constant=_no_number))
    except RecursionError as error:
        raise TableError("it is nested too deeply") from error
    except TableError:
        raise
    except ValueError as error:  # Not JSON, not text, or a number of thousands of digits.
        raise TableError(f"it is not JSON: {clean(str(error))}") from error


def parse_toml(text: str | bytes) -> dict[str, Any]:
    """The table of TOML text.

    >>> parse_toml("a = [1, 2.5]")
    {'a': [1, 2.5]}

    Raises:
        TableError: not TOML in UTF-8, or nested too deeply.
    """
    try:
        text = text if isinstance(text, str) else text.decode("utf-8-sig")
        if _DEEP_KEY.search(_NO_BARE_KEY.sub("x", text)):  # tomllib takes minutes and gigabytes for a.b.c... of 1 MB.
            raise TableError(NESTED)
        return _bounded(tomllib.loads(text))
    except RecursionError as error:
        raise TableError("it is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise TableError("it is not UTF-8 text; save it as UTF-8") from error
    except TableError:
        raise
    except ValueError as error:
        raise TableError(f"it is not valid TOML: {clean(str(error))}") from error


def _no_number(name: str) -> NoReturn:
    raise TableError(f"{name} is not a number of JSON")


def _bounded(value: Any) -> Any:
    """The same value, if it is not nested too deeply; counted level by level, as keys like a.b.c nest without end."""
    level, depth = [value], 0
    while level := [inner for item in level for inner in _inside(item)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise TableError(NESTED)
    return value


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def from_table(kind: type[Built], table: Any, strict: bool = True, prefix: str = "") -> Built:
    """A dataclass from nested tables, with every value checked against the type of its field.

    Fields may be texts, words of a `Literal`, numbers, booleans, dataclasses, tuples, dictionaries with text as keys,
    and `X | None`. A whole number is also a float, and nothing else is converted: True is no number, and "abc" no list.

    >>> from dataclasses import make_dataclass
    >>> Point = make_dataclass("Point", [("axes", tuple[str, ...]), ("x", float | None)])
    >>> from_table(Point, {"axes": ["x", "y"], "x": 3})
    Point(axes=('x', 'y'), x=3.0)
    >>> from_table(Point, {"axes": "xy", "x": 3})
    Traceback (most recent call last):
        ...
    har_runtime.tables.TableError: 'axes' must be a list, not 'xy'

    Args:
        strict: whether an unknown key is an error, or of another version and skipped.
        prefix: keys above the table, for errors.

    Raises:
        TableError: not a table, an unknown key, a missing one, or a value of the wrong type.
    """
    if not isinstance(table, dict):
        raise TableError(f"'{prefix.rstrip('.') or kind.__name__}' must be a table, not {shown(table)}")
    known = {entry.name: entry for entry in fields(kind)}  # pyright: ignore[reportArgumentType]
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key in known:
            values[key] = _checked(known[key].type, value, f"{prefix}{key}", strict)
        elif strict:
            raise TableError(f"unknown key '{prefix}{clean(key)}'; known here: {', '.join(known)}")
    for name, entry in known.items():
        if name not in values and entry.default is MISSING and entry.default_factory is MISSING:
            raise TableError(f"'{prefix}{name}' is missing")
    return kind(**values)


def shown(value: Any) -> str:
    """A value as TOML writes it, shortened and without control characters, for messages.

    >>> shown((1, 2)), shown("a\\x1b")
    ('[1, 2]', "'a?'")
    """
    if isinstance(value, str):
        return f"'{clean(value)}'"
    return clean(repr(list(value) if isinstance(value, tuple) else value))


_KINDS = {str: "text", int: "a whole number", float: "a finite number", bool: "true or false"}


def _checked(wanted: Any, value: Any, key: str, strict: bool) -> Any:
    if isinstance(wanted, UnionType):  # Such as `str | None`; JSON has null, TOML has not.
        if value is None and NoneType in get_args(wanted):
            return None
        wanted = get_args(wanted)[0]
    if is_dataclass(wanted) and isinstance(wanted, type):
        return from_table(wanted, value, strict, f"{key}.")
    if get_origin(wanted) is tuple:
        return _sequence(get_args(wanted), value, key, strict)
    if get_origin(wanted) is Literal:
        if not isinstance(value, str) or value not in get_args(wanted):
            raise TableError(f"'{key}' must be {' or '.join(get_args(wanted))}, not {shown(value)}")
        return value
    if get_origin(wanted) is dict:
        if not isinstance(value, dict):
            raise TableError(f"'{key}' must be a table, not {shown(value)}")
        _check_length(value, key)
        inner = get_args(wanted)[1]
        return {
            _text(name, key): _checked(inner, entry, f"{key}.{clean(name)}", strict) for name, entry in value.items()
        }
    return _text(value, key) if wanted is str else _number(wanted, value, key)


def _sequence(kinds: tuple[Any, ...], value: Any, key: str, strict: bool) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise TableError(f"'{key}' must be a list, not {shown(value)}")
    _check_length(value, key)
    if kinds[-1] is not Ellipsis and len(value) != len(kinds):
        raise TableError(f"'{key}' must be a list of {len(kinds)}, not {shown(value)}")
    items = zip(value, kinds if kinds[-1] is not Ellipsis else kinds[:1] * len(value), strict=True)
    return tuple(_checked(kind, item, f"{key}[{number}]", strict) for number, (item, kind) in enumerate(items))


def _check_length(value: "list[Any] | tuple[Any, ...] | dict[str, Any]", key: str) -> None:
    if len(value) > MAX_ITEMS:
        raise TableError(f"'{key}' has {len(value):,} entries, at most {MAX_ITEMS:,} are possible")


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise TableError(f"'{key}' must be text, not {shown(value)}")
    if len(value) > MAX_TEXT:
        raise TableError(f"'{key}' has {len(value):,} characters, at most {MAX_TEXT:,} are possible")
    if has_control(value):
        raise TableError(f"'{key}' has control characters: {shown(value)}")
    return value


def _number(wanted: Any, value: Any, key: str) -> Any:
    if wanted is float and type(value) is int and abs(value) <= MAX_INTEGER:
        value = float(value)
    possible = type(value) is wanted and not (wanted is float and not math.isfinite(value))
    if not possible or (wanted is int and abs(value) > MAX_INTEGER):
        raise TableError(f"'{key}' must be {_KINDS.get(wanted, wanted)}, not {shown(value)}")
    return value
