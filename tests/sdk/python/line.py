"""A line to a server that is cut: what is sent then gets lost, and nobody is told."""

import contextlib
import select
import socket
import threading

BYTES = 65_536
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
            far = None if was_cut else socket.create_connection(("127.0.0.1", self.port_behind))
            with far or contextlib.nullcontext():
                while not self._must_end.is_set():
                    if self.is_cut.is_set():
                        was_cut = True
                        self._must_end.wait(LOOK_SECONDS)
                    elif was_cut or not pump(near, far):
                        return


def pump(near, far):
    """Passes on what there is; false when a side has ended."""
    ready, _, _ = select.select([near, far], [], [], LOOK_SECONDS)
    for side in ready:
        got = side.recv(BYTES)
        if not got:
            return False
        (far if side is near else near).sendall(got)
    return True
