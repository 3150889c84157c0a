"""Lines to a server: one that is cut, so that what is sent gets lost and nobody is told, one on
which answers get lost, and one that leads to several servers.
"""

import contextlib
import itertools
import re
import select
import socket
import threading

BYTES = 65_536
# More than the first word of the second round of TLS, which is said by itself.
ASKS_BYTES_MIN = 64
# How often it is looked at whether a line is to end.
LOOK_SECONDS = 0.1


class Line:
    """Forwards connections to a loopback port, unless it is cut.

    While it is cut nothing comes through, as in a network that drops all packets; connections of
    before are held, and end when it is mended.
    """

    def __init__(self, port):
        self.port_behind = port
        self.is_cut = threading.Event()
        # How many bytes may still come back before it is cut.
        self._bytes_left = None
        self._lock = threading.Lock()
        self._must_end = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.settimeout(LOOK_SECONDS)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def end(self):
        self._must_end.set()

    @contextlib.contextmanager
    def cut(self):
        self.is_cut.set()
        try:
            yield
        finally:
            self.is_cut.clear()

    def cut_after(self, bytes_max):
        """Is cut as soon as more than so many bytes have come back."""
        with self._lock:
            self._bytes_left = bytes_max

    def mend(self):
        with self._lock:
            self._bytes_left = None
        self.is_cut.clear()

    def _listen(self):
        with self._listener:
            while not self._must_end.is_set():
                try:
                    near, _ = self._listener.accept()
                except TimeoutError:
                    continue
                threading.Thread(target=self._forward, args=(near,), daemon=True).start()

    def _forward(self, near):
        was_cut = self.is_cut.is_set()
        with near, contextlib.suppress(OSError):
            with contextlib.nullcontext() if was_cut else self._connected() as far:
                while not self._must_end.is_set():
                    if self.is_cut.is_set():
                        was_cut = True
                        self._must_end.wait(LOOK_SECONDS)
                    elif was_cut or not self._pass_on(near, far):
                        return

    def _connected(self):
        return socket.create_connection(("127.0.0.1", self.port_behind))

    def _pass_on(self, near, far):
        """Passes on what there is; false when a side has ended."""
        ready, _, _ = select.select([near, far], [], [], LOOK_SECONDS)
        for side in ready:
            got = side.recv(BYTES)
            if not got:
                return False
            if side is far and not self._may_pass(len(got)):
                return True
            (far if side is near else near).sendall(got)
        return True

    def _may_pass(self, count):
        with self._lock:
            if self._bytes_left is None:
                return True
            self._bytes_left -= count
            if self._bytes_left < 0:
                self.is_cut.set()
            return self._bytes_left >= 0


class MuteLine(Line):
    """A line for TLS on which, while it is mute, requests arrive and their answers do not."""

    def __init__(self, port):
        self.is_mute = threading.Event()
        # How many connections' answers were kept back.
        self.kept_back = 0
        super().__init__(port)

    @contextlib.contextmanager
    def mute(self):
        self.is_mute.set()
        try:
            yield
        finally:
            self.is_mute.clear()

    def _forward(self, near):
        with near, contextlib.suppress(OSError), self._connected() as far:
            has_answered = has_asked = is_kept_back = False
            while not self._must_end.is_set():
                # The other side speaks once while hands are shaken, and is answered at length.
                is_mute = has_asked and self.is_mute.is_set()
                sides = [near] if is_kept_back and is_mute else [near, far]
                for side in select.select(sides, [], [], LOOK_SECONDS)[0]:
                    if side is far and is_mute:
                        is_kept_back = True
                        with self._lock:
                            self.kept_back += 1
                        break
                    got = side.recv(BYTES)
                    if not got:
                        return
                    has_answered |= side is far
                    has_asked |= has_answered and side is near and len(got) > ASKS_BYTES_MIN
                    (far if side is near else near).sendall(got)


class Balancer(Line):
    """A line to whichever of several ports takes a connection, each in turn."""

    def __init__(self, ports):
        self._turns = itertools.count()
        self._ports = list(ports)
        super().__init__(None)

    def _connected(self):
        first = next(self._turns)
        for number in range(len(self._ports)):
            port = self._ports[(first + number) % len(self._ports)]
            with contextlib.suppress(ConnectionRefusedError):
                return socket.create_connection(("127.0.0.1", port))
        raise ConnectionRefusedError


def by_lines(url):
    """A store's URL by a line to each of its ports, and these lines."""
    lines = []

    def line(found):
        lines.append(Line(int(found.group(1))))
        return f"127.0.0.1:{lines[-1].port}"

    return re.sub(r"127\.0\.0\.1:(\d+)", line, url), lines
