"""From predictions to answers."""

import time

import numpy as np

from har_runtime.answer import Answer, Totals
from har_runtime.card import ModelCard
from har_runtime.classify import Prediction
from har_runtime.resample import ResampleReport


class Answering:
    """Makes the answer of each prediction, in their order."""

    def __init__(self, card: ModelCard):
        self._card = card
        self._totals = Totals(time.time())

    def take(self, prediction: Prediction, truth: str | None, report: ResampleReport) -> Answer:
        """The answer at the end of a window."""
        return Answer(
            prediction=prediction,
            activity=prediction.label,
            confidence=prediction.confidence,
            probabilities=prediction.probabilities.astype(np.float64),
            reason=None,
            events=(),
            totals=self._totals,
            truth=truth,
            report=report,
            unix_s=time.time(),
        )
