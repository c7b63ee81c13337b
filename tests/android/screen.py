"""Draws the picture of `android_demo/README.md`: `python -m tests.android.screen`.

The app's own code makes the screen, with the real model and a simulated wearer. Stand-ins for Android's views lay it
out and draw it, so it does not show the fonts, buttons and bars of a phone.
"""

import os
import sys
import tempfile
from pathlib import Path

from tests.android.assets import gather_assets, write_wearer
from tests.android.jdk import ROOT, class_path, compile_app, java, java_properties

PICTURE = ROOT / "android_demo" / "screen.png"


def draw(out: Path) -> None:
    """Compile the app and draw its screen into a PNG file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "classes").mkdir()
        (folder / "assets").mkdir()
        classes = compile_app(folder / "classes")
        write_wearer(folder / "wearer.csv")
        flags = java_properties(gather_assets(folder / "assets"), folder / "wearer.csv")
        java(*flags, "-cp", class_path(classes), "io.haredge.app.Picture", os.fspath(out))


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE)
