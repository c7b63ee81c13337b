"""The board keeps what the page shows and what was pressed, bounded and clean."""

import json

import pytest

from har_runtime.cli.buttons.board import LINE, LINES, MAX_PRESSED, Board, Button, label_buttons


def board() -> Board:
    return Board("recording a.csv", [*label_buttons(["walking", "sitting"]), Button("q", "end", "end")])


def test_presses_come_once_and_in_order() -> None:
    made = board()
    assert [made.press(key) for key in ("2", "1", "q")] == [None, None, None]
    assert (made.pressed(), made.pressed()) == ("21q", "")


@pytest.mark.parametrize("key", ["3", "", "12", None, 1, True, ["1"], "\x1b", "u"])
def test_only_buttons_can_be_pressed(key: object) -> None:
    made = board()
    assert made.press(key) == "press of what is no button"
    assert made.pressed() == ""


def test_presses_that_nobody_takes_are_bounded() -> None:
    made = board()
    assert [made.press("1") for _ in range(MAX_PRESSED)] == [None] * MAX_PRESSED
    assert made.press("1") == "press while too many wait"
    assert made.pressed() == "1" * MAX_PRESSED and made.press("1") is None


def test_what_is_said_is_clean_and_bounded() -> None:
    made = board()
    made.say("a\x1b[2Jb\n", "", *["x" * 5000] * 50)
    made.show("wal\x07king", "now", samples=3, seconds={"a\nb": 1.234})
    state = made.state()
    assert len(state["lines"]) == LINES and max(map(len, state["lines"])) <= LINE + 3
    assert (state["label"], state["seconds"]) == ("wal?king", {"a?b": 1.2})
    assert len(json.dumps(state, allow_nan=False)) < 3000


def test_the_age_of_what_is_shown_and_what_keeps_samples_from_coming_are_said() -> None:
    seconds = [10.0]
    made = Board("", [], lambda: "the phone\x07 is away", lambda: seconds[0])
    assert made.state()["age_s"] is None
    made.show("", "now")
    seconds[0] += 4
    assert (made.state()["age_s"], made.state()["trouble"]) == (4.0, "the phone? is away")


def test_after_the_end_nothing_is_pressed_and_a_viewer_who_was_there_sees_it() -> None:
    made = board()
    made.press("1")
    made.end("b.json: walking")
    assert made.press("1") == "press after the end"
    assert made.pressed() == ""
    assert made.state()["is_over"] and made.state()["lines"] == ["b.json: walking"]
