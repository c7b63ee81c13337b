"""The model card: a model's input, output, training and scores, as JSON beside the model and inside it."""

import itertools
import json
import math
import re
from dataclasses import asdict, dataclass, field

from har_runtime.contract import CHANNELS, FRAMES, HOP, PLACES, SAMPLE_RATE_HZ, UNITS, WINDOW
from har_runtime.errors import ModelError
from har_runtime.tables import MAX_BYTES, TableError, from_table, parse_json
from har_runtime.text import MAX_NAME, clean, is_name

FORMAT = "haredge-card-1"
METADATA_NAME = "haredge_card"
"""Name of the TFLite metadata entry and of the ONNX metadata property that hold the card."""

GYROSCOPE = ("required", "optional")
STATISTICS = 2 * len(CHANNELS) + 1
"""Statistics of a window in the frame "device": see `rejection.window_statistics`."""
UPRIGHT_STATISTICS = 7
"""The same in the frame "upright"."""
MAX_FEATURES = 190
"""Of a model that can be made personal: with more, the shared covariance would not fit a list of a card."""
FRAME_OF_0_1 = "android"
"""What cards of haredge 0.1 call the frame "device"."""
NUMBERS = re.compile(r"\[([-+.,\deE\s]*)\]")
"""A list of numbers, which is written on one line."""


@dataclass(frozen=True)
class Training:
    """How a model was trained."""

    recipe: str
    data: str
    """Its data set."""
    licence: str
    """Terms of that data set."""
    citation: str
    """What to cite."""
    seed: int
    trained_on: tuple[str, ...]
    """Users whose windows trained the weights."""
    chosen_on: tuple[str, ...]
    """Validation users: they decided when to stop, and the temperature."""
    never_seen: tuple[str, ...]
    """Test users: they decided nothing, and the scores are theirs."""
    version: str
    """Of the haredge that trained it."""
    commit: str | None = None


@dataclass(frozen=True)
class CardScore:
    """Scores of one number format of the model on the users it never saw."""

    macro_f1: float
    accuracy: float
    windows: int


@dataclass(frozen=True)
class QuantisedEnds:
    """How to convert the input and output of a file whose tensors are int8.

    The input is round((x - offset) / scale), for each channel, clipped to -128..127, with x in SI units: normalisation
    and quantisation in one, since a single scale is too coarse for both m/s^2 and rad/s. A probability is
    (output + 128) / 256.
    """

    scale: tuple[float, ...]
    """Of each channel, in its unit."""
    offset: tuple[float, ...]
    """Of each channel, in its unit."""


@dataclass(frozen=True)
class Smoothing:
    """Parameters of the HMM filter over consecutive windows."""

    transitions: tuple[tuple[float, ...], ...]
    """Probability of each activity a hop (0.5 s) after each: a row for each activity before, in the labels' order."""
    prior: tuple[float, ...]
    """Share of each activity in the training windows, which the model's probabilities include."""
    evidence: float
    """Exponent of a window's likelihood: below 1, since windows share half their samples."""


@dataclass(frozen=True)
class PlaceFilter:
    """Parameters of the belief in where the sensor is worn, beside that in the activity."""

    change: float
    """Probability that the place has changed a hop (0.5 s) later."""
    evidence: float
    """Exponent of the place's likelihood in a window of gait; it falls with the window's probability of gait."""


@dataclass(frozen=True)
class Rejection:
    """When an answer is unknown; thresholds are quantiles over the validation users' windows."""

    confidence: float
    """Below this probability of the HMM filter's likeliest activity the answer is unsure."""
    raw_confidence: float
    """The same without the filter, for the window's own likeliest activity."""
    distance: float
    """Above this distance from the nearest group of training windows, in standard deviations, a window is unlike."""
    means: tuple[tuple[float, ...], ...]
    """Of the window statistics (`rejection.window_statistics`), a row for each group: an activity or, in the frame
    "upright", an activity at a place."""
    whitening: tuple[tuple[float, ...], ...]
    """Lower triangle, row by row, of the matrix that makes each group's statistics uncorrelated with variance 1."""


@dataclass(frozen=True)
class Prototype:
    """Where the features of one activity lie, over the training users."""

    label: str
    place: str | None
    """Where the sensor was worn; None if the model does not tell places."""
    mean: tuple[float, ...]
    """Of the whitened features."""
    windows: int
    """How many it is the mean of."""


@dataclass(frozen=True)
class Prototypes:
    """What is needed to learn how one person does the activities, from the features of a few windows: see
    `har_runtime.personal`."""

    whitening: tuple[float, ...]
    """Lower triangle, row by row, of the matrix that makes the features uncorrelated with variance 1 within an
    activity: the inverse of the Cholesky factor of their shared covariance."""
    prior_weight: float
    """How many windows of the person weigh as much as the population."""
    sharpness: float
    """Factor of half the squared distances: the features of a window are less independent than whitened ones."""
    network_share: float
    """Exponent of the network's own probabilities; that of the prototypes' is 1 minus it."""
    known: tuple[Prototype, ...]

    @property
    def width(self) -> int:
        """The number of features."""
        return (math.isqrt(8 * len(self.whitening) + 1) - 1) // 2


@dataclass(frozen=True)
class ModelCard:
    """Everything a program needs to use a model."""

    name: str
    version: str
    labels: tuple[str, ...]
    """Activity of each output, in order."""
    placement: str | None
    """Where the sensor was worn, e.g. "waist"."""
    temperature: float
    """Calibration temperature; already inside the graph."""
    training: Training
    scores: dict[str, CardScore]
    """By number format: "fp32", "fp16", "int8"."""
    sample_rate_hz: int = SAMPLE_RATE_HZ
    window: int = WINDOW
    """Samples."""
    hop: int = HOP
    """Samples."""
    channels: tuple[str, ...] = CHANNELS
    units: tuple[str, ...] = UNITS
    """Of each channel."""
    frame: str = "device"
    """One of `contract.FRAMES`: the axes of the windows that the model takes."""
    gyroscope: str = "required"
    """"required", or "optional": then zeros may stand for the angular rates that a sensor does not have."""
    places: tuple[str, ...] = ()
    """Place of each output `places`, in order, each one of `contract.PLACES`; empty if the model does not tell them."""
    place_filter: PlaceFilter | None = None
    """None if the model has no places."""
    families: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Answers that stand for several labels, e.g. "resting" for sitting and lying; one inside another comes first."""
    smoothing: Smoothing | None = None
    """None if the data has no continuous recordings to learn it from."""
    rejection: Rejection | None = None
    """None if it was not determined; then no answer is unknown for doubt."""
    gravity: tuple[float, float, float] | None = None
    """Which way was up: unit vector of acceleration, mean over training users standing; None if nobody stood."""
    quantised_ends: QuantisedEnds | None = None
    """None if input and output are float32."""
    prototypes: Prototypes | None = None
    """None if the model cannot be made personal; else its last output is the features."""
    sha256: str | None = None
    """Of the model file; None in the copy inside the file."""

    @property
    def features(self) -> int:
        """Width of the output `features`; 0 if the file does not give them."""
        return 0 if self.prototypes is None else self.prototypes.width

    def to_json(self) -> str:
        """The card as JSON text; `card_from_json` reads it back."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, indent=1, allow_nan=False)
        return NUMBERS.sub(lambda match: f"[{' '.join(match[1].split())}]", text)


def card_from_json(text: str | bytes, where: str) -> ModelCard:
    """Read a card and check that it fits the signal contract.

    Args:
        where: the file, for error messages.

    Raises:
        ModelError: not a card, too large, an incomplete one, or a model for another input than the runtime gives.
    """
    if len(text) > MAX_BYTES:
        raise ModelError(f"{where}: no model card: it is larger than {MAX_BYTES:,} bytes")
    try:
        table = parse_json(text)
        if isinstance(table, dict) and table.get("format") != FORMAT:
            raise ModelError(f"{where}: no model card (format {FORMAT} is missing); export the model with har-export")
        if isinstance(table, dict) and table.get("frame") == FRAME_OF_0_1:
            table["frame"] = "device"
        card = from_table(ModelCard, table, strict=False)  # Other versions have other entries.
    except TableError as error:
        raise ModelError(f"{where}: the model card is damaged or incomplete ({error})") from error
    _check_texts(card, where)
    _check_contract(card, where)
    return card


def _check_texts(card: ModelCard, where: str) -> None:
    """What is shown to people or compared with a name must be a name."""
    families = (text for family, labels in card.families.items() for text in (family, *labels))
    names = {"name": [card.name], "version": [card.version], "labels": card.labels, "families": families}
    if card.placement is not None:
        names["placement"] = [card.placement]
    for entry, values in names.items():
        for value in values:
            if not is_name(value):
                raise ModelError(
                    f"{where}: {entry} of the card must be text of 1 to {MAX_NAME} characters, on one line"
                )


def _check_contract(card: ModelCard, where: str) -> None:
    wanted = {
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "window": WINDOW,
        "hop": HOP,
        "channels": CHANNELS,
        "units": UNITS,
    }
    for name, value in wanted.items():
        if getattr(card, name) != value:
            needed = clean(str(getattr(card, name)))
            raise ModelError(f"{where}: the model needs {name} {needed}, this runtime gives {value}")
    if card.frame not in FRAMES or card.gyroscope not in GYROSCOPE:
        raise ModelError(
            f"{where}: the model needs frame {clean(str(card.frame))} and a gyroscope that is "
            f"{clean(str(card.gyroscope))}; "
            f"this runtime knows {' and '.join(FRAMES)}, {' and '.join(GYROSCOPE)}"
        )
    if card.gravity is not None and not 0.99 < math.hypot(*card.gravity) < 1.01:
        raise ModelError(f"{where}: the card's gravity must be of length 1, not {clean(str(card.gravity))}")
    if not card.temperature > 0:
        raise ModelError(f"{where}: the card's temperature must be above 0, not {card.temperature:g}")
    if not card.labels or len(set(card.labels)) != len(card.labels):
        raise ModelError(f"{where}: the labels of the card are empty or repeat: {clean(str(card.labels))}")
    for name, fit in (
        ("smoothing", _smoothing_fits),
        ("rejection", _rejection_fits),
        ("place_filter", _place_filter_fits),
        ("prototypes", _prototypes_fit),
    ):
        if getattr(card, name) is not None and not fit(card):
            raise ModelError(f"{where}: {name} of the card does not fit its labels; export the model again")
    places_fit = set(card.places) <= set(PLACES) and len(set(card.places)) == len(card.places)
    if not places_fit or bool(card.places) != (card.place_filter is not None):
        raise ModelError(f"{where}: places and place_filter of the card do not fit; export the model again")
    for family, labels in card.families.items():
        if family in card.labels or len(labels) < 2 or not set(labels) <= set(card.labels):
            raise ModelError(f"{where}: the family {clean(str(family))} of the card must stand for two labels or more")
    # Of the families that are sure enough, the first one inside the likeliest is the answer.
    for wide, narrow in itertools.combinations(card.families, 2):
        if set(card.families[narrow]) < set(card.families[wide]):
            order = f"{clean(str(narrow))} before {clean(str(wide))}"
            raise ModelError(f"{where}: the families of the card must stand the narrowest first: {order}")


def _smoothing_fits(card: ModelCard) -> bool:
    smoothing, classes = card.smoothing, len(card.labels)
    assert smoothing is not None
    rows = (*smoothing.transitions, smoothing.prior)
    stochastic = all(len(row) == classes and min(row) >= 0 and abs(sum(row) - 1) < 1e-4 for row in rows)
    return len(rows) == classes + 1 and stochastic and min(smoothing.prior) > 0 and 0 < smoothing.evidence <= 1


def _place_filter_fits(card: ModelCard) -> bool:
    assert card.place_filter is not None
    return 0 < card.place_filter.change < 1 and 0 < card.place_filter.evidence <= 1


def _prototypes_fit(card: ModelCard) -> bool:
    prototypes = card.prototypes
    assert prototypes is not None
    width, known = prototypes.width, prototypes.known
    triangle = 0 < width <= MAX_FEATURES and len(prototypes.whitening) == width * (width + 1) // 2
    pairs = [(one.label, one.place) for one in known]
    named = all(label in card.labels and place in (card.places or (None,)) for label, place in pairs)
    shaped = all(len(one.mean) == width and one.windows > 0 for one in known)
    weights = prototypes.prior_weight > 0 and prototypes.sharpness > 0 and 0 <= prototypes.network_share < 1
    return triangle and named and len(set(pairs)) == len(pairs) and shaped and weights


def _rejection_fits(card: ModelCard) -> bool:
    rejection, classes = card.rejection, len(card.labels)
    assert rejection is not None
    upright = card.frame == "upright"
    size = UPRIGHT_STATISTICS if upright else STATISTICS
    means, whitening = rejection.means, rejection.whitening
    shaped = all(len(row) == size for row in means) and all(len(row) == size * (size + 1) // 2 for row in whitening)
    thresholds = 0 <= rejection.confidence < 1 and 0 <= rejection.raw_confidence < 1 and rejection.distance > 0
    grouped = len(means) == len(whitening) and (len(means) >= 1 if upright else len(means) == classes)
    return grouped and shaped and thresholds
