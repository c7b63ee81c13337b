"""Recipes: everything that decides a training run but the data's place and the seed, as strict TOML."""

import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from har_runtime.contract import HOP, WINDOW
from har_runtime.errors import DataError

Built = TypeVar("Built")


METHODS = ("multi-task", "two-stage", "random-forest", "logistic-regression")
LABEL_RULES = ("whole", "majority")
PAIRS = ("simclr", "activity", "activity-user")
"""Ways to choose positives and negatives, as in Figure 3 (a), (b) and (c) of the paper."""


@dataclass(frozen=True)
class DataConfig:
    """What is learnt from."""

    dataset: str
    activities: tuple[str, ...]
    placement: str | None = None
    """Where the sensor was worn, for data sets with several places; None takes all recordings."""
    validation: float = 0.2
    """Fraction of the users."""
    test: float = 0.2
    """Fraction of the users, where the protocol does not say who is tested."""
    window: int = WINDOW
    """Samples at 50 Hz. A model of other than the contract's 50 can be judged and not exported."""
    hop: int = HOP
    """Samples between the starts of two windows."""
    label_rule: str = "whole"
    """Which windows count: "whole", those whose every sample has the same label; "majority", all with a label, by the
    one that holds longest."""

    def __post_init__(self) -> None:
        if self.label_rule not in LABEL_RULES:
            raise DataError(f"recipe: data.label_rule is '{self.label_rule}'; it is {_choice(LABEL_RULES)}")
        if min(self.window, self.hop) < 1 or not (0 < self.validation < 1 and 0 < self.test < 1):
            raise DataError("recipe: data: window and hop from 1 on, validation and test between 0 and 1")
        if len(set(self.activities)) != len(self.activities) or len(self.activities) < 2:
            raise DataError("recipe: data.activities must name two activities or more, each once")


@dataclass(frozen=True)
class AugmentConfig:
    """The views of the contrastive task (section 3.2.3 a): how strong and how likely. The paper fixes the kinds; the
    strengths are ours, in normalised units."""

    probability: float = 0.5
    """With which each of scaling, channel shuffle, rotation and permutation is applied to a sample."""
    jitter_std: float = 0.05
    """Standard deviation of the added noise. Jitter is always applied."""
    scaling_std: float = 0.1
    """Standard deviation of the factor, around 1."""
    permutation_segments: int = 5
    scaling: bool = True
    channel_shuffle: bool = True
    rotation: bool = True
    permutation: bool = True


@dataclass(frozen=True)
class ClassifierAugmentConfig:
    """What the classifier's own windows go through in training, in SI units. Not in the paper; all off by default.

    They stand for what differs between wearers: how the device sits, how vigorously they move, its noise and bias.
    """

    tilt_degrees: float = 0.0
    """Standard deviation of the angle of a 3-D rotation about a random axis, of both sensors together."""
    yaw_degrees: float = 0.0
    """Largest angle of a rotation about the window's own direction of gravity, of both sensors together."""
    scaling_std: float = 0.0
    """Standard deviation of the factor, around 1, of the movement: gravity, the mean over the window, stays."""
    jitter_std: float = 0.0
    """Standard deviation of the added noise, in units of each channel's standard deviation over the training users."""
    mix_users: float = 0.0
    """Alpha of mixup (Zhang et al. 2018) between windows of one activity and different users."""

    def any(self) -> bool:
        """Whether there is anything to do."""
        return max(self.tilt_degrees, self.yaw_degrees, self.scaling_std, self.jitter_std, self.mix_users) > 0


@dataclass(frozen=True)
class ModelConfig:
    """The encoder, and the widths that the paper leaves open; see `network.Architecture`."""

    backbone: str = "resnet"
    filters: tuple[int, ...] = (64, 128, 128)
    kernels: tuple[int, ...] = (7, 5, 3)
    head: tuple[int, ...] = (256, 128, 128)
    projector: bool = True
    projector_hidden: int = 256
    projector_out: int = 128
    dropout: float = 0.2
    fine_scale: bool = False


@dataclass(frozen=True)
class ContrastiveConfig:
    """The contrastive task; see `losses`."""

    weight: float = 0.4
    """Lambda of the multi-task objective; 0 trains supervised only, with one pass for each step."""
    pairs: str = "activity-user"
    """"simclr", "activity" or "activity-user": see `losses.pair_masks`."""
    temperature: float = 0.1
    reduction: str = "mean"
    own_view: str = "ignored"
    """What an anchor's own second view is to "activity-user": "ignored" or "positive"."""

    def __post_init__(self) -> None:
        for name, allowed in (
            ("pairs", PAIRS),
            ("reduction", ("mean", "sum")),
            ("own_view", ("ignored", "positive")),
        ):
            if getattr(self, name) not in allowed:
                raise DataError(f"recipe: contrastive.{name} is '{getattr(self, name)}'; it is {_choice(allowed)}")
        if self.weight < 0 or self.temperature <= 0:
            raise DataError("recipe: contrastive.weight must be 0 or more and contrastive.temperature above 0")


@dataclass(frozen=True)
class PretrainingConfig:
    """The first stage of "two-stage": the contrastive loss alone, no early stopping (section 4.4.2)."""

    learning_rate: float = 1e-4
    epochs: int = 200

    def __post_init__(self) -> None:
        if min(self.learning_rate, self.epochs) <= 0:
            raise DataError("recipe: pretraining: learning_rate and epochs above 0")


@dataclass(frozen=True)
class OptimiserConfig:
    """AdamW and early stopping (section 4.2, Table 2); what is not in the paper is off by default."""

    learning_rate: float = 3e-4
    weight_decay: float = 0.01
    batch_size: int = 256
    epochs: int = 100
    patience: int = 30
    schedule: str = "constant"
    """Of the learning rate: "constant", or "one-cycle" up to it and down again over all epochs (Smith 2018)."""
    averaging: float = 0.0
    """Decay for each step of an exponential moving average of the weights, which is what is kept; 0 for none."""
    label_smoothing: float = 0.0
    class_balance: bool = False
    """Whether each class weighs the same in the classification loss, however many windows it has."""

    def __post_init__(self) -> None:
        if min(self.learning_rate, self.batch_size - 1, self.epochs, self.patience) <= 0:
            raise DataError("recipe: optimiser: learning_rate, epochs and patience above 0, batch_size above 1")
        if self.schedule not in ("constant", "one-cycle"):
            raise DataError(f"recipe: optimiser.schedule is '{self.schedule}'; it is 'constant' or 'one-cycle'")
        if not (0 <= self.averaging < 1 and 0 <= self.label_smoothing < 1):
            raise DataError("recipe: optimiser.averaging and optimiser.label_smoothing are 0 or more and below 1")


@dataclass(frozen=True)
class Recipe:
    """One way to train a model."""

    name: str
    title: str
    data: DataConfig
    method: str = "multi-task"
    """"multi-task" (the paper's; supervised only where contrastive.weight is 0), "two-stage" (contrastive pretraining,
    then a classifier on the frozen encoder), or a control: "random-forest", "logistic-regression"."""
    model: ModelConfig = field(default_factory=ModelConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    classifier_augment: ClassifierAugmentConfig = field(default_factory=ClassifierAugmentConfig)
    contrastive: ContrastiveConfig = field(default_factory=ContrastiveConfig)
    pretraining: PretrainingConfig = field(default_factory=PretrainingConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise DataError(f"recipe: method is '{self.method}'; it is {_choice(METHODS)}")

    @property
    def is_control(self) -> bool:
        """Whether a classical model of scikit-learn does the work."""
        return self.method in ("random-forest", "logistic-regression")

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values; `recipe_from` reads it back."""
        return asdict(self)


def recipe_names() -> list[str]:
    """The recipes that ship."""
    return sorted(entry.name[:-5] for entry in files("har_train.recipes").iterdir() if entry.name.endswith(".toml"))


def load_recipe(name_or_file: str, changes: Sequence[str] = ()) -> Recipe:
    """A recipe by its name or from a TOML file.

    A recipe may name another as its `base`: it is that one but for what it says itself.

    Args:
        changes: settings that replace the recipe's, such as "contrastive.weight=0.2"; they become part of its name.

    Raises:
        DataError: no such recipe, not TOML, or a key that no recipe has.
    """
    table = _table(name_or_file, ())
    for change in changes:
        key, _, value = change.partition("=")
        _merge(table, _parsed(f"{key.strip()} = {value}", f"--set {change}"))
        table["name"] = f"{table.get('name', name_or_file)} {change.replace(' ', '')}"
    return recipe_from(table, str(name_or_file))


def _table(name_or_file: str, seen: tuple[str, ...]) -> dict[str, Any]:
    if name_or_file in seen:
        raise DataError(f"{seen[0]}: its base leads back to '{name_or_file}'")
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
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise DataError(f"{where}: not valid TOML ({error})") from error


def _merge(whole: dict[str, Any], change: dict[str, Any]) -> None:
    """Put `change` over `whole`, table by table."""
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(whole.get(key), dict):
            _merge(whole[key], value)
        else:
            whole[key] = value


def recipe_from(table: dict[str, Any], where: str) -> Recipe:
    """A recipe from nested tables; `where` names their origin in errors.

    Raises:
        DataError: an unknown key, a missing one, or a value of the wrong type.
    """
    return _build(Recipe, table, where, "")


def _choice(allowed: tuple[str, ...]) -> str:
    return " or ".join(f"'{value}'" for value in allowed)


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
    if wanted == str | None:
        if value is None:
            return None
        wanted = str
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise DataError(f"{what} must be {wanted.__name__}, not {value!r}")
    return value
