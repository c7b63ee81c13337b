"""The network as it is deployed: without projector, batch norm folded, with normalisation, temperature and softmax."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval, fuse_linear_bn_eval

from har_train.fit.network import (
    LEVEL,
    OWN_SHARE,
    Encoder,
    HarNetwork,
    PlaceHeads,
    PlainBlock,
    ResidualBlock,
    enlarge,
)


class InferenceNetwork(nn.Module):
    """(batch, 50, 6) windows in SI units to (batch, classes) probabilities; with places also to probabilities of the
    places, (batch, places), and of the classes at each place, (batch, places, classes).

    It computes softmax(network(x) / temperature) in evaluation mode with a third fewer operators. It consists of layers
    that TFLite has, in TFLite's layout, so that the conversion adds no transposes.
    """

    def __init__(self, network: HarNetwork, temperature: float):
        super().__init__()
        self.gives_features = False
        """Whether the input of the last layer, (batch, features), is the last output."""
        network = copy.deepcopy(network).eval()
        self.architecture = network.architecture
        self.front = FrontEnd(network)
        self.features = _Features(network.encoder) if isinstance(network.encoder, Encoder) else network.encoder
        self.classifier = _folded_classifier(network.classifier, temperature)
        self.at_places = None
        if network.heads is not None:
            self.at_places = AtPlaces(self.classifier, network.heads, temperature)
            self.classifier = self.classifier[:-1]
        # The converter identifies weights by their address, and copies weights that are not contiguous into memory that
        # it reuses: channels-last weights of the same shape would be merged.
        for parameter in self.parameters():
            parameter.data = parameter.data.clone(memory_format=torch.contiguous_format)
        self.eval()

    def forward(self, imu: Tensor) -> Tensor | tuple[Tensor, ...]:
        x, *fine = self.front(imu)
        x = torch.cat([x, *fine], dim=2) if fine else x
        x = self.features(x)
        assert isinstance(self.classifier, nn.Sequential)  # For the type checker.
        if self.at_places is None:
            hidden = self.classifier[:-1](x)
            outputs = (self.classifier[-1](hidden).softmax(dim=1),)
        else:
            hidden = self.classifier(x)
            outputs = self.at_places(x, hidden)
        outputs = (*outputs, hidden) if self.gives_features else outputs
        return outputs if len(outputs) > 1 else outputs[0]


class _Features(nn.Module):
    """Our encoder, (batch, 50, channels) to (batch, width), with batch norm folded; other encoders stay as they are."""

    def __init__(self, encoder: Encoder):
        super().__init__()
        self.blocks = nn.Sequential(*(_folded(block) for block in encoder.blocks))

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(x.unsqueeze(1).permute(0, 3, 1, 2))
        x = x.mean((2, 3), keepdim=True)  # Without keepdim TFLite gets a transpose and ONNX a gather.
        return x.flatten(1)


class AtPlaces(nn.Module):
    """From the encoder's features and the classifier's hidden ones to the three outputs of a model that tells places.

    The logits of all places come from one layer, and what follows stays in float32 in every format: it is a few dozen
    numbers, and small probabilities count in the runtime's filter.
    """

    def __init__(self, classifier: nn.Sequential, heads: PlaceHeads, temperature: float):
        super().__init__()
        shared = classifier[-1]
        assert isinstance(shared, nn.Linear)
        places, classes = self.shape = heads.shape
        self.place = heads.place
        self.logits = nn.Linear(shared.in_features, places * classes)
        with torch.no_grad():
            share = OWN_SHARE / temperature
            self.logits.weight.copy_(shared.weight.repeat(places, 1) + share * heads.own.weight)
            self.logits.bias.copy_(shared.bias.repeat(places) + share * heads.own.bias)
        self.back = BackEnd()

    def forward(self, features: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.back(self.place(features), self.logits(hidden).unflatten(1, self.shape))


class BackEnd(nn.Module):
    """From logits to probabilities. The quantizer finds it by the name of this class and leaves it in float32."""

    def forward(self, places: Tensor, by_place: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        at, given = places.softmax(dim=1), by_place.softmax(dim=2)
        return (at.unsqueeze(2) * given).sum(dim=1), at, given


class FrontEnd(nn.Module):
    """From SI units to the input of the encoder, whole or in two parts.

    It stays in float32 in every format: one int8 scale cannot hold both m/s^2 and rad/s, or both steps and stillness.
    The quantizer finds it by the name of this class.
    """

    def __init__(self, network: HarNetwork):
        super().__init__()
        self.channels = (YawInvariant if network.architecture.yaw_invariant else Normalised)(network)
        self.unit = nn.Buffer(network.stillness / network.std) if network.architecture.fine_scale else None

    def forward(self, imu: Tensor) -> tuple[Tensor, ...]:
        x = self.channels(imu)
        if self.unit is None:
            return (x,)
        copies = x, enlarge(x, self.unit)
        # In int8 formats each copy is quantized by itself, which takes less memory; not so in models of haredge 0.1.
        return copies if isinstance(self.channels, YawInvariant) else (torch.cat(copies, dim=2),)


class Normalised(nn.Module):
    """The channels of windows, normalised."""

    def __init__(self, network: HarNetwork):
        super().__init__()
        self.mean, self.gain = nn.Buffer(network.mean), nn.Buffer(1 / network.std)

    def forward(self, imu: Tensor) -> Tensor:
        return (imu - self.mean) * self.gain


class YawInvariant(nn.Module):
    """The channels that no turn about the vertical changes, normalised, in eight operators instead of 23.

    Each operator costs a few hundred bytes of a small model and of a microcontroller's memory. The lengths and products
    of `yaw_invariant` are sums of squares of sums of the six readings: with a and g for the horizontal parts of
    acceleration and angular rate, 2 a.g = |a + g|^2 - |a|^2 - |g|^2, and the cross product is that with g turned by 90
    degrees. The constants of normalisation are in the weights.
    """

    def __init__(self, network: HarNetwork):
        super().__init__()
        gain = 1 / network.std
        shift = -network.mean * gain
        a, g = torch.eye(6)[[0, 1]], torch.eye(6)[[3, 4]]  # x and y of acceleration, and of angular rate.
        turned = torch.stack([g[1], -g[0]])
        sums = torch.cat([a, g, a + g, a + turned])
        of_a, of_g, of_sum, of_turned = torch.eye(4).repeat_interleave(2, dim=1)  # Which squares add up to a length.
        lengths = torch.stack([of_a, of_g])
        products = torch.stack([of_sum - of_a - of_g, of_turned - of_a - of_g]) / 2
        self.vertical = _Sums(torch.eye(6)[[2, 5]] * gain[:2, None], shift[:2])
        self.sums = _Sums(sums, torch.zeros(len(sums)))
        self.lengths = _Sums(lengths * gain[2:4, None] ** 2, LEVEL * gain[2:4] ** 2)
        self.shift = nn.Buffer(shift[2:4].clone())
        self.products = _Sums(products * gain[4:, None], shift[4:])

    def forward(self, imu: Tensor) -> Tensor:
        vertical, sums = self.vertical(imu), self.sums(imu)
        squares = sums * sums
        return torch.cat([vertical, self.lengths(squares).sqrt() + self.shift, self.products(squares)], dim=2)


class _Sums(nn.Module):
    """A linear layer whose weights no training changes."""

    def __init__(self, weight: Tensor, bias: Tensor):
        super().__init__()
        self.weight = nn.Buffer(weight.clone(memory_format=torch.contiguous_format))
        self.bias = nn.Buffer(bias.clone())

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.linear(x, self.weight, self.bias)


def _folded(block: nn.Module) -> nn.Module:
    if isinstance(block, nn.AvgPool2d):
        return block
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
