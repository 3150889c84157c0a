"""The image of deploy/docker, laid out by the Dockerfile's own lines, and a container of it.

Its base images are not asked for: what of them coffer needs is taken from this machine.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess

from server import BINARY, ROOT

DOCKERFILE = ROOT / "deploy" / "docker" / "Dockerfile"


def stages():
    """The instructions of each stage, in order: word and rest."""
    text = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.M))
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, rest = line.split(maxsplit=1)
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest))
    return found


def only(stage, word):
    (found,) = [rest for it, rest in stage if it == word]
    return found


class Image:
    """The final stage: its root folder, and what a container of it is started with."""

    def __init__(self, folder):
        self.root, self.built = folder / "root", folder / "built"
        _, self.stage = stages()
        self.environment = dict(it.split("=", 1) for it in only(self.stage, "ENV").split())
        self.user = only(self.stage, "USER")
        self.command = json.loads(only(self.stage, "ENTRYPOINT"))
        self.volume = only(self.stage, "VOLUME")

    def lay_out(self):
        """The base's files, then those of each COPY."""
        self.build()
        for name in ["dev", "proc", "tmp", "etc/ssl/certs"]:
            (self.root / name).mkdir(parents=True)
        authorities = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
        shutil.copy(authorities, self.root / "etc/ssl/certs")
        for library in libraries():
            target = self.root / library.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, target)
        for word, rest in self.stage:
            if word == "COPY":
                self.copy(shlex.split(rest))

    def copy(self, words):
        """Copies a file, or what is in a folder, out of what the build stage leaves."""
        *options, source, target = words
        owner = next((it.split("=")[1] for it in options if it.startswith("--chown=")), "0:0")
        source = self.built / source.lstrip("/")
        target = self.root / target.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_file():
            shutil.copy(source, target)
            os.chown(target, *map(int, owner.split(":")))
        for entry in source.iterdir() if source.is_dir() else []:
            shutil.copytree(entry, target / entry.name)
            os.chown(target / entry.name, *map(int, owner.split(":")))

    def build(self):
        """What the build stage installs, by its own commands, with the binary that is tested."""
        build, _ = stages()
        commands = only(build, "RUN").split("&&")[1:]
        compiled = self.built / "target" / "release" / "coffer"
        compiled.parent.mkdir(parents=True)
        compiled.symlink_to(BINARY)
        for command in commands:
            words = [it.replace("/image/", f"{self.built}/image/") for it in shlex.split(command)]
            assert words[0] == "install", command
            subprocess.run(words, cwd=self.built, check=True)


def libraries():
    """The libraries that the loader finds for the binary, the loader itself with them."""
    told = subprocess.run(["ldd", BINARY], capture_output=True, text=True, check=True).stdout
    return [pathlib.Path(it) for it in re.findall(r"(/\S+) \(0x", told)]


def why_not():
    """Why no container can be run here, if none can."""
    if os.geteuid() != 0:
        return "only root may lay out a root folder and enter it"
    missing = [it for it in ["unshare", "nsenter", "setpriv", "ip", "curl"] if not shutil.which(it)]
    if missing:
        return f"there is no {' and no '.join(missing)}"
    tried = subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True)
    return None if tried.returncode == 0 else f"no namespaces here: {tried.stderr.decode()}"


class Container:
    """The image's program on its root, in a network of its own.

    All but the writable mounts is read-only, there is no capability, and none can be had.
    """

    SCRIPT = r"""
    set -e
    root=$1 user=$2 mounts=$3
    shift 3
    mount --make-rprivate /
    mount --bind "$root" "$root"
    while read -r source target how; do
      [ -n "$source" ] || continue
      mkdir -p "$root$target"
      mount --bind "$source" "$root$target"
      if [ "$how" = ro ]; then mount -o remount,ro,bind "$root$target"; fi
    done <<< "$mounts"
    mount -t tmpfs -o mode=755 tmpfs "$root/dev"
    for device in null zero urandom random; do
      touch "$root/dev/$device"
      mount --bind "/dev/$device" "$root/dev/$device"
    done
    mount -t proc proc "$root/proc"
    mount -o remount,ro,bind "$root"
    ip link set lo up
    exec setpriv --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid \
      chroot --userspec="$user" --groups= "$root" "$@"
    """

    def __init__(self, image, mounts, log):
        """The mounts are folders here, paths there, and `rw` or `ro`."""
        self.image, self.mounts, self.log = image, mounts, log
        self.process = None

    def start(self, arguments, **variables):
        image = self.image
        mounts = "\n".join(" ".join(map(str, mount)) for mount in self.mounts)
        script = ["/bin/bash", "-c", self.SCRIPT, "-", str(image.root), image.user, mounts]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--net", *script, *image.command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"], **image.environment, **variables},
            )

    def within(self, *command):
        """Runs a program of this machine in the container's network."""
        enter = ["nsenter", "--target", str(self.process.pid), "--net"]
        return subprocess.run([*enter, *command], capture_output=True, text=True, timeout=60)

    def curl(self, *arguments):
        """What curl prints, and nothing where it fails."""
        asked = self.within("curl", "-sf", *arguments)
        return asked.stdout if asked.returncode == 0 else None

    def is_up(self, *arguments):
        """Asks as `curl` does, of a container that has not ended."""
        assert self.process.poll() is None, self.log.read_text()
        return self.curl(*arguments)

    def ssm(self, login, operation, *arguments, at="http://127.0.0.1:4566/", **members):
        """An answer of Parameter Store to a request that is signed by this id and secret."""
        told = self.curl(
            *["--user", ":".join(login), "--aws-sigv4", "aws:amz:us-east-1:ssm"],
            *["-H", "content-type: application/x-amz-json-1.1"],
            *["-H", f"x-amz-target: AmazonSSM.{operation}", "-d", json.dumps(members)],
            *[*arguments, at],
        )
        assert told is not None, self.log.read_text()
        return json.loads(told)

    def status(self):
        """What /proc tells of the process."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return dict(re.findall(r"^(\w+):\s+(\S+)", text, re.MULTILINE))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0, self.log.read_text()

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)
