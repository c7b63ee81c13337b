"""Runs the steps of runtime/SERVICE.md for a Raspberry Pi in an emulated 64-bit Debian, and compares its answers.

    python -m har_bench.stream.emulated_pi --root /var/tmp/pi --out benchmarks/results/emulated_pi.json

Needs root, debootstrap, qemu-user-static, a network for pip, and half an hour. It shows that installing works on arm64
and how near the answers are to those of this machine; it says nothing about speed. The folder of --root is kept for the
next run. The exit code is 1 if a label differs, or a probability by more than two quantisation steps.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from har_bench.results import REPOSITORY, write_and_print
from har_bench.script import run_script, script_parser
from har_runtime.errors import HarError
from har_runtime.sources.simulated.wearer import Wearer

SUITE = "bookworm"
PACKAGES = "python3,python3-venv,ca-certificates"
BINFMT = Path("/proc/sys/fs/binfmt_misc")
EMULATOR = "/usr/bin/qemu-aarch64-static"
# Header of an aarch64 ELF program, and the mask of the bits to compare; F keeps the emulator open inside the root.
REGISTRATION = (
    r":haredge-aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
    rf":\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:{EMULATOR}:F"
)
VENV = "/opt/haredge"
STREAM = f"{VENV}/bin/har-stream"
SECONDS = 120
"""Length of the replayed recording."""
LIVE_SECONDS = 20
MAX_STEPS = 2
"""Quantisation steps by which a probability may differ."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("stream.emulated_pi", "Install and run haredge in an emulated 64-bit Debian.", "out")
    parser.add_argument("--root", type=Path, required=True, help="folder for the emulated system, 1 GB")
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    if os.geteuid() != 0:
        raise HarError("an emulated system needs root (chroot, mount): run it with sudo")
    for tool in ("debootstrap", EMULATOR):
        if shutil.which(tool) is None:
            raise HarError(f"{tool} is missing; apt-get install debootstrap qemu-user-static")
    pi = EmulatedPi(options.root)
    pi.make()
    with pi.mounted():
        result = _try_out(pi)
    write_and_print(options.out, result)
    replay = result["replay"]
    return 0 if replay["same_label"] == replay["windows"] and replay["within_two_steps"] == 1 else 1


class EmulatedPi:
    """An arm64 Debian in a folder."""

    def __init__(self, root: Path):
        self.root = root.resolve()

    def make(self) -> None:
        """Build it unless it exists."""
        _register_emulator()
        if (self.root / "usr/bin/python3").exists():
            return
        _print_step("building the emulated system")
        command = ["debootstrap", "--arch=arm64", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(self.root)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """Mount /proc and /dev, and copy this machine's network settings."""
        for name in ("resolv.conf", "hosts", "ssl/certs/ca-certificates.crt"):
            shutil.copyfile(Path("/etc") / name, self.root / "etc" / name)
        mounts = [(["-t", "proc", "proc"], "proc"), (["--bind", "/dev"], "dev"), (["--bind", "/dev/pts"], "dev/pts")]
        done: list[Path] = []
        try:
            for source, place in mounts:
                subprocess.run(["mount", *source, str(self.root / place)], check=True)
                done.append(self.root / place)
            yield
        finally:
            for place in reversed(done):
                subprocess.run(["umount", str(place)], check=False)

    def command(self, arguments: Sequence[str]) -> list[str]:
        """A command line that runs `arguments` inside."""
        return ["chroot", str(self.root), *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside.

        Raises:
            HarError: it failed.
        """
        done = subprocess.run(self.command(arguments), capture_output=True, text=True, check=False)
        if done.returncode:
            raise HarError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()[-400:]}")
        return done


def _try_out(pi: EmulatedPi) -> dict[str, Any]:
    _print_step("installing the wheel")
    wheels = pi.root / "opt" / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(wheels), str(REPOSITORY)]
    subprocess.run(command, check=True)
    (wheel,) = wheels.glob("*.whl")
    shutil.copyfile(REPOSITORY / "constraints.txt", wheels / "constraints.txt")
    pi.run("rm", "-rf", VENV)
    pi.run("python3", "-m", "venv", VENV)
    inside = f"/opt/wheels/{wheel.name}"
    pi.run(f"{VENV}/bin/pip", "install", "-q", "-c", "/opt/wheels/constraints.txt", inside)
    system = json.loads(pi.run(f"{VENV}/bin/python", "-c", SYSTEM).stdout)
    _print_step("har-stream --demo")
    demo = json.loads(pi.run(STREAM, "--demo", "--json").stdout)
    return {
        "pi": system,
        "demo": {"windows": demo["windows"], "accuracy": demo["scores"]["accuracy"]},
        "witmotion": _run_live(pi),
        "replay": _compare(pi),
    }


SYSTEM = (
    "import json, platform, importlib.metadata as m; print(json.dumps({'architecture': platform.machine(), "
    "'system': platform.freedesktop_os_release()['PRETTY_NAME'], 'python': platform.python_version(), "
    "'versions': {name: m.version(name) for name in ('haredge', 'numpy', 'ai-edge-litert')}}))"
)


def _run_live(pi: EmulatedPi) -> dict[str, Any]:
    """Read a virtual WitMotion, both inside."""
    _print_step("a WitMotion on a pseudo-terminal")
    command = pi.command([STREAM, "simulate", "--pty", "--format", "witmotion", "--link", "/tmp/imu"])
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as sensor:
        try:
            assert sensor.stdout is not None
            sensor.stdout.readline()  # It prints the port once that exists.
            reader = pi.command([STREAM, "--source", "serial:/tmp/imu", "--json", "--sink", "jsonl:/tmp/live.jsonl"])
            (pi.root / "tmp/live.jsonl").unlink(missing_ok=True)
            with subprocess.Popen(reader, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as stream:
                time.sleep(LIVE_SECONDS)
                stream.terminate()
                out, err = stream.communicate(timeout=60)
        finally:
            sensor.terminate()
    if not out:
        raise HarError(f"har-stream on the pseudo-terminal printed nothing: {err.strip()[-400:]}")
    summary = json.loads(out)
    return {
        "windows": summary["windows"],
        "lost": summary["lost"],
        "seconds": summary["seconds"],
        "gaps": _gaps(summary),
    }


def _gaps(summary: dict[str, Any]) -> int:
    return max(summary["report"][sensor]["gaps"] for sensor in ("accelerometer", "gyroscope"))


def _compare(pi: EmulatedPi) -> dict[str, Any]:
    """Classify one recording on this machine and inside."""
    _print_step("one recording on both")
    _write_recording(pi.root / "tmp/walk.csv")
    here, there = pi.root / "tmp/here.jsonl", pi.root / "tmp/there.jsonl"
    for path in (here, there):
        path.unlink(missing_ok=True)
    source = ["--json", "--source"]
    subprocess.run(
        [
            sys.executable,
            "-m",
            "har_runtime",
            *source,
            f"replay:{pi.root}/tmp/walk.csv?speed=max",
            "--sink",
            f"jsonl:{here}",
        ],
        check=True,
        capture_output=True,
    )
    pi.run(STREAM, *source, "replay:/tmp/walk.csv?speed=max", "--sink", "jsonl:/tmp/there.jsonl")
    ours, theirs = ([json.loads(line) for line in path.read_text().splitlines()] for path in (here, there))
    if [row["start_s"] for row in ours] != [row["start_s"] for row in theirs]:
        raise HarError("the windows of the emulated system differ from those of this machine")
    pairs = list(zip(ours, theirs, strict=True))
    differences = np.array(
        [[abs(a["probabilities"][label] - b["probabilities"][label]) for label in a["probabilities"]] for a, b in pairs]
    )
    steps = np.rint(256 * differences)
    return {
        "windows": len(pairs),
        "same_label": sum(a["window_label"] == b["window_label"] for a, b in pairs),
        "same_probabilities": float((steps == 0).mean()),
        "within_two_steps": float((steps <= MAX_STEPS).mean()),
        "largest_difference_steps": int(steps.max()),
    }


def _write_recording(path: Path) -> None:
    rows = ["time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z"]
    for chunk in Wearer(0):
        for time_ns, acc, gyro in zip(chunk.times_ns.tolist(), chunk.acc.tolist(), chunk.gyro.tolist(), strict=True):
            if time_ns >= SECONDS * 1e9:
                path.write_text("\n".join(rows) + "\n")
                return
            rows.append(",".join(repr(value) for value in (time_ns / 1e9, *acc, *gyro)))


def _register_emulator() -> None:
    if not (BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(BINFMT)], check=True)
    if not any((BINFMT / name).exists() for name in ("haredge-aarch64", "qemu-aarch64")):
        (BINFMT / "register").write_text(REGISTRATION)


def _print_step(step: str) -> None:
    print(f"{step} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
