"""What a training costs: seconds, kept beside its checkpoints so that a resumption goes on counting."""

import contextlib
import json
import time
from dataclasses import asdict, dataclass

import lightning
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities.types import STEP_OUTPUT

from har_runtime.files import write_bytes
from har_runtime.tables import from_table, read_json
from har_train.fit.run import Stage


@dataclass(frozen=True)
class Cost:
    """Seconds that a training took."""

    wall: float = 0.0
    processor: float = 0.0
    """Of all threads together."""

    @classmethod
    def now(cls) -> "Cost":
        return cls(time.monotonic(), time.process_time())

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.wall + other.wall, self.processor + other.processor)

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.wall - other.wall, self.processor - other.processor)


class Stopwatch(Callback):
    """Keeps the time that the epochs took, that before a resumption included, beside the checkpoints, and stops the
    training when its processor time is used up: an epoch of a large network may take longer than all of it."""

    def __init__(self, stage: Stage, resume: bool):
        self._file = stage.folder / "seconds.json"
        self._most_s = 60 * stage.core_minutes
        self._began = Cost.now()
        self._earlier = Cost()
        with contextlib.suppress(OSError, ValueError, TypeError):
            self._earlier = from_table(Cost, read_json(self._file)) if resume else Cost()

    def cost(self) -> Cost:
        return self._earlier + (Cost.now() - self._began)

    def is_over(self) -> bool:
        """Whether the processor time is used up."""
        return 0 < self._most_s <= self.cost().processor

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: STEP_OUTPUT,
        batch: object,
        batch_idx: int,
    ) -> None:
        trainer.should_stop |= self.is_over()

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if trainer.is_global_zero:
            write_bytes(self._file, json.dumps(asdict(self.cost()), allow_nan=False).encode())
