"""The stand-ins have the names and signatures of API 36, so code that compiles against them compiles for Android."""

from pathlib import Path

import pytest
from tests.android.api_list import ApiClass, api_class, require_api_list
from tests.android.jdk import class_path, java

BASES = {"java.lang.Object", "java.lang.Exception", "java.lang.RuntimeException"}


@pytest.fixture(scope="module")
def declared(classes: Path) -> list[list[str]]:
    """What the stand-ins declare, as `Dump` prints it."""
    require_api_list()
    printed = java("-cp", class_path(classes), "io.haredge.standins.Dump", str(classes)).stdout
    return [line.split("\t") for line in printed.splitlines()]


def test_every_class_exists_in_android_with_the_same_parents(declared: list[list[str]]) -> None:
    wrong = []
    for _, name, parents in (line for line in declared if line[0] == "class"):
        api = _find(name)
        if api is None:
            wrong.append(f"{name}: no such class")
        elif foreign := set(parents.split()) - api.parents - BASES:
            wrong.append(f"{name}: not a kind of {', '.join(sorted(foreign))}")
    assert not wrong, "\n".join(wrong)
    assert len(declared) > 200


def test_every_field_exists_in_android(declared: list[list[str]]) -> None:
    wrong = []
    for _, owner, name, how, kind, _ in (line for line in declared if line[0] == "field"):
        api = _find(owner)
        static, types = (api.fields.get(name) if api else None) or (None, set())
        if kind not in types or static != (how == "static"):
            wrong.append(f"{owner}.{name}: {how} {kind}")
    assert not wrong, "\n".join(wrong)


def test_every_method_exists_in_android_with_the_same_signature(declared: list[list[str]]) -> None:
    wrong = []
    for _, owner, name, how, result, parameters in (line for line in declared if line[0] == "method"):
        if not _has_method(owner, name, how == "static", result, parameters.split()):
            wrong.append(f"{owner}.{name}({parameters}): {how} {result}")
    assert not wrong, "\n".join(wrong)


def test_a_signature_that_android_does_not_have_is_detected() -> None:
    require_api_list()
    assert _has_method("android.os.Handler", "post", False, "boolean", ["java.lang.Runnable"])
    assert not _has_method("android.os.Handler", "post", False, "boolean", ["java.lang.String"])
    assert not _has_method("android.os.Handler", "post", False, "void", ["java.lang.Runnable"])
    assert not _has_method("android.os.Handler", "post", True, "boolean", ["java.lang.Runnable"])
    assert not _has_method("android.os.Handler", "put", False, "boolean", ["java.lang.Runnable"])
    assert _find("android.os.Handel") is None


def _find(name: str) -> ApiClass | None:
    try:
        return api_class(name)
    except KeyError:
        return None


def _has_method(owner: str, name: str, static: bool, result: str, parameters: list[str]) -> bool:
    """Whether Android's class or one of its parents has the method; overrides may be listed in the parent only."""
    api = _find(owner)
    if api is None:
        return False
    for overload in api.methods.get(name, []):
        if overload.static == static and overload.parameters == parameters and result in overload.result:
            return True
    inherited = () if name == "__init__" else sorted(api.parents)
    return any(
        _has_method(parent, name, static, result, parameters) for parent in inherited if parent.startswith("android.")
    )
