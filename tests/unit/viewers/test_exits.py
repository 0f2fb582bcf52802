from runicornd.errors import DiskFull, ViewerCrashed, ViewerUnresponsive
from runicornd.remote.models import ViewerExit
from runicornd.viewers.exits import crash, silence


def ended(*log_tail, code=None, signal=None):
    return ViewerExit("i1", code, signal, log_tail)


def test_the_last_lines_of_the_log_are_in_the_message():
    """What the viewer said last is what the user reads first; all of it is in the context."""
    lines = [f"line {number}" for number in range(30)]
    error = crash(ended(*lines, "RuntimeError: no such table", code=3))
    assert isinstance(error, ViewerCrashed)
    assert error.message.startswith("cannot run the viewer: it exited with status 3:")
    assert error.message.endswith("RuntimeError: no such table")
    assert "line 5" not in error.message
    assert error.context["log_tail"] == [*lines, "RuntimeError: no such table"]
    assert error.retryable


def test_a_signal_is_named():
    """A viewer that the kernel killed says so."""
    assert "SIGKILL" in crash(ended("out of memory", signal=9)).message


def test_a_silent_end_is_said_to_be_silent():
    """Without a log there is no empty list of lines."""
    assert crash(ended(code=1)).message == "cannot run the viewer: it exited with status 1 and logged nothing"


def test_a_full_disk_is_no_crash_to_try_again():
    """Starting it once more would fail alike, so the kind says what is really wrong."""
    error = crash(ended("OSError: [Errno 28] No space left on device", code=1))
    assert isinstance(error, DiskFull)
    assert not error.retryable


def test_a_missing_module_points_at_the_environment():
    """A half-installed environment is the usual reason for an import error."""
    assert "install" in crash(ended("ModuleNotFoundError: No module named 'uvicorn'", code=1)).hint


def test_a_silent_viewers_log_is_in_the_message():
    """A viewer that never answered is ended, and its log goes with it: this is the place to read it."""
    unresponsive = ViewerUnresponsive("cannot use the viewer: no answer within 60 s", url="http://x")
    error = silence(unresponsive, ("waiting for a lock", ""))
    assert error.message == "cannot use the viewer: no answer within 60 s; it logged:\n  waiting for a lock"
    assert error.context == {"url": "http://x", "log_tail": ["waiting for a lock", ""]}
    assert silence(unresponsive, ()).message.endswith("; it logged nothing")
