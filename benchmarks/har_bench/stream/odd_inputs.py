"""Makes odd texts, tables, files and URIs: valid ones with some parts replaced, or their bytes damaged."""

import json
import random
from copy import deepcopy
from pathlib import Path
from typing import Any

from har_bench.stream.fuzzing import damaged
from har_runtime.tables import MAX_TEXT

STEERING = "\x1b[2J\x07\x9b31m[/x][bold]"
"""What would clear the screen, ring the bell, and end the program as rich's markup."""
ODD_TEXTS = (
    *(
        "",
        " ",
        "x",
        "-",
        "--",
        "0",
        "-1",
        "1e999",
        "nan",
        "inf",
        "é走",
        "\x00",
        "\ud800",
        "\u202e",
        "..",
        "/",
        "a/../b",
        "~",
    ),
    *(
        STEERING,
        "x" * 200,
        "x" * (MAX_TEXT + 1),
        "9" * 5000,
        "%s%n",
        "{0}",
        "$HOME",
        "?",
        "&",
        "=",
        ":",
        "//",
        "//[",
        "[",
        "]",
    ),
)
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 0.5, 1e308, -0.0, float("nan"), float("inf"), 2**63, 10**400),
    *([], {}, [[]], [None], [0] * 7, {"": 0}, "abcdef", [["a"]], {"a": {"b": 1}}),
    *ODD_TEXTS,
)


def text_of(rng: random.Random, *usual: str) -> str:
    """One of the usual texts, an odd one, or two of them put together."""
    kind = rng.random()
    if kind < 0.6:
        return rng.choice(usual)
    return rng.choice(ODD_TEXTS) if kind < 0.85 else rng.choice(usual) + rng.choice(ODD_TEXTS)


def replaced(value: Any, rng: random.Random) -> Any:
    """A copy of nested tables in which a part is replaced, missing or doubled."""
    copy = json.loads(json.dumps(value, allow_nan=False))
    for _ in range(rng.randint(1, 3)):
        at: Any = copy
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = rng.choice(keys)
            inner = at[key]
            if isinstance(inner, dict | list) and inner and rng.random() < 0.7:
                at = inner
                continue
            kind = rng.random()
            if kind < 0.7:
                at[key] = deepcopy(rng.choice(ODD_VALUES))  # Or a later change would be in all inputs that follow.
            elif kind < 0.85:
                del at[key]
            elif isinstance(at, list):
                at.append(inner)
            else:
                at[rng.choice(ODD_TEXTS)] = inner
            break
    return copy


def json_bytes(value: Any, rng: random.Random) -> bytes:
    """A changed table as Python writes JSON, NaN too; nested deeply or damaged in one case of four."""
    kind = rng.random()
    if kind < 0.05:
        return rng.choice((b"[", b'{"a":')) * rng.choice((20, 5000, 200_000))
    text = json.JSONEncoder().encode(replaced(value, rng)).encode()
    return text if kind < 0.75 else damaged((text,), rng)


def toml_bytes(table: dict[str, Any], rng: random.Random) -> bytes:
    """A changed table of one level of tables as TOML; nested deeply or damaged in one case of four."""
    kind = rng.random()
    if kind < 0.05:
        return rng.choice((b"a = " + b"[" * 5000, b"a." * 20_000 + b"b = 1", b"[a" + b".a" * 5000 + b"]"))
    changed = replaced(table, rng)
    lines = [f"{_key(name)} = {_toml(value)}" for name, value in changed.items() if not isinstance(value, dict)]
    for name, inner in changed.items():
        if isinstance(inner, dict):
            lines += [f"[{_key(name)}]", *(f"{_key(key)} = {_toml(value)}" for key, value in inner.items())]
    text = "\n".join(lines).encode("utf-8", "surrogatepass")
    return text if kind < 0.75 else damaged((text,), rng)


def _key(name: str) -> str:
    return json.dumps(name, allow_nan=False)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(name)} = {_toml(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return json.JSONEncoder().encode(value) if isinstance(value, str) else "''" if value is None else repr(value)


def options_of(rng: random.Random, *names: str) -> str:
    """The options of a URI."""
    values = ("1", "max", "0.5", "time", "walking", "a:b", "day", "10MB", "g", "x.txt", "true")
    pairs = [f"{text_of(rng, *names)}={text_of(rng, *values)}" for _ in range(rng.randint(0, 3))]
    return f"?{'&'.join(pairs)}" if pairs else ""


def source_uri(rng: random.Random, folder: Path) -> str:
    """A source that ends by itself, or does not exist."""
    names = (
        "speed",
        "columns",
        "unit",
        "gyro",
        "time",
        "rate",
        "labels",
        "sign",
        "place",
        "up",
        "move",
        "token",
        "baud",
        "certificate",
    )
    kind = text_of(rng, "replay", "simulated", "serial", "iio", "phyphox", "sensorlogger", "web")
    if kind == "simulated":
        return f"simulated:?seconds=1&speed=max{options_of(rng, *names, 'seed').replace('?', '&')}"
    if kind in ("phyphox", "sensorlogger", "web"):  # An invalid address, so that nothing waits for the network.
        return f"{kind}:{text_of(rng, '//host:99999', '//:x', 'host', '//a@b', '//[::1')}{options_of(rng, *names)}"
    return (
        f"{kind}:{text_of(rng, 'absent', str(folder / 'walk.csv'), str(folder), '/dev/null')}{options_of(rng, *names)}"
    )


def sink_uri(rng: random.Random, folder: Path) -> str:
    """A sink that needs no network."""
    names = ("rotate", "keep", "sync", "token", "token-file", "password-file", "cafile")
    kind = text_of(rng, "terminal", "jsonl", "csv", "mqtt", "live")
    if kind in ("mqtt", "live"):
        return f"{kind}:{text_of(rng, '//host:99999/x', '//', '127.0.0.1:99999', 'x', '//@/')}{options_of(rng, *names)}"
    if kind == "terminal":
        return f"terminal:{options_of(rng, *names)}"
    target = text_of(rng, str(folder / f"out.{kind}"), str(folder), "/absent/x", str(folder / "walk.csv" / "x"))
    return f"{kind}:{target}{options_of(rng, *names)}" if target.startswith("/") else f"{kind}:{folder}/{target[:99]}"
