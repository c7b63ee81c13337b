"""Windows of recordings, cut as the runtime cuts them and labelled by the recipe's rule."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import simulated_recording
from tests.train.toy_sets import known_toy_sets, toy_recordings

from har_runtime.contract import PLACES
from har_runtime.errors import DataError
from har_runtime.recording import Recording, cut_recording
from har_train.data.windows import (
    NO_PLACE,
    WindowSet,
    cut_windows,
    in_frame_of,
    load_recordings_of,
    load_windows,
    load_windows_of,
    save_windows,
    windows_of,
)
from har_train.recipe import DataConfig, Recipe

CONFIG = DataConfig("simulated", ("standing", "walking"))


def test_windows_of_some_users_are_theirs_alone() -> None:
    windows = cut_windows([simulated_recording(seed, 1000) for seed in range(3)], CONFIG)
    chosen = windows.of_users(["wearer-1"])
    assert set(chosen.user.tolist()) == {"wearer-1"}
    assert set(chosen.recording.tolist()) == {"simulated-1"}
    assert len(chosen.y) == len(chosen.x) < len(windows.y)


def test_the_recipe_decides_length_and_hop() -> None:
    recording = simulated_recording(0, 1000)
    windows = cut_windows([recording], replace(CONFIG, window=100, hop=20))
    assert windows.x.shape[1:] == (100, 6)
    assert np.diff(windows.start_ns).min() == 20 * 20_000_000


def test_the_majority_rule_labels_windows_across_a_change_by_what_holds_longest() -> None:
    n = 100  # 2 s: 0.6 s standing, the rest walking.
    labels = np.array(["standing"] * 30 + ["walking"] * 70)
    zeros = np.zeros((n, 3))
    recording = Recording("r", np.arange(n) * 20_000_000, zeros, zeros, labels)
    assert cut_recording(recording).labels == [None, None, "walking"]
    assert cut_recording(recording, label_rule="majority").labels == ["standing", "walking", "walking"]


def test_a_window_with_any_label_has_one_by_the_majority_rule_and_one_without_has_none() -> None:
    labels = np.where(np.arange(100) // 10 == 6, "walking", "")  # 1.2 s to 1.4 s.
    zeros = np.zeros((100, 3))
    recording = Recording("r", np.arange(100) * 20_000_000, zeros, zeros, labels)
    assert cut_recording(recording, label_rule="majority").labels == [None, "walking", "walking"]


def test_windows_come_back_from_their_file_as_they_were(tmp_path: Path) -> None:
    windows = cut_windows([simulated_recording(0, 1000)], CONFIG)
    save_windows(windows, tmp_path / "w.npz")
    again = load_windows(tmp_path / "w.npz")
    assert again.labels == windows.labels
    for name in ("x", "y", "user", "recording", "start_ns", "dataset", "place"):
        assert np.array_equal(getattr(again, name), getattr(windows, name))


def test_choices_come_back_too_whatever_their_names(of_toys: WindowSet, tmp_path: Path) -> None:
    spaced = replace(of_toys.of_users(["toy-pocket-0"]), choices=(("stairs up", "stairs, down"), ("a", "b", "c")))
    save_windows(spaced, tmp_path / "w.npz")
    again = load_windows(tmp_path / "w.npz")
    assert again.choices == spaced.choices
    assert np.array_equal(again.y, spaced.y)


def test_a_file_of_windows_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    windows = cut_windows([simulated_recording(0, 1000)], CONFIG)
    save_windows(windows, tmp_path / "w.npz")
    content = (tmp_path / "w.npz").read_bytes()
    (tmp_path / "w.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"w\.npz: damaged or missing"):
        load_windows(tmp_path / "w.npz")


def test_a_recording_without_a_gyroscope_gives_windows_whose_angular_rates_are_0() -> None:
    recording = simulated_recording(0, 1000)
    both, alone = cut_windows([recording], CONFIG), cut_windows([replace(recording, gyro=None)], CONFIG)
    assert np.array_equal(alone.x[:, :, :3], both.x[:, :, :3])
    assert not alone.x[:, :, 3:].any()
    recording.acc[3] = np.nan
    with pytest.raises(DataError, match="simulated-0: holds NaN"):
        cut_windows([replace(recording, gyro=None)], CONFIG)


def test_a_window_of_a_choice_may_have_each_of_its_labels_and_has_no_single_one(of_toys: WindowSet) -> None:
    pocket = of_toys.select(of_toys.dataset == "toy-pocket")
    stairs = len(of_toys.labels)
    assert of_toys.choices == (("stairs_up", "stairs_down"),)
    assert (pocket.y == stairs).sum() > 100
    allowed = dict(zip(of_toys.labels, of_toys.allowed[stairs].tolist(), strict=True))
    assert [label for label, is_allowed in allowed.items() if is_allowed] == ["stairs_up", "stairs_down"]
    assert np.array_equal(of_toys.allowed[:stairs], np.eye(stairs, dtype=bool))
    single = pocket.single
    assert len(single.y) == (pocket.y < stairs).sum()
    assert (single.choices, single.labels) == ((), of_toys.labels)


def test_a_class_of_which_all_windows_are_choices_is_missing(of_toys: WindowSet) -> None:
    with pytest.raises(DataError, match="no training user has a window of 'stairs_up'"):
        of_toys.select(of_toys.dataset == "toy-pocket").require_all_classes()


def test_windows_of_several_sets_say_which_set_and_place_they_are_of(of_toys: WindowSet) -> None:
    for name, place in (("toy-waist", "torso"), ("toy-pocket", "thigh"), ("toy-wrist", "wrist")):
        own = of_toys.dataset == name
        assert set(of_toys.place[own].tolist()) == {PLACES.index(place)}
        assert all(user.startswith(name) for user in of_toys.user[own].tolist())
    alone = cut_windows([replace(simulated_recording(0, 1000), placement=None)], CONFIG)
    assert set(alone.place.tolist()) == {NO_PLACE}
    assert set(alone.dataset.tolist()) == {"simulated"}


def test_a_label_that_is_renamed_counts_as_the_other(of_toys: WindowSet) -> None:
    unknown = of_toys.select(of_toys.y == of_toys.labels.index("unknown"))
    assert len(unknown.y) > 50
    assert set(unknown.dataset.tolist()) == {"toy-wrist"}


def test_the_recordings_of_a_mounting_share_the_reference_that_gait_shows(toy: Recipe) -> None:
    rest = [one for one in toy_recordings("toy-waist") if one.name.endswith("rest")]
    alone = [replace(one, mounting=None) for one in rest]
    config = toy.data
    assert "lying" in set(_labels_of(toy_recordings("toy-waist"), config))
    with pytest.raises(DataError, match="toy-waist: no window of the recordings is labelled with any of standing"):
        cut_windows(alone, config, "toy-waist")  # Nobody walks in them: no reference, and nothing but postures.
    (walk,) = (one for one in toy_recordings("toy-waist") if one.name == "toy-waist-0-walk")
    standing = cut_windows([replace(walk, mounting=None)], config, "toy-waist")
    assert "standing" in {standing.labels[y] for y in standing.y.tolist()}, "its own gait shows the reference"


def test_before_there_is_a_reference_windows_of_postures_are_skipped_and_gait_is_not(toy: Recipe) -> None:
    """Three seconds of walking are too few windows to trust."""
    gait, still = toy_recordings("toy-waist")[:2]
    assert gait.labels is not None and gait.gyro is not None
    walks = np.flatnonzero(gait.labels == "walking")[:150]
    assert still.labels is not None and still.gyro is not None
    parts = [(gait.acc[walks], gait.gyro[walks], gait.labels[walks]), (still.acc, still.gyro, still.labels)]
    acc, gyro, labels = (np.concatenate(part) for part in zip(*parts, strict=True))
    short = Recording("short", np.arange(len(acc)) * 20_000_000, acc, gyro, labels, "someone", "waist")
    assert set(_labels_of([short], toy.data)) == {"walking"}


STILL = {"still": ("standing", "sitting", "lying")}


def test_windows_that_do_not_show_their_posture_train_what_is_still_if_the_recipe_has_that_choice(toy: Recipe) -> None:
    """Without gait there is no reference: each window is turned by its own gravity."""
    config = replace(toy.data, choices={**toy.data.choices, **STILL})
    alone = [replace(one, mounting=None) for one in toy_recordings("toy-waist") if one.name.endswith("rest")]
    windows = cut_windows(alone, config, "toy-waist")
    assert set(windows.y.tolist()) == {len(windows.labels) + 1}
    assert windows.choices[1] == STILL["still"]
    mean = windows.x[:, :, :3].mean(axis=1)
    assert np.abs(mean[:, :2]).max() < 1e-3
    assert len(windows.y) == sum(label in STILL["still"] for one in alone for label in cut_recording(one).labels)


def test_with_a_reference_every_eighth_posture_also_trains_what_is_still_and_gait_never_does(toy: Recipe) -> None:
    config = replace(toy.data, choices={**toy.data.choices, **STILL})
    plain, more = (cut_windows(list(toy_recordings("toy-waist")), one, "toy-waist") for one in (toy.data, config))
    still = more.y == len(more.labels) + 1
    assert np.array_equal(more.x[~still], plain.x)
    assert np.array_equal(more.y[~still], plain.y)
    postures = np.isin(plain.y, [plain.labels.index(label) for label in STILL["still"]])
    assert 0.08 < still.sum() / postures.sum() < 0.17
    times = list(zip(plain.recording[postures].tolist(), plain.start_ns[postures].tolist(), strict=True))
    for x, name, start in zip(
        more.x[still], more.recording[still].tolist(), more.start_ns[still].tolist(), strict=True
    ):
        itself = plain.x[postures][times.index((name, start))]
        lengths = (np.linalg.norm(one[:, :3], axis=1) for one in (x, itself))
        np.testing.assert_allclose(*lengths, rtol=1e-4)
        assert np.abs(x[:, :2].mean(axis=0)).max() < 1e-3, "turned by its own gravity"


def test_a_label_may_be_renamed_only_where_it_was_worn(toy: Recipe) -> None:
    only = replace(toy.data, renames={"wrist/typing": "unknown", "pocket/sitting": "lying"})
    wrist, pocket = (cut_windows(list(toy_recordings(f"toy-{where}")), only) for where in ("wrist", "pocket"))
    labels = only.activities
    assert (wrist.y == labels.index("unknown")).any() and (wrist.y == labels.index("sitting")).any()
    assert not (pocket.y == labels.index("sitting")).any()
    elsewhere = replace(toy.data, renames={"pocket/typing": "unknown"})
    assert not (cut_windows(list(toy_recordings("toy-wrist")), elsewhere).y == labels.index("unknown")).any()


def _labels_of(recordings, config: DataConfig) -> list[str]:
    windows = cut_windows(list(recordings), config, "toy-waist")
    return [windows.labels[y] for y in windows.y.tolist()]


@pytest.mark.parametrize("frame", ["device", "gravity"])
def test_only_the_frame_upright_sorts_recordings_by_mounting(frame: str, toy: Recipe) -> None:
    mixed = [*toy_recordings("toy-waist")[::2], *toy_recordings("toy-waist")[1::2]]
    names = [recording.name for recording, _ in in_frame_of(mixed, replace(toy.data, frame=frame))]
    assert names == [recording.name for recording in mixed]
    upright = [recording.name for recording, _ in in_frame_of(mixed, toy.data)]
    assert upright == [recording.name for recording in toy_recordings("toy-waist")]


def test_the_frame_gravity_turns_each_window_by_its_own_mean(toy: Recipe) -> None:
    for _, cut in in_frame_of(toy_recordings("toy-waist"), replace(toy.data, frame="gravity")):
        mean = np.stack([window.imu[:, :3].mean(axis=0) for window in cut.windows])
        assert np.abs(mean[:, :2]).max() < 1e-3
        assert (mean[:, 2] > 0).all()


def test_a_set_without_a_window_of_the_recipe_is_named(toy: Recipe) -> None:
    config = replace(toy.data, activities=("running", "cycling"), choices={}, renames={})
    with pytest.raises(DataError, match="toy-pocket: no window of the recordings is labelled with any of running, cy"):
        windows_of({"toy-pocket": list(toy_recordings("toy-pocket"))}, config)


def test_all_sets_of_a_recipe_are_read_and_their_common_placement_is_told(toy: Recipe, tmp_path: Path) -> None:
    with known_toy_sets():
        windows, placement = load_windows_of(toy.data, tmp_path)
        assert sorted(set(windows.dataset.tolist())) == sorted(toy.data.datasets)
        assert placement is None
        wrists = replace(toy.data, datasets=("toy-wrist/wrist",))
        assert load_windows_of(wrists, tmp_path)[1] == "wrist"
        with pytest.raises(DataError, match="toy-wrist: no recording was worn at 'waist'; there are: wrist"):
            load_windows_of(replace(toy.data, datasets=("toy-wrist/waist",)), tmp_path)


def test_two_sets_of_the_same_people_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="hapt and uci-har are recordings of the same people"):
        load_recordings_of(DataConfig(datasets=("hapt", "uci-har"), activities=("sitting", "walking")), tmp_path)
