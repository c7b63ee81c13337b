"""Quantisation-aware fine-tuning (torchao's PT2E): weights that lose less accuracy in int8.

The folded network runs with weights and activations rounded as in the int8 file, and learns to give the same outputs as
in float32. Only weights change; the file is then calibrated and quantised as usual.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from har_export.build import build
from har_export.converters import quiet_converter
from har_export.inference import FrontEnd, InferenceNetwork
from har_export.interpreters import flat, litert
from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.scores import score
from har_train.data.windows import WindowSet

EPOCHS = 3
BATCH = 256
LEARNING_RATE = 1e-5
OBSERVED_EPOCHS = 1
"""Epochs in which the activation ranges still follow the data; they are then frozen while the weights settle."""
_CONVOLUTION = torch.ops.aten.conv2d.default
_LINEAR = torch.ops.aten.linear.default
_ENCODER_INPUT = torch.ops.aten.permute.default
_ROUNDED = {_ENCODER_INPUT, _CONVOLUTION, _LINEAR, torch.ops.aten.add.Tensor, torch.ops.aten.mean.dim}
"""Operators whose results are int8 in the file. If a ReLU follows, it is part of the operator there."""


@dataclass(frozen=True)
class QatResult:
    """What fine-tuning gained on the validation users, and the better network for int8."""

    network: InferenceNetwork
    """The tuned network if tuning gained macro-F1, otherwise the original one."""
    used: bool
    """Whether `network` is the tuned one."""
    macro_f1_float: float
    macro_f1_before: float
    """Of the int8 file without tuning."""
    macro_f1_after: float
    """Of the int8 file with tuning."""
    error_before: float
    """Mean absolute difference of the probabilities from float32's."""
    error_after: float

    def to_dict(self) -> dict[str, float | bool]:
        """The figures as plain values."""
        return {name: value for name, value in vars(self).items() if name != "network"}

    def sentence(self) -> str:
        """The gain in words."""
        return (
            f"Fine-tuning for int8: macro-F1 on the validation users {100 * self.macro_f1_before:.2f} % before, "
            f"{100 * self.macro_f1_after:.2f} % after ({100 * self.macro_f1_float:.2f} % in float32); mean error of a "
            f"probability {self.error_before:.1e} before, {self.error_after:.1e} after. "
            + ("Used." if self.used else "Not used: it gained nothing.")
        )


def fine_tuned(
    network: InferenceNetwork,
    training: WindowSet,
    validation: WindowSet,
    progress: Callable[[str], None] = lambda step: None,
    seed: int = 0,
) -> QatResult:
    """Tune a copy of `network` for int8 on the training users, and evaluate it on the validation users."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.from_numpy(training.x)
    with torch.inference_mode():
        parts = [_outputs(network, part) for part in x.split(1024)]
        expected = [torch.cat(column) for column in zip(*parts, strict=True)]
    rounded = _rounded(network)
    optimiser = torch.optim.Adam([value for value in rounded.parameters() if value.requires_grad], LEARNING_RATE)
    for epoch in range(EPOCHS):
        progress(f"fine-tuning for int8, epoch {epoch + 1} of {EPOCHS}")
        if epoch == OBSERVED_EPOCHS:
            _stop_observing(rounded)
        for batch in torch.randperm(len(x), generator=generator).split(BATCH):
            optimiser.zero_grad()
            pairs = zip(_outputs(rounded, x[batch]), expected, strict=True)
            torch.stack([_divergence(got, wanted[batch]) for got, wanted in pairs]).sum().backward()
            optimiser.step()
    tuned = copy.deepcopy(network)
    weights = dict(rounded.named_parameters())
    with torch.no_grad():
        for name, value in tuned.named_parameters():
            value.copy_(weights[name])
    progress("evaluating int8 with and without fine-tuning")
    return _compare(network, tuned, training, validation)


def _outputs(network: nn.Module, x: Tensor) -> tuple[Tensor, ...]:
    outputs = network(x)
    return outputs if isinstance(outputs, tuple) else (outputs,)


def _divergence(got: Tensor, wanted: Tensor) -> Tensor:
    """Of probabilities, shape (..., n) each."""
    rows = got.clamp_min(1e-7).log().flatten(0, -2), wanted.flatten(0, -2)
    return nn.functional.kl_div(*rows, reduction="batchmean")


def _rounded(network: InferenceNetwork) -> nn.Module:
    """A copy of the network with fake quantisation; gradients pass through the rounding."""
    with quiet_converter():
        from torchao.quantization.pt2e.quantize_pt2e import prepare_qat_pt2e

        example = (torch.zeros(2, WINDOW, len(CHANNELS)),)
        shapes = ({0: torch.export.Dim("batch")},)
        program = torch.export.export(copy.deepcopy(network), example, dynamic_shapes=shapes)  # It shares weights.
        return prepare_qat_pt2e(program.module(), _annotator())


def _annotator() -> Any:
    """Marks the tensors that are int8 in the file; torchao's own quantizers are for other runtimes."""
    from torchao.quantization.pt2e.fake_quantize import FusedMovingAvgObsFakeQuantize
    from torchao.quantization.pt2e.observer import MovingAverageMinMaxObserver, MovingAveragePerChannelMinMaxObserver
    from torchao.quantization.pt2e.quantizer import QuantizationAnnotation, QuantizationSpec, Quantizer

    activation = QuantizationSpec(
        torch.int8,
        FusedMovingAvgObsFakeQuantize.with_args(observer=MovingAverageMinMaxObserver),
        -128,
        127,
        torch.per_tensor_affine,
    )
    weight = QuantizationSpec(
        torch.int8,
        FusedMovingAvgObsFakeQuantize.with_args(observer=MovingAveragePerChannelMinMaxObserver),
        -127,
        127,
        torch.per_channel_symmetric,
        ch_axis=0,
    )

    class Annotator(Quantizer):
        def annotate(self, model: Any) -> Any:
            for node in model.graph.nodes:
                if node.target not in _ROUNDED or _is_in_front(node):
                    continue
                weights: dict[Any, Any] = {node.args[1]: weight} if node.target in (_CONVOLUTION, _LINEAR) else {}
                follower = next(iter(node.users))
                last = follower if len(node.users) == 1 and follower.target == torch.ops.aten.relu.default else node
                if last is not node:
                    node.meta["quantization_annotation"] = QuantizationAnnotation(weights, None, _annotated=True)
                    weights = {}
                last.meta["quantization_annotation"] = QuantizationAnnotation(weights, activation, _annotated=True)
            return model

        def validate(self, model: Any) -> None:
            """Required by torchao; there is nothing to check."""

    return Annotator()


def _is_in_front(node: Any) -> bool:
    """Whether an operator is of `FrontEnd`, which stays in float32."""
    modules = node.meta.get("nn_module_stack", {}).values()
    return any(str(kind).rpartition(".")[2].strip("'>") == FrontEnd.__name__ for _, kind in modules)


def _stop_observing(model: nn.Module) -> None:
    from torchao.quantization.pt2e.fake_quantize import disable_observer

    model.apply(disable_observer)


def _compare(
    network: InferenceNetwork, tuned: InferenceNetwork, training: WindowSet, validation: WindowSet
) -> QatResult:
    with torch.inference_mode():
        expected = flat([output.numpy() for output in _outputs(network, torch.from_numpy(validation.x))])
    classes = slice(len(validation.labels))
    macro_f1: list[float] = []
    errors: list[float] = []
    for candidate in (network, tuned):
        model = build(candidate, ("tflite-int8",), training.x).models["tflite-int8"]
        got = litert(model)(validation.x)
        macro_f1.append(score(validation.y, got[:, classes].argmax(axis=1), validation.labels).macro_f1)
        errors.append(float(np.abs(got - expected).mean()))
    macro_f1_float = score(validation.y, expected[:, classes].argmax(axis=1), validation.labels).macro_f1
    used = macro_f1[1] > macro_f1[0]
    return QatResult(tuned if used else network, used, macro_f1_float, *macro_f1, *errors)
