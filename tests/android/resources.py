"""Makes the class `R` from the res folder, as Android's tools do."""

from pathlib import Path
from xml.etree import ElementTree

APP = Path(__file__).parents[2] / "android_demo" / "app" / "src" / "main"


def resource_names() -> dict[str, list[str]]:
    """Names by kind, e.g. {"string": ["start", ...]}."""
    names: dict[str, set[str]] = {}
    for path in sorted((APP / "res").glob("*/*.xml")):
        folder = path.parent.name.partition("-")[0]
        if folder == "values":
            for entry in ElementTree.parse(path).getroot():
                names.setdefault(entry.tag, set()).add(entry.attrib["name"])
        else:
            names.setdefault(folder, set()).add(path.stem)
    return {kind: sorted(found) for kind, found in sorted(names.items())}


def write_r(folder: Path) -> Path:
    """Write R.java with made-up numbers."""
    lines = ["package io.haredge.demo;", "", "public final class R {"]
    number = 0x7F000000
    for kind, names in resource_names().items():
        lines.append(f"    public static final class {kind} {{")
        for name in names:
            number += 1
            lines.append(f"        public static final int {name} = {number};")
        lines.append("    }")
    path = folder / "R.java"
    path.write_text("\n".join([*lines, "}", ""]), encoding="ascii")
    return path
