"""What is known of the processor of this computer."""

from pathlib import Path

import pytest

from har_runtime.processor import processor_name, vector_unit


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("processor\t: 0\nmodel name\t: AMD EPYC\n", "AMD EPYC"),
        (
            "processor\t: 0\nCPU part\t: 0xd0b\nModel\t\t: Raspberry Pi 5 Model B Rev 1.0\n",
            "Raspberry Pi 5 Model B Rev 1.0",
        ),
    ],
)
def test_the_name_of_the_processor_comes_from_the_kernel(tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text(text)
    assert processor_name(tmp_path) == name


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("flags\t: fpu avx2 fma\n", "AVX2"),
        ("flags\t: fpu avx2 avx512f avx512_bf16\n", "AVX-512"),
        ("Features\t: fp asimd crc32\n", "NEON"),
        ("flags\t: fpu\n", None),
    ],
)
def test_processors_of_one_name_are_told_apart_by_their_widest_vector_unit(
    tmp_path: Path, text: str, unit: str | None
) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text(text)
    assert vector_unit(tmp_path) == unit


def test_a_system_without_proc_has_no_known_vector_unit(tmp_path: Path) -> None:
    assert vector_unit(tmp_path) is None
