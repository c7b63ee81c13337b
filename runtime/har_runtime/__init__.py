"""Real-time human activity recognition from an IMU: resample, window, classify, answer.

Each public name is imported when it is first used, so that a program starts, and heeds Ctrl-C, at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from har_runtime.answers.answer import UNKNOWN, Answer, Event, Totals
    from har_runtime.classify import classify_recording
    from har_runtime.errors import ConfigError, DataError, HarError, ModelError, SourceError
    from har_runtime.model.card import ModelCard
    from har_runtime.model.load import Model, load_model
    from har_runtime.recognizer import Recognizer
    from har_runtime.recording import Recording
    from har_runtime.sources import open_source

__all__ = [
    "UNKNOWN",
    "Answer",
    "ConfigError",
    "DataError",
    "Event",
    "HarError",
    "Model",
    "ModelCard",
    "ModelError",
    "Recognizer",
    "Recording",
    "SourceError",
    "Totals",
    "classify_recording",
    "load_model",
    "open_source",
]

_HOMES = {
    "UNKNOWN": "answers.answer",
    "Answer": "answers.answer",
    "ConfigError": "errors",
    "DataError": "errors",
    "Event": "answers.answer",
    "HarError": "errors",
    "Model": "model.load",
    "ModelCard": "model.card",
    "ModelError": "errors",
    "Recognizer": "recognizer",
    "Recording": "recording",
    "SourceError": "errors",
    "Totals": "answers.answer",
    "classify_recording": "classify",
    "load_model": "model.load",
    "open_source": "sources",
}
"""The module of each public name."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
