"""A model file as a graph, whatever its format: how often it multiplies, and which tensors must be held at a time."""

from collections.abc import Mapping
from dataclasses import dataclass

TensorName = int | str

CONVENTION = (
    "MACs are the multiply-accumulates of convolutions and of all matrix products, for one window; FLOPs are 2 x MACs. "
    "Parameters are the real numbers that a file stores. Activations are the most bytes of computed tensors alive at a "
    "time: from the operator that makes them to the last one that reads them, input and output included; no operator "
    "overwrites what it reads."
)


@dataclass(frozen=True)
class Operator:
    """One step of a graph."""

    kind: str
    inputs: tuple[TensorName, ...]
    """Without constants."""
    outputs: tuple[TensorName, ...]
    macs: int | None = 0
    """None where it may multiply and is not counted."""
    in_place: bool = False
    """Whether it only looks at its first input in another way, and needs no memory of its own."""


@dataclass(frozen=True)
class Graph:
    """What a model file computes, in the order in which it does."""

    operators: tuple[Operator, ...]
    inputs: tuple[TensorName, ...]
    outputs: tuple[TensorName, ...]
    sizes: Mapping[TensorName, int | None]
    """Bytes of each tensor that is fed or computed; None where the file does not say."""
    parameters: int
    number_format: str
    """Of its weights, as a card names it: "fp32", "fp16" or "int8"."""
    input_shape: tuple[int, ...]
    """Of its one input, for one window."""
    input_type: str
    weights_outside: bool = False
    """Whether weights lie behind the flatbuffer of a .tflite, where TFLM does not find them."""

    @property
    def uncounted(self) -> tuple[str, ...]:
        """Kinds of operators that may multiply and are not counted."""
        return tuple(sorted({operator.kind for operator in self.operators if operator.macs is None}))

    @property
    def macs(self) -> int | None:
        """Multiply-accumulates for one window; None where an operator is not counted."""
        return None if self.uncounted else sum(operator.macs or 0 for operator in self.operators)

    @property
    def peak_activation_bytes(self) -> int | None:
        """The most bytes of tensors alive at a time; None where a size is unknown."""
        owner: dict[TensorName, TensorName] = {name: name for name in self.sizes}
        first = dict.fromkeys(self.inputs, 0)
        last = dict(first)
        for step, operator in enumerate(self.operators):
            for name in operator.inputs:
                last[owner[name]] = step
            for name in operator.outputs:
                if operator.in_place and operator.inputs:
                    owner[name] = owner[operator.inputs[0]]
                else:
                    first[name] = last[name] = step
        for name in self.outputs:
            if name in owner:  # A constant has none.
                last[owner[name]] = len(self.operators) - 1
        change = [0] * (len(self.operators) + 1)
        for name, begin in first.items():
            size = self.sizes[name]
            if size is None:
                return None
            change[begin] += size
            change[last[name] + 1] -= size
        alive = peak = 0
        for difference in change:
            alive += difference
            peak = max(peak, alive)
        return peak
