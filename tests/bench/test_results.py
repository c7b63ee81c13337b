"""What a result says about the machine."""

from pathlib import Path

import pytest

from har_bench.results import dot_products


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("flags\t\t: fpu avx2 avx512_vnni bmi2", ["avx512_vnni"]),
        ("Features\t: fp asimd asimddp i8mm", ["asimddp", "i8mm"]),
        ("Features\t: fp asimd crc32", []),
    ],
)
def test_a_result_names_the_processor_s_dot_products(tmp_path: Path, line: str, found: list[str]) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text(f"processor\t: 0\n{line}\n\nprocessor\t: 1\n{line}\n")
    assert dot_products(tmp_path) == found
    assert dot_products(tmp_path / "missing") == []
