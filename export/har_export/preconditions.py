"""What must be true before an export starts, so that nothing fails after minutes of work."""

from dataclasses import asdict

from har_export.build import why_float_ends
from har_export.formats import FORMATS
from har_export.microcontroller import NOT_INSTALLED, is_installed
from har_runtime.contract import FRAMES, WINDOW
from har_runtime.errors import DataError, ModelError
from har_train.data.windows import WindowSet
from har_train.fit.checkpoint import Checkpoint, TrainingRecord


def possible_formats(
    checkpoint: Checkpoint, wanted: tuple[str, ...] | None = None
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Choose the formats that this network can be exported to on this machine.

    Args:
        wanted: keys of `FORMATS`; None for all that are possible.

    Returns:
        The formats, and the skipped ones with the reason.

    Raises:
        ModelError: a format of `wanted` is unknown or impossible, or the runtime cannot run the network at all.
    """
    data = checkpoint.record.recipe.data
    if data.window != WINDOW:
        raise ModelError(
            f"{checkpoint.record.recipe.name}: trained on windows of {data.window} samples, but the runtime uses "
            f"{WINDOW}: such a network can be evaluated, but not exported"
        )
    if data.frame not in FRAMES:
        raise ModelError(
            f"{checkpoint.record.recipe.name}: trained on windows in the frame {data.frame}, which the runtime does "
            "not have: such a network can be evaluated, but not exported"
        )
    architecture = checkpoint.network.architecture
    if (data.frame == "upright") != bool(architecture.places):
        raise ModelError(
            f"{checkpoint.record.recipe.name}: the runtime takes networks that tell places in the frame upright, and "
            "others in the frame device: set data.frame and model.places accordingly"
        )
    impossible: dict[str, str] = {}
    if reason := why_float_ends(architecture):
        impossible["tflite-int8-io"] = reason
    if not is_installed():
        impossible["c"] = NOT_INSTALLED
    if wanted is None:
        return tuple(format for format in FORMATS if format not in impossible), impossible
    for format in wanted:
        if format not in FORMATS:
            raise ModelError(f"--formats: unknown format '{format}'; known: {', '.join(FORMATS)}")
        if format in impossible:
            raise ModelError(f"--formats: {format} is not possible: {impossible[format]}")
    return tuple(dict.fromkeys(wanted)), {}


def check_users(windows: WindowSet, record: TrainingRecord) -> None:
    """Check that there are windows of the training, validation and test users.

    Raises:
        DataError: one of these groups has none.
    """
    for group, users in asdict(record.split).items():
        if not len(windows.of_users(users).y):
            raise DataError(
                f"the data has no windows of the checkpoint's {group} users ({', '.join(users)}): give --data with the "
                "data set that the network was trained on"
            )
