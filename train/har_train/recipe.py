"""Recipes: everything that decides a training run except the place of the data and the seed.

`recipe_file` reads them from TOML.
"""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from har_runtime.contract import FAMILIES, FRAMES, HOP, PLACES, WINDOW
from har_runtime.errors import DataError
from har_runtime.tables import shown
from har_runtime.text import MAX_NAME, clean, is_name

CONTROLS = ("random-forest", "logistic-regression")
METHODS = (
    "multi-task",
    "two-stage",
    "affar",
    "cae",
    "ccil",
    "clusterclhar",
    "cpc",
    "csshar-simclr",
    "fedhar",
    "gile",
    "gile-as-code",
    "multi-task-ssl",
    "protohar",
    *CONTROLS,
)
LABEL_RULES = ("whole", "majority")
PAIRS = ("simclr", "activity", "activity-user")
"""Ways to choose positives and negatives, as in Figure 3 (a), (b) and (c) of the paper."""
BACKBONES = (
    "resnet",
    "fcn",
    "affar",
    "cae",
    "cnn-har",
    "cpc",
    "csshar",
    "ctbl",
    "deepconvlstm",
    "fedhar",
    "gile",
    "protohar",
    "tinierhar",
    "tinyhar",
    "tpn",
)
MAX_WIDTH = 4096
MAX_KERNEL = 99
MAX_LAYERS = 32
"""Largest sizes of a network, far above anything useful on a phone: more would only exhaust the memory."""
MAX_EPOCHS = 100_000
MAX_MINUTES = 1_000_000
MAX_BATCH = 10_000_000
SCHEDULES = ("constant", "one-cycle", "step", "plateau")


@dataclass(frozen=True)
class DataConfig:
    """The data to learn from: one data set, or several."""

    dataset: str = ""
    """Name of the data set; empty if there are several."""
    activities: tuple[str, ...] = ()
    """The classes, in their order. The class "unknown" is for movements that are none of the others."""
    datasets: tuple[str, ...] = ()
    """Names of several data sets, each with a placement if not all of it is meant, e.g. "sp-sw-har/wrist"."""
    renames: dict[str, str] = field(default_factory=dict)
    """Label of a data set to activity, or only where it was worn, e.g. wrist/typing to unknown, since a pocket does not
    show that somebody types; other labels keep their names."""
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Labels that stand for one of several activities, e.g. stairs for stairs_up or stairs_down. A choice named still
    is given to windows of its activities whose axes do not show posture; without it they do not train."""
    frame: str = "device"
    """Axes of the windows: "device", or "upright", see `har_runtime.signal.upright`. Or "gravity", to compare: each
    window turned by its own gravity, which no file for the runtime can be."""
    placement: str | None = None
    """Where the sensor was worn, for data sets with several places; None uses all recordings."""
    validation: float = 0.2
    """Fraction of the users."""
    test: float = 0.2
    """Fraction of the users, if the protocol does not say who is tested."""
    window: int = WINDOW
    """Samples at 50 Hz. A model whose window is not the contract's 50 samples can be evaluated but not exported."""
    hop: int = HOP
    """Samples between the starts of two windows."""
    label_rule: str = "whole"
    """Which windows count: "whole", those whose samples all have the same label; "majority", all that have a label, by
    the one that holds longest."""

    def __post_init__(self) -> None:
        _check_choice("data", self, label_rule=LABEL_RULES, frame=(*FRAMES, "gravity"))
        if bool(self.dataset) == bool(self.datasets):
            raise DataError("recipe: data needs either dataset or datasets")
        whole = {name for name, placement in self.sets if placement is None}
        if len(set(self.sets)) != len(self.sets) or any(name in whole for name, placement in self.sets if placement):
            raise DataError("recipe: data.datasets has the same recordings twice; name each data set or placement once")
        if self.datasets and self.placement is not None:
            raise DataError("recipe: data.placement: with several data sets, write SET/PLACEMENT in data.datasets")
        if self.frame == "upright" and (self.window, self.hop) != (WINDOW, HOP):
            raise DataError(f"recipe: data.frame upright needs windows of {WINDOW} samples, {HOP} apart")
        _check_range("data", self, window=(2, 10_000), hop=(1, 10_000), validation=(0.001, 0.999), test=(0.001, 0.999))
        if len(set(self.activities)) != len(self.activities) or len(self.activities) < 2:
            raise DataError("recipe: data.activities must name two activities or more, each once")
        names = (*self.activities, *self.renames, *self.renames.values(), *self.choices)
        if not all(map(is_name, names)):
            raise DataError(
                f"recipe: data: the names of activities have 1 to {MAX_NAME} characters; samples without a label are "
                "not an activity"
            )
        if unknown := sorted({*self.renames.values()} - {*self.activities, *self.choices}):
            raise DataError(f"recipe: data.renames: {clean(', '.join(unknown))} is none of the activities and choices")
        for name, members in self.choices.items():
            if name in self.activities or len(members) < 2 or not set(members) <= set(self.activities):
                raise DataError(
                    f"recipe: data.choices.{name} must name two of the activities or more, and be none itself"
                )

    @property
    def gait(self) -> tuple[str, ...]:
        """The activities on foot, and choices among them."""
        on_foot = FAMILIES["on_foot"]
        choices = (name for name, members in self.choices.items() if set(members) <= set(on_foot))
        return *(name for name in self.activities if name in on_foot), *choices

    def activity_of(self, label: str | None, placement: str | None) -> str:
        """The activity or choice that a label of a recording stands for, "" without a label."""
        own = self.renames.get(f"{placement}/{label}")
        return own or self.renames.get(label or "", label or "")

    @property
    def set_names(self) -> tuple[str, ...]:
        """Name of each data set, once."""
        return tuple(dict.fromkeys(name for name, _ in self.sets))

    @property
    def sets(self) -> tuple[tuple[str, str | None], ...]:
        """Name and placement of each data set; the placement is None for all recordings."""
        if self.dataset:
            return ((self.dataset, self.placement),)
        parts = (name.partition("/") for name in self.datasets)
        return tuple((name, placement or None) for name, _, placement in parts)


@dataclass(frozen=True)
class AugmentConfig:
    """The views of the contrastive task (section 3.2.3 a): how strong and how likely.

    The paper fixes the kinds; the strengths are ours, in normalised units.
    """

    probability: float = 0.5
    """Probability with which each of scaling, channel shuffle, rotation and permutation is applied to a sample."""
    jitter_std: float = 0.05
    """Standard deviation of the added noise. Jitter is always applied."""
    scaling_std: float = 0.1
    """Standard deviation of the factor, around 1."""
    permutation_segments: int = 5
    scaling: bool = True
    channel_shuffle: bool = True
    rotation: bool = True
    permutation: bool = True

    def __post_init__(self) -> None:
        _check_range("augment", self, probability=(0, 1), permutation_segments=(1, 1000))
        _check_range("augment", self, jitter_std=(0, 100), scaling_std=(0, 100))


@dataclass(frozen=True)
class ClassifierAugmentConfig:
    """Changes to the windows that train the classifier, in SI units. Not in the paper; all off by default.

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
    stretch: float = 1.0
    """Largest factor by which time is stretched or compressed: other people walk faster or slower."""
    slow_sensor: float = 0.0
    """Share of the windows that are made what a sensor of 20 to 33 Hz would give."""
    amplitude: float = 0.0
    """The movement of each window is multiplied by a factor between 1 - amplitude and 1 + amplitude."""
    clip_2g: float = 0.0
    """Share of the windows whose acceleration is clipped at 2 g in each axis, as cheap sensors do."""
    no_gyroscope: float = 0.0
    """Share of the windows whose angular rates become 0, as for a device without a gyroscope."""

    def __post_init__(self) -> None:
        _check_range("classifier_augment", self, tilt_degrees=(0, 180), yaw_degrees=(0, 180))
        _check_range("classifier_augment", self, scaling_std=(0, 100), jitter_std=(0, 100), mix_users=(0, 1000))
        _check_range("classifier_augment", self, stretch=(1, 2), slow_sensor=(0, 1), amplitude=(0, 1), clip_2g=(0, 1))
        _check_range("classifier_augment", self, no_gyroscope=(0, 1))

    def any(self) -> bool:
        """Whether anything is switched on."""
        return self != ClassifierAugmentConfig()


@dataclass(frozen=True)
class ModelConfig:
    """The network, but for the number of classes; see `har_train.fit.network`."""

    backbone: str = "resnet"
    """"resnet" or "fcn": the two convolutional networks of Wang et al. 2017, the latter without shortcuts; or the
    encoder of a system in `har_train.methods`, whose sizes are fixed: filters, kernels and halvings do not matter."""
    filters: tuple[int, ...] = (64, 128, 128)
    """Filters of each block (Wang et al. 2017, figure 1c; its fcn, figure 1b, has 128, 256, 128)."""
    kernels: tuple[int, ...] = (7, 5, 3)
    """Kernel of each convolution in a residual block, or of each block in an fcn. Odd: 8 in Wang et al. is 7 here,
    which gives the paper's 481 k parameters."""
    head: tuple[int, ...] = (256, 128, 128)
    """Hidden widths of the classifier; none for a linear one. The paper does not print them; these come nearest to its
    Table 4."""
    projector: bool = True
    """Whether the contrastive loss sees the features through a projector, or as they are (Figure 6)."""
    projector_hidden: int = 256
    """Table 2."""
    projector_out: int = 128
    """Not in the paper; the width of the SupCon reference code."""
    dropout: float = 0.2
    """In classifier and projector. Not in the paper."""
    fine_scale: bool = False
    """Whether the encoder also sees each window enlarged until stillness shows. Not in the paper."""
    yaw_invariant: bool = False
    """Whether the encoder sees six quantities that no turn about the vertical changes, instead of the six channels: for
    windows of the frame "upright". So does a control. Not in the paper."""
    halvings: int = 0
    """After how many of the blocks time is averaged by two, from the first on. Not in the paper."""
    places: tuple[str, ...] = ()
    """Places that a second head tells, given which the activities are judged. Not in the paper."""

    def __post_init__(self) -> None:
        _check_choice("model", self, backbone=BACKBONES)
        _check_range("model", self, dropout=(0, 0.999))
        _check_range("model", self, projector_hidden=(1, MAX_WIDTH), projector_out=(1, MAX_WIDTH))
        for name, fewest, most in (("filters", 1, MAX_WIDTH), ("kernels", 1, MAX_KERNEL), ("head", 0, MAX_WIDTH)):
            sizes = getattr(self, name)
            if not fewest <= len(sizes) <= MAX_LAYERS or not all(1 <= size <= most for size in sizes):
                raise DataError(
                    f"recipe: model.{name} is {shown(sizes)}; give {fewest} to {MAX_LAYERS} sizes, each from 1 to "
                    f"{most}"
                )
        if not 0 <= self.halvings < len(self.filters):
            raise DataError(
                f"recipe: model.halvings is {self.halvings}; give fewer than the {len(self.filters)} blocks"
            )
        if not set(self.places) <= set(PLACES) or len(set(self.places)) != len(self.places) or len(self.places) == 1:
            raise DataError(f"recipe: model.places is {shown(self.places)}; give two of {', '.join(PLACES)} or more")
        if any(kernel % 2 == 0 for kernel in self.kernels):
            raise DataError(f"recipe: model.kernels is {shown(self.kernels)}; kernels must be odd")
        if self.backbone == "fcn" and len(self.filters) != len(self.kernels):
            raise DataError("recipe: model: an fcn has one kernel for each of its filters")


@dataclass(frozen=True)
class ContrastiveConfig:
    """The contrastive task; see `har_train.methods.losses`."""

    weight: float = 0.4
    """Lambda of the multi-task objective; 0 trains supervised only, with one pass for each step."""
    pairs: str = "activity-user"
    """"simclr", "activity" or "activity-user": see `losses.pair_masks`."""
    temperature: float = 0.1
    reduction: str = "mean"
    """"mean" over the anchors, or "sum"."""
    own_view: str = "ignored"
    """How "activity-user" treats an anchor's own second view: "ignored" or "positive"."""

    def __post_init__(self) -> None:
        _check_choice("contrastive", self, pairs=PAIRS, reduction=("mean", "sum"), own_view=("ignored", "positive"))
        _check_range("contrastive", self, weight=(0, 1e6), temperature=(1e-3, 1e6))


@dataclass(frozen=True)
class PretrainingConfig:
    """The first stage of "two-stage": the contrastive loss alone, no early stopping (section 4.4.2). So is that of a
    system that learns without labels first."""

    learning_rate: float = 1e-4
    epochs: int = 200
    batch_size: int = 0
    """0: that of the optimiser."""
    schedule: str = "constant"
    """"constant", or "step": a fifth less every 25 epochs."""
    core_minutes: float = 0.0
    """Processor time after which it stops; 0 for no limit."""

    def __post_init__(self) -> None:
        _check_choice("pretraining", self, schedule=("constant", "step"))
        _check_range("pretraining", self, core_minutes=(0, MAX_MINUTES))
        _check_range("pretraining", self, learning_rate=(1e-12, 1e3), epochs=(1, MAX_EPOCHS), batch_size=(0, MAX_BATCH))


@dataclass(frozen=True)
class OptimiserConfig:
    """AdamW and early stopping (section 4.2, Table 2); what is not in the paper is off by default."""

    learning_rate: float = 3e-4
    weight_decay: float = 0.01
    batch_size: int = 256
    epochs: int = 100
    patience: int = 30
    """Epochs without a better macro-F1 on the validation users after which training stops."""
    schedule: str = "constant"
    """Schedule of the learning rate: "constant"; "one-cycle" up to it and down again over all epochs (Smith 2018);
    "step", a fifth less every 25 epochs; "plateau", half after 10 epochs without a better macro-F1 in validation."""
    averaging: float = 0.0
    """Decay for each step of an exponential moving average of the weights, which is then what is kept; 0 for none. It
    is lower in the first steps: see `trainer.warmed_up_average`."""
    label_smoothing: float = 0.0
    balanced_windows: int = 0
    """Windows drawn for each epoch, so that data sets, places and activities with few windows come more often: by the
    inverse square root of their numbers. 0 takes every window once."""
    class_balance: bool = False
    """Whether each class weighs the same in the classification loss, however many windows it has."""
    core_minutes: float = 0.0
    """Processor time after which it stops; 0 for no limit."""

    def __post_init__(self) -> None:
        _check_choice("optimiser", self, schedule=SCHEDULES)
        _check_range("optimiser", self, learning_rate=(1e-12, 1e3), weight_decay=(0, 1e3), batch_size=(2, MAX_BATCH))
        _check_range("optimiser", self, epochs=(1, MAX_EPOCHS), patience=(1, MAX_EPOCHS))
        _check_range("optimiser", self, balanced_windows=(0, 100_000_000), core_minutes=(0, MAX_MINUTES))
        _check_range("optimiser", self, averaging=(0, 0.999999), label_smoothing=(0, 0.999))


@dataclass(frozen=True)
class DistillationConfig:
    """Learning from a larger network (Hinton et al. 2015), which is trained first. Not in the paper; off by default."""

    teacher: ModelConfig | None = None
    """The larger network; everything else of its recipe is the same, but for `teacher_epochs`."""
    weight: float = 0.5
    """Share of the loss that compares with the teacher; the rest compares with the labels."""
    temperature: float = 2.0
    """Softens both networks' probabilities."""
    teacher_epochs: int = 0
    """Epochs that train the teacher; 0: as many as the recipe has. A small network gains from more than its teacher."""

    def __post_init__(self) -> None:
        _check_range("distillation", self, weight=(0, 1), temperature=(0.1, 100), teacher_epochs=(0, 10_000))


@dataclass(frozen=True)
class Recipe:
    """One way to train a model."""

    name: str
    title: str
    data: DataConfig
    method: str = "multi-task"
    """"multi-task" (the paper's; supervised only if contrastive.weight is 0), "two-stage" (contrastive pretraining,
    then a classifier on the frozen encoder), a system of `har_train.methods` that has a loss of its own, or a control:
    "random-forest", "logistic-regression"."""
    model: ModelConfig = field(default_factory=ModelConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    classifier_augment: ClassifierAugmentConfig = field(default_factory=ClassifierAugmentConfig)
    contrastive: ContrastiveConfig = field(default_factory=ContrastiveConfig)
    pretraining: PretrainingConfig = field(default_factory=PretrainingConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    distillation: DistillationConfig = field(default_factory=DistillationConfig)

    def __post_init__(self) -> None:
        if self.distillation.teacher is not None and self.distillation.teacher.places != self.model.places:
            raise DataError("recipe: distillation.teacher.places must be those of model.places")
        if (self.data.choices or self.model.places) and (
            self.optimiser.label_smoothing > 0 or self.optimiser.class_balance
        ):
            raise DataError(
                "recipe: optimiser.label_smoothing and class_balance do not go with data.choices or model.places"
            )
        if self.model.yaw_invariant and self.classifier_augment.jitter_std > 0:
            raise DataError("recipe: classifier_augment.jitter_std does not go with model.yaw_invariant")
        if self.method not in METHODS:
            raise DataError(f"recipe: method is {shown(self.method)}; it must be {_or(METHODS)}")

    @property
    def is_control(self) -> bool:
        """Whether a classical model of scikit-learn is trained instead of a network."""
        return self.method in CONTROLS

    @property
    def teacher(self) -> "Recipe | None":
        """How the network to learn from is trained; None if there is none."""
        model = self.distillation.teacher
        if model is None:
            return None
        optimiser = replace(self.optimiser, epochs=self.distillation.teacher_epochs or self.optimiser.epochs)
        plain = DistillationConfig()
        return replace(self, name=f"{self.name} teacher", model=model, optimiser=optimiser, distillation=plain)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values; `recipe_file.recipe_from` reads it back."""
        return asdict(self)


def _check_range(table: str, config: object, **ranges: tuple[float, float]) -> None:
    for name, (low, high) in ranges.items():
        if not low <= getattr(config, name) <= high:
            raise DataError(f"recipe: {table}.{name} is {shown(getattr(config, name))}; give {low:g} to {high:g}")


def _check_choice(table: str, config: object, **choices: tuple[str, ...]) -> None:
    for name, allowed in choices.items():
        if getattr(config, name) not in allowed:
            raise DataError(f"recipe: {table}.{name} is {shown(getattr(config, name))}; it must be {_or(allowed)}")


def _or(allowed: tuple[str, ...]) -> str:
    return " or ".join(f"'{value}'" for value in allowed)
