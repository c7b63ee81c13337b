"""Recipes read from strict TOML: every key must be known, and every value fit the setting's type."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from har_runtime.errors import DataError
from har_runtime.tables import TableError, from_table, parse_toml, read_bounded, shown
from har_runtime.text import clean
from har_train.recipe import Recipe

MAX_BASES = 10
"""Of one recipe, each the base of the one before."""


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
    try:
        return from_table(Recipe, table)
    except TableError as error:
        raise DataError(f"{where}: {error}") from error


def _table(name_or_file: str, seen: tuple[str, ...]) -> dict[str, Any]:
    if name_or_file in seen:
        raise DataError(f"{seen[0]}: its base leads back to '{name_or_file}'")
    path = Path(name_or_file)
    if path.suffix == ".toml":
        try:
            text = read_bounded(path)
        except FileNotFoundError as error:
            raise DataError(f"{path}: no such recipe file") from error
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
        except TableError as error:
            raise DataError(f"{path}: no recipe: {error}") from error
    elif name_or_file in recipe_names():
        text = (files("har_train.recipes") / f"{name_or_file}.toml").read_bytes()
    else:
        raise DataError(
            f"unknown recipe '{clean(name_or_file)}': give a .toml file or one of {', '.join(recipe_names())}"
        )
    table = _parsed(text, name_or_file)
    base = table.pop("base", None)
    if base is None:
        return table
    if not isinstance(base, str):
        raise DataError(f"{name_or_file}: 'base' must be text, the name or file of a recipe, not {shown(base)}")
    if len(seen) >= MAX_BASES:
        raise DataError(f"{seen[0]}: more than {MAX_BASES} recipes are each the base of another")
    whole = _table(base, (*seen, name_or_file))
    _merge(whole, table)
    return whole


def _parsed(text: str | bytes, where: str) -> dict[str, Any]:
    try:
        return parse_toml(text)
    except TableError as error:
        raise DataError(f"{clean(where)}: {error}") from error


def _merge(whole: dict[str, Any], change: dict[str, Any]) -> None:
    """Put `change` over `whole`, table by table."""
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(whole.get(key), dict):
            _merge(whole[key], value)
        else:
            whole[key] = value
