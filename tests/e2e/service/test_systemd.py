"""The units in a real user manager: ready, on demand, watched, reloaded, restarted."""

import stat

from tests.helpers.laptop import fetch
from tests.helpers.waiting import until

SERVICE = "runicornd.service"
SOCKET = "runicornd.socket"
PATIENCE_S = 30.0


def state_of(user, unit=SERVICE):
    return user.unit(unit, "ActiveState", "SubState")


def install(user, *lines):
    """Write the units, with these settings of the service, and let the manager read them."""
    user.drop_in(*lines)
    assert user.run("daemon", "install", "--no-start").code == 0
    user.manage("daemon-reload")


def a_session(user):
    """Connect; the session, which answers."""
    session = user.connect("gpu", "--env", "train")
    assert fetch(f"{session['url']}/api/health")[0] == 200
    return session


def kept(user, session):
    """Wait until a new daemon has the session ready; it is the same viewer at the same URL."""
    found = user.wait_for(session["id"], "ready")
    assert (found["url"], found["remote"]["pid"]) == (session["url"], session["remote"]["pid"])
    assert fetch(f"{session['url']}/api/health")[0] == 200


def test_install_starts_the_service_and_uninstall_leaves_nothing(user):
    """It is ready when the command returns, as the manager sees it; afterwards both units are gone."""
    done = user.run("daemon", "install")
    assert done.code == 0, done.err + user.log()
    assert "enabled and running" in done.out
    unit = user.unit(SERVICE, "ActiveState", "SubState", "Type", "UnitFileState", "StatusText", "MainPID")
    assert (unit["ActiveState"], unit["SubState"], unit["Type"]) == ("active", "running", "notify")
    assert unit["UnitFileState"] == "enabled"
    assert unit["StatusText"] == "0 sessions"
    assert str(user.json("daemon", "status")["pid"]) == unit["MainPID"]
    assert user.unit(SOCKET, "UnitFileState", "ActiveState") == {
        "UnitFileState": "disabled",
        "ActiveState": "inactive",
    }
    assert user.run("daemon", "uninstall").code == 0
    assert user.unit(SERVICE, "LoadState", "ActiveState") == {
        "LoadState": "not-found",
        "ActiveState": "inactive",
    }
    assert not list((user.home / ".config/systemd/user").glob("runicornd.*e*t"))
    assert user.run("status").code == 3


def test_the_installed_service_is_what_a_command_starts(user):
    """`connect` and the like start the unit, `status` does not."""
    install(user)
    assert user.run("status").code == 3
    assert user.run("daemon", "start").code == 0
    assert state_of(user) == {"ActiveState": "active", "SubState": "running"}


def test_the_socket_starts_the_daemon(user):
    """The first command that connects is answered, whichever it is; so is the first after a stop."""
    install(user)
    user.manage("start", SOCKET)
    assert stat.S_IMODE(user.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(user.socket.parent.stat().st_mode) == 0o700
    assert state_of(user)["ActiveState"] == "inactive"
    assert user.json("status")["sessions"] == []
    assert state_of(user) == {"ActiveState": "active", "SubState": "running"}
    first = user.json("daemon", "status")["pid"]
    assert user.run("daemon", "stop").code == 0
    until(lambda: state_of(user)["ActiveState"] == "inactive", "the end of the daemon")
    assert state_of(user, SOCKET)["ActiveState"] == "active"
    assert user.json("daemon", "status")["pid"] != first
    assert user.run("daemon", "uninstall").code == 0
    assert not user.socket.exists()


def test_a_hung_daemon_is_replaced_and_its_sessions_live_on(user, server):
    """Nothing feeds the watchdog: the daemon is killed, the next one finds viewer and port again."""
    install(user, "WatchdogSec=3", "RestartSec=100ms")
    user.manage("start", SERVICE)
    session = a_session(user)
    before = user.unit(SERVICE, "MainPID")["MainPID"]
    user.manage("kill", "--kill-whom=main", "--signal=STOP", SERVICE)
    until(lambda: user.unit(SERVICE, "NRestarts")["NRestarts"] == "1", "a restart", PATIENCE_S)
    until(lambda: state_of(user)["SubState"] == "running", "a new daemon", PATIENCE_S)
    assert user.unit(SERVICE, "MainPID")["MainPID"] != before
    kept(user, session)


def test_a_daemon_that_is_well_is_left_alone(user):
    """It outlives its watchdog's time several times over."""
    install(user, "WatchdogSec=1")
    user.manage("start", SERVICE)
    since = "WatchdogTimestampMonotonic"
    first = int(user.unit(SERVICE, since)[since])
    until(lambda: int(user.unit(SERVICE, since)[since]) > first + 3_000_000, "being fed", PATIENCE_S)
    assert user.unit(SERVICE, "NRestarts", "SubState") == {"NRestarts": "0", "SubState": "running"}


def test_a_restart_keeps_sessions(user, server):
    """The new daemon finds viewer and port again."""
    install(user)
    user.manage("start", SERVICE)
    session = a_session(user)
    user.manage("restart", SERVICE)
    kept(user, session)


def test_reload_takes_what_can_change_and_refuses_what_is_broken(user):
    """The status says what holds; all problems are in the log, and the daemon goes on."""
    install(user)
    user.manage("start", SERVICE)
    before = user.unit(SERVICE, "MainPID")

    def reloaded(*lines):
        user.configure(*lines)
        user.manage("reload", SERVICE)
        until(lambda: state_of(user)["SubState"] == "running", "the end of the reload")
        return user.unit(SERVICE, "StatusText")["StatusText"]

    text = reloaded("hold_time = 3", "viewer_lease = 600")
    assert text == "configuration reloaded; changed: hold_time; needs a restart: viewer_lease"
    text = reloaded("hold_tme = 4", 'keepalive_count = "many"')
    assert "not reloaded" in text
    log = user.run("daemon", "logs").out
    assert "did you mean 'hold_time'?" in log
    assert "'many' is not a whole number" in log
    assert reloaded("hold_time = 3") == "configuration reloaded; nothing changed"
    assert user.unit(SERVICE, "MainPID") == before
