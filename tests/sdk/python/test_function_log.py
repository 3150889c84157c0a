"""What functions write, in the server's own log where the operator wants it there."""

import json

import pytest

from functions import make, zipped
from server import eventually
from world import World

SAYS = """
import sys

def handler(event, context):
    for line in event["lines"]:
        print(line)
    sys.stdout.write("no end of the line")
    if "raise" in event:
        raise ValueError(event["raise"])
"""


@pytest.fixture
def logging(servers):
    """A world whose server logs what functions write."""
    server = servers("dev", extra=["--functions-enabled", "--functions-log"]).start()
    made = World.on_dev(server)
    yield made
    made.close()
    server.stop()


def lines(server):
    """The log's lines of functions."""
    parsed = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    return [line for line in parsed if line["target"] == "function"]


def invoke(world, content=SAYS, event=None, **more):
    made = make(world, Code={"ZipFile": zipped(content)}, MemorySize=512, **{"Timeout": 20, **more})
    name = made["FunctionName"]
    answer = world.functions.invoke(FunctionName=name, Payload=json.dumps(event or {}))
    return name, answer["ResponseMetadata"]["RequestId"], answer.get("FunctionError")


def messages(world, name):
    return [line["message"] for line in lines(world.server) if line["function.name"] == name]


def test_each_line_is_logged_with_the_function_and_the_request(logging):
    event = {"lines": ["hello", "caf\u00e9 \x1b[31m"], "raise": "this went wrong"}
    name, request_id, error = invoke(logging, event=event)
    assert error == "Unhandled"
    found = eventually(
        lambda: any("this went wrong" in it for it in messages(logging, name))
        and messages(logging, name),
        "the error is logged",
    )
    assert found[:2] == ["hello", "caf\u00e9 \\u{1b}[31m"]
    assert any("no end of the line" in message for message in found)
    assert any("ValueError" in message for message in found)
    # The stack is told line by line too.
    assert any(message.strip().startswith("raise ValueError") for message in found), found
    of_this = [line for line in lines(logging.server) if line["function.name"] == name]
    assert {line["request_id"] for line in of_this} == {request_id}
    assert {line["function.version"] for line in of_this} == {"$LATEST"}
    assert {line["function.arn"] for line in of_this} == {logging.arn("lambda", f"function:{name}")}
    assert {line["level"] for line in of_this} == {"INFO"}


def test_why_there_was_no_answer_is_logged(logging):
    hangs = "import threading\n\ndef handler(event, context):\n    threading.Event().wait(60)\n"
    name, _, error = invoke(logging, hangs, Timeout=1)
    assert error == "Unhandled"
    assert "Task timed out after 1.00 seconds" in messages(logging, name)
    exits = "import os\n\ndef handler(event, context):\n    os._exit(3)\n"
    name, _, error = invoke(logging, exits)
    assert error == "Unhandled"
    assert "Runtime exited with error: exit status 3" in messages(logging, name)


def test_lines_are_bounded_in_length_and_number(logging):
    event = {"lines": ["x" * 100_000, *(f"line {number}" for number in range(5000))]}
    name, _, error = invoke(logging, event=event)
    assert error is None
    found = messages(logging, name)
    assert found[0] == "x" * 2048 + f" ({100_000 - 2048} bytes more)"
    assert found[1:4] == ["line 0", "line 1", "line 2"]
    # Five hundred at once and fifty a second; it took less than twenty.
    assert 500 <= len(found) <= 1500
    assert all(len(message) < 2100 for message in found)
    # What is left out is counted, at the latest when the instance ends.
    logging.functions.update_function_configuration(FunctionName=name, Description="another")
    logging.functions.delete_function(FunctionName=name)
    logging.server.stop()
    found = messages(logging, name)
    left_out = [
        int(message.split()[0].removeprefix("("))
        for message in found
        if "came too fast" in message
    ]
    told = sum(not message.endswith("are left out)") for message in found)
    assert told + sum(left_out) == 5001 + 1, (told, left_out)
    logging.server.start()


def test_nothing_of_it_is_logged_otherwise(dev):
    name, _, error = invoke(dev, event={"lines": ["hunter2"], "raise": "hunter3"})
    assert error == "Unhandled"
    assert messages(dev, name) == []
    assert "hunter2" not in dev.server.log and "hunter3" not in dev.server.log
