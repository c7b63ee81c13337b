"""Names and signatures of Android's API 36, read from the Python stubs of the package chaquopy-stubs-android."""

import ast
import functools
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

PRIMITIVES = {
    "java.jint": "int",
    "java.jlong": "long",
    "java.jfloat": "float",
    "java.jdouble": "double",
    "java.jboolean": "boolean",
    "java.jshort": "short",
    "java.jbyte": "byte",
    "java.jchar": "char",
}
ARRAYS = {"JavaArrayJFloat": "float[]", "JavaArrayJInt": "int[]", "JavaArrayJByte": "byte[]"}
RETURNED = {
    "None": {"void"},
    "int": {"int", "long", "short", "byte"},
    "float": {"float", "double"},
    "bool": {"boolean"},
    "str": {"java.lang.String"},
}
"""The Java types that a return or field type of the stubs may stand for."""


@dataclass
class Signature:
    """One overload of a method."""

    static: bool
    parameters: list[str]
    """Java types, erased."""
    result: set[str]


@dataclass
class ApiClass:
    """One class of Android."""

    parents: set[str]
    methods: dict[str, list[Signature]] = field(default_factory=dict)
    fields: dict[str, tuple[bool, set[str]]] = field(default_factory=dict)
    """By name: whether it is static, and its possible Java types."""


def require_api_list() -> None:
    """Skip the test if the package is not installed; fail if it lists another API."""
    try:
        version = distribution("chaquopy-stubs-android").version
    except PackageNotFoundError:
        pytest.skip("the list of Android's API is missing: pip install 'chaquopy-stubs-android>=36,<37'")
    assert version.startswith("36."), version


@functools.cache
def api_class(name: str) -> ApiClass:
    """Find a class by its binary name, e.g. "android.os.PowerManager$WakeLock".

    Raises:
        KeyError: Android has no such class.
    """
    package, _, nested = name.rpartition(".")
    node: ast.Module | ast.ClassDef = _module(package)
    for part in nested.split("$"):
        found = [child for child in node.body if isinstance(child, ast.ClassDef) and child.name == part]
        if not found:
            raise KeyError(name)
        node = found[0]
    assert isinstance(node, ast.ClassDef)
    api = ApiClass({_java_name(ast.unparse(base), package) for base in node.bases})
    for member in node.body:
        if isinstance(member, ast.FunctionDef):
            api.methods.setdefault(member.name, []).append(_signature(member, package))
        elif isinstance(member, ast.AnnAssign):
            text = ast.unparse(member.annotation)
            static = text.startswith("typing.ClassVar[")
            inner = text.removeprefix("typing.ClassVar[").removesuffix("]") if static else text
            api.fields[ast.unparse(member.target)] = (static, _returned(inner, package))
    return api


@functools.cache
def _module(package: str) -> ast.Module:
    files = distribution("chaquopy-stubs-android").files or []
    stub = "/".join(["android-stubs", *package.split(".")[1:], "__init__.pyi"])
    (path,) = [entry for entry in files if str(entry) == stub]
    return ast.parse(Path(str(path.locate())).read_text(encoding="utf-8"))


def _signature(method: ast.FunctionDef, package: str) -> Signature:
    static = any(ast.unparse(mark) == "staticmethod" for mark in method.decorator_list)
    positional = [*method.args.posonlyargs, *method.args.args][0 if static else 1 :]
    types = [_parameter(ast.unparse(entry.annotation), package) for entry in positional if entry.annotation]
    if method.args.vararg and method.args.vararg.annotation:
        types.append(_parameter(ast.unparse(method.args.vararg.annotation), package) + "[]")
    result = ast.unparse(method.returns) if method.returns else "None"
    return Signature(static, types, _returned(result, package))


def _parameter(text: str, package: str) -> str:
    parts = [part.strip() for part in text.split("|")]
    for part in parts:
        if part in PRIMITIVES:
            return PRIMITIVES[part]
    named = [part for part in parts if "." in part or part[0].isupper()]
    return _java_name(named[0], package) if named else "?"


def _returned(text: str, package: str) -> set[str]:
    types: set[str] = set()
    for part in (part.strip() for part in text.split("|")):
        types |= RETURNED.get(part) or {_java_name(part, package)}
    return types if types == {"void"} else types - {"void"}


def _java_name(text: str, package: str) -> str:
    """Name a type of the stubs as Java's reflection does, without type parameters."""
    if text.startswith("_"):  # A type variable.
        return "java.lang.Object"
    outer, _, inner = text.partition("[")
    if outer == "typing.Type":
        return "java.lang.Class"
    if outer == "java.chaquopy.JavaArray":
        return _java_name(inner[:-1], package) + "[]"
    short = outer.rpartition(".")[2]
    if short in ARRAYS:
        return ARRAYS[short]
    parts = outer.split(".")
    first = next((index for index, part in enumerate(parts) if part[0].isupper()), len(parts))
    return ".".join([*(parts[:first] or [package]), "$".join(parts[first:])])
