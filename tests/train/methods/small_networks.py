"""The small networks of other people with their classifiers."""

from torch import nn

from har_train.methods.base import LinearClassifier
from har_train.methods.cnn_har import CnnHarEncoder
from har_train.methods.deepconvlstm import DeepConvLSTMEncoder
from har_train.methods.tinierhar import TinierHarEncoder
from har_train.methods.tinyhar import TinyHarEncoder


def cnn_har(channels: int, window: int, classes: int) -> nn.Module:
    return LinearClassifier(CnnHarEncoder(channels, window), classes)


def deepconvlstm(channels: int, window: int, classes: int) -> nn.Module:
    return LinearClassifier(DeepConvLSTMEncoder(channels, window), classes)


def tinierhar(channels: int, window: int, classes: int) -> nn.Module:
    return LinearClassifier(TinierHarEncoder(channels, window), classes)


def tinyhar(channels: int, window: int, classes: int) -> nn.Module:
    return LinearClassifier(TinyHarEncoder(channels, window), classes)
