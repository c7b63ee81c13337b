"""Boards that print each sensor in a line whose first word says which: the Razor AHRS and CH Robotics' UM7."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import DEGREES, ROWS, WEARER, G, read, table

from har_runtime.sources.base import SourceReport
from har_runtime.sources.serial_port.decode import TextDecoder

STEP_NS = 20_000_000
Lines = Callable[[int, float, list[float], list[float]], str]


def _three(values: object) -> str:
    return ",".join(f"{value:.2f}" for value in np.asarray(values))


def _razor(number: int, acc: list[float], kind: str, between: str) -> str:
    """Its z axis points down and reads +256 at rest."""
    return between.join(
        (
            f"#A-{kind}={_three(np.array(acc) / -G * 256)}",
            f"#M-{kind}=-86.33,-64.50,63.50",
            f"#G-{kind}={_three(DEGREES[number] * 14.375)}",
        )
    )


def _um7(number: int, time: float, acc: list[float]) -> str:
    sensors = enumerate((DEGREES[number], np.array(acc) / G, (0.1, 0.2, 0.3)))
    return "\n".join(
        f"$PCHRS,{place},{time:.3f},{','.join(f'{x:.5f}' for x in values)},*4A" for place, values in sensors
    )


BOARDS: dict[str, Lines] = {
    "Razor, lines": lambda n, t, a, w: _razor(n, a, "C", "\r\n"),
    "Razor, one line": lambda n, t, a, w: _razor(n, a, "R", " "),
    "UM7": lambda n, t, a, w: _um7(n, t, a),
}


@pytest.mark.parametrize("board", BOARDS)
def test_each_sensor_s_line_is_understood(board: str) -> None:
    report = SourceReport(can_wait=True)
    decoder = TextDecoder(report)
    chunks = [
        decoder.push(f"{BOARDS[board](n, n / 50, a, w)}\r\n".encode(), n * STEP_NS)
        for n, (a, w) in enumerate(zip(WEARER.acc.tolist(), np.deg2rad(DEGREES).tolist(), strict=True))
    ]

    found = [chunk for chunk in chunks if chunk is not None and chunk.acc is not None and chunk.gyro is not None]
    acc = np.concatenate([chunk.acc for chunk in found if chunk.acc is not None])
    gyro = np.concatenate([chunk.gyro for chunk in found if chunk.gyro is not None])

    assert len(acc) >= ROWS - 1  # The first line may be cut off.
    np.testing.assert_allclose(acc, WEARER.acc[-len(acc) :], atol=1e-3)
    np.testing.assert_allclose(gyro, np.deg2rad(DEGREES)[-len(acc) :], atol=1e-3)
    assert not report.lost


def test_they_are_read_from_a_file_as_well(tmp_path: Path) -> None:
    path = tmp_path / "um7.txt"
    path.write_text(table("", BOARDS["UM7"]))

    found = read(path)

    np.testing.assert_allclose(found.acc, WEARER.acc, atol=1e-3)
    assert set(np.diff(found.times_ns).tolist()) == {STEP_NS}


def test_angles_alone_are_called_so_with_the_command_that_helps() -> None:
    decoder = TextDecoder(SourceReport(can_wait=True))

    decoder.push(b"#YPR=12.30,-4.50,6.70\r\n" * 100, 0)

    assert "angles alone; its firmware sends its sensors after the command #osct" in (decoder.problem() or "")


@pytest.mark.parametrize(
    "line", ["#A-C=1,2", "#A-C=1.2.3,2,3", "$PCHRS,1,4,0.1,--2,0.3,*11", "#A-C=,,", "$PCHRS,7,1,2,3,4"]
)
def test_a_damaged_line_gives_nothing(line: str) -> None:
    decoder = TextDecoder(SourceReport(can_wait=True))

    assert decoder.push(f"{line}\r\n".encode() * 50, 0) is None
