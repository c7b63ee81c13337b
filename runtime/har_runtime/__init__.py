"""Real-time human activity recognition from an IMU: resample, window, classify, answer."""

from har_runtime.answers.answer import UNKNOWN, Answer
from har_runtime.answers.answering import Answering
from har_runtime.classify import Prediction, StreamingClassifier, classify_recording
from har_runtime.errors import DataError, HarError, ModelError, SourceError
from har_runtime.model.card import ModelCard
from har_runtime.model.load import Model, load_model
from har_runtime.recording import Recording
from har_runtime.signal.resample import Resampler
from har_runtime.signal.window import Window, Windower

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
