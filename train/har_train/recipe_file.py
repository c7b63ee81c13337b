"""Recipes read from strict TOML: every key must be known, and every value fit the setting's type."""

import math
import tomllib
from collections.abc import Sequence
from dataclasses import MISSING, fields, is_dataclass
from importlib.resources import files
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

from har_runtime.errors import DataError
from har_train.recipe import Recipe, as_toml

Built = TypeVar("Built")


def recipe_names() -> list[str]:
    """The recipes that are part of the package."""
    return sorted(entry.name[:-5] for entry in files("har_train.recipes").iterdir() if entry.name.endswith(".toml"))


def load_recipe(name_or_file: str, changes: Sequence[str] = ()) -> Recipe:
    """A recipe by its name or from a TOML file.

    A recipe may name another as its `base` and then holds only what differs from it.

    Args:
        changes: settings that replace the recipe's, such as "contrastive.weight=0.2"; they become part of its name.

    Raises:
        DataError: no such recipe, not TOML, an unknown key, or a value that cannot be used.
    """
    table = _table(name_or_file, ())
    for change in changes:
        key, _, value = change.partition("=")
        _merge(table, _parsed(f"{key.strip()} = {value}", f"--set {change}"))
        table["name"] = f"{table.get('name', name_or_file)} {change.replace(' ', '')}"
    return recipe_from(table, name_or_file)


def recipe_from(table: dict[str, Any], where: str) -> Recipe:
    """A recipe from nested tables; `where` names their origin in errors.

    Raises:
        DataError: an unknown key, a missing one, or a value that cannot be used.
    """
    return from_table(Recipe, table, where)


def from_table(kind: type[Built], table: Any, where: str, prefix: str = "") -> Built:
    """A dataclass from nested tables, with every value checked against the type of its field.

    Args:
        where: the origin of the table, for errors.
        prefix: keys above the table, for errors.

    Raises:
        DataError: not a table, an unknown key, a missing one, or a value of the wrong type.
    """
    if not isinstance(table, dict):
        raise DataError(f"{where}: '{prefix.rstrip('.') or kind.__name__}' must be a table, not {as_toml(table)}")
    known = {entry.name: entry for entry in fields(kind)}  # pyright: ignore[reportArgumentType]
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise DataError(f"{where}: unknown key '{prefix}{key}'; known here: {', '.join(known)}")
        wanted = known[key].type
        if isinstance(wanted, UnionType) and is_dataclass(get_args(wanted)[0]) and value is not None:
            wanted = get_args(wanted)[0]
        if is_dataclass(wanted) and isinstance(wanted, type):
            values[key] = from_table(wanted, value, where, f"{prefix}{key}.")
        else:
            values[key] = _checked(wanted, value, f"{where}: '{prefix}{key}'")
    for name, entry in known.items():
        if name not in values and entry.default is MISSING and entry.default_factory is MISSING:
            raise DataError(f"{where}: '{prefix}{name}' is missing")
    return kind(**values)


def _table(name_or_file: str, seen: tuple[str, ...]) -> dict[str, Any]:
    if name_or_file in seen:
        raise DataError(f"{seen[0]}: its base leads back to '{name_or_file}'")
    path = Path(name_or_file)
    if path.suffix == ".toml":
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise DataError(f"{path}: no such recipe file") from error
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path}: cannot be read ({error})") from error
    elif name_or_file in recipe_names():
        text = (files("har_train.recipes") / f"{name_or_file}.toml").read_text(encoding="utf-8")
    else:
        raise DataError(f"unknown recipe '{name_or_file}': give a .toml file or one of {', '.join(recipe_names())}")
    table = _parsed(text, name_or_file)
    base = table.pop("base", None)
    if base is None:
        return table
    whole = _table(str(base), (*seen, name_or_file))
    _merge(whole, table)
    return whole


def _parsed(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not valid TOML ({error})") from error


def _merge(whole: dict[str, Any], change: dict[str, Any]) -> None:
    """Put `change` over `whole`, table by table."""
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(whole.get(key), dict):
            _merge(whole[key], value)
        else:
            whole[key] = value


def _checked(wanted: Any, value: Any, what: str) -> Any:
    if isinstance(wanted, UnionType):  # Such as `str | None`; JSON has null, TOML has not.
        if value is None and type(None) in get_args(wanted):
            return None
        wanted = get_args(wanted)[0]
    if get_origin(wanted) is tuple:
        inner = get_args(wanted)[0]
        if not isinstance(value, list | tuple) or not all(type(item) is inner for item in value):
            raise DataError(f"{what} must be a list of {inner.__name__}, not {as_toml(value)}")
        return tuple(value)
    if get_origin(wanted) is dict:
        if not isinstance(value, dict):
            raise DataError(f"{what} must be a table, not {as_toml(value)}")
        inner = get_args(wanted)[1]
        return {name: _checked(inner, entry, f"{what[:-1]}.{name}'") for name, entry in value.items()}
    if wanted is float and type(value) is int and abs(value) < 1e300:
        value = float(value)
    if type(value) is not wanted or (isinstance(value, float) and not math.isfinite(value)):
        kind = "a finite number" if wanted is float else wanted.__name__
        raise DataError(f"{what} must be {kind}, not {as_toml(value)}")
    return value
