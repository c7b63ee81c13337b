"""`har-export adopt FILE`: makes a .tflite of another project usable, with a card and what its graph lacks.

A card says what a model takes and gives; it holds no arithmetic, so that every program that reads it does the same.
Units and normalisation that a foreign model expects therefore become operators at the beginning of its graph.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_export import flatbuffer
from har_export.graph_ends import add_softmax, order_input, scale_input, sign
from har_runtime.contract import CHANNELS, STANDARD_GRAVITY, WINDOW
from har_runtime.errors import ModelError
from har_runtime.files import write_bytes
from har_runtime.model.card import METADATA_NAME, ModelCard, Training, card_from_json
from har_runtime.model.litert_backend import LiteRtBackend
from har_runtime.model.load import card_path, read_model
from har_runtime.model.outputs import are_probabilities, output_names, output_shapes
from har_runtime.model.tflite_metadata import read_metadata
from har_runtime.signal.units import SIGNS, acceleration_unit, angular_rate_unit
from har_runtime.sources.replay.labels import Labels
from har_runtime.tables import TableError, from_table, read_json
from har_runtime.text import clean

INPUT = (1, WINDOW, len(CHANNELS))
TRIED = 8
"""Windows that are run to see whether the outputs are probabilities."""
UNKNOWN_TERMS = "unknown"


@dataclass(frozen=True)
class ForeignModel:
    """What the user says about a model, because the file does not."""

    labels: tuple[str, ...]
    """Activity of each output, in order."""
    units: str = "m/s2"
    """Of acceleration, as for `units.acceleration_unit`."""
    gyro: str = "rad/s"
    """Of angular rate, as for `units.angular_rate_unit`."""
    channels: tuple[str, ...] = CHANNELS
    """Those of `CHANNELS` in the order of its input."""
    mean: tuple[float, ...] = (0.0,) * len(CHANNELS)
    """Of each of `channels`, in the units above: it is subtracted."""
    std: tuple[float, ...] = (1.0,) * len(CHANNELS)
    """Of each of `channels`, in the units above: it is divided by."""
    sign: str = "android"
    """Of acceleration, a key of `units.SIGNS`."""
    logits: bool = False
    """Whether the outputs are logits, and need a softmax."""
    name: str = "adopted"
    placement: str | None = None
    data: str = UNKNOWN_TERMS
    """What it was trained on."""
    licence: str = UNKNOWN_TERMS
    """Terms of that data."""


def our_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """Our words for the activities of a model, as for the labels of recordings; those that would be one stay apart.

    >>> our_labels(["WALKING_UPSTAIRS", "Jogging", "cycling"]), our_labels(["walk", "walking"])
    (('stairs_up', 'running', 'cycling'), ('walk', 'walking'))
    """
    ours = Labels().ours(list(labels)).tolist()
    return tuple(word if word and ours.count(word) == 1 else label for word, label in zip(ours, labels, strict=True))


def channel_order(text: str) -> tuple[str, ...]:
    """The channels of a model's input in their order.

    >>> channel_order("gyro_x,gyro_y,gyro_z,acc_x,acc_y,acc_z")[:2]
    ('gyro_x', 'gyro_y')

    Raises:
        ModelError: not each of `CHANNELS` once.
    """
    channels = tuple(name.strip() for name in text.split(","))
    if sorted(channels) != sorted(CHANNELS):
        raise ModelError(
            f"--channels {clean(text)}: name each of {', '.join(CHANNELS)} once, in the order of its input"
        )
    return channels


def normalisation(text: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Means and standard deviations of the channels: `none`, `MEAN/STD` with one or six numbers each, or a JSON file.

    >>> normalisation("0/9.8,9.8,9.8,2,2,2")
    ((0.0, 0.0, 0.0, 0.0, 0.0, 0.0), (9.8, 9.8, 9.8, 2.0, 2.0, 2.0))

    Raises:
        ModelError: not such a text, a file that cannot be read, or a standard deviation that is not positive.
    """
    if text == "none":
        return ForeignModel.mean, ForeignModel.std
    if text.endswith(".json"):
        try:
            table = read_json(Path(text))
            if isinstance(table, dict):  # One number stands for six.
                table = {name: value if isinstance(value, list) else [value] for name, value in table.items()}
            stated = from_table(_Normalisation, table, strict=False)
        except (OSError, TableError) as error:
            raise ModelError(f"{text}: not a JSON object with mean and std ({clean(str(error))})") from error
        parts = [stated.mean, stated.std]
    else:
        parts = [part.split(",") for part in text.split("/")]
    try:
        mean, std = (_six(part) for part in parts)
    except (ValueError, TypeError) as error:
        raise ModelError(
            f"--normalise {text[:80]}: give none, MEAN/STD with one number or {len(CHANNELS)} each, such as "
            f"0,0,9.8,0,0,0/3,3,3,1,1,1, or a JSON file with mean and std"
        ) from error
    if min(std) <= 0:
        raise ModelError(f"--normalise {text[:80]}: standard deviations must be above 0")
    return mean, std


@dataclass(frozen=True)
class _Normalisation:
    """The content of a JSON file."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


def _six(values: Iterable[Any]) -> tuple[float, ...]:
    numbers = [float(value) for value in values]
    if len(numbers) not in (1, len(CHANNELS)) or not all(map(math.isfinite, numbers)):
        raise ValueError(values)
    return tuple(numbers if len(numbers) > 1 else numbers * len(CHANNELS))


def adopt(path: Path, foreign: ForeignModel, out: Path) -> Path:
    """Write the model with a card inside, and the card beside it as JSON.

    Args:
        path: a .tflite.
        foreign: what it expects and gives.
        out: the .tflite to write, or a folder for it.

    Returns:
        The file that was written.

    Raises:
        ModelError: not a .tflite, or one whose input or output does not fit; the message says what does not.
    """
    out = out if out.suffix == ".tflite" else out / f"{foreign.name}.tflite"
    if out.exists() and path.exists() and out.samefile(path):
        raise ModelError(f"{out}: that is the model itself; give another --out")
    model = read_model(path)
    if METADATA_NAME in read_metadata(model, path):
        raise ModelError(f"{path}: it has a model card already; use it as it is")
    try:
        content = flatbuffer.unpacked(model)
        inputs, outputs = _ends(content)
    except ImportError:
        raise
    except Exception as error:  # The libraries check nothing: on damaged bytes they raise errors of any type.
        raise ModelError(f"{path}: the model is damaged or cut off; copy it again") from error
    _check_ends(path, inputs, outputs, len(foreign.labels))
    factor, summand = _arithmetic(foreign)
    if np.any(factor != 1) or np.any(summand != 0):
        scale_input(content, factor, summand)
    if foreign.channels != CHANNELS:
        order_input(content, _order(foreign))
    if foreign.logits:
        add_softmax(content)
    sign(content)
    card = card_from_json(_card(foreign).to_json(), str(path))
    adopted = flatbuffer.seal(flatbuffer.packed(content), card)
    _check_probabilities(path, adopted, card)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(out, adopted)
    write_bytes(card_path(out), f"{replace(card, sha256=hashlib.sha256(adopted).hexdigest()).to_json()}\n".encode())
    return out


def _ends(content: Any) -> tuple[list[str], list[str]]:
    """Type and shape of each input and output, e.g. "float32 (1, 50, 6)"."""
    tensors = flatbuffer.tensors(flatbuffer.packed(content))
    graph = content.subgraphs[0]
    texts = [f"{tensor.type} {tuple(int(size) for size in tensor.shape)}" for tensor in tensors]
    count = len(graph.inputs)
    return texts[:count], texts[count : count + len(graph.outputs)]


def _check_ends(path: Path, inputs: Sequence[str], outputs: Sequence[str], labels: int) -> None:
    found = f"{path}: its input is {' and '.join(inputs)} and its output {' and '.join(outputs)}"
    if list(inputs) != [f"float32 {INPUT}"]:
        raise ModelError(
            f"{found}; only an input float32 {INPUT} can be adopted: {WINDOW} samples at 50 Hz of acceleration x, y, z "
            "and angular rate x, y, z. Convert or train it again with that input"
        )
    if len(outputs) != 1 or not outputs[0].startswith("float32 (1, ") or outputs[0].count(",") != 1:
        raise ModelError(f"{found}; only one output float32 (1, classes) can be adopted")
    if outputs[0] != f"float32 (1, {labels})":
        raise ModelError(f"{found}, but --labels names {labels}; name one for each output, in their order")


def _arithmetic(foreign: ForeignModel) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Factor and summand of each channel: from SI units to what the model expects."""
    try:
        acc, gyro = acceleration_unit(foreign.units).size, angular_rate_unit(foreign.gyro).size
    except ValueError as error:
        raise ModelError(f"--units {foreign.units}, --gyro {foreign.gyro}: {error}") from error
    size = np.repeat([acc * SIGNS[foreign.sign], gyro], 3)[_order(foreign)]
    std = np.array(foreign.std)
    return (1 / (size * std)).astype(np.float32), (-np.array(foreign.mean) / std).astype(np.float32)


def _order(foreign: ForeignModel) -> list[int]:
    """The place of each of its channels among ours."""
    return [CHANNELS.index(channel) for channel in foreign.channels]


def _card(foreign: ForeignModel) -> ModelCard:
    training = Training(
        recipe="adopted",
        data=foreign.data,
        licence=foreign.licence,
        citation=UNKNOWN_TERMS,
        seed=0,
        trained_on=(),
        chosen_on=(),
        never_seen=(),
        version=version("haredge"),
    )
    return ModelCard(
        name=foreign.name,
        version="1",
        labels=foreign.labels,
        placement=foreign.placement,
        temperature=1.0,
        training=training,
        scores={},
    )


def _check_probabilities(path: Path, adopted: bytes, card: ModelCard) -> None:
    """Run the model as `load_model` does.

    Raises:
        ModelError: it does not run, or its outputs are not probabilities.
    """
    windows = np.random.default_rng(0).normal(size=(TRIED, WINDOW, len(CHANNELS)), scale=2).astype(np.float32)
    windows[:, :, 2] += STANDARD_GRAVITY
    (found,) = LiteRtBackend(adopted, path, output_names(card), output_shapes(card)).outputs(windows)
    if not np.isfinite(found).all():
        raise ModelError(f"{path}: its outputs are not finite; is --normalise right?")
    if not are_probabilities(found):
        sums = found.sum(axis=1)
        raise ModelError(
            f"{path}: its outputs are no probabilities (from {found.min():.3g} to {found.max():.3g}, in sum "
            f"{sums.min():.3g} to {sums.max():.3g}); if they are logits, add --logits"
        )
