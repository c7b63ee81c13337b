"""A network with the encoder of a system of the paper's Table 3 is deployed like ours."""

import pytest
import torch

from har_export.inference import InferenceNetwork
from har_train.fit.network import Architecture, HarNetwork
from har_train.methods.registry import ENCODERS


@pytest.mark.parametrize("backbone", ENCODERS)
def test_what_is_exported_is_the_softmax_of_the_network_at_its_temperature(backbone: str) -> None:
    torch.manual_seed(0)
    network = HarNetwork(Architecture(classes=4, backbone=backbone, head=(8,), projector=False)).eval()
    windows = torch.randn(3, 50, 6)
    network.measure(windows)
    with torch.inference_mode():
        deployed = InferenceNetwork(network, 2.0)(windows)
        torch.testing.assert_close(deployed, (network(windows) / 2).softmax(dim=1))
