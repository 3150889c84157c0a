"""What only root may do: mounts, network namespaces, faults in the system calls of others."""

import os
import shutil

import pytest


def without(programs):
    """Why this user on this system can't, if it can't."""
    if os.geteuid() != 0:
        return "only root may do that"
    missing = [program for program in programs if not shutil.which(program)]
    return f"there is no {' and no '.join(missing)}" if missing else None


def needs(reason, what):
    """Does nothing more where there is a reason not to, and says so; in CI that is a failure."""
    if reason is None:
        return
    if os.environ.get("CI", "") not in ("", "false", "0"):
        pytest.fail(f"{what} was not tested: {reason}; run `cargo xtask test` as root", False)
    pytest.skip(f"{what} was not tested: {reason}")
