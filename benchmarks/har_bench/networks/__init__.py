"""Networks to compare with, built from their papers: (batch, window, channels) in, (batch, classes) logits out."""

from har_bench.networks.cnn import CnnHar
from har_bench.networks.csshar import Csshar
from har_bench.networks.deepconvlstm import DeepConvLSTM
from har_bench.networks.tinierhar import TinierHar
from har_bench.networks.tinyhar import TinyHar

__all__ = ["CnnHar", "Csshar", "DeepConvLSTM", "TinierHar", "TinyHar"]
