"""What har_runtime makes of the simulated wearer with the app's model, for the app to compare its own with."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import PERIOD_NS
from har_runtime.model.load import load_model
from har_runtime.recognizer import Recognizer

MODEL = "anywhere"
CASES = ((True, None, True), (True, "pocket", True), (False, None, True), (True, None, False))
"""Whether there is a gyroscope, the place that is set, and whether families are answers."""


def write_answers(wearer: Path, path: Path) -> None:
    """Write the answers to the samples of a table that `write_wearer` wrote."""
    table = np.loadtxt(wearer, delimiter=",")
    cases = [_case(table, *case) for case in CASES]
    path.write_text(json.dumps({"cases": cases}), encoding="ascii")


def _case(table: NDArray[np.float64], gyroscope: bool, place: str | None, coarse: bool) -> Any:
    recognizer = Recognizer(load_model(MODEL), place=place, coarse=coarse, gyroscope=gyroscope)
    times = np.arange(len(table), dtype=np.int64) * PERIOD_NS
    answers = recognizer.push(times, table[:, :3], table[:, 3:] if gyroscope else None) + recognizer.finish()
    return {
        "gyroscope": gyroscope,
        "place": place,
        "coarse": coarse,
        "answers": [
            {
                "activity": answer.activity,
                "reason": answer.reason,
                "place": answer.place,
                "confidence": answer.confidence,
            }
            for answer in answers
        ],
    }
