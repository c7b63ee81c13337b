"""What har_runtime makes of the simulated wearer with the app's model, for the app to compare its own with."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import PERIOD_NS
from har_runtime.model.load import load_model
from har_runtime.personal.learn import learn
from har_runtime.personal.profile import Profile, empty_profile, write_profile
from har_runtime.recognizer import Recognizer

MODEL = "anywhere"
CASES = (
    (True, None, True, False),
    (True, "pocket", True, False),
    (False, None, True, False),
    (True, None, False, False),
    (True, None, True, True),
)
"""Whether there is a gyroscope, the place that is set, whether families are answers, and whether there is a profile."""
WALK = slice(28, 48)
"""Windows of the wearer that are a walk."""


def write_answers(wearer: Path, path: Path, profile: Path) -> None:
    """Write the answers to the samples of a table that `write_wearer` wrote, and the profile that one case has."""
    table = np.loadtxt(wearer, delimiter=",")
    write_profile(profile, _marching(table))
    cases = [_case(table, *case, profile) for case in CASES]
    path.write_text(json.dumps({"cases": cases}), encoding="ascii")


def _marching(table: NDArray[np.float64]) -> Profile:
    """The wearer's walk as a new activity, wherever it is worn."""
    model = load_model(MODEL)
    times = np.arange(len(table), dtype=np.int64) * PERIOD_NS
    answers = Recognizer(model).push(times, table[:, :3], table[:, 3:])[WALK]
    assert {answer.activity for answer in answers} == {"walking"}
    predictions = [answer.prediction for answer in answers]
    at_each = [learn("marching", predictions, model.card, place, "simulated:", 1e9) for place in model.card.places]
    return empty_profile(model.card).with_learnt(at_each)


def _case(
    table: NDArray[np.float64], gyroscope: bool, place: str | None, coarse: bool, personal: bool, profile: Path
) -> Any:
    model, own = load_model(MODEL), profile if personal else None
    recognizer = Recognizer(model, place=place, coarse=coarse, gyroscope=gyroscope, profile=own)
    times = np.arange(len(table), dtype=np.int64) * PERIOD_NS
    answers = recognizer.push(times, table[:, :3], table[:, 3:] if gyroscope else None) + recognizer.finish()
    return {
        "gyroscope": gyroscope,
        "place": place,
        "coarse": coarse,
        "profile": personal,
        "answers": [
            {
                "activity": answer.activity,
                "reason": answer.reason,
                "place": answer.place,
                "confidence": answer.confidence,
                "steps": answer.steps,
                "cadence": answer.cadence,
            }
            for answer in answers
        ],
    }
