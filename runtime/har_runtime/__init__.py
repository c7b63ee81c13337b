"""Real-time human activity recognition from an IMU: resample, window, classify, answer."""

from har_runtime.answer import UNKNOWN, Answer
from har_runtime.answering import Answering
from har_runtime.card import ModelCard
from har_runtime.classify import Prediction, StreamingClassifier, classify_recording
from har_runtime.errors import DataError, HarError, ModelError, SourceError
from har_runtime.model import Model, load_model
from har_runtime.recording import Recording
from har_runtime.resample import Resampler
from har_runtime.window import Window, Windower

__all__ = [
    "UNKNOWN",
    "Answer",
    "Answering",
    "DataError",
    "HarError",
    "Model",
    "ModelCard",
    "ModelError",
    "Prediction",
    "Recording",
    "Resampler",
    "SourceError",
    "StreamingClassifier",
    "Window",
    "Windower",
    "classify_recording",
    "load_model",
]
