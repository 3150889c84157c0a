"""Deletion windows that end while an etcd cluster fails, under several servers on it."""

import pytest

from etcd import Etcd
from windows import check_windows_that_end_while_the_store_fails, clocked


@pytest.fixture
def cluster_of_its_own():
    cluster = Etcd()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.end()


# What a server was at when the cluster failed is done when a lease has ended, in a minute.
@pytest.mark.timeout(300)
def test_what_is_due_goes_once_when_the_cluster_is_back(tmp_path, cluster_of_its_own):
    cluster = cluster_of_its_own
    with clocked(tmp_path, cluster) as servers:
        check_windows_that_end_while_the_store_fails(servers, cluster.stop, cluster.start_again)
