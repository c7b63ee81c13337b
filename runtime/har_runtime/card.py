"""The model card: what a model takes, gives and is worth, in a JSON beside the model and inside it."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from har_runtime.contract import CHANNELS, FRAME, HOP, SAMPLE_RATE_HZ, UNITS, WINDOW
from har_runtime.errors import ModelError

FORMAT = "haredge-card-1"
METADATA_NAME = "haredge_card"
"""Name of the TFLite metadata entry and of the ONNX metadata property that hold the card."""


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
    rejection_threshold: float | None = None
    """Confidence under which an answer should count as unknown; None where none was determined."""
    gravity: tuple[float, float, float] | None = None
    """Which way was up: unit vector of acceleration, mean over training users standing; None where nobody stood."""
    quantised_ends: QuantisedEnds | None = None
    """None where input and output are float32."""
    sha256: str | None = None
    """Of the model file; None in the copy inside the file."""

    def to_json(self) -> str:
        """The card as JSON text; `card_from_json` reads it back."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1)


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
        ends = table.get("quantised_ends")
        parts = {
            "training": Training(**training),
            "scores": scores,
            "quantised_ends": ends and QuantisedEnds(**_known(QuantisedEnds, ends)),
        }
        card = ModelCard(**{**_known(ModelCard, table), **parts})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{where}: the model card is damaged or incomplete ({error})") from error
    _check_contract(card, where)
    return card


def _known(kind: type, table: dict[str, Any]) -> dict[str, Any]:
    """The entries that `kind` has; later versions may add others. JSON lists become tuples."""
    names = {entry.name for entry in fields(kind)}
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items() if key in names}


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
