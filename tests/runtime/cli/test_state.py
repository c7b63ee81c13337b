"""--state: which way is up outlives a restart; a file that cannot be used costs one line and nothing else."""

import json
import logging
import math
import stat
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from tests.conftest import simulated_recording
from tests.runtime.fake_model import CARD
from tests.runtime.sinks.made_answers import make_answer

from har_runtime.answers.answer import Answer
from har_runtime.cli import state
from har_runtime.cli.state import KeptState
from har_runtime.cli.stream import main
from har_runtime.errors import HarError, SourceError
from har_runtime.model.load import load_model
from har_runtime.recognizer import Recognizer
from har_runtime.recording import Recording
from har_runtime.signal.axes import IDENTITY, parse_axes
from har_runtime.signal.window import Up
from har_train.data.cli import write_replay


class Clock:
    """A clock that the test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def tilted(degrees: float, found: Literal["window", "gait", "given"] = "gait") -> Up:
    angle = math.radians(degrees)
    return Up((math.sin(angle), 0.0, math.cos(angle)), found)


def answer(up: Up | None) -> Answer:
    """An answer whose window was turned by this direction."""
    made = make_answer(0)
    return replace(made, prediction=replace(made.prediction, window=replace(made.prediction.window, up=up)))


def answer_at(belief: tuple[float, ...], degrees: float = 0.0) -> Answer:
    """One of a model that tells places, with this belief in them."""
    return replace(answer(tilted(degrees)), place_probabilities=np.array(belief))


def kept(path: Path) -> Up | None:
    return KeptState(path, IDENTITY).up


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def test_a_direction_is_written_when_it_is_found_and_read_back_exactly(path: Path) -> None:
    first = KeptState(path, IDENTITY)
    assert first.up is None
    first.write(answer(None))
    first.write(answer(tilted(3, "window")))
    first.close()
    assert not path.exists()
    first.write(answer(tilted(33.3)))
    assert kept(path) == tilted(33.3)
    first.write(answer(tilted(33.3, "given")))
    first.close()
    assert kept(path) == tilted(33.3, "given")


def test_it_is_written_again_only_after_a_noticeable_change_and_never_twice_in_ten_seconds(path: Path) -> None:
    clock = Clock()
    stream = KeptState(path, IDENTITY, clock)
    stream.write(answer(tilted(0)))
    clock.now += 5
    stream.write(answer(tilted(90)))
    assert kept(path) == tilted(0)
    clock.now += 5
    stream.write(answer(tilted(90)))
    assert kept(path) == tilted(90)
    clock.now += 60
    stream.write(answer(tilted(94)))
    assert kept(path) == tilted(90)
    stream.write(answer(tilted(96)))
    assert kept(path) == tilted(96)
    stream.write(answer(tilted(99)))
    stream.close()
    assert kept(path) == tilted(99)


def test_what_has_not_changed_is_not_written_at_the_end(path: Path) -> None:
    first = KeptState(path, IDENTITY)
    first.write(answer(tilted(10)))
    path.unlink()
    first.close()
    assert not path.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\n",
        b'{"format": "haredge-state-1", "up": ' + b"[" * 5000,
        b'"haredge-state-1"',
        b'["haredge-state-1"]',
        b'{"format": "haredge-state-0"}',
        b'{"format": "haredge-state-1", "up": [0, 0, 1], "found": "gait", "axes": "x=',
        b'{"format": "haredge-state-1", "up": [0, 0, 2], "found": "gait", "axes": "x=x,y=y,z=z"}',
        b'{"format": "haredge-state-1", "up": [NaN, 0, 1], "found": "gait", "axes": "x=x,y=y,z=z"}',
        b'{"format": "haredge-state-1", "up": [0, 1], "found": "gait", "axes": "x=x,y=y,z=z"}',
        b'{"format": "haredge-state-1", "up": "up", "found": "gait", "axes": "x=x,y=y,z=z"}',
        b'{"format": "haredge-state-1", "up": [0, 0, 1], "found": "window", "axes": "x=x,y=y,z=z"}',
        b'{"format": "haredge-state-1", "up": [0, 0, 1], "found": ["gait"], "axes": "x=x,y=y,z=z"}',
    ],
)
def test_a_damaged_file_is_one_line_and_replaced_only_by_a_direction(path, content, caplog) -> None:
    path.write_bytes(content)
    stream = KeptState(path, IDENTITY)
    assert stream.up is None
    (record,) = caplog.records
    assert record.getMessage() == (
        f"--state {path}: not used: it is damaged, or not a state of har-stream; which way is up is found anew"
    )
    stream.write(answer(tilted(0, "window")))
    stream.close()
    assert path.read_bytes() == content
    stream.write(answer(tilted(20)))
    assert kept(path) == tilted(20)


def test_the_belief_in_places_is_kept_for_the_same_model_and_places(path: Path, caplog) -> None:
    first = KeptState(path, IDENTITY, card=CARD)
    assert first.place_belief is None
    first.write(answer_at((0.2, 0.7, 0.1)))
    first.close()
    with caplog.at_level(logging.INFO, "har_runtime"):
        assert KeptState(path, IDENTITY, card=CARD).place_belief == (0.2, 0.7, 0.1)
    assert "worn at" not in caplog.text, "no answer named a place yet"
    assert KeptState(path, IDENTITY, card=replace(CARD, name="other")).place_belief is None
    assert KeptState(path, IDENTITY, card=replace(CARD, places=("torso", "wrist", "thigh"))).place_belief is None
    assert KeptState(path, IDENTITY).place_belief is None


def test_another_place_is_written_at_once_and_a_little_more_certainty_at_the_end(path: Path, caplog) -> None:
    clock = Clock()
    stream = KeptState(path, IDENTITY, clock, CARD)
    stream.write(answer_at((0.4, 0.3, 0.3)))
    for belief, written in (
        ((0.5, 0.3, 0.2), (0.4, 0.3, 0.3)),
        ((0.9, 0.1, 0.0), (0.9, 0.1, 0.0)),
        ((0.95, 0.05, 0.0), (0.9, 0.1, 0.0)),
        ((0.1, 0.9, 0.0), (0.1, 0.9, 0.0)),
        ((0.3, 0.7, 0.0), (0.1, 0.9, 0.0)),
    ):
        clock.now += 11
        stream.write(answer_at(belief))
        assert KeptState(path, IDENTITY, card=CARD).place_belief == written
    stream.close()
    with caplog.at_level(logging.INFO, "har_runtime"):
        assert KeptState(path, IDENTITY, card=CARD).place_belief == (0.3, 0.7, 0.0)


def test_what_another_model_believed_stays_until_this_one_believes_something(path: Path) -> None:
    KeptState(path, IDENTITY, card=CARD).write(answer_at((0.9, 0.1, 0.0)))
    given = KeptState(path, IDENTITY)  # As with --place.
    given.write(answer_at((0.0, 0.0, 1.0), 90))
    assert KeptState(path, IDENTITY, card=CARD).place_belief == (0.9, 0.1, 0.0)
    other = replace(CARD, name="other")
    KeptState(path, IDENTITY, card=other).write(answer_at((0.0, 1.0, 0.0)))
    assert KeptState(path, IDENTITY, card=other).place_belief == (0.0, 1.0, 0.0)
    assert KeptState(path, IDENTITY, card=CARD).place_belief is None


def test_a_file_of_an_earlier_version_has_a_direction_and_no_place(path: Path) -> None:
    path.write_text('{"format": "haredge-state-1", "up": [0, 0, 1], "found": "gait", "axes": "x=x,y=y,z=z"}')
    stream = KeptState(path, IDENTITY, card=CARD)
    assert (stream.up, stream.place_belief) == (tilted(0), None)
    stream.write(answer_at((0.9, 0.1, 0.0)))
    assert KeptState(path, IDENTITY, card=CARD).place_belief == (0.9, 0.1, 0.0)


@pytest.mark.parametrize(
    "place",
    [
        3,
        [],
        {"model": "anyplace", "places": ["torso", "thigh", "wrist"]},
        {"model": 3, "places": ["torso", "thigh"], "belief": [0.5, 0.5]},
        {"model": "m" * 101, "places": ["torso", "thigh"], "belief": [0.5, 0.5]},
        {"model": "anyplace", "places": ["torso", "ankle"], "belief": [0.5, 0.5]},
        {"model": "anyplace", "places": ["torso", "torso"], "belief": [0.5, 0.5]},
        {"model": "anyplace", "places": [["torso"], "thigh"], "belief": [0.5, 0.5]},
        {"model": "anyplace", "places": ["torso", "thigh"], "belief": [0.5, 0.4]},
        {"model": "anyplace", "places": ["torso", "thigh"], "belief": [1.5, -0.5]},
        {"model": "anyplace", "places": ["torso", "thigh"], "belief": [1.0]},
        {"model": "anyplace", "places": ["torso", "thigh"], "belief": [float("nan"), 1.0]},
    ],
)
def test_a_damaged_place_is_one_line_as_a_damaged_direction_is(path: Path, place, caplog) -> None:
    table = {"format": state.FORMAT, "up": [0, 0, 1], "found": "gait", "axes": "x=x,y=y,z=z", "place": place}
    path.write_text(json.dumps(table))
    stream = KeptState(path, IDENTITY, card=CARD)
    assert (stream.up, stream.place_belief) == (None, None)
    (record,) = caplog.records
    assert "not used: it is damaged, or not a state of har-stream" in record.getMessage()


def test_a_direction_in_other_axes_is_not_used(path: Path, caplog) -> None:
    KeptState(path, IDENTITY).write(answer(tilted(20)))
    assert KeptState(path, parse_axes("x=-y,y=x,z=z")).up is None
    assert "not used: --axes was another" in caplog.text


def test_the_log_says_what_was_kept(path: Path, caplog) -> None:
    KeptState(path, IDENTITY).write(answer(tilted(30)))
    with caplog.at_level(logging.INFO, "har_runtime"):
        KeptState(path, IDENTITY)
    assert caplog.messages == [f"--state {path}: up is (+0.50, +0.00, +0.87)"]


def test_a_path_that_cannot_be_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a folder; give a file, such as"):
        KeptState(tmp_path, IDENTITY)
    with pytest.raises(SourceError, match=r"there is no folder .*absent; make it first"):
        KeptState(tmp_path / "absent" / "state.json", IDENTITY)
    recording = tmp_path / "walk.csv"
    recording.write_text("time,acc_x,acc_y,acc_z\n" + "0,0,0,9.81\n" * 2000)
    with pytest.raises(SourceError, match="is a device or pipe; give a file"):
        KeptState(Path("/dev/null"), IDENTITY)
    for content in (recording.read_text(), 'source = "serial:auto"', '{"format": "haredge-profile-1"}', "7"):
        recording.write_text(content)
        with pytest.raises(SourceError, match="is there already, and no state of har-stream; give another file"):
            KeptState(recording, IDENTITY)
        assert recording.read_text() == content


def test_answers_that_another_option_writes_to_the_same_name_stay(upright_model: Path, path: Path, capsys) -> None:
    arguments = ["--model", str(upright_model), "--sink", f"jsonl:{path}", "--state", str(path)]
    assert main(["--source", "simulated:?seconds=30&speed=max", *arguments]) == 0
    assert [json.loads(line)["start_s"] for line in path.read_text().splitlines()][:2] == [0.0, 0.5]
    assert "holds something else now, and is left as it is" in capsys.readouterr().err


def test_only_the_owner_can_read_it(path: Path) -> None:
    stream = KeptState(path, IDENTITY)
    stream.write(answer(tilted(20)))
    stream.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_full_disk_is_reported_once_and_stops_nothing(path: Path, monkeypatch, caplog) -> None:
    def full(target: Path, content: bytes, private: bool) -> None:
        raise HarError(f"{target}: cannot be written (No space left on device)")

    monkeypatch.setattr(state, "write_bytes", full)
    clock = Clock()
    stream = KeptState(path, IDENTITY, clock)
    for _ in range(5):
        stream.write(answer(tilted(20)))
        clock.now += 11
    stream.close()
    assert [record.getMessage() for record in caplog.records] == [
        f"--state {path}: cannot be written (No space left on device)"
    ]


@pytest.fixture
def upright_model(waist_with) -> Path:
    """A model whose windows are turned, by its card; what it answers matters to no test."""
    return waist_with("turning", frame="upright", gyroscope="optional", rejection=None)


def stream(recording: Recording, model: Path, path: Path, capsys, *more: str) -> list[dict]:
    """The rows of a run with a state in `path`."""
    write_replay(recording, path.with_name("walk.csv"))
    source = f"replay:{path.with_name('walk.csv')}?speed=max"
    arguments = ["--source", source, "--model", str(model), "--state", str(path), "--sink", "jsonl:-", *more]
    assert main(arguments) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def probabilities(recording: Recording, model: Path, up: Up | None) -> list[list[float]]:
    """Of the windows by themselves, as a recognizer with this direction gives them."""
    recognizer = Recognizer(load_model(model), up=up)
    assert recording.gyro is not None
    answers = recognizer.push(recording.times_ns, recording.acc, recording.gyro) + recognizer.finish()
    return [answer.prediction.probabilities.tolist() for answer in answers]


def test_after_a_restart_har_stream_knows_which_way_is_up_from_the_first_window(
    upright_model: Path, path: Path, capsys
) -> None:
    walk = replace(simulated_recording(0, 3000), labels=None)
    stream(walk, upright_model, path, capsys)
    up = kept(path)
    assert up is not None and up.found == "gait"
    assert up.direction == pytest.approx((1, 0, 0), abs=0.3)  # The simulated wearer's x axis points up.
    noise = np.random.default_rng(0).normal(0, 0.05, (300, 6))  # Lying: the wearer's up is level, gravity is on -z.
    rest = Recording("rest", np.arange(300) * 20_000_000, noise[:, :3] - [0, 0, 9.81], noise[:, 3:])
    again = stream(rest, upright_model, path, capsys)
    given = [list(row["window_probabilities"].values()) for row in again]
    np.testing.assert_allclose(given, probabilities(rest, upright_model, up), atol=1e-4)
    assert not np.allclose(given, probabilities(rest, upright_model, None), atol=0.05)
    assert kept(path) == up


def test_standing_still_sets_which_way_is_up_and_any_mounting_will_do(upright_model: Path, path: Path, capsys) -> None:
    whole = simulated_recording(0, 3000)
    assert whole.labels is not None and whole.gyro is not None
    standing = np.resize(np.flatnonzero(whole.labels == "standing"), 600)
    mounted = parse_axes("x=-x,y=-y,z=z")  # Upside down.
    acc, gyro = mounted.turn(whole.acc[standing]), mounted.turn(whole.gyro[standing])
    still = Recording("still", np.arange(600) * 20_000_000, acc, gyro)
    path.write_text('{"format": "haredge-state-2", "up": [')
    write_replay(still, path.with_name("walk.csv"))
    source = f"replay:{path.with_name('walk.csv')}?speed=max"
    assert main(["--source", source, "--model", str(upright_model), "--still", "--state", str(path), "--json"]) == 0
    out, err = capsys.readouterr()
    up, result = kept(path), json.loads(out)
    assert up is not None and up.found == "given"
    wanted = acc.mean(axis=0) / np.linalg.norm(acc.mean(axis=0))
    assert up.direction == pytest.approx(wanted.tolist(), abs=0.01)
    assert "up is the sensor's -x (" in err and "degrees off) from now on" in err
    assert "--axes" not in err
    assert result["still"]["placement"]["suggestions"] == []


def test_a_model_of_the_device_frame_keeps_nothing_and_says_so(path: Path, capsys) -> None:
    source = "simulated:?seconds=30&speed=max"
    assert main(["--model", "waist", "--source", source, "--state", str(path), "--json"]) == 0
    error = capsys.readouterr().err
    assert error.count("nothing to keep: the model waist does not look for which way is up") == 1
    assert not path.exists()


def test_a_state_in_no_folder_is_one_line_and_exit_code_2(upright_model: Path, tmp_path: Path, capsys) -> None:
    arguments = ["--demo", "--model", str(upright_model), "--state", str(tmp_path / "absent" / "state.json")]
    assert main(arguments) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("har-stream: --state ")


def test_after_a_restart_the_place_is_known_before_the_wearer_has_walked(path: Path, capsys) -> None:
    walk = replace(simulated_recording(7, 1200), labels=None)  # Standing, then walking, at the waist.
    first = stream(walk, Path("anywhere"), path, capsys)
    assert (first[0]["place"], first[-1]["place"]) == (None, "torso")
    again = stream(walk, Path("anywhere"), path, capsys)
    assert {row["place"] for row in again[:20]} == {"torso"}
    given = stream(walk, Path("anywhere"), path, capsys, "--place", "wrist")
    assert {row["place"] for row in given} == {"wrist"}
    assert {row["place"] for row in stream(walk, Path("anywhere"), path, capsys)[:20]} == {"torso"}
