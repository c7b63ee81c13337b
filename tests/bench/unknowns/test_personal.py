"""The benchmark of profiles: what is scored was not learnt, and its tables say what was found."""

import numpy as np
import pytest
from tests.runtime.personal.people import PERSONAL_CARD, features_model, window

from har_bench.unknowns import tables
from har_bench.unknowns.personal import cost, person_row, summary
from har_bench.unknowns.personal_sets import _few
from har_runtime.contract import PLACES
from har_train.data.windows import WindowSet
from har_train.fit.prototypes import wearers

AT = {"walking": (4.0, 1.0), "stairs_up": (9.0, 0.0), "sitting": (0.0, 8.0)}
"""Where one person's features lie: they walk as others climb stairs."""


@pytest.fixture(scope="module")
def windows() -> WindowSet:
    labels = PERSONAL_CARD.labels
    pairs = [(label, window(label, at, number)) for label, at in AT.items() for number in range(60)]
    count = len(pairs)
    return WindowSet(
        x=np.stack([one.imu for _, one in pairs]),
        y=np.array([labels.index(label) for label, _ in pairs]),
        user=np.full(count, "anna"),
        recording=np.full(count, "anna"),
        start_ns=np.arange(count),
        dataset=np.full(count, "made up"),
        place=np.full(count, PLACES.index("thigh")),
        labels=labels,
    )


def test_a_person_is_scored_before_and_after(windows: WindowSet) -> None:
    model = features_model()
    (wearer,) = wearers(windows)
    row = person_row(model.card, model.outputs(windows.x), windows, wearer)
    assert row["windows"] == 3 * 29 and row["place"] == "thigh"
    assert row["after"]["30"] >= row["after"]["3"]
    assert row["bound"] == 1
    other = {**row, "user": "ben", "place_given": 1.0, "after": dict.fromkeys(row["after"], 0.9)}
    found = summary([row, other])
    assert found["10"]["worse_people"] >= 1 and found["10"]["largest_loss"] == pytest.approx(0.1)
    assert found["bound"]["worst"] == 1


def test_the_table_says_it_all(windows: WindowSet) -> None:
    model = features_model()
    (wearer,) = wearers(windows)
    row = person_row(model.card, model.outputs(windows.x), windows, wearer)
    new = {"recall": 0.9, "others_before": 0.8, "others_after": 0.79, "others_taken": 0.01}
    spent = cost(model, windows)
    assert spent["activities"] == 3 and spent["learning_s"] > 0
    text = tables.personal(
        {
            "machine": {"cpu": "Something"},
            "model": "anyplace",
            "users": ["anna"],
            "people": [row],
            "summary": summary([row]),
            "new_activities": [{"activity": "rowing", "place": "thigh", "people": 1, **new}],
            "cost": spent,
        }
    )
    assert "| nothing, place given |" in text and "| 10 s of each activity |" in text
    assert "| rowing | thigh | 1 | 90.0 % | 80.0 | 79.0 | 1.0 % |" in text
    assert "1 people and places (1 at the thigh) of 1 users that anyplace never saw, 87 windows scored." in text


def test_sets_left_out_are_a_row_each(windows: WindowSet) -> None:
    model = features_model()
    (wearer,) = wearers(windows)
    row = person_row(model.card, model.outputs(windows.x), windows, wearer)
    left_out = {"set": "hapt", "people": 1, "windows": 87, "summary": summary([row])}
    text = tables.personal_sets({"recipe": "anywhere-large", "rows": [left_out, {**left_out, "set": "wisdm"}]})
    assert text.count("\n| hapt | 1 |") == text.count("\n| wisdm | 1 |") == 1
    assert "networks of the recipe `anywhere-large`, float32, 174 windows scored" in text


def test_few_windows_of_each_activity_are_taken(windows: WindowSet) -> None:
    first = _few(windows, ["anna"], 20)
    evenly = _few(windows, ["anna"], 20, evenly=True)
    for rows in (first, evenly):
        assert np.unique(windows.y[rows], return_counts=True)[1].tolist() == [20, 20, 20]
    assert first[:20].tolist() == list(range(20))
    assert evenly[0] == 0 and evenly[19] == 59
