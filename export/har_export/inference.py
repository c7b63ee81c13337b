"""The network as it is deployed: without projector, batch norm folded, with normalisation, temperature and softmax."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval, fuse_linear_bn_eval

from har_train.fit.network import HarNetwork, PlainBlock, ResidualBlock, enlarge


class InferenceNetwork(nn.Module):
    """(batch, 50, 6) windows in SI units to (batch, classes) probabilities.

    It computes softmax(network(x) / temperature) in evaluation mode with a third fewer operators. It consists of layers
    that TFLite has, in TFLite's layout, so that the conversion adds no transposes.
    """

    def __init__(self, network: HarNetwork, temperature: float):
        super().__init__()
        network = copy.deepcopy(network).eval()
        self.front = FrontEnd(network)
        self.blocks = nn.Sequential(*(_folded(block) for block in network.encoder.blocks))
        self.classifier = _folded_classifier(network.classifier, temperature)
        # The converter identifies weights by their address, and copies weights that are not contiguous into memory that
        # it reuses: channels-last weights of the same shape would be merged.
        for parameter in self.parameters():
            parameter.data = parameter.data.clone(memory_format=torch.contiguous_format)
        self.eval()

    def forward(self, imu: Tensor) -> Tensor:
        x = self.blocks(self.front(imu).unsqueeze(1).permute(0, 3, 1, 2))
        x = x.mean((2, 3), keepdim=True)  # Without keepdim TFLite gets a transpose and ONNX a gather.
        return self.classifier(x.flatten(1)).softmax(dim=1)


class FrontEnd(nn.Module):
    """From SI units to the input of the encoder.

    It stays in float32 in every format: one int8 scale cannot hold both m/s^2 and rad/s, or both steps and stillness.
    The quantizer finds it by the name of this class.
    """

    def __init__(self, network: HarNetwork):
        super().__init__()
        self.mean = nn.Buffer(network.mean)
        self.gain = nn.Buffer(1 / network.std)
        self.unit = nn.Buffer(network.stillness / network.std) if network.architecture.fine_scale else None

    def forward(self, imu: Tensor) -> Tensor:
        x = (imu - self.mean) * self.gain
        return x if self.unit is None else torch.cat([x, enlarge(x, self.unit)], dim=2)


def _folded(block: nn.Module) -> nn.Module:
    if isinstance(block, ResidualBlock):
        return _FoldedResidualBlock(block)
    assert isinstance(block, PlainBlock)
    return nn.Sequential(fuse_conv_bn_eval(block.convolution, block.norm), nn.ReLU())


class _FoldedResidualBlock(nn.Module):
    def __init__(self, block: ResidualBlock):
        super().__init__()
        self.convolutions = nn.ModuleList(
            fuse_conv_bn_eval(convolution, norm)  # pyright: ignore[reportArgumentType]
            for convolution, norm in zip(block.convolutions, block.norms, strict=True)
        )
        convolution, norm = block.shortcut
        assert isinstance(norm, nn.BatchNorm2d)
        if isinstance(convolution, nn.Identity):  # Batch norm alone: a factor and an offset per channel.
            convolution = nn.Conv2d(norm.num_features, norm.num_features, 1, groups=norm.num_features, bias=False)
            nn.init.ones_(convolution.weight)
        self.shortcut = fuse_conv_bn_eval(convolution.eval(), norm)  # pyright: ignore[reportArgumentType]

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for convolution in self.convolutions[:-1]:
            y = convolution(y).relu()
        return (self.convolutions[-1](y) + self.shortcut(x)).relu()


def _folded_classifier(classifier: nn.Sequential, temperature: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for layer in classifier:
        if isinstance(layer, nn.BatchNorm1d):
            linear = layers.pop()
            assert isinstance(linear, nn.Linear)
            layers.append(fuse_linear_bn_eval(linear, layer))
        elif not isinstance(layer, nn.Dropout):
            layers.append(layer)
    output = layers[-1]
    assert isinstance(output, nn.Linear)
    with torch.no_grad():
        output.weight.div_(temperature)
        output.bias.div_(temperature)
    return nn.Sequential(*layers)
