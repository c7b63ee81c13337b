"""The model card: what a model takes, gives and is worth, in a JSON beside the model and inside it."""

import json
import math
import re
from dataclasses import asdict, dataclass, fields
from typing import Any

from har_runtime.contract import CHANNELS, FRAME, HOP, SAMPLE_RATE_HZ, UNITS, WINDOW
from har_runtime.errors import ModelError

FORMAT = "haredge-card-1"
METADATA_NAME = "haredge_card"
"""Name of the TFLite metadata entry and of the ONNX metadata property that hold the card."""

STATISTICS = 2 * len(CHANNELS) + 1
"""Numbers that a window is compared by: see `rejection.window_statistics`."""
NUMBERS = re.compile(r"\[([-+.,\deE\s]*)\]")
"""A list of numbers: it stands on one line."""


@dataclass(frozen=True)
class Training:
    """How a model was made."""

    recipe: str
    data: str
    """Data set it learnt from."""
    licence: str
    """Terms of that data set."""
    citation: str
    """What to cite."""
    seed: int
    trained_on: tuple[str, ...]
    """Users whose windows made the weights."""
    chosen_on: tuple[str, ...]
    """Users that decided when to stop and the temperature."""
    never_seen: tuple[str, ...]
    """Users that decided nothing: the scores are theirs."""
    version: str
    """haredge that trained it."""
    commit: str | None = None


@dataclass(frozen=True)
class CardScore:
    """What one number format of the model reaches on the users it never saw."""

    macro_f1: float
    accuracy: float
    windows: int


@dataclass(frozen=True)
class QuantisedEnds:
    """How a file with int8 input and output is fed and read.

    It is fed round((x - offset) / scale), of each channel and clipped to -128..127, for x in SI units: normalisation
    and quantisation in one, since one scale is too coarse for m/s^2 and rad/s alike. A probability is
    (output + 128) / 256.
    """

    scale: tuple[float, ...]
    """Of each channel, in its unit."""
    offset: tuple[float, ...]
    """Of each channel, in its unit."""


@dataclass(frozen=True)
class Smoothing:
    """What an HMM filter over consecutive windows needs."""

    transitions: tuple[tuple[float, ...], ...]
    """Probability of each activity a hop (0.5 s) after each: a row for each activity before, in the labels' order."""
    prior: tuple[float, ...]
    """Share of each activity in the training windows, which the model's probabilities hold."""
    evidence: float
    """Exponent of a window's likelihood: below 1, since windows share half their samples."""


@dataclass(frozen=True)
class Rejection:
    """When an answer is unknown; thresholds are quantiles over the validation users' windows."""

    confidence: float
    """Of the HMM filter's likeliest activity, under which it is unsure."""
    raw_confidence: float
    """The same for a window's own likeliest activity, without the filter."""
    distance: float
    """From the nearest activity's training windows, in standard deviations, over which a window is unlike them."""
    means: tuple[tuple[float, ...], ...]
    """Of the window statistics (`rejection.window_statistics`), a row for each activity."""
    whitening: tuple[tuple[float, ...], ...]
    """Lower triangle, row by row, of the matrix that makes each activity's statistics uncorrelated with variance 1."""


@dataclass(frozen=True)
class ModelCard:
    """Everything a program needs to feed a model and read its answer."""

    name: str
    version: str
    labels: tuple[str, ...]
    """Activity of each output, in order."""
    placement: str | None
    """Where the sensor was worn, "waist" for one."""
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
    frame: str = FRAME
    smoothing: Smoothing | None = None
    """None where no recordings without a break could tell what follows what."""
    rejection: Rejection | None = None
    """None where it was not determined: no answer is unknown then."""
    gravity: tuple[float, float, float] | None = None
    """Which way was up: unit vector of acceleration, mean over training users standing; None where nobody stood."""
    quantised_ends: QuantisedEnds | None = None
    """None where input and output are float32."""
    sha256: str | None = None
    """Of the model file; None in the copy inside the file."""

    def to_json(self) -> str:
        """The card as JSON text; `card_from_json` reads it back."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, indent=1)
        return NUMBERS.sub(lambda match: f"[{' '.join(match[1].split())}]", text)


def card_from_json(text: str | bytes, where: str) -> ModelCard:
    """Read a card and make sure that it fits the signal contract.

    Args:
        where: file the text comes from, for errors.

    Raises:
        ModelError: no card, an incomplete one, or a model that wants other input than the runtime gives.
    """
    try:
        table: dict[str, Any] = json.loads(text)
        if table.get("format") != FORMAT:
            raise ModelError(f"{where}: no model card (format {FORMAT} is missing); export the model with har-export")
        training = _known(Training, table["training"])
        scores = {name: CardScore(**_known(CardScore, row)) for name, row in table["scores"].items()}
        parts = {"training": Training(**training), "scores": scores}
        for name, kind in (("quantised_ends", QuantisedEnds), ("smoothing", Smoothing), ("rejection", Rejection)):
            part = table.get(name)
            parts[name] = part and kind(**_known(kind, part))
        card = ModelCard(**{**_known(ModelCard, table), **parts})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{where}: the model card is damaged or incomplete ({error})") from error
    _check_contract(card, where)
    return card


def _known(kind: type, table: dict[str, Any]) -> dict[str, Any]:
    """The entries that `kind` has; others come from other versions. JSON lists become tuples."""
    names = {entry.name for entry in fields(kind)}
    return {key: _frozen(value) for key, value in table.items() if key in names}


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _check_contract(card: ModelCard, where: str) -> None:
    wanted = {
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "window": WINDOW,
        "hop": HOP,
        "channels": CHANNELS,
        "units": UNITS,
        "frame": FRAME,
    }
    for name, value in wanted.items():
        if getattr(card, name) != value:
            raise ModelError(f"{where}: the model wants {name} {getattr(card, name)}, this runtime feeds {value}")
    if card.gravity is not None and len(card.gravity) != 3:
        raise ModelError(f"{where}: the card's gravity must be three numbers, not {card.gravity}")
    if not card.labels or len(set(card.labels)) != len(card.labels):
        raise ModelError(f"{where}: the labels of the card are empty or repeat: {card.labels}")
    for name, fit in (("smoothing", _smoothing_fits), ("rejection", _rejection_fits)):
        try:
            fits = getattr(card, name) is None or fit(card)
        except (TypeError, ValueError):  # No numbers, or rows of different lengths.
            fits = False
        if not fits:
            raise ModelError(f"{where}: {name} of the card does not fit its labels; export the model again")


def _smoothing_fits(card: ModelCard) -> bool:
    smoothing, classes = card.smoothing, len(card.labels)
    assert smoothing is not None
    rows = (*smoothing.transitions, smoothing.prior)
    stochastic = all(len(row) == classes and min(row) >= 0 and abs(sum(row) - 1) < 1e-4 for row in rows)
    return len(rows) == classes + 1 and stochastic and min(smoothing.prior) > 0 and 0 < smoothing.evidence <= 1


def _rejection_fits(card: ModelCard) -> bool:
    rejection, classes = card.rejection, len(card.labels)
    assert rejection is not None
    size = STATISTICS
    means, whitening = rejection.means, rejection.whitening
    shaped = all(len(row) == size for row in means) and all(len(row) == size * (size + 1) // 2 for row in whitening)
    finite = all(math.isfinite(value) for rows in (means, whitening) for row in rows for value in row)
    thresholds = 0 <= rejection.confidence < 1 and 0 <= rejection.raw_confidence < 1 and rejection.distance > 0
    return len(means) == len(whitening) == classes and shaped and finite and thresholds
