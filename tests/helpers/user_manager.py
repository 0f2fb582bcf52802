"""A real systemd user manager, alone in namespaces of its own: control group, mounts and processes.

It sees only its own control group and its own processes, so nothing outside can be touched by it. That
takes root and a cgroup2 file system; where those are missing, the test is skipped.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.helpers.ctl import Ctl
from tests.helpers.laptop import Laptop
from tests.helpers.waiting import until

SYSTEMD = "/lib/systemd/systemd"
PROGRAMS = ("unshare", "nsenter", "systemctl", "mount")
# systemd answers within 45 s; runicornctl waits as long.
PATIENCE_S = 45.0

# Joins the group first, so that the root of the new namespace is that group and not the machine's.
_JOIN = """
echo $$ > "$1/cgroup.procs"
exec unshare --cgroup --mount --pid --fork --kill-child --mount-proc --propagation private sh -euc "$2"
"""

# The shell stays as process 1. Without --unit the manager would start whatever the machine has enabled.
_INSIDE = f"""
[ "$(readlink /proc/self/ns/cgroup)" != "$OUTER" ]
grep -qx 0::/ /proc/self/cgroup
mount -t cgroup2 none /sys/fs/cgroup
[ -e /sys/fs/cgroup/cgroup.kill ]  # the machine's own root group has no such file
mount -t tmpfs none /run
mkdir -p /run/systemd/system  # what tells systemd that it is at home
{SYSTEMD} --user --unit=basic.target --log-target=console &
wait $!
"""


def missing():
    """Why no user manager can be started here, or None."""
    if not Path(SYSTEMD).exists() or any(shutil.which(program) is None for program in PROGRAMS):
        return "systemd is not installed"
    if os.getuid() != 0:
        return "a private control group takes root"
    if _own_group() is None:
        return "there is no control group (cgroup2) to make one in"
    return None


class UserManager(Laptop):
    """``with UserManager(folder) as user:`` is a user who is logged in; the daemon is not running.

    Everything is run inside the manager's namespaces. The configuration is in ``config``, and not in
    variables, for a service does not see those.
    """

    def __init__(self, folder):
        if reason := missing():
            pytest.skip(reason)
        super().__init__(folder)
        for name in [name for name in self.env if name.startswith("RUNICORND_")]:
            del self.env[name]
        self.env["SYSTEMD_UNIT_PATH"] = f"{self.home}/.config/systemd/user:/usr/lib/systemd/user"
        self.config = self.home / ".config/runicornd/config.toml"
        self.configure()
        self._group = None
        self._outer = None
        self._first = None

    def __enter__(self):
        self._group = Path(tempfile.mkdtemp(prefix="runicornd-test-", dir=_own_group()))
        try:
            self._boot()
        except BaseException:
            self._shut_down()
            raise
        return self

    def __exit__(self, *_):
        self._shut_down()

    def configure(self, *lines):
        """Write the configuration: what every test needs, and these lines."""
        self.config.parent.mkdir(parents=True, exist_ok=True)
        ports = [] if any(line.startswith("local_ports") for line in lines) else ['local_ports = "0"']
        text = [f'ssh_config = "{self.ssh_config}"', *ports, *lines]
        self.config.write_text("".join(f"{line}\n" for line in text))

    def command(self, *words):
        return self._within(Ctl.command(self, *words))

    def systemctl(self, *words):
        """Run ``systemctl --user``; return how it ended and what it printed."""
        done = subprocess.run(
            self._within(["systemctl", "--user", "--no-pager", *words]),
            env=self.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def manage(self, *words):
        """``systemctl --user`` that has to go well; what it printed."""
        code, said = self.systemctl(*words)
        assert code == 0, f"systemctl {words}: {said}\n{self.log()}"
        return said

    def unit(self, name, *properties):
        """The properties of a unit, as a dict of texts."""
        lines = self.manage("show", name, "--property", ",".join(properties)).splitlines()
        return dict(line.split("=", 1) for line in lines)

    def drop_in(self, *lines):
        """Change settings of the service, as a user does with ``systemctl edit``."""
        path = self.home / ".config/systemd/user/runicornd.service.d/test.conf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("[Service]\n" + "".join(f"{line}\n" for line in lines))

    def log(self):
        """What the manager printed, and what the daemon has logged."""
        logs = (self.home / "manager.log", self.state / "log/runicornd.log")
        return "\n".join(log.read_text() for log in logs if log.exists())

    def _boot(self):
        with (self.home / "manager.log").open("wb") as output:
            self._outer = subprocess.Popen(
                ["/bin/sh", "-euc", _JOIN, "sh", str(self._group), _INSIDE],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**self.env, "OUTER": str(Path("/proc/self/ns/cgroup").readlink())},
                cwd="/",
                start_new_session=True,
            )
        # The join comes before `unshare` forks, and the first process of the namespaces is its child.
        self._first = until(self._child, "the first process", PATIENCE_S)
        until(self._is_up, "the user manager", PATIENCE_S)

    def _child(self):
        assert self._outer.poll() is None, self.log()
        text = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children").read_text()
        return text.split()[0] if text.split() else None

    def _is_up(self):
        assert self._outer.poll() is None, self.log()
        has_socket = (self.runtime / "systemd/private").exists()
        return has_socket and self.systemctl("is-system-running")[1].strip() == "running"

    def _within(self, words):
        return ["nsenter", "--target", str(self._first), "--cgroup", "--mount", "--pid", *words]

    def _shut_down(self):
        """End all of its processes, by its group, which has no others."""
        (self._group / "cgroup.kill").write_text("1")
        if self._outer is not None:
            self._outer.kill()
            self._outer.wait(PATIENCE_S)
        events = self._group / "cgroup.events"
        until(lambda: "populated 0" in events.read_text(), "the end of its processes")
        for folder, _, _ in os.walk(self._group, topdown=False):
            Path(folder).rmdir()
        super().__exit__()


def _own_group():
    """The folder of the control group that this process is in, or None."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    bases = [words[1] for words in mounts if words[2] == "cgroup2" and "rw" in words[3].split(",")]
    own = next(
        (line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::")),
        None,
    )
    if not bases or own is None or own.startswith("/.."):
        return None
    group = Path(bases[0], own.lstrip("/"))
    return group if os.access(group / "cgroup.procs", os.W_OK) else None
