"""Documents' commands, found and run as they stand there."""

import re
import subprocess

FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(text, language="sh"):
    """The fenced blocks of a document in this language, in order."""
    return [found.group(2) for found in FENCE.finditer(text) if found.group(1) == language]


def run(script, folder, environment):
    """Runs a script in one shell, which stops at the first command that fails."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-x", "-c", script],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env=environment,
    )
