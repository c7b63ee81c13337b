"""Windows of recordings, cut as the runtime cuts them and labelled by the recipe's rule."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import simulated_recording

from har_runtime.errors import DataError
from har_runtime.recording import Recording, cut_recording
from har_train.data.windows import cut_windows, load_windows, save_windows
from har_train.recipe import DataConfig

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
    for name in ("x", "y", "user", "recording", "start_ns"):
        assert np.array_equal(getattr(again, name), getattr(windows, name))


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
