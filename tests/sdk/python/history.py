"""Concurrent writers and readers, and whether one order explains what they were answered.

A parameter's version is its place in the order of its writes, so the order need not be searched
for: each answer must agree with it and with real time.
"""

import collections
import random
import threading
import time

import botocore.exceptions

WRITERS = 4
# Parameter Store keeps a hundred versions.
WRITES_PER_NAME = 60


class Act:
    """A write or a read of a parameter, and what it was answered: a version, or nothing."""

    def __init__(self, kind, name, value=None):
        self.kind = kind
        self.name = name
        self.value = value
        self.version = None
        self.began = time.monotonic()
        self.ended = None
        # What kept it from being answered: the error's code and HTTP status, or the exception.
        self.refusal = None

    @property
    def seconds(self):
        return self.ended - self.began

    def __repr__(self):
        told = self.refusal or f"v{self.version}"
        return f"{self.kind} {self.name} {self.value} {told} {self.began:.3f}-{self.ended:.3f}"


class History:
    """Writers and readers by turns, at the nodes of some worlds, until it is stopped.

    Refusals are part of the history where they are AWS's retryable ones, and so are lost
    connections where nodes are killed.
    """

    def __init__(self, worlds, seed, may_lose_connections=False, tolerated=()):
        self.worlds = worlds
        self.seed = seed
        self.prefix = f"/history/{seed}"
        self.acts = []
        self.errors = []
        self._written = 0
        self._lock = threading.Lock()
        self._must_stop = threading.Event()
        self._tolerated = LOST if may_lose_connections else ()
        # Codes of refusals that are no matter, beside those that clients try again.
        self._codes = tolerated
        self._threads = [
            threading.Thread(target=self._run, args=(number,)) for number in range(WRITERS)
        ]

    def __enter__(self):
        for world in self.worlds:
            # Clients are made before the threads start, which boto3 does not do safely in them.
            assert world.ssm
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        self._must_stop.set()
        for thread in self._threads:
            thread.join(120)
        if kind is None:
            self._hold()

    def _hold(self):
        assert not self.errors, f"seed {self.seed}: {self.errors[:3]}"
        assert not any(thread.is_alive() for thread in self._threads), f"seed {self.seed}: it hangs"

    def _run(self, number):
        chance = random.Random(f"{self.seed} {number}")
        pause = threading.Event()
        try:
            while not self._must_stop.is_set():
                world = self.worlds[chance.randrange(len(self.worlds))]
                act = self._next(chance, number)
                self._ask(world, act)
                with self._lock:
                    self.acts.append(act)
                if act.refusal:
                    pause.wait(0.02)
        except Exception as error:
            self.errors.append(error)

    def _next(self, chance, number):
        with self._lock:
            name = f"{self.prefix}/{self._written // WRITES_PER_NAME}"
            if chance.random() < 0.5:
                return Act("read", name)
            self._written += 1
            return Act("write", name, f"{number} {self._written}")

    def _ask(self, world, act):
        try:
            if act.kind == "write":
                kind = ("String", "SecureString")[len(act.name) % 2]
                put = world.ssm.put_parameter
                told = put(Name=act.name, Value=act.value, Type=kind, Overwrite=True)
                act.version = told["Version"]
            else:
                told = world.ssm.get_parameter(Name=act.name, WithDecryption=True)["Parameter"]
                act.version, act.value = told["Version"], told["Value"]
        except botocore.exceptions.ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            code = error.response["Error"]["Code"]
            if code == "ParameterNotFound" and act.kind == "read":
                act.version = 0
            elif status >= 500 or code in self._codes:
                act.refusal = (code, status)
            else:
                raise
        except self._tolerated as error:
            act.refusal = (type(error).__name__, None)
        act.ended = time.monotonic()

    def answered(self, kind):
        with self._lock:
            return sum(act.kind == kind and not act.refusal for act in self.acts)

    def refused(self, kind):
        with self._lock:
            return sum(act.kind == kind and bool(act.refusal) for act in self.acts)

    def since(self, moment):
        """The acts that began after a moment."""
        with self._lock:
            return [act for act in self.acts if act.began >= moment]

    def check(self, world, staleness_max=0.0):
        """One order explains it, and all that was acknowledged is there at the end.

        `staleness_max`: by how many seconds what is read may be behind.
        """
        by_name = collections.defaultdict(list)
        for act in self.acts:
            by_name[act.name].append(act)
        for name, acts in by_name.items():
            told = self._check(world, name, acts, staleness_max)
            assert not told, f"seed {self.seed}: {told}"

    def _check(self, world, name, acts, staleness_max):
        kept = kept_versions(world, name)
        if sorted(kept) != list(range(1, len(kept) + 1)):
            return f"{name} has versions {sorted(kept)}"
        if len(set(kept.values())) != len(kept):
            return f"{name}: one of its writes was done twice: {kept}"
        answered = [act for act in acts if not act.refusal]
        writes = [act for act in answered if act.kind == "write"]
        if len({act.version for act in writes}) != len(writes):
            return f"{name}: two writes were given one version: {writes}"
        for act in answered:
            if act.version and kept.get(act.version) != act.value:
                return f"lost, or never written: {act!r}; {kept.get(act.version)!r} is there"
        known = {act.value for act in acts if act.kind == "write"}
        if not set(kept.values()) <= known:
            return f"{name} has what nobody wrote: {set(kept.values()) - known}"
        return out_of_order(answered, staleness_max)


def kept_versions(world, name):
    """The values of a parameter by their versions, as they are now."""
    try:
        pages = world.ssm.get_paginator("get_parameter_history").paginate(
            Name=name, WithDecryption=True
        )
        return {it["Version"]: it["Value"] for page in pages for it in page["Parameters"]}
    except world.ssm.exceptions.ParameterNotFound:
        return {}


def out_of_order(answered, staleness_max):
    """What was answered against the order of time, if something was."""
    ended = sorted(answered, key=lambda act: act.ended)
    newest, behind = None, 0
    for act in sorted(answered, key=lambda act: act.began):
        slack = staleness_max if act.kind == "read" else 0.0
        while behind < len(ended) and ended[behind].ended < act.began - slack:
            if newest is None or ended[behind].version > newest.version:
                newest = ended[behind]
            behind += 1
        if newest is None:
            continue
        is_late = act.version < newest.version
        if is_late or (act.kind == "write" and act.version == newest.version):
            return f"{act!r} after {newest!r}"
    return None


LOST = (
    botocore.exceptions.EndpointConnectionError,
    botocore.exceptions.ConnectionClosedError,
    botocore.exceptions.ReadTimeoutError,
    botocore.exceptions.HTTPClientError,
)
