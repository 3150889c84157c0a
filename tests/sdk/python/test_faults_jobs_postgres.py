"""Jobs of several servers, whose rows are in a database, are done once whatever happens to the servers."""

import pytest

from double_runs import check_jobs_are_done_once, disturbed
from test_rotation_function_kills import Witness


@pytest.mark.timeout(600)
def test_jobs_are_done_once_whatever_happens_to_servers(tmp_path, store_database):
    with Witness() as witness, disturbed(tmp_path, store_database) as (cluster, worlds):
        check_jobs_are_done_once(cluster, worlds, witness)
