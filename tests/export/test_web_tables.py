"""Names and limits are written down once: JavaScript's are made from Python's, and Java's are equal to them."""

import re
from typing import Any

import pytest
from tests.conftest import ROOT

from har_export.web_tables import CORE, tables
from har_runtime import contract
from har_runtime import text as har_text
from har_runtime.answers import place, rejection, smoothing, worn
from har_runtime.model import card
from har_runtime.personal import head, profile
from har_runtime.signal import resample, sensor_stream, steps, stretch, upright

JAVA = ROOT / "android_demo" / "app" / "src" / "main" / "java" / "io" / "haredge" / "demo" / "core"


@pytest.mark.parametrize("name", ["contract.js", "limits.js", "card_fields.js", "profile_fields.js"])
def test_the_tables_of_javascript_are_those_of_python(name: str) -> None:
    assert (CORE / name).read_text(encoding="utf-8") == tables()[name], "run python -m har_export.web_tables"


def test_the_modules_need_nothing_but_each_other() -> None:
    modules = sorted(CORE.glob("*.js"))
    assert len(modules) > 25
    for path in modules:
        text = path.read_text(encoding="utf-8")
        for imported in re.findall(r'\bfrom (".+?");$|^import (?!\{)(.+)', text, re.MULTILINE):
            assert re.fullmatch(r'"\./\w+\.js"', imported[0]), f"{path.name}: {imported}"
        for line in text.splitlines():
            assert len(line) <= 120, f"{path.name}: {line}"
        for word in ("innerHTML", "eval(", "require(", "process.", "document.", "window.addEventListener"):
            assert word not in text, f"{path.name}: {word}"


def test_the_readme_names_every_module() -> None:
    readme = (CORE.parent / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(\w+\.js)`", readme)) == {path.name for path in CORE.glob("*.js")}


JAVA_CONSTANTS: dict[str, tuple[Any, dict[str, str]]] = {
    "Stretch": (stretch, {}),
    "AntiAlias": (stretch, {"HALF_WIDTH_NS": "KERNEL_HALF_WIDTH_NS", "STEP_NS": "_KERNEL_STEP_NS"}),
    "SensorStream": (sensor_stream, {"NEVER": "_NEVER"}),
    "Resampler": (resample, {}),
    "UprightTracker": (upright, {}),
    "StepCounter": (steps, {}),
    "Hops": (smoothing, {"MAX": "MAX_STEPS"}),
    "HmmFilter": (smoothing, {}),
    "PlaceFilter": (place, {}),
    "Rejector": (rejection, {}),
    "WornDetector": (worn, {"PATIENCE_WINDOWS": "NOT_WORN_WINDOWS"}),
    "Prototypes": (card, {}),
    "PrototypeHead": (head, {}),
    "Profile": (profile, {}),
    "Text": (har_text, {}),
    "Contract": (contract, {"HOP_NS": "", "CHANNEL_COUNT": ""}),
}
"""Of classes of the Java core: the module that they follow, and constants of another name there (none: of Java)."""


@pytest.mark.parametrize("name", JAVA_CONSTANTS)
def test_the_constants_of_java_are_those_of_python(name: str) -> None:
    module, names = JAVA_CONSTANTS[name]
    text = (JAVA / f"{name}.java").read_text(encoding="utf-8")
    constants = _numbers(text)
    compared = 0
    for constant, value in constants.items():
        wanted = getattr(module, names.get(constant, constant), None)
        if wanted is not None:
            compared += 1
            assert value == pytest.approx(list(wanted) if isinstance(wanted, tuple) else wanted, rel=0), constant
    assert compared, f"{name}: none of {', '.join(constants)} is in {module.__name__}"


def _numbers(java: str) -> dict[str, Any]:
    """The numeric constants of a class, computed."""
    known: dict[str, Any] = {"Contract.SAMPLE_RATE_HZ": 50, "Contract.HOP": 25, "Contract.MIN_RATE_HZ": 20}
    known |= {"Stretch.RATE_SPAN_NS": stretch.RATE_SPAN_NS}
    pattern = r"static final (?:int|long|double)(?:\[\])? (\w+) = ([^;]+);"
    found: dict[str, Any] = {}
    for name, expression in re.findall(pattern, java):
        plain = re.sub(r"(\d)L\b", r"\1", expression).replace("{", "[").replace("}", "]")
        for word, value in {**known, **found}.items():
            plain = re.sub(rf"(?<![\w.]){re.escape(word)}(?![\w.])", repr(value), plain)
        if re.fullmatch(r"[\d_.eE+\-*/\[\], ]+", plain):
            integer = "." not in plain and "e" not in plain
            found[name] = eval(plain.replace("/", "//") if integer else plain)  # Digits and operators alone.
    return found


def test_the_names_of_java_are_those_of_python() -> None:
    text = (JAVA / "Contract.java").read_text(encoding="utf-8")

    def words(name: str) -> list[str]:
        (inside,) = re.findall(rf"{name} = (?:\{{|Map\.of\()(.*?)(?:\}}|\));", text, re.DOTALL)
        return re.findall(r'"([^"]*)"', inside)

    assert words("CHANNELS") == list(contract.CHANNELS)
    assert words("UNITS") == list(contract.UNITS)
    assert words("PLACES") == list(contract.PLACES)
    pairs = words("PLACE_OF")
    assert dict(zip(pairs[::2], pairs[1::2], strict=True)) == contract.PLACE_OF
