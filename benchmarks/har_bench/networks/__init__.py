"""Networks to compare with, built from their papers: (batch, window, channels) in, (batch, classes) logits out."""

from har_bench.networks.cnn import CnnHar
from har_bench.networks.tinierhar import TinierHar
from har_bench.networks.tinyhar import TinyHar
from har_train.methods.csshar import Csshar
from har_train.methods.deepconvlstm import DeepConvLSTM

__all__ = ["CnnHar", "Csshar", "DeepConvLSTM", "TinierHar", "TinyHar"]
