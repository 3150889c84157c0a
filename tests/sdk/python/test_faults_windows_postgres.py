"""Deletion windows that end while a database fails, under several servers on it."""

import signal

import pytest

from windows import check_windows_that_end_while_the_store_fails, clocked


# What a server was at when the database failed is done when a lease has ended, in a minute.
@pytest.mark.timeout(300)
def test_what_is_due_goes_once_when_the_database_is_back(tmp_path, postgresql):
    # All of its processes end where they are.
    postgresql.stop_signal = signal.SIGQUIT
    with clocked(tmp_path, postgresql) as servers:
        check_windows_that_end_while_the_store_fails(servers, postgresql.stop, postgresql.start)
