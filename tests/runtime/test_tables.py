"""Tables from outside are checked in size, depth, types and lengths, and refused in one short line."""

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from har_runtime.tables import MAX_DEPTH, MAX_ITEMS, MAX_TEXT, TableError, from_table, parse_json, parse_toml, read_json


@dataclass(frozen=True)
class Inner:
    """A table inside a table."""

    share: float


@dataclass(frozen=True)
class Outer:
    """A table with a value of each kind."""

    name: str
    count: int = 0
    axes: tuple[float, float, float] = (0.0, 0.0, 1.0)
    rows: tuple[tuple[float, ...], ...] = ()
    on: bool = False
    kind: Literal["red", "blue"] = "red"
    inner: Inner | None = None
    shares: dict[str, Inner] = field(default_factory=dict)


def refusal(**values: Any) -> str:
    with pytest.raises(TableError) as caught:
        from_table(Outer, {"name": "x", **values})
    text = str(caught.value)
    assert len(text) < 250 and text.isprintable()
    return text


def test_a_table_becomes_a_dataclass() -> None:
    table = {"name": "x", "count": 2, "axes": [1, 0, 0.5], "rows": [[1], []], "on": True, "inner": {"share": 1}}
    outer = from_table(Outer, {**table, "kind": "blue", "shares": {"a": {"share": 0.5}}})
    assert outer == Outer("x", 2, (1.0, 0.0, 0.5), ((1.0,), ()), True, "blue", Inner(1.0), {"a": Inner(0.5)})
    assert type(outer.axes[0]) is float


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": 3}, "'name' must be text, not 3"),
        ({"name": "x" * (MAX_TEXT + 1)}, "'name' has 4,001 characters"),
        ({"name": "a\x1b]0;b\x07"}, "'name' has control characters: 'a?]0;b?'"),
        ({"name": "\ud800"}, "'name' has control characters"),
        ({"count": True}, "'count' must be a whole number, not True"),
        ({"count": 1.0}, "'count' must be a whole number, not 1.0"),
        ({"count": 2**64}, "'count' must be a whole number, not 184"),
        ({"axes": "abc"}, "'axes' must be a list, not 'abc'"),
        ({"axes": [0, 1]}, "'axes' must be a list of 3, not [0, 1]"),
        ({"axes": ["0", 0, 1]}, "'axes[0]' must be a finite number, not '0'"),
        ({"axes": [float("nan"), 0, 1]}, "'axes[0]' must be a finite number, not nan"),
        ({"axes": [10**400, 0, 1]}, "'axes[0]' must be a finite number, not 1000"),
        ({"rows": [[1], 2]}, "'rows[1]' must be a list, not 2"),
        ({"rows": [[]] * (MAX_ITEMS + 1)}, "'rows' has 20,001 entries"),
        ({"on": 1}, "'on' must be true or false, not 1"),
        ({"kind": "green"}, "'kind' must be red or blue, not 'green'"),
        ({"kind": ["red"]}, "'kind' must be red or blue, not ['red']"),
        ({"inner": [1]}, "'inner' must be a table, not [1]"),
        ({"inner": {}}, "'inner.share' is missing"),
        ({"shares": {"a": {"share": None}}}, "'shares.a.share' must be a finite number, not None"),
        ({"shares": {"a\x1b": {}}}, "'shares' has control characters: 'a?'"),
        ({"shares": []}, "'shares' must be a table, not []"),
        ({"x\x1b" * 2000: 1}, "unknown key 'x?x?"),
    ],
)
def test_a_value_of_another_kind_is_refused(values: dict[str, Any], message: str) -> None:
    assert message in refusal(**values)


def test_an_unknown_key_may_be_of_a_later_version() -> None:
    assert from_table(Outer, {"name": "x", "colour": 3}, strict=False) == Outer("x")


@pytest.mark.parametrize("table", [[], "name", 3, None])
def test_what_is_no_table_is_refused(table: Any) -> None:
    with pytest.raises(TableError, match="'Outer' must be a table, not"):
        from_table(Outer, table)


@pytest.mark.parametrize("parse", [parse_json, parse_toml])
@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        '{"a":' * 200_000,
        "a = " + "[" * 200_000,
        "{",
        b"\xff\xfe\x00\x00",
        "\0",
        "9" * 5000,
        "a = " + "9" * 5000,
    ],
)
def test_what_is_neither_is_refused_in_one_line(parse: Any, text: str) -> None:
    with pytest.raises(TableError) as caught:
        parse(text)
    assert len(str(caught.value)) < 150 and str(caught.value).isprintable()


PART = "a.a.a.a.a.a.a.a."
LONG_KEYS = (
    PART * 1000 + "a = 1",
    "[" + PART * 1000 + "a]",
    "b = {" + "'a' . " * 1000 + "a = 1}",
    '"a\\"" . ' * 1000 + "a = 1",
    f"b = '''\n'''\n{PART * 3}a = 1",
)


@pytest.mark.parametrize("text", LONG_KEYS)
def test_a_key_of_many_parts_is_refused_before_it_costs_time_and_memory(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(text: str) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr("tomllib.loads", parse)
    with pytest.raises(TableError, match="nested more than 16 deep"):
        parse_toml(text)


@pytest.mark.parametrize(
    "text",
    [
        f'a = "{PART * 3}"',
        f"a = '{PART * 3}'",
        f"a = 1 # {PART * 3}",
        f"a = [{'1.5, ' * 40}]",
        f'"{PART * 3}" = 1',
        f"{PART}b = 1",
        "a = 1979-05-27T07:32:00.5\nb = '..................'",
    ],
)
def test_points_in_texts_numbers_and_comments_are_no_nesting(text: str) -> None:
    assert parse_toml(text) == tomllib.loads(text)


def test_what_is_nested_deeply_is_refused_however_it_is_written() -> None:
    nested = "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2)
    for parse, text in ((parse_json, nested), (parse_toml, f"a = {nested}"), (parse_toml, "a." * 20_000 + "b = 1")):
        with pytest.raises(TableError, match="nested"):
            parse(text)
    assert parse_json("[" * MAX_DEPTH + "]" * MAX_DEPTH)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", '{"a": [1, NaN]}'])
def test_json_has_no_nan(text: str) -> None:
    with pytest.raises(TableError, match="is not a number of JSON"):
        parse_json(text)


def test_no_more_of_a_file_is_read_than_is_possible(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps("x" * 100))
    assert read_json(path, 102) == "x" * 100
    with pytest.raises(TableError, match="it is larger than 101 bytes"):
        read_json(path, 101)
    with pytest.raises(TableError, match="it is larger than 1,000,000 bytes"):
        read_json(Path("/dev/zero"))
