"""Counts instructions on an emulated arm64 processor: qemu-user with a plugin, and a folder with a 64-bit Debian.

The folder is one of `har_bench.stream.emulated_pi`. Nothing runs inside with chroot, and it needs no root rights: qemu
looks there for the files of the system. Tried with qemu 7.2, the one of Debian 12.
"""

import itertools
import re
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import har_bench
import har_runtime
from har_bench.measure.worker_client import Task
from har_runtime.errors import HarError

QEMU = "qemu-aarch64"
INFERENCES = 5
SITE = "opt/haredge/lib/python3*/site-packages"


@dataclass(frozen=True)
class Processor:
    """A processor that qemu emulates."""

    cpu: str
    """For qemu's -cpu."""
    part: int
    """Its number in /proc/cpuinfo, by which XNNPACK knows it."""
    features: str
    """Its features there."""


# Without a /proc/cpuinfo of its own the emulated system shows that of this machine, and LiteRT 2.3.0 crashed.
CORTEX_A72 = Processor("cortex-a72", 0xD08, "fp asimd evtstrm crc32 cpuid")
ARM_V8_2 = "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"
CORTEX_A76 = Processor("cortex-a76", 0xD0B, ARM_V8_2)
MAX = Processor("max", 0xD0B, f"{ARM_V8_2} i8mm")


class Emulator:
    """An emulated system that counts.

    Args:
        root: its folder.
        plugin: `count_marks.c`, compiled.

    Raises:
        HarError: the folder lacks Python or LiteRT.
    """

    def __init__(self, root: Path, plugin: Path):
        self._root, self._plugin = root.resolve(), plugin
        pythons, sites = sorted((self._root / "usr/bin").glob("python3.1[0-9]")), sorted(self._root.glob(SITE))
        if not pythons or not sites:
            raise HarError(f"{root}: no Python with haredge in it; make it with har_bench.stream.emulated_pi")
        self._python = pythons[0]
        ours = (Path(module.__file__ or "").parents[1] for module in (har_runtime, har_bench))
        self._path = ":".join(map(str, [*ours, sites[0]]))

    def count(self, task: Task, processor: Processor) -> int:
        """Instructions of one inference.

        Raises:
            HarError: the model or the emulator failed.
        """
        with self._cpuinfo(processor):
            done = subprocess.run(
                [
                    *(QEMU, "-L", str(self._root), "-cpu", processor.cpu, "-plugin", str(self._plugin)),
                    *("-E", f"PYTHONPATH={self._path}", "-U", "LD_LIBRARY_PATH"),
                    *(str(self._python), "-S", "-m", "har_bench.measure.worker"),
                    *(task.runtime, str(task.path), str(task.threads)),
                ],
                input=f'{{"marked": {INFERENCES}}}\n',
                capture_output=True,
                text=True,
                check=False,
            )
        marks = [int(number) for number in re.findall(r"^instructions: (\d+)$", done.stderr, re.MULTILINE)]
        if done.returncode or len(marks) != INFERENCES + 2:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise HarError(f"{QEMU}: {task.path.name} cannot be counted ({' '.join(last)[:300]})")
        steps = [after - before for before, after in itertools.pairwise(marks)]
        return statistics.median_low(steps[1:]) - steps[0]

    @contextmanager
    def _cpuinfo(self, processor: Processor) -> Iterator[None]:
        path = self._root / "proc/cpuinfo"
        path.parent.mkdir(exist_ok=True)
        lines = (
            f"BogoMIPS\t: 108.00\nFeatures\t: {processor.features}\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
            f"CPU variant\t: 0x0\nCPU part\t: {processor.part:#x}\nCPU revision\t: 3\n\n"
        )
        path.write_text("".join(f"processor\t: {number}\n{lines}" for number in range(4)), encoding="ascii")
        try:
            yield
        finally:
            path.unlink()


def version() -> str:
    """The version of the emulator."""
    shown = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=True).stdout
    return shown.splitlines()[0].partition(" version ")[2].partition(" ")[0]


@contextmanager
def emulator(root: Path) -> Iterator[Emulator]:
    """Compile the plugin, and yield what counts.

    Raises:
        HarError: a tool is missing, or the folder lacks Python or LiteRT.
    """
    for tool, package in ((QEMU, "qemu-user"), ("cc", "gcc")):
        if shutil.which(tool) is None:
            raise HarError(f"{tool} is missing; apt-get install {package}")
    with tempfile.TemporaryDirectory() as folder, as_file(files("har_bench.instructions") / "count_marks.c") as source:
        plugin = Path(folder) / "count_marks.so"
        command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(plugin), str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise HarError(f"cc: the plugin for {QEMU} cannot be compiled ({done.stderr.strip()[:300]})")
        yield Emulator(root, plugin)
