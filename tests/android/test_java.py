"""The Java tests, each as a test of its own: the core, and the app on stand-ins for Android."""

import re

import pytest
from tests.android.jdk import HERE, sources

TEST = re.compile(r"@Test\s+void (\w+)\(")


def _names() -> list[str]:
    return [
        f"{path.stem}.{name}"
        for path in sources(HERE / "java")
        for name in TEST.findall(path.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize("name", _names())
def test_java(junit: dict[str, str], name: str) -> None:
    assert junit[name] == "", junit[name]


def test_every_java_test_is_among_them(junit: dict[str, str]) -> None:
    assert sorted(junit) == sorted(_names())
