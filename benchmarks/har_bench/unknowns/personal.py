"""How much better a model answers people that it never saw, once it has learnt some seconds of each activity from them.

    python -m har_bench.unknowns.personal --out benchmarks/results/personal.json

Each person of the card's test users, with the sensor at each place they wore it at, is made personal with 3, 10 and 30
seconds of each activity, taken from the first half of the windows of that activity, at its beginning, middle and end;
the second half is scored, the same windows each time, each by itself and given the place. The person's own upper bound
is what the whole first half gives. New activities of WISDM, which the model never learnt, are learnt from 20 seconds,
and added to a profile of 10 seconds of each of the others. The file that is measured is the one that runs: the
pretrained int8 model.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_bench.results import write_and_print
from har_bench.script import run_script, script_parser
from har_runtime.classify import classify
from har_runtime.cli.common import data_folder
from har_runtime.contract import HOP, PERIOD_NS, PLACES
from har_runtime.errors import DataError
from har_runtime.model.card import ModelCard
from har_runtime.model.load import Model, load_model
from har_runtime.model.outputs import Outputs
from har_runtime.personal.learn import learn
from har_runtime.personal.model import personalised
from har_runtime.personal.profile import Learnt, empty_profile
from har_runtime.recognizer import Recognizer
from har_runtime.samples import SampleChunk
from har_runtime.signal.window import Window
from har_runtime.sources import open_source
from har_train.data.windows import WindowSet, joined_windows, windows_of
from har_train.datasets import load
from har_train.fit.prototypes import (
    BEGINNINGS,
    SECONDS,
    Wearer,
    learnt_of,
    macro_f1,
    own_outputs,
    personal_outputs,
    stretches,
    wearers,
)
from har_train.recipe_file import load_recipe

ENOUGH = 10
"""Seconds of each activity for which the person's results are listed."""
WORSE = 0.01
"""Macro-F1 that nobody should lose."""
NEW = ("dribbling", "typing")
"""Activities of WISDM that the model never learnt; at the wrist it learnt typing as "unknown"."""
NEW_S = 20
COST_S = 200
"""Seconds of the stream with which a window is timed."""
TURNS = 9


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser(
        "unknowns.personal", "Score a model before and after it has become personal.", "model", "out"
    )
    parser.add_argument("--data", help="folder of the data sets (default: $HAREDGE_DATA)")
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    model = load_model(options.model)
    windows = read_windows(model, data_folder(options.data))
    known = windows.select(np.isin(windows.y, [windows.labels.index(label) for label in model.card.labels]))
    known = replace(known, labels=model.card.labels)
    outputs = model.outputs(known.x)
    people = [wearer for wearer in wearers(known) if wearer.place in model.card.places]
    rows = [person_row(model.card, outputs, known, wearer) for wearer in people]
    result = {
        "model": model.card.name,
        "users": list(model.card.training.never_seen),
        "people": rows,
        "summary": summary(rows),
        "new_activities": new_activities(model, windows),
        "cost": cost(model, known),
    }
    write_and_print(options.out, result)
    return 0


def read_windows(model: Model, data: Path) -> WindowSet:
    """Windows of the card's test users with single labels, among them `NEW`, which are no activities of the model.

    Raises:
        DataError: the model cannot be made personal, or is of another recipe than those that are known.
    """
    card = model.card
    if card.prototypes is None:
        raise DataError(f"the model {card.name} cannot be made personal")
    config = load_recipe(card.training.recipe).data
    with_new = replace(config, activities=(*config.activities, *NEW), renames={})
    parts: list[WindowSet] = []
    for name, placement in config.sets:
        own = [one for one in load(name, data, placement) if one.user in card.training.never_seen]
        if own:
            print(f"windows of {name}", file=sys.stderr, flush=True)
            parts.append(windows_of({name: own}, with_new if name == "wisdm" else _same_labels(config, with_new)))
    return joined_windows(parts).single


def _same_labels(config: Any, with_new: Any) -> Any:
    return replace(config, activities=with_new.activities)


def person_row(card: ModelCard, outputs: Outputs, windows: WindowSet, wearer: Wearer) -> dict[str, Any]:
    """Macro-F1 of one person at one place, by what was learnt of them."""
    truth = windows.y[wearer.scored]

    def after(seconds: float | None, beginning: float) -> float:
        rows = stretches(wearer, seconds, lambda spare: round(beginning * spare))
        return macro_f1(personal_outputs(card, outputs, wearer, rows), truth)

    return {
        "user": wearer.user,
        "place": wearer.place,
        "activities": [card.labels[label] for label in wearer.learn],
        "windows": len(wearer.scored),
        "shipped": macro_f1(outputs.probabilities[wearer.scored], truth),
        "place_given": macro_f1(own_outputs(card, outputs, wearer), truth),
        "after": {str(s): float(np.mean([after(s, at) for at in BEGINNINGS])) for s in SECONDS},
        "bound": after(None, 0),
    }


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Mean, median and worst person of each column, and how much of the gap to the person's own bound is closed."""
    columns = {
        "shipped": [row["shipped"] for row in rows],
        "place_given": [row["place_given"] for row in rows],
        **{seconds: [row["after"][seconds] for row in rows] for seconds in rows[0]["after"]},
        "bound": [row["bound"] for row in rows],
    }
    before, bound = statistics.mean(columns["place_given"]), statistics.mean(columns["bound"])
    found: dict[str, Any] = {}
    for name, values in columns.items():
        worst = min(range(len(rows)), key=values.__getitem__)
        lost = [value - row["place_given"] for value, row in zip(values, rows, strict=True)]
        mean = statistics.mean(values)
        found[name] = {
            "mean": mean,
            "median": statistics.median(values),
            "worst": values[worst],
            "worst_person": f"{rows[worst]['user']} ({rows[worst]['place']})",
            "gap_closed": (mean - before) / (bound - before) if bound > before else None,
            "worse_people": sum(value < -WORSE for value in lost),
            "largest_loss": -min(lost),
        }
    return found


def new_activities(model: Model, windows: WindowSet) -> list[dict[str, Any]]:
    """Recall of each new activity at each place, and what it costs the others, over the people who did it."""
    rows: list[dict[str, Any]] = []
    for label in NEW:
        for place in PLACES:
            people = [
                found
                for user in np.unique(windows.user).tolist()
                if (found := _with_new(model, windows, label, user, place)) is not None
            ]
            if people:
                names = people[0]
                means = {name: float(np.mean([one[name] for one in people])) for name in names}
                rows.append({"activity": label, "place": place, "people": len(people), **means})
    return rows


def _with_new(model: Model, windows: WindowSet, label: str, user: str, place: str) -> dict[str, float] | None:
    """One person: the others from 10 s of each, then the new one from 20 s; None if they did not do it."""
    card = model.card
    chosen = windows.select((windows.user == user) & (windows.place == PLACES.index(place)))
    new = windows.labels.index(label)
    keep = chosen.y < len(card.labels)
    of_new = np.flatnonzero(chosen.y == new)
    others = replace(chosen.select(keep), labels=card.labels)
    wearer = next((one for one in wearers(others) if one.place == place), None)
    count = 1 + 2 * (NEW_S - 1)
    if wearer is None or len(of_new) < 2 * count:
        return None
    outputs = model.outputs(others.x)
    assert outputs.features is not None
    learnt = learnt_of(card, outputs.features, place, stretches(wearer, ENOUGH))
    scored_new, learn_new = chosen.x[of_new[len(of_new) // 2 + 1 :]], chosen.x[of_new[:count]]
    entry = _learn(model, label, learn_new, place)
    without = personalised(model, empty_profile(card).with_learnt(learnt))
    with_new = personalised(model, empty_profile(card).with_learnt([*learnt, entry]))
    at, truth = card.places.index(place), others.y[wearer.scored]

    def table(own: Model, x: NDArray[np.float32]) -> NDArray[np.float32]:
        by_place = own.outputs(x).by_place
        assert by_place is not None
        return by_place[:, at]

    after = table(with_new, others.x[wearer.scored])
    taken = after.argmax(axis=1) == len(card.labels)
    return {
        "recall": float((table(with_new, scored_new).argmax(axis=1) == len(card.labels)).mean()),
        "others_before": macro_f1(table(without, others.x[wearer.scored]), truth),
        "others_after": macro_f1(after, truth),
        "others_taken": float(taken.mean()),
    }


def _learn(model: Model, label: str, x: NDArray[np.float32], place: str) -> Learnt:
    windows = [Window(0, index * HOP * PERIOD_NS, one) for index, one in enumerate(x)]
    return learn(label, classify(model, windows), model.card, place, "benchmark", 0.0)


def cost(model: Model, windows: WindowSet) -> dict[str, float]:
    """Processor time: seconds to become personal after the last sample, for 10 s of each activity, and microseconds for
    each window of a stream, from samples to answers."""
    card = model.card
    wearer = max(wearers(windows), key=lambda one: len(one.learn))
    rows = stretches(wearer, ENOUGH)
    predictions = {
        card.labels[label]: classify(
            model, [Window(0, index * HOP * PERIOD_NS, windows.x[row]) for index, row in enumerate(own)]
        )
        for label, own in rows.items()
    }
    begin = time.thread_time()
    learnt = [learn(label, own, card, wearer.place, "benchmark", 0.0) for label, own in predictions.items()]
    personal = personalised(model, empty_profile(card).with_learnt(learnt))
    took = time.thread_time() - begin
    samples = _samples()
    times: dict[str, list[float]] = {"shipped": [], "personal": []}
    for _ in range(TURNS):  # In turns: what else the machine does then hits both.
        for name, one in (("shipped", model), ("personal", personal)):
            times[name].append(_window_us(one, samples))
    best = {name: min(values) for name, values in times.items()}
    return {
        "activities": len(learnt),
        "learning_s": took,
        "window_us": best["shipped"],
        "personal_window_us": best["personal"],
        "more": best["personal"] / best["shipped"] - 1,
    }


def _samples() -> list[SampleChunk]:
    """Of a simulated wearer, half a second each."""
    chunks: list[SampleChunk] = []
    for chunk in open_source(f"simulated:?seed=0&place=pocket&speed=max&seconds={COST_S}"):
        chunks += [chunk.part(begin, begin + HOP) for begin in range(0, len(chunk.times_ns), HOP)]
    return chunks


def _window_us(model: Model, samples: Sequence[SampleChunk]) -> float:
    recognizer = Recognizer(model, clock=lambda: 0.0, place="pocket")
    begin = time.thread_time()
    count = sum(len(recognizer.push(chunk)) for chunk in samples)
    return 1e6 * (time.thread_time() - begin) / count


if __name__ == "__main__":
    sys.exit(main())
