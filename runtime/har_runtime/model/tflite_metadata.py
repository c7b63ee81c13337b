"""Reads the metadata entries of a .tflite without an interpreter.

Of TFLite's schema it needs: `Model.buffers` is field 4 and `Model.metadata` field 6; `Metadata` is (name, buffer);
`Buffer` is (data, offset, size).
"""

from pathlib import Path

from har_runtime.errors import ModelError
from har_runtime.model.flatbuffer_reader import DAMAGED, IDENTIFIER, FlatbufferReader

_MODEL_BUFFERS, _MODEL_METADATA = 4, 6


def read_metadata(content: bytes, where: Path | str) -> dict[str, bytes]:
    """Metadata entries by name.

    Raises:
        ModelError: not a .tflite, or a truncated one.
    """
    if content[4:8] != IDENTIFIER:
        raise ModelError(f"{where}: not a .tflite model (no TFL3 identifier)")
    try:
        reader = FlatbufferReader(content)
        buffers = reader.tables(reader.root, _MODEL_BUFFERS)
        return {
            reader.bytes(entry, 0).decode(): reader.bytes(buffers[reader.scalar(entry, 1, "I")], 0)
            for entry in reader.tables(reader.root, _MODEL_METADATA)
        }
    except DAMAGED as error:
        raise ModelError(f"{where}: the .tflite is damaged or cut off; copy or export it again") from error
