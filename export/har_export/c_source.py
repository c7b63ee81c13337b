"""A model as C source for TensorFlow Lite for Microcontrollers: its bytes, labels, window and arena."""

import re

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
// Input: float[HAR_WINDOW][HAR_CHANNELS], in this order: {channels}.
// Acceleration with gravity, device axes in the Android convention, {card.sample_rate_hz} samples a second.
// Normalisation, quantisation and softmax are inside. Output: float[HAR_LABELS], probabilities.
#ifndef HAREDGE_MODEL_H_
#define HAREDGE_MODEL_H_

#define HAR_SAMPLE_RATE_HZ {card.sample_rate_hz}
#define HAR_WINDOW {card.window}  // Samples.
#define HAR_HOP {card.hop}  // Samples between the starts of two windows.
#define HAR_CHANNELS {len(CHANNELS)}
#define HAR_LABELS {len(card.labels)}

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
