"""A real systemd as the first process of a box: namespaces of its own over an overlay of this computer's files.

Nothing that happens in the box reaches the computer, but for a folder of results.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

import har_runtime

SYSTEMD = Path("/lib/systemd/systemd")
DEADLINE_S = 120
NAMESPACES = ("--cgroup", "--pid", "--uts", "--ipc", "--net", "--kill-child", "--fork")
NO_BOX = 77
"""Exit code of the script below where this computer does not let a box be made."""

BOX = rf"""
set -eu
group=$2/box-$$
trap 'exit 77' ERR
mount --make-rprivate /
mount -t cgroup2 cgroup2 "$2"
mkdir "$group"
echo $$ > "$group/cgroup.procs"
exec unshare {" ".join(NAMESPACES)} bash -c "$1" boot "$@"
"""
"""Its namespace of cgroups begins at a group of its own, so that it leaves the computer's alone."""

BOOT = r"""
set -eu
space=$3 results=$4 python=$5 site=$6 runtime=$7
root=$space/root
trap 'exit 77' ERR
mount -t tmpfs tmpfs "$space"
mkdir "$space/upper" "$space/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$space/upper,workdir=$space/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
for folder in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs "$root/$folder"; done
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
trap - ERR
for name in python site runtime results; do
    mkdir -p "$root/srv/$name"
    mount --bind "$(eval echo "\$$name")" "$root/srv/$name"
done
cp -r "$results/etc/." "$root/etc/"
mkdir -p "$root/opt/haredge/bin"
cat > "$root/opt/haredge/bin/har-stream" <<END
#!/bin/sh
export LD_LIBRARY_PATH=/srv/python/lib PYTHONPATH=/srv/runtime:/srv/site PYTHONDONTWRITEBYTECODE=1
exec /srv/python/bin/python3 -m har_runtime "\$@"
END
chmod 755 "$root/opt/haredge/bin/har-stream"
exec chroot "$root" env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    "$8" --unit=check.service --show-status=no --log-target=null
"""

CHECK = """[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
ExecStart=/bin/bash /srv/results/check.sh
"""


def run_in_box(folder: Path, files: dict[str, str], check: str) -> Path:
    """Start systemd in a box and run a script there as root.

    Args:
        folder: an empty one.
        files: what to put into the box's /etc, by path there.
        check: the script, for bash; it finds the folder of results at /srv/results.

    Returns:
        The folder of results. Skips the test where no box can be made.

    Raises:
        TimeoutError: the script did not come to its end.
    """
    if os.geteuid() != 0 or not SYSTEMD.exists() or shutil.which("unshare") is None:
        pytest.skip("a real systemd needs root, systemd and unshare (Debian packages systemd, util-linux)")
    may = subprocess.run(["unshare", "--mount", *NAMESPACES, "true"], capture_output=True, text=True, check=False)
    if may.returncode != 0:
        pytest.skip(f"no box can be made here: {may.stderr.strip()}")
    space, results = folder / "space", folder / "results"
    space.mkdir()
    results.mkdir()
    for name, text in {"systemd/system/check.service": CHECK, **files}.items():
        path = results / "etc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (results / "check.sh").write_text(f"{check}\ntouch /srv/results/done\n")
    groups = folder / "groups"
    groups.mkdir()
    paths = [groups, space, results, sys.base_prefix, sysconfig.get_path("purelib")]
    paths += [Path(har_runtime.__file__).parents[1], SYSTEMD]
    # With unshare its child is killed, and with the first process of a namespace all others.
    command = ["unshare", "--mount", "bash", "-c", BOX, "box", BOOT, *map(str, paths)]
    with (folder / "boot").open("wb") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        try:
            end = time.monotonic() + DEADLINE_S
            while not (results / "done").exists():
                if process.poll() == NO_BOX:
                    pytest.skip(f"no box can be made here: {(folder / 'boot').read_text().strip()}")
                if process.poll() is not None or time.monotonic() > end:
                    raise TimeoutError(f"no end of the script: {(folder / 'boot').read_text()[-2000:]}")
                time.sleep(0.05)
        finally:
            process.kill()
            process.wait()
            _remove_group(groups, process.pid)
    return results


def _remove_group(groups: Path, number: int) -> None:
    """Take the cgroups of a box away, as soon as all its processes have gone."""
    script = (
        'mount -t cgroup2 cgroup2 "$1" && cd "$1" && for _ in $(seq 100); do '
        '[ -d "$2" ] || exit; find "$2" -depth -type d -exec rmdir {} + 2> /dev/null; sleep 0.05; done'
    )
    command = ["unshare", "--mount", "bash", "-c", script, "remove", str(groups), f"box-{number}"]
    subprocess.run(command, capture_output=True, timeout=60, check=False)
