"""TFLite files: float32 by litert-torch, int8 by ai-edge-quantizer, both with the card inside."""

import io
import logging
import warnings
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, redirect_stdout
from typing import Any, TypeAlias

import flatbuffers
import numpy as np
import torch
from numpy.typing import NDArray

from har_export.inference import FrontEnd, InferenceNetwork
from har_runtime.card import METADATA_NAME, ModelCard
from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.errors import DataError
from har_runtime.quiet import quiet_stderr
from har_runtime.tflite_file import IDENTIFIER

Extremes: TypeAlias = MutableMapping[str, Any]
"""What the quantizer knows of a tensor: "min", "max", and here for each window "mins" and "maxs"."""

CALIBRATION_WINDOWS = 2000
CALIBRATION_QUANTILE = 0.95
"""Chosen on validation users (`uci-har`, seed 1): 99.5 % of int8 answers are then float32's, 98.5 % with extremes."""


def to_tflite(network: InferenceNetwork) -> bytes:
    """The float32 model, batch 1."""
    with _quiet_converter():
        import litert_torch

        return litert_torch.convert(network, (torch.zeros(1, WINDOW, len(CHANNELS)),)).model_content()


def quantise(float_model: bytes, calibration: NDArray[np.float32]) -> bytes:
    """int8 weights and activations, float32 input and output.

    What `FrontEnd` does stays in float32. For the ranges see `_ranges`.

    Args:
        calibration: windows in SI units of training users, shape (n, 50, 6).

    Raises:
        DataError: no calibration windows.
    """
    if not len(calibration):
        raise DataError("no calibration windows: int8 needs some of the training users'")
    with _quiet_converter():
        from ai_edge_quantizer import qtyping, quantizer, recipe_manager
        from ai_edge_quantizer.algorithm_manager import AlgorithmName
        from ai_edge_quantizer.calibrator import Calibrator
        from ai_edge_quantizer.utils import tfl_interpreter_utils

        recipe = recipe_manager.RecipeManager()
        operation = qtyping.TFLOperationName
        recipe.add_static_config(".*", operation.ALL_SUPPORTED, activation_num_bits=8, weight_num_bits=8)
        for name in (operation.INPUT, operation.OUTPUT):
            recipe.add_quantization_config(".*", name, algorithm_key=AlgorithmName.NO_QUANTIZE)
        front = f".*{FrontEnd.__name__}.*"
        recipe.add_quantization_config(front, operation.ALL_SUPPORTED, algorithm_key=AlgorithmName.NO_QUANTIZE)
        interpreter = tfl_interpreter_utils.create_tfl_interpreter(float_model)
        signature, tensors = next(iter(interpreter.get_signature_list().items()))
        calibrator = Calibrator(float_model, num_threads=1, qsv_update_func=_collect_extremes)
        calibrator.calibrate({signature: [{tensors["inputs"][0]: window[None]} for window in calibration]}, recipe)
        worker = quantizer.Quantizer(float_model, recipe.get_quantization_recipe())
        result = worker.quantize(_ranges(float_model, calibrator.get_model_qsvs()), enable_progress_report=False)
        return bytes(result.quantized_model)  # pyright: ignore[reportArgumentType]


def _collect_extremes(seen: Extremes, new: Extremes) -> Extremes:
    """Keep what each window reached, for `_ranges`; the quantizer calls this for each tensor and window."""
    if not seen:
        return dict(new)
    if "mins" not in seen:
        seen = {**seen, "mins": [seen["min"]], "maxs": [seen["max"]]}
    seen["mins"].append(new["min"])
    seen["maxs"].append(new["max"])
    return {**seen, "min": np.minimum(seen["min"], new["min"]), "max": np.maximum(seen["max"], new["max"])}


def _ranges(model: bytes, extremes: Mapping[str, Extremes]) -> dict[str, Extremes]:
    """The range of each tensor, from what each calibration window reached.

    Feature maps get the range that CALIBRATION_QUANTILE of the windows stay in: a single swift turn reaches three to
    five times as far as an ordinary window, and a scale made for it is too coarse for the stillness in which sitting
    differs from standing. Features and logits keep their extremes: clipped logits cost calibration.
    """
    from ai_edge_quantizer.utils import tfl_flatbuffer_utils

    content: Any = tfl_flatbuffer_utils.read_model(model)  # Its type stubs take every field for None.
    maps = {tensor.name.decode() for tensor in content.subgraphs[0].tensors if len(tensor.shape) >= 3}
    ranges: dict[str, Extremes] = {}
    for name, seen in extremes.items():
        if "mins" not in seen:  # A constant: seen once.
            ranges[name] = seen
            continue
        low, high = seen["min"], seen["max"]
        if name in maps:
            lowest = [float(np.min(value)) for value in seen["mins"]]
            highest = [float(np.max(value)) for value in seen["maxs"]]
            low = np.full_like(low, min(0, np.quantile(lowest, 1 - CALIBRATION_QUANTILE)))
            high = np.full_like(high, np.quantile(highest, CALIBRATION_QUANTILE))
        ranges[name] = {"min": low, "max": high}
    return ranges


def calibration_windows(x: NDArray[np.float32], seed: int = 0) -> NDArray[np.float32]:
    """A random choice of training windows, enough to see the extremes of every layer."""
    order = np.random.default_rng(seed).permutation(len(x))
    return x[order[:CALIBRATION_WINDOWS]]


def finish(model: bytes, card: ModelCard) -> bytes:
    """Put the card into a .tflite, name its tensors, and lay everything out inside the flatbuffer.

    The quantizer leaves weights outside the flatbuffer once they pass 256 KiB; older runtimes cannot read that and TFLM
    reads it wrongly without a word. Packing the whole model again brings them in.
    """
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_quantizer.utils import tfl_flatbuffer_utils

    content: Any = tfl_flatbuffer_utils.read_model(model)
    graph = content.subgraphs[0]
    graph.tensors[graph.inputs[0]].name = b"imu"
    graph.tensors[graph.outputs[0]].name = b"probabilities"
    signature = content.signatureDefs[0]
    signature.inputs[0].name, signature.outputs[0].name = b"imu", b"probabilities"
    content.description = f"haredge {card.name} {card.version}".encode()
    content.metadata = [entry for entry in content.metadata or [] if entry.name != METADATA_NAME.encode()]
    entry: Any = schema.MetadataT()
    buffer: Any = schema.BufferT()
    entry.name, entry.buffer = METADATA_NAME.encode(), len(content.buffers)
    buffer.data = np.frombuffer(card.to_json().encode(), np.uint8)
    content.buffers.append(buffer)
    content.metadata.append(entry)
    for buffer in content.buffers:
        buffer.offset = buffer.size = 0
    return _serialised(content)


class _AlignedBuilder(flatbuffers.Builder):
    """Starts each byte vector on a multiple of 16, as TFLite's schema asks (`Buffer.data`: force_align 16) and the
    generated Python code does not: microcontrollers read the weights in place."""

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> Any:  # noqa: N802, N803 - overrides
        return super().StartVector(elemSize, numElems, 16 if elemSize == 1 else alignment)


def _serialised(content: Any) -> bytes:
    builder = _AlignedBuilder(1 << 20)
    builder.Finish(content.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def operators(model: bytes) -> dict[str, int]:
    """How many operators of each kind a .tflite has."""
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_quantizer.utils import tfl_flatbuffer_utils

    content: Any = tfl_flatbuffer_utils.read_model(model)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    counts: dict[str, int] = {}
    for operator in content.subgraphs[0].operators:
        code = content.operatorCodes[operator.opcodeIndex]
        name = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
        counts[name] = counts.get(name, 0) + 1
    return counts


@contextmanager
def _quiet_converter() -> Iterator[None]:
    """Keep the converters' banners and warnings, meant for their authors, off the terminal."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), quiet_stderr():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
