"""Recipes: everything that decides a training run but the data's place and the seed, as strict TOML."""

import tomllib
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from har_runtime.errors import DataError
from har_train.augment import AugmentConfig

Built = TypeVar("Built")


@dataclass(frozen=True)
class DataConfig:
    """What is learnt from."""

    dataset: str
    activities: tuple[str, ...]
    validation: float = 0.2
    """Fraction of the users."""
    test: float = 0.2
    """Fraction of the users."""


@dataclass(frozen=True)
class ModelConfig:
    """Widths that the paper leaves open; see `network.Architecture`."""

    head: tuple[int, ...] = (256, 128, 128)
    projector_hidden: int = 256
    projector_out: int = 128
    dropout: float = 0.2


@dataclass(frozen=True)
class ContrastiveConfig:
    """The auxiliary task; see `losses.user_aware_supcon`."""

    weight: float = 0.4
    """Lambda; 0 trains supervised only, with one pass for each step."""
    temperature: float = 0.1
    reduction: str = "mean"
    own_view: str = "ignored"
    """What an anchor's own second view is: "ignored" or "positive"."""

    def __post_init__(self) -> None:
        if self.reduction not in ("mean", "sum"):
            raise DataError(f"recipe: contrastive.reduction is '{self.reduction}'; it is 'mean' or 'sum'")
        if self.own_view not in ("ignored", "positive"):
            raise DataError(f"recipe: contrastive.own_view is '{self.own_view}'; it is 'ignored' or 'positive'")
        if self.weight < 0 or self.temperature <= 0:
            raise DataError("recipe: contrastive.weight must be 0 or more and contrastive.temperature above 0")


@dataclass(frozen=True)
class OptimiserConfig:
    """AdamW and early stopping (section 4.2, Table 2)."""

    learning_rate: float = 3e-4
    weight_decay: float = 0.01
    batch_size: int = 256
    epochs: int = 100
    patience: int = 30

    def __post_init__(self) -> None:
        if min(self.learning_rate, self.batch_size - 1, self.epochs, self.patience) <= 0:
            raise DataError("recipe: optimiser: learning_rate, epochs and patience above 0, batch_size above 1")


@dataclass(frozen=True)
class Recipe:
    """One way to train a model."""

    name: str
    title: str
    data: DataConfig
    model: ModelConfig = field(default_factory=ModelConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    contrastive: ContrastiveConfig = field(default_factory=ContrastiveConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values; `recipe_from` reads it back."""
        return asdict(self)


def recipe_names() -> list[str]:
    """The recipes that ship."""
    return sorted(entry.name[:-5] for entry in files("har_train.recipes").iterdir() if entry.name.endswith(".toml"))


def load_recipe(name_or_file: str) -> Recipe:
    """A recipe by its name or from a TOML file.

    Raises:
        DataError: no such recipe, not TOML, or a key that no recipe has.
    """
    path = Path(name_or_file)
    shipped = files("har_train.recipes") / f"{name_or_file}.toml"
    if path.suffix == ".toml":
        if not path.is_file():
            raise DataError(f"{path}: no such recipe file")
        text = path.read_text(encoding="utf-8")
    elif shipped.is_file():
        text = shipped.read_text(encoding="utf-8")
    else:
        raise DataError(f"unknown recipe '{name_or_file}': give a .toml file or one of {', '.join(recipe_names())}")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{name_or_file}: not valid TOML ({error})") from error
    return recipe_from(table, str(name_or_file))


def recipe_from(table: dict[str, Any], where: str) -> Recipe:
    """A recipe from nested tables; `where` names their origin in errors.

    Raises:
        DataError: an unknown key, a missing one, or a value of the wrong type.
    """
    return _build(Recipe, table, where, "")


def _build(kind: type[Built], table: dict[str, Any], where: str, prefix: str) -> Built:
    known = {entry.name: entry for entry in fields(kind)}  # pyright: ignore[reportArgumentType]
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise DataError(f"{where}: unknown key '{prefix}{key}'; known here: {', '.join(known)}")
        wanted = known[key].type
        if is_dataclass(wanted):
            if not isinstance(value, dict):
                raise DataError(f"{where}: '{prefix}{key}' must be a table")
            values[key] = _build(wanted, value, where, f"{prefix}{key}.")  # pyright: ignore[reportArgumentType]
        else:
            values[key] = _checked(wanted, value, f"{where}: '{prefix}{key}'")
    try:
        return kind(**values)
    except TypeError as error:
        raise DataError(f"{where}: {prefix or 'recipe '}{str(error).split(') ')[-1]}") from error


def _checked(wanted: Any, value: Any, what: str) -> Any:
    inner = {tuple[str, ...]: str, tuple[int, ...]: int}.get(wanted)
    if inner is not None:
        if not isinstance(value, list | tuple) or not all(type(item) is inner for item in value):
            raise DataError(f"{what} must be a list of {inner.__name__}, not {value!r}")
        return tuple(value)
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise DataError(f"{what} must be {wanted.__name__}, not {value!r}")
    return value
