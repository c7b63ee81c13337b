"""What is measured of the tracker: made walks of which the right figures are known, and a short run of the script."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.bench.stream.made_walks import LEVEL, UP, recording

from har_bench.intervals import interval_over_people
from har_bench.stream import tables, upright_reference
from har_bench.stream.turned_windows import quarter_turns, random_turns, turned
from har_bench.stream.upright_cost import measure_cost
from har_bench.stream.upright_reference import NEVER, follow, mountings_of, noticed_after, row_of
from har_runtime.contract import HOP_S
from har_runtime.recording import Recording, cut_recording
from har_runtime.signal.upright import FOUND_AFTER, MOVED_AFTER


def test_recordings_of_a_mounting_are_followed_together_and_those_without_walking_are_not() -> None:
    walk, stand = ("walking", UP, 6.0), ("standing", UP, 5.0)
    found = mountings_of(
        [
            recording(stand, name="a", mounting="x"),
            recording(walk, name="b", mounting="x"),
            recording(stand, name="c"),
            recording(walk, name="d"),
        ]
    )
    assert [len(mounting.parts) for mounting in found] == [2, 1]
    np.testing.assert_allclose(found[0].up, UP, atol=1e-6)


def test_the_seconds_to_a_reference_are_those_of_labelled_walking() -> None:
    (mounting,) = mountings_of([recording(("standing", UP, 30.0), ("walking", UP, 20.0), ("lying", -UP, 10.0))])
    found = follow(mounting)
    assert found.near_after.walking_s == pytest.approx((FOUND_AFTER + 1) * HOP_S, abs=2 * HOP_S)
    assert found.near_after.gait_s == (FOUND_AFTER + 1) * HOP_S
    assert (found.wrong, found.wrong_starts) == (0, 0)
    # All windows but those of standing and of the walk before it was found.
    assert found.referred == pytest.approx(found.windows - 60 - FOUND_AFTER, abs=3)


def test_a_reference_from_shaking_that_was_not_walking_is_wrong_until_it_is_replaced() -> None:
    (mounting,) = mountings_of([recording(("dribbling", LEVEL, 30.0), ("walking", UP, 60.0))])
    found = follow(mounting)
    assert found.wrong_starts == 1
    assert found.wrong == pytest.approx(60 - FOUND_AFTER + MOVED_AFTER, abs=5)
    assert found.near_after.walking_s == pytest.approx((MOVED_AFTER + 1) * HOP_S, abs=3 * HOP_S)
    assert found.near_after.gait_s > 25  # What was not walking looked like it.


def test_a_walk_that_is_no_gait_never_shows_a_reference() -> None:
    still = recording(("standing", UP, 60.0))
    (mounting,) = mountings_of([Recording("x", still.times_ns, still.acc, still.gyro, np.full(3000, "walking"))])
    assert follow(mounting).near_after is NEVER
    assert noticed_after(mounting) == []


def test_every_turn_that_moves_up_is_noticed_within_the_windows_that_the_tracker_asks_for() -> None:
    (mounting,) = mountings_of([recording(("walking", UP, 30.0))])
    found = noticed_after(mounting)
    # UP is near a diagonal: two thirds of a turn about it, and a half turn about another axis near it, move it little.
    assert len(found) == 23 - 3
    assert {one.walking_s for one in found} <= {one.gait_s for one in found}  # All of it looks like gait.
    assert min(one.gait_s for one in found) > (FOUND_AFTER + 1) * HOP_S
    assert max(one.gait_s for one in found) <= (MOVED_AFTER + 1) * HOP_S


def test_seconds_that_do_not_look_like_gait_are_walking_all_the_same() -> None:
    (mounting,) = mountings_of([recording(("walking", UP, 20.0), ("standing", UP, 5.0), ("walking", UP, 20.0))])
    walking = replace(mounting, parts=tuple(tuple((window, True) for window, _ in part) for part in mounting.parts))
    # The walk is played again from its start: here standing comes first.
    ((first, *others),) = walking.parts
    late = replace(walking, parts=((*others[44:], first, *others[:44]),))
    found = noticed_after(late)
    assert min(one.walking_s - one.gait_s for one in found) > 1


def test_a_walk_too_short_to_notice_anything_is_left_out() -> None:
    (mounting,) = mountings_of([recording(("walking", UP, 15.0))])
    assert noticed_after(mounting) == []
    row = row_of([recording(("walking", UP, 15.0))])
    assert row["noticed_after"]["gait_s"]["count"] == 0
    assert row["noticed_soon"]["value"] is None
    result = {"rows": [{"set": "one", "placement": "waist", **row}], "cost": measure_cost(2), "machine": {"cpu": "x"}}
    assert tables.upright_reference(result).splitlines()[2].endswith("|  |  |")  # Nothing to show.


def test_the_quarter_turns_are_24_rotations_and_turning_is_undone_by_the_turn_back() -> None:
    quarter, random = quarter_turns(), random_turns(5, seed=1)
    np.testing.assert_array_equal(quarter[0], np.eye(3))
    assert len({rotation.tobytes() for rotation in quarter}) == 24
    for rotation in [*quarter, *random]:
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(rotation) == pytest.approx(1)
    window = cut_recording(recording(("walking", UP, 2.0))).windows[0]
    back = turned(turned(window, random[0]), random[0].T)
    np.testing.assert_allclose(back.imu, window.imu, atol=1e-5)


def test_an_interval_over_people_spans_what_they_have() -> None:
    def mean(parts: list[float]) -> float:
        return float(np.mean(parts))

    found = interval_over_people({"a": [0.0] * 10, "b": [1.0] * 10, "c": [0.0], "d": [1.0]}, mean)
    assert found is not None
    assert 0 <= found[0] < 0.3 < 0.7 < found[1] <= 1
    assert interval_over_people({"a": [0.0]}, mean) is None


def test_the_cost_is_in_parts_and_says_what_disturbed_it() -> None:
    found = measure_cost(repeats=2)
    us = found["us"]
    assert min(us.values()) > 0
    assert found["added_us"] == pytest.approx(
        us["tracker"] + us["turning_back"] + us["activity_and_place"] - us["activity_alone"]
    )
    assert "reasons" in found["noise"]


@pytest.mark.slow
def test_the_script_measures_the_sets_that_are_there(
    small_hapt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(upright_reference, "measure_cost", lambda: measure_cost(repeats=2))
    out = tmp_path / "a.json"
    assert upright_reference.main(["--data", str(small_hapt.parent), "--out", str(out)]) == 0
    assert "wisdm: not in" in capsys.readouterr().err
    result = json.loads(out.read_text())
    (row,) = result["rows"]
    assert (row["set"], row["placement"], row["users"], row["mountings"]) == ("hapt", "waist", 6, 6)
    assert row["near_after"]["walking_s"]["finite"] >= 5
    assert row["wrong_share"]["value"] < 0.2
    assert row["noticed_after"]["gait_s"]["count"] > 50
    text = tables.upright_reference(result)
    assert f"| hapt, waist | 6 | 6 | {row['hours']:.1f} | {row['near_after']['gait_s']['median']:.1f} s (" in text
    assert f"{result['cost']['added_us']:.0f} µs are added" in text


def test_a_folder_without_data_gives_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert upright_reference.main(["--data", str(tmp_path), "--out", str(tmp_path / "a.json")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "none of the data sets hapt, motionsense" in line
