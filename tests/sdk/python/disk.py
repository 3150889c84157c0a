"""Disks that a test fills up, slows down, or makes fail."""

import os
import pathlib
import re
import signal
import subprocess

from server import eventually

SYNCS = ("fsync", "fdatasync")
INJECTED = re.compile("INJECTED|DELAYED")


class SmallDisk:
    """A file system of few bytes, mounted at a folder while it is needed."""

    def __init__(self, folder, megabytes):
        self.folder = pathlib.Path(folder)
        self.megabytes = megabytes
        self.filler = self.folder / "filler"

    def __enter__(self):
        self.folder.mkdir()
        options = f"size={self.megabytes}m,mode=700"
        mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        subprocess.run(mount, check=True, capture_output=True)
        return self

    def __exit__(self, *_):
        # Lazily: a failed test may have left a process in it, which is being ended.
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True, capture_output=True)

    def fill(self):
        """Takes all room that is left, also what is given back meanwhile."""
        with open(self.filler, "ab", buffering=0) as filler:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        filler.write(b"\0" * size)
                except OSError:
                    continue

    def free(self):
        self.filler.unlink()


class Faults:
    """Faults in what one process asks of some files, for as long as the block lasts.

    They are in the system calls, by strace: a call that is to fail is not made. What was asked, and
    what came of it, is in `calls` afterwards.
    """

    def __init__(self, server, files, *injections, log):
        self.server = server
        self.files = [pathlib.Path(file) for file in files]
        self.injections = injections
        self.log = pathlib.Path(log)
        self.calls = []
        self._told = self.log.with_suffix(".told")
        self._process = None

    def __enter__(self):
        command = [*traced_to(self.log), "--attach", str(self.server.process.pid)]
        for file in self.files:
            command += ["--trace-path", str(file)]
        for injection in self.injections:
            command += ["-e", f"inject={injection}"]
        with open(self._told, "wb") as told:
            self._process = subprocess.Popen(command, stdout=told, stderr=told)
        try:
            eventually(self._is_attached, "strace is attached")
        except AssertionError:
            self._end()
            raise AssertionError(f"no strace: {self._told.read_text()}") from None
        return self

    def _is_attached(self):
        threads = len(os.listdir(f"/proc/{self.server.process.pid}/task"))
        attached = len(re.findall(r"attached", self._told.read_text()))
        return self._process.poll() is None and attached and self._traced() >= threads

    def _traced(self):
        tracers = 0
        for task in pathlib.Path(f"/proc/{self.server.process.pid}/task").iterdir():
            status = (task / "status").read_text()
            tracers += f"TracerPid:\t{self._process.pid}\n" in status
        return tracers

    def __exit__(self, *_):
        self._end()
        self.calls = list(parse(self.log.read_text(errors="replace")))

    def _end(self):
        if self._process.poll() is None:
            # It lets the process go on.
            self._process.send_signal(signal.SIGINT)
        self._process.wait(30)

    def count(self):
        """How many calls were met so far."""
        return len(INJECTED.findall(self.log.read_text(errors="replace")))


def traced_to(log):
    """What writes down how files are read, written and synced."""
    command = ["strace", "--follow-forks", "--decode-fds=path", "--string-limit=0"]
    return [*command, "--output", str(log), "-e", "trace=pread64,pwrite64,fsync,fdatasync"]


class Call:
    """One system call on a file: where and how much it wrote, whether it failed."""

    def __init__(self, name, descriptor, path, numbers, result):
        self.name = name
        self.descriptor = descriptor
        self.path = path
        self.is_sync = name in SYNCS
        self.failed = result < 0
        self.length = max(result, 0) if name == "pwrite64" else 0
        self.offset = numbers[-1] if numbers else 0
        self.end = self.offset + self.length


def parse(text):
    """The calls of a log, in the order in which they ended."""
    begun = {}
    for line in text.splitlines():
        pid, _, rest = line.partition(" ")
        rest = rest.strip()
        if rest.endswith("<unfinished ...>"):
            begun[pid] = rest.removesuffix("<unfinished ...>")
            continue
        resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", rest)
        if resumed:
            rest = begun.pop(pid, "") + resumed.group(1)
        found = re.match(r"(\w+)\((\d+)<([^>]*)>(.*)\)\s+= (-?\d+)", rest)
        if found:
            name, descriptor, path, arguments, result = found.groups()
            numbers = [int(number) for number in re.findall(r", (\d+)", arguments)]
            yield Call(name, descriptor, path, numbers, int(result))


def never_rested_on_given_up_pages(calls, path):
    """Holds that each sync of a log that succeeded found all that it vouches for handed over since.

    A page that could not be synced is given up by the system: later syncs say nothing of it, so it
    has to be written again. Gives how many bytes were given up, so that a test can tell.
    """
    calls = [call for call in calls if call.path == str(path)]
    # Every descriptor of a file is told of a failure once. An injected one is told to one alone, so
    # those of others that sync as well, such as a checkpoint's, say nothing.
    writers = {call.descriptor for call in calls if call.name == "pwrite64"}
    dirty, given_up, end, lost_bytes = [], [], 0, 0
    for call in (call for call in calls if call.descriptor in writers):
        if call.name == "pwrite64" and not call.failed:
            written = (call.offset, call.offset + call.length)
            given_up = [piece for it in given_up for piece in less(it, written)]
            dirty.append(written)
            end = written[1]
        elif call.is_sync and dirty:
            if call.failed:
                given_up += dirty
                lost_bytes += sum(to - start for start, to in dirty)
            else:
                missing = [it for it in given_up if it[0] < end]
                assert not missing, f"{path}: acknowledged up to {end} without {missing}"
            dirty = []
    return lost_bytes


def less(piece, written):
    """What is left of a piece where another one was written."""
    (start, to), (from_, until) = piece, written
    parts = [(start, min(to, from_)), (max(start, until), to)]
    return [part for part in parts if part[0] < part[1]]


