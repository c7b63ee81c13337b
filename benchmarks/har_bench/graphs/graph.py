"""A model file of any format as a graph: its multiplications, and the tensors that it holds at a time."""

from collections.abc import Mapping
from dataclasses import dataclass

TensorName = int | str

CONVENTION = (
    "MACs are the multiply-accumulates of convolutions and of all matrix products, for one window; FLOPs are 2 x MACs. "
    "Parameters are the real numbers that a file stores. Activations are the most bytes of tensors alive at a time, "
    "from the operator that computes them to the last one that reads them, including input and output; no operator "
    "overwrites its input."
)


@dataclass(frozen=True)
class Operator:
    """One step of a graph."""

    kind: str
    inputs: tuple[TensorName, ...]
    """Inputs that are not constants."""
    outputs: tuple[TensorName, ...]
    macs: int | None = 0
    """None if it may multiply and is not counted."""
    in_place: bool = False
    """Whether its output is a view of its first input, which needs no memory."""


@dataclass(frozen=True)
class Graph:
    """The operators of a model file, in the order in which they run."""

    operators: tuple[Operator, ...]
    inputs: tuple[TensorName, ...]
    outputs: tuple[TensorName, ...]
    sizes: Mapping[TensorName, int | None]
    """Bytes of each input and computed tensor; None if the file does not say."""
    parameters: int
    number_format: str
    """Of its weights, as on a card: "fp32", "fp16" or "int8"."""
    input_shape: tuple[int, ...]
    """Of its one input, for one window."""
    input_type: str
    weights_outside: bool = False
    """Whether weights lie behind the flatbuffer of a .tflite, where TFLM cannot read them."""

    @property
    def uncounted(self) -> tuple[str, ...]:
        """Kinds of operators that may multiply and are not counted."""
        return tuple(sorted({operator.kind for operator in self.operators if operator.macs is None}))

    @property
    def macs(self) -> int | None:
        """Multiply-accumulates for one window; None if an operator is not counted."""
        return None if self.uncounted else sum(operator.macs or 0 for operator in self.operators)

    @property
    def peak_activation_bytes(self) -> int | None:
        """The highest number of bytes of tensors alive at a time; None if a size is unknown."""
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
            if name in owner:  # A constant has no owner.
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
