"""DeepConvLSTM (Ordóñez and Roggen, Sensors 2016, 16(1):115): convolutions over time, then two LSTM layers.

Every channel goes through the same four convolutions; the LSTM takes the features of all channels, step by step, and
its last step is classified. Filters, kernel, units and dropout at the inputs of dense layers are those of the paper
(sections "DeepConvLSTM" and "Model Implementation and Training"); the convolutions have no padding as in the authors'
notebook, github.com/STRCWearlab/DeepConvLSTM, where 24 samples become 8 steps.
"""

import itertools

from torch import Tensor, nn

from har_train.methods.base import System, require_window

FILTERS = 64
KERNEL = 5
"""Samples; each convolution shortens the window by four."""
CONVOLUTIONS = 4
UNITS = 128
LSTM_LAYERS = 2
DROPOUT = 0.5


class DeepConvLSTMEncoder(nn.Module):
    """(batch, window, channels) to the (batch, 128) features of the last step.

    Raises:
        ModelError: the window is too short for the convolutions.
    """

    def __init__(self, channels: int, window: int):
        super().__init__()
        require_window("DeepConvLSTM", window, CONVOLUTIONS * (KERNEL - 1) + 1)
        self.width = UNITS
        widths = (1, *[FILTERS] * CONVOLUTIONS)
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, (KERNEL, 1)) for a, b in itertools.pairwise(widths))
        self.dropout = nn.Dropout(DROPOUT)
        self.lstm = nn.LSTM(FILTERS * channels, UNITS, LSTM_LAYERS, batch_first=True, dropout=DROPOUT)

    def forward(self, x: Tensor) -> Tensor:
        y = x.unsqueeze(1)
        for convolution in self.convolutions:
            y = convolution(y).relu()
        # (batch, filter, step, channel) to (batch, step, filters x channels).
        steps = y.permute(0, 2, 3, 1).flatten(2)
        return self.dropout(self.lstm(self.dropout(steps))[0][:, -1])


SYSTEM = System(
    title="DeepConvLSTM",
    paper="Ordóñez and Roggen, Sensors 2016, 16(1):115, doi 10.3390/s16010115",
    followed="four convolutions of 64 filters over 5 samples, two LSTM layers of 128 units, dropout, the last step",
    readings="windows of one label instead of the label of the last sample, Adam instead of RMSprop",
    printed={"uci-har": 82.64, "mobiact": 82.40, "usc-had": 67.14},
)
