"""What the tests of the doctor share: running it, and finding a check."""

import json

import pytest


@pytest.fixture
def examine(laptop):
    """Runs ``doctor … --json``; the checks by name. ``code`` is what it has to end with; None: either."""

    def run(*words, code=0):
        done = laptop.run("doctor", *words, "--json")
        assert code is None or done.code == code, f"{done.code}: {done.out}{done.err}\n{laptop.log()}"
        answer = json.loads(done.out)
        assert answer["schema"] == 1
        assert (answer["verdict"] == "failure") == (done.code == 1)
        return {check["name"]: check for check in answer["checks"]}

    return run
