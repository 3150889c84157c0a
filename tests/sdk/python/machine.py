"""A machine with systemd of its own: namespaces of this one, with its programs, a disk in memory.

What is written there is gone with it, and only the folder that is shared is seen outside.
"""

import os
import pathlib
import shutil
import signal
import subprocess

from server import eventually

SYSTEMD = pathlib.Path("/lib/systemd/systemd")
# What would change the kernel's settings, which are this machine's too, or look for its devices.
MASKED = [
    "dev-hugepages.mount",
    "dev-mqueue.mount",
    "sys-fs-fuse-connections.mount",
    "sys-kernel-config.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-journal-flush.service",
    "systemd-modules-load.service",
    "systemd-random-seed.service",
    "systemd-remount-fs.service",
    "systemd-sysctl.service",
    "systemd-timesyncd.service",
    "systemd-udev-trigger.service",
    "systemd-udevd.service",
    "systemd-update-utmp.service",
]
SHARED = "/shared"
BOOT = r"""
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$DISK"
mkdir "$DISK/upper" "$DISK/work" "$DISK/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$DISK/upper,workdir=$DISK/work" "$DISK/root"
cd "$DISK/root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
  touch "dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
mount -t tmpfs tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -p ".$SHARED" before
mount --bind "$FOLDER" ".$SHARED"
rm -rf etc/systemd/system/*.wants etc/systemd/system/coffer.service*
for unit in $MASKED; do ln -sf /dev/null "etc/systemd/system/$unit"; done
ip link set lo up 2>/dev/null || true
pivot_root . before
umount -l /before
mount --make-rshared /
exec env -i container=other PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system --unit=basic.target --log-target=journal
"""


def why_not():
    """Why there can be no such machine here, if there can't."""
    if os.geteuid() != 0:
        return "only root may boot a systemd in namespaces"
    if not SYSTEMD.exists() or not shutil.which("unshare") or not shutil.which("nsenter"):
        return "there is no systemd, unshare or nsenter"
    tried = subprocess.run(
        ["unshare", "--mount", "--pid", "--net", "--cgroup", "--fork", "true"], capture_output=True
    )
    return None if tried.returncode == 0 else f"no namespaces here: {tried.stderr.decode()}"


class Machine:
    """One such machine; the folder is found in it as /shared."""

    def __init__(self, folder, disk):
        self.folder = pathlib.Path(folder)
        self.disk = pathlib.Path(disk)
        self.log = self.disk.with_suffix(".log")
        self.process = None

    def boot(self):
        self.disk.mkdir()
        environment = {
            "PATH": os.environ["PATH"],
            "DISK": str(self.disk),
            "FOLDER": str(self.folder),
            "SHARED": SHARED,
            "MASKED": " ".join(MASKED),
        }
        spaces = ["--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup"]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["unshare", *spaces, "--fork", "--kill-child", "bash", "-c", BOOT],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
            )
        eventually(self._is_up, f"systemd is up; see {self.log}", 60)

    def _is_up(self):
        assert self.process.poll() is None, self.log.read_text()
        # Until systemd runs, what is entered may still be this machine.
        first = self._first()
        if first is None or pathlib.Path(f"/proc/{first}/comm").read_text().strip() != "systemd":
            return False
        told = self.run("systemctl is-system-running", fails=True)
        return told.stdout.strip() in {"running", "degraded"}

    def _first(self):
        """The process that is the first one in there, by its number out here."""
        process = self.process.pid
        children = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return int(children[0]) if children else None

    def run(self, script, fails=False):
        """Runs a script in there, in the shared folder, by one shell that stops at a failure."""
        enter = ["nsenter", "--target", str(self._first())]
        enter += ["--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup"]
        shell = ["bash", "-euo", "pipefail", "-c", f"cd {SHARED}\n{script}"]
        ended = subprocess.run(
            [*enter, *shell],
            capture_output=True,
            text=True,
            timeout=120,
            env={"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
        )
        assert fails or ended.returncode == 0, f"{script}\n{ended.stdout}{ended.stderr}"
        return ended

    def end(self):
        """Ends the first process, and with it all others."""
        if self.process is None or self.process.poll() is not None:
            return
        first = self._first()
        if first is not None:
            os.kill(first, signal.SIGKILL)
        self.process.wait(30)
