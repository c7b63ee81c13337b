"""A model as C source for TensorFlow Lite for Microcontrollers: its bytes, labels, window and arena."""

import re
import textwrap

from har_runtime.contract import CHANNELS
from har_runtime.model.card import ModelCard

ARENA_ROUNDING = 1024
"""The constant in the header is the measured need rounded up to whole KiB."""


def header(card: ModelCard, size: int, arena_bytes: int) -> str:
    """`model.h`.

    Args:
        size: of the model in bytes.
        arena_bytes: what TFLM needs for it.
    """
    arena = -(-arena_bytes // ARENA_ROUNDING) * ARENA_ROUNDING
    labels = "\n".join(f'    "{label}",' for label in card.labels)
    enum = "\n".join(f"  HAR_{_identifier(label)} = {index}," for index, label in enumerate(card.labels))
    channels = ", ".join(f"{name} ({unit})" for name, unit in zip(card.channels, card.units, strict=True))
    return f"""\
// {card.name} {card.version}, written by har-export. Licence and citation of its data: model card.
//
{_comment(f"Input: float[HAR_WINDOW][HAR_CHANNELS], in this order: {channels}.")}
// {card.sample_rate_hz} samples a second, acceleration with gravity (an axis that points up reads +9.81 at rest).
{_comment(_axes(card))}
// Normalisation, quantisation and softmax are inside.
{_comment(_outputs(card))}
#ifndef HAREDGE_MODEL_H_
#define HAREDGE_MODEL_H_

#define HAR_SAMPLE_RATE_HZ {card.sample_rate_hz}
#define HAR_WINDOW {card.window}  // Samples.
#define HAR_HOP {card.hop}  // Samples between the starts of two windows.
#define HAR_CHANNELS {len(CHANNELS)}
#define HAR_LABELS {len(card.labels)}
{_features(card)}{_places(card)}
enum HarLabel {{
{enum}
}};

static const char* const kHarLabels[HAR_LABELS] = {{
{labels}
}};

// TFLM took {arena_bytes} bytes, measured with 64-bit pointers; 32-bit ones take somewhat less.
#define HAR_ARENA_BYTES {arena}

#define HAR_MODEL_BYTES {size}
extern const unsigned char g_har_model[HAR_MODEL_BYTES];

#endif  // HAREDGE_MODEL_H_
"""


def _axes(card: ModelCard) -> str:
    """What the axes of a window are."""
    text = (
        "Axes: turned so that the wearer's up is +z. Turn both sensors of a window by the smallest rotation that takes "
        "up to +z, as har_runtime/signal/upright.py does. Up is the mean acceleration over windows of the wearer's "
        "gait that agree; until there are some, that of the window itself, and postures cannot be told apart."
        if card.frame == "upright"
        else "Axes: those of the device in the Android convention."
    )
    return f"{text} Without a gyroscope: zeros for its channels." if card.gyroscope == "optional" else text


def _outputs(card: ModelCard) -> str:
    outputs = ["float[HAR_LABELS], probability of each label"]
    if card.places:
        outputs += ["float[HAR_PLACES], of each place"]
        outputs += ["float[HAR_PLACES][HAR_LABELS], of each label if worn at that place"]
    if card.features:
        outputs += ["float[HAR_FEATURES], features that they are computed from, see prototypes of the model card"]
    if len(outputs) == 1:
        return "Output: float[HAR_LABELS], probabilities."
    return f"Outputs: {'; '.join(f'{index}, {text}' for index, text in enumerate(outputs))}."


def _features(card: ModelCard) -> str:
    """A definition for a model that gives its features."""
    return f"#define HAR_FEATURES {card.features}\n" if card.features else ""


def _places(card: ModelCard) -> str:
    """Definitions for a model that tells places."""
    if not card.places:
        return ""
    enum = ", ".join(f"HAR_PLACE_{_identifier(place)} = {index}" for index, place in enumerate(card.places))
    return f"#define HAR_PLACES {len(card.places)}\n\nenum HarPlace {{ {enum} }};\n"


def _comment(text: str) -> str:
    return textwrap.fill(text, 120, initial_indent="// ", subsequent_indent="// ", break_on_hyphens=False)


def source(model: bytes) -> str:
    """`model.cc`, with the bytes of the model."""
    rows = (", ".join(f"0x{byte:02x}" for byte in model[at : at + 16]) for at in range(0, len(model), 16))
    body = ",\n    ".join(rows)
    return f"""\
#include "model.h"

// TFLM reads the weights in place: they must begin on a multiple of 16.
alignas(16) const unsigned char g_har_model[HAR_MODEL_BYTES] = {{
    {body}}};
"""


def _identifier(label: str) -> str:
    return re.sub(r"\W", "_", label).upper()
