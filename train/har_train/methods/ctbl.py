"""CTBL (Guo and Nakayama, SPML 2025): convolutions, a transformer, a bidirectional LSTM. The sizes are our reading.

Its paper's text and code were not found. Its abstract gives the order of the parts and what each is for: convolutions
see what happens within a few samples, the transformer the whole window, the LSTM its order.
"""

import itertools

import torch
from torch import Tensor, nn

from har_train.methods.base import System
from har_train.methods.csshar import position_encoding

FILTERS = (64, 128)
KERNEL = 3
LAYERS = 2
HEADS = 4
FEED_FORWARD = 256
UNITS = 64
"""Of the LSTM in each direction."""
DROPOUT = 0.1


class CtblEncoder(nn.Module):
    """(batch, window, channels) to (batch, 128): the LSTM's last step forwards, and its last step backwards."""

    positions: Tensor

    def __init__(self, channels: int, window: int):
        super().__init__()
        self.width = 2 * UNITS
        widths = (channels, *FILTERS)
        self.convolutions = nn.Sequential(
            *itertools.chain.from_iterable(
                (nn.Conv2d(a, b, (1, KERNEL), padding=(0, KERNEL // 2)), nn.BatchNorm2d(b), nn.ReLU())
                for a, b in itertools.pairwise(widths)
            )
        )
        self.register_buffer("positions", position_encoding(window, widths[-1]), persistent=False)
        self.transformer = nn.Sequential(
            *(
                nn.TransformerEncoderLayer(widths[-1], HEADS, FEED_FORWARD, DROPOUT, batch_first=True)
                for _ in range(LAYERS)
            )
        )
        self.lstm = nn.LSTM(widths[-1], UNITS, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor) -> Tensor:
        features = self.convolutions(x.unsqueeze(1).permute(0, 3, 1, 2)).squeeze(2).transpose(1, 2)
        steps = self.lstm(self.transformer(features + self.positions))[0]
        return torch.cat([steps[:, -1, :UNITS], steps[:, 0, UNITS:]], dim=1)


SYSTEM = System(
    title="CTBL",
    paper="Guo and Nakayama, SPML 2025, pages 10-15",
    followed="the order of the parts: convolutions, transformer, bidirectional LSTM",
    readings="all sizes, dropout and schedule are ours, as only the abstract was found",
    printed={"uci-har": 92.72, "mobiact": 78.66, "usc-had": 69.11},
)
