"""Real-time human activity recognition from an IMU: resample, window, classify, answer."""

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
