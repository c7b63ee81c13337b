"""The C source: a compiler takes it, and what it holds is the int8 model."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from har_export.answer_vectors import with_places
from har_export.c_source import header
from har_export.microcontroller import MicroInterpreter
from har_runtime.model.load import load_model

MAIN = """\
#include <cstdint>
#include <cstdio>
#include "model.h"
int main() {
  std::printf("%d %d %d %d %d %d\\n", HAR_SAMPLE_RATE_HZ, HAR_WINDOW, HAR_HOP, HAR_CHANNELS, HAR_ARENA_BYTES,
              static_cast<int>(reinterpret_cast<std::uintptr_t>(g_har_model) % 16));
  for (int i = 0; i < HAR_LABELS; ++i) std::printf("%s ", kHarLabels[i]);
  std::printf("\\n%s\\n", kHarLabels[HAR_STAIRS_DOWN]);
  std::fwrite(g_har_model, 1, HAR_MODEL_BYTES, stdout);
}
"""


@pytest.fixture
def compiled(exported: Path, tmp_path: Path) -> tuple[list[str], bytes]:
    """What a program says that was compiled with the source: its lines, then the model's bytes."""
    if shutil.which("g++") is None:
        pytest.skip("no C++ compiler here")
    (tmp_path / "main.cc").write_text(MAIN)
    folder = exported / "toy-c"
    command = ["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", f"-I{folder}", tmp_path / "main.cc"]
    subprocess.run([*command, folder / "model.cc", "-o", tmp_path / "main"], check=True)
    said = subprocess.run([tmp_path / "main"], capture_output=True, check=True).stdout
    *lines, model = said.split(b"\n", 3)
    return [line.decode() for line in lines], model


def test_the_source_compiles_and_holds_the_int8_model(compiled, exported: Path) -> None:
    lines, model = compiled
    embedded = exported / "toy.tflite"
    assert model == embedded.read_bytes()
    assert lines[1].split() == list(load_model(embedded).card.labels)
    assert lines[2] == "stairs_down"
    rate, window, hop, channels, _, misalignment = map(int, lines[0].split())
    assert (rate, window, hop, channels, misalignment) == (50, 50, 25, 6, 0)


def test_the_header_of_an_upright_model_that_tells_places_says_how_to_turn_windows(tmp_path: Path) -> None:
    plain = load_model("waist").card
    text = header(with_places(plain, np.zeros((1, 50, 6), np.float32)), 4, 1000)
    words = " ".join(text.replace("//", "").split())
    assert "so that the wearer's up is +z" in words
    assert "zeros for its channels" in words
    assert "1, float[HAR_PLACES], of each place; 2, float[HAR_PLACES][HAR_LABELS]" in words
    assert max(map(len, text.splitlines())) <= 120
    said = " ".join(header(plain, 4, 1000).replace("//", "").split())
    assert "Axes: those of the device" in said
    assert "Output: float[HAR_LABELS], probabilities." in said
    assert "PLACE" not in said and "zeros" not in said
    if shutil.which("g++") is None:
        pytest.skip("no C++ compiler here")
    (tmp_path / "model.h").write_text(text)
    claim = "static_assert(HAR_PLACES == 3 && HAR_PLACE_WRIST == 2 && HAR_UNKNOWN == 6);"
    (tmp_path / "main.cc").write_text(f'#include "model.h"\n{claim}\nint main() {{}}\n')
    subprocess.run(["g++", "-std=c++17", "-fsyntax-only", tmp_path / "main.cc"], check=True)


def test_the_arena_of_the_header_is_enough_and_hardly_more(compiled) -> None:
    lines, model = compiled
    arena = int(lines[0].split()[4])
    needed = MicroInterpreter(model).arena_bytes()
    assert needed <= arena < needed + 1024
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(model, arena_size=arena + 16)  # It aligns its start.
    interpreter.set_input(np.zeros((1, 50, 6), np.float32), 0)
    interpreter.invoke()
    with pytest.raises(RuntimeError):
        runtime.Interpreter.from_bytes(model, arena_size=needed - 2048)
