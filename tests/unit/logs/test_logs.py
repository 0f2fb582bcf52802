"""The log: where it goes, how it looks, and what never gets into it."""

import io
import json
import logging
import os
from dataclasses import dataclass

import pytest
import structlog

from runicornd.logs import Logs
from runicornd.ssh.auth import Login


@pytest.fixture
def file(tmp_path):
    return tmp_path / "log" / "d.log"


@pytest.fixture
def open_logs(file):
    """Set up logs that are taken down at the end."""
    opened = []

    def open_logs(**options):
        opened.append(Logs(**{"level": "info", "file": file, "foreground": False, **options}))
        return structlog.get_logger("test")

    yield open_logs
    for logs in opened:
        logs.close()


def _entries(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def _fail(reason):
    raise ValueError(reason)


def _fail_holding(secret):
    raise ValueError(len(secret))


def test_json_lines_in_a_private_file(open_logs, file):
    """One object a line, with time, level, logger and facts; readable by us alone."""
    open_logs().info("link up", host="gpu", tries=2, nested={"a": [1, None]})
    (entry,) = _entries(file)
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {
        "level": "info",
        "logger": "test",
        "event": "link up",
        "host": "gpu",
        "tries": 2,
        "nested": {"a": [1, None]},
    }
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o077 == 0


def test_levels(open_logs, file):
    """What is below the level is not there; libraries have their own."""
    log = open_logs(level="debug")
    log.debug("seen")
    logging.getLogger("asyncssh").info("unseen")
    logging.getLogger("asyncssh").warning("seen %s", "too")
    assert [entry["event"] for entry in _entries(file)] == ["seen", "seen too"]


def test_info_hides_debug(open_logs, file):
    """The default level leaves debug out."""
    log = open_logs()
    log.debug("unseen")
    log.info("seen")
    assert [entry["event"] for entry in _entries(file)] == ["seen"]


def test_bound_facts(open_logs, file):
    """What is bound to a logger or to the context is on every line."""
    log = open_logs().bind(session="gpu")
    with structlog.contextvars.bound_contextvars(client=7):
        log.info("one")
    log.info("two")
    one, two = _entries(file)
    assert (one["session"], one["client"]) == ("gpu", 7)
    assert (two["session"], "client" in two) == ("gpu", False)


@dataclass
class Wrapped:
    login: object
    plain: str


def test_secrets_stay_out(open_logs, file):
    """By key at any depth, in objects, and in the text of a private key."""
    stream = io.StringIO()
    log = open_logs(foreground=True, stream=stream)
    pem = "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----"
    login = Login(password="hunter2", passphrase="hunter2", private_key="hunter2")
    log.info(
        "x",
        password="hunter2",
        key_passphrase="hunter2",
        PRIVATE_KEY="hunter2",
        values=["hunter2"],
        answer="hunter2",
        params={"auth": {"x": "hunter2"}, "list": [{"Password": "hunter2"}], "kept": "yes"},
        wrapped=Wrapped({"x": "hunter2"}, "kept"),
        who=login,
        thing=type("Thing", (), {"__repr__": lambda _self: "hunter2"})(),
        text=f"the key is {pem}, sorry",
    )
    try:
        _fail(pem)
    except ValueError as exc:
        log.exception("failed", reason=exc)
    logging.getLogger("library").warning("key", extra={"passphrase": "hunter2"})
    for text in (file.read_text(), stream.getvalue()):
        assert "hunter2" not in text
        assert "[redacted]" in text
    first, second, third = _entries(file)
    assert first["params"]["kept"] == "yes"
    assert first["wrapped"]["plain"] == "kept"
    assert first["thing"] == "<Thing>"
    assert "Traceback" in second["exception"]
    assert third["passphrase"] == "[redacted]"


def test_no_local_variables_in_tracebacks(open_logs, file):
    """A traceback shows lines of code, not what they held."""
    stream = io.StringIO()
    log = open_logs(foreground=True, stream=stream)
    try:
        _fail_holding(str(bytes.fromhex("68756e74657232"), "ascii"))
    except ValueError:
        log.exception("failed")
    assert "hunter2" not in file.read_text() + stream.getvalue()


def test_the_terminal_is_not_ruled(open_logs, file):
    """Control characters of a remote host come out escaped, on one line."""
    stream = io.StringIO()
    evil = "a\x1b]0;owned\x07\r\nb\x9b\u202e\ud800"
    open_logs(foreground=True, stream=stream).warning(evil, **{"banner": evil, "k\x1b": {"n": evil}})
    (line,) = stream.getvalue().splitlines()
    assert line.isprintable()
    assert "\\x1b]0;owned\\x07\\r\\nb\\x9b\\u202e\\ud800" in line
    assert _entries(file)[0]["banner"] == evil
    assert file.read_bytes().isascii()


def test_the_terminal_is_readable(open_logs):
    """Time, level, event and facts; a traceback on its own lines."""
    stream = io.StringIO()
    log = open_logs(foreground=True, stream=stream)
    log.info("link up", host="gpu", why="two words", tries=2)
    try:
        _fail("no")
    except ValueError:
        log.exception("failed")
    first, second, *trace = stream.getvalue().splitlines()
    assert first[9:] == 'info    link up host=gpu why="two words" tries=2'
    assert second[9:] == "error   failed"
    assert trace[0] == "  Traceback (most recent call last):"
    assert trace[-1] == "  ValueError: no"


def test_under_systemd(open_logs, tmp_path):
    """The journal gets priorities and no times."""
    with (tmp_path / "journal").open("w") as stream:
        info = os.fstat(stream.fileno())
        variables = {"JOURNAL_STREAM": f"{info.st_dev}:{info.st_ino}"}
        open_logs(foreground=True, stream=stream, environ=variables).error("gone", host="gpu")
        stream.flush()
    assert (tmp_path / "journal").read_text() == "<3>gone host=gpu\n"


@pytest.mark.parametrize("value", ["", "1:2", "x", "::"])
def test_not_under_systemd(open_logs, tmp_path, value):
    """A variable that is inherited from elsewhere changes nothing."""
    with (tmp_path / "terminal").open("w") as stream:
        log = open_logs(foreground=True, stream=stream, environ={"JOURNAL_STREAM": value})
        log.error("gone")
    assert not (tmp_path / "terminal").read_text().startswith("<")


def test_a_file_that_cannot_be_made(open_logs, tmp_path):
    """The daemon goes on, and says so where it can."""
    (tmp_path / "log").write_text("in the way")
    stream = io.StringIO()
    open_logs(stream=stream).info("alive")
    first, second = stream.getvalue().splitlines()
    assert "cannot write the log file" in first
    assert "alive" in second


def test_a_link_in_place_of_the_file(open_logs, file, tmp_path):
    """It is not followed: the log is written to no file of somebody else's choice."""
    file.parent.mkdir()
    file.symlink_to(tmp_path / "elsewhere")
    stream = io.StringIO()
    open_logs(stream=stream).info("alive")
    assert "alive" in stream.getvalue()
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110 - a device
def test_a_full_disk(open_logs, file):
    """Logging goes on without an exception; it is said once."""
    stream = io.StringIO()
    log = open_logs(stream=stream)
    descriptor = os.open("/dev/full", os.O_WRONLY)
    os.dup2(descriptor, logging.getLogger().handlers[-1].stream.fileno())
    os.close(descriptor)
    for _ in range(3):
        log.info("alive")
    assert stream.getvalue().count("No space left on device") == 1


def test_the_file_does_not_grow(open_logs, file):
    """It is rotated at 5 MiB; three files are kept, all private."""
    log = open_logs()
    for _ in range(1800):
        log.info("x" * 9_900)
    files = sorted(file.parent.iterdir())
    assert [entry.name for entry in files] == ["d.log", "d.log.1", "d.log.2"]
    assert all(entry.stat().st_size <= 5 * 1024 * 1024 for entry in files)
    assert all(entry.stat().st_mode & 0o777 == 0o600 for entry in files)


def test_an_endless_value(open_logs, file):
    """Long texts and deep or circular values are cut."""
    circle = {}
    circle["again"] = circle
    open_logs().info("x", long="y" * 100_000, circle=circle, many=list(range(100_000)))
    assert len(file.read_text()) < 20_000
    assert len(_entries(file)) == 1


def test_last_words_to_a_connection_that_is_gone_are_not_news(open_logs, file):
    """asyncio repeats one warning for each of them; its other warnings are kept."""
    open_logs()
    logger = logging.getLogger("asyncio")
    logger.warning("socket.send() raised exception.")
    logger.warning("Executing took 2 seconds")
    assert [entry["event"] for entry in _entries(file)] == ["Executing took 2 seconds"]
