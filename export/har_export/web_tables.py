"""The tables that the signal path in JavaScript shares with Python: names, limits, and what cards and profiles hold.

    python -m har_export.web_tables

writes `contract.js`, `limits.js`, `card_fields.js` and `profile_fields.js` in `web/core/`, from the constants of
`har_runtime` and with their docstrings, so that neither is written down twice.
"""

import ast
import inspect
import itertools
import json
import textwrap
from dataclasses import MISSING, fields, is_dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import Any, get_args, get_origin

from har_runtime.files import write_all
from har_runtime.model.card import ModelCard
from har_runtime.personal.profile import Profile

CORE = Path(__file__).parent / "web" / "core"
COMMAND = "python -m har_export.web_tables"

CONTRACT = {
    "contract": "SAMPLE_RATE_HZ PERIOD_NS WINDOW HOP HOP_S MAX_GAP_NS MIN_RATE_HZ CHANNELS UNITS FRAMES PLACES "
    "PLACE_OF FAMILIES STANDARD_GRAVITY",
    "answers.answer": "UNKNOWN",
    "answers.palette": "NOT_WORN COLOURS SPARE=SPARE_COLOURS",
    "answers.row": "VERSION=ROW_VERSION DECIMALS CADENCE_DECIMALS TIME_DECIMALS",
    "answers.effort": "INTENSITIES METS_FROM",
    "model.card": "FORMAT=CARD_FORMAT FRAME_OF_0_1 GYROSCOPE STATISTICS UPRIGHT_STATISTICS",
    "personal.profile": "FORMAT=PROFILE_FORMAT",
}
"""By module of har_runtime: its constants, and after = what they are called in `contract.js` if not the same."""
LIMITS = {
    "signal.stretch": "RATE_SPAN_NS FILTER_ABOVE_HZ SLOWEST_HZ CUTOFF_HZ KERNEL_HALF_WIDTH_NS "
    "_KERNEL_STEP_NS=KERNEL_STEP_NS",
    "signal.sensor_stream": "MAX_LEAD_NS MAX_WAITING CONFIRM_NS CONFIRM_SAMPLES STUCK_NS FULL_SCALE_NS "
    "FULL_SCALE_SAMPLES",
    "signal.resample": "LARGE_ACCELERATION LARGE_ANGULAR_RATE LARGEST_ACCELERATION LARGEST_ANGULAR_RATE AGREEMENT_NS",
    "signal.upright": "GAIT_SPREAD GAIT_HZ GAIT_GRAVITY FREQUENCIES_HZ FOUND_AFTER MOVED_AFTER WITHIN "
    "AGREEMENT_DEGREES MOVED_DEGREES FORGETTING GIVEN_WEIGHT FREE_FALL NEARLY_DOWN",
    "signal.steps": "TEMPLATE DELAYS SMOOTHED MIN_SPREAD SLOWEST_HZ=SLOWEST_GAIT_HZ HARDNESS START_LIKENESS "
    "KEEP_LIKENESS NEARLY CONFIRM AGREEMENT=STEPS_AGREEMENT MAX_DOUBT",
    "answers.smoothing": "MAX_STEPS HOLD",
    "answers.place": "GAIT MIN_PROBABILITY MIN_BELIEF",
    "answers.families": "STILL",
    "answers.rejection": "SPREAD_FLOOR",
    "answers.worn": "STILL_SPREAD_ACC STILL_SPREAD_GYRO STILL_DRIFT_ACC NOT_WORN_WINDOWS "
    "MAX_BREAK_NS=NOT_WORN_MAX_BREAK_NS",
    "answers.events": "MAX_BREAK_NS=ACTIVITY_MAX_BREAK_NS",
    "model.card": "MAX_FEATURES",
    "personal.head": "FLOOR",
    "personal.profile": "MAX_LEARNT LONGEST=MAX_LEARNT_WINDOWS",
    "text": "MAX_SHOWN MAX_NAME",
    "tables": "MAX_BYTES MAX_DEPTH MAX_TEXT MAX_ITEMS",
}
"""The same for `limits.js`."""
LINE = 120


def tables() -> dict[str, str]:
    """The text of each file, by its name."""
    return {
        "contract.js": _constants("The signal contract, and the names that answers and cards use.", CONTRACT),
        "limits.js": _constants("The thresholds and limits of every step.", LIMITS),
        "card_fields.js": _fields_of(ModelCard, "CARD_FIELDS", "What a model card holds"),
        "profile_fields.js": _fields_of(Profile, "PROFILE_FIELDS", "What a person's profile holds"),
    }


def _constants(about: str, modules: dict[str, str]) -> str:
    parts = [_head(about)]
    for name, names in modules.items():
        module = import_module(f"har_runtime.{name}")
        docs = _docstrings(module)
        parts.append(f"// {name}\n")
        for pair in names.split():
            source, _, target = pair.partition("=")
            if source in docs:
                parts.append(_comment(docs[source]))
            parts.append(f"export const {target or source} = {_literal(getattr(module, source))};\n")
        parts.append("\n")
    return "".join(parts).rstrip("\n") + "\n"


def _head(about: str) -> str:
    return f"// {about}\n// Made by `{COMMAND}` from har_runtime: change it there.\n\n"


def _docstrings(module: ModuleType) -> dict[str, str]:
    """The text below each constant of a module."""
    body = ast.parse(inspect.getsource(module)).body
    docs: dict[str, str] = {}
    for node, after in itertools.pairwise(body):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            docs[target.id] = " ".join(str(after.value.value).split())
    return docs


def _comment(text: str) -> str:
    lines = textwrap.wrap(f"/** {text}", LINE - len(" */"), subsequent_indent=" * ", break_long_words=False)
    return "\n".join(lines) + " */\n"


def _literal(value: Any) -> str:
    """A value as JavaScript. Tables and lists are frozen, and tables inherit no names such as "constructor"."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        rows = "".join(f"  {json.dumps(key, allow_nan=False)}: {_literal(entry)},\n" for key, entry in value.items())
        return f"Object.freeze({{\n  __proto__: null,\n{rows}}})"
    if isinstance(value, tuple | list):
        line = f"Object.freeze([{', '.join(map(_literal, value))}])"
        return "\n".join(textwrap.wrap(line, LINE - 40, subsequent_indent="  ", break_on_hyphens=False))
    return json.dumps(value, allow_nan=False)


def _fields_of(kind: type, name: str, about: str) -> str:
    return (
        f"{_head(f'{about}: the entries of `{kind.__module__}.{kind.__name__}`.')}"
        "/** Of each entry: its kind, whether it may be null, and its value if it is missing; see `table.js`. */\n"
        f"export const {name} = {_laid_out(_table_of(kind))};\n"
    )


def _laid_out(table: dict[str, Any], indent: str = "") -> str:
    """A table as JSON: on one line if that is short, otherwise an entry a line."""
    line = json.dumps(table, allow_nan=False)
    if len(indent) + len(line) < LINE - 20:
        return line
    rows = [
        f'{indent}  "{key}": '
        + (_laid_out(entry, f"{indent}  ") if isinstance(entry, dict) else json.dumps(entry, allow_nan=False))
        for key, entry in table.items()
    ]
    return "{\n" + ",\n".join(rows) + f"\n{indent}}}"


def _table_of(kind: type) -> dict[str, Any]:
    return {entry.name: _field(entry) for entry in fields(kind)}


def _field(entry: Any) -> dict[str, Any]:
    field = _kind(entry.type)
    if entry.default is not MISSING:
        field["missing"] = entry.default
    elif entry.default_factory is not MISSING:
        field["missing"] = entry.default_factory()
    return field


def _kind(wanted: Any) -> dict[str, Any]:
    if isinstance(wanted, UnionType):
        inner = next(kind for kind in get_args(wanted) if kind is not NoneType)
        return {**_kind(inner), "nullable": True}
    if is_dataclass(wanted) and isinstance(wanted, type):
        return {"kind": "table", "fields": _table_of(wanted)}
    kinds = get_args(wanted)
    if get_origin(wanted) is tuple:
        return {"kind": "list", "of": _kind(kinds[0]), **({} if kinds[-1] is Ellipsis else {"length": len(kinds)})}
    if get_origin(wanted) is dict:
        return {"kind": "map", "of": _kind(kinds[1])}
    return {"kind": {str: "text", int: "integer", float: "number"}[wanted]}


def main() -> None:
    """Write the files."""
    write_all({CORE / name: text.encode() for name, text in tables().items()})


if __name__ == "__main__":
    main()
