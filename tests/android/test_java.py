"""Runs each Java test as a test of its own: those of the core, and those of the app on stand-ins for Android."""

import re

import pytest
from tests.android.jdk import HERE, sources

TEST = re.compile(r"@Test\s+(@Tag\(\"slow\"\)\s+)?void (\w+)\(")


def _names(slow: bool) -> list[str]:
    return [
        f"{path.stem}.{name}"
        for path in sources(HERE / "java")
        for tag, name in TEST.findall(path.read_text(encoding="utf-8"))
        if bool(tag) == slow
    ]


@pytest.mark.parametrize("name", _names(slow=False))
def test_java(junit: dict[str, str], name: str) -> None:
    assert junit[name] == "", junit[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", _names(slow=True))
def test_slow_java(slow_junit: dict[str, str], name: str) -> None:
    assert slow_junit[name] == "", slow_junit[name]


def test_every_java_test_is_reported(junit: dict[str, str]) -> None:
    assert sorted(junit) == sorted(_names(slow=False))


@pytest.mark.slow
def test_every_slow_java_test_is_reported(slow_junit: dict[str, str]) -> None:
    assert sorted(slow_junit) == sorted(_names(slow=True))
