"""A clock that jumps under a running server, and callers whose clocks jump with it."""

import contextlib
import datetime
import glob
import os
import time

import botocore.auth

LIBRARY = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")


def why_not():
    """Why no clock can be moved here, if none can."""
    return None if LIBRARY else "there is no libfaketime"


class JumpingClock:
    """The time of day of a server's process, ahead of the real one by some seconds.

    The clock that nobody sets, which durations are measured by, goes on as it is.
    """

    def __init__(self, path):
        self.path = path
        self.ahead = 0
        self.jump(0)

    def of(self, server):
        """Puts a server, which is not started yet, under this clock."""
        server.surroundings = {
            "LD_PRELOAD": LIBRARY[0],
            "FAKETIME_TIMESTAMP_FILE": str(self.path),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }
        return server

    def jump(self, ahead):
        """Sets it so many seconds ahead of the real time; behind, where they are negative."""
        self.ahead = ahead
        new = self.path.with_suffix(".new")
        new.write_text(f"{ahead:+d}\n")
        # A reader finds the one or the other.
        os.replace(new, self.path)

    def now(self):
        return time.time() + self.ahead

    @contextlib.contextmanager
    def signing(self):
        """Callers sign by this clock within the block."""
        honest = botocore.auth.get_current_datetime

        def jumped(*arguments, **options):
            return honest(*arguments, **options) + datetime.timedelta(seconds=self.ahead)

        botocore.auth.get_current_datetime = jumped
        try:
            yield
        finally:
            botocore.auth.get_current_datetime = honest
