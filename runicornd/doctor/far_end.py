"""The far end of a link: shell, Python, environments, folders, sockets, clock."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from runicornd.doctor import amounts
from runicornd.doctor.disk import disk_finding
from runicornd.doctor.model import Finding, failure, ok, warning
from runicornd.doctor.run import Step
from runicornd.doctor.shell import look_at_shell
from runicornd.errors import ForwardingForbidden, NotConnected
from runicornd.sessions import choice
from runicornd.sessions.bringup import survey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd._lib.clock import Clock
    from runicornd.remote.host import RemoteHost
    from runicornd.remote.models import Account, Place
    from runicornd.sessions.model import EnvironmentReport
    from runicornd.ssh.link import Link
    from runicornd.viewers.kinds.base import ViewerKind

SLOW_TRIP_S = 0.5
CLOCK_LIMIT_S = 60.0
TRIPS = 5
KNOCK = b"runicornd-knock\n"
SHOWN_NAMES = 5


class FarEnd:
    """Looks at the server behind a link.

    Args:
        target: What the user calls it.
        kind: The viewer kind that shall run there.
        clock: Our time.
    """

    def __init__(self, target: str, *, kind: ViewerKind, clock: Clock) -> None:
        self._target = target
        self._kind = kind
        self._clock = clock
        self._reached: tuple[Link, RemoteHost] | None = None
        self._survey: EnvironmentReport | None = None
        self._account: Account | None = None
        self._forwards_unix = False

    def reach(self, link: Link, remote: RemoteHost) -> None:
        """Look at this one; the link is brought up and held by somebody else before the first check."""
        self._reached = (link, remote)

    @property
    def _link(self) -> Link:
        assert self._reached
        return self._reached[0]

    @property
    def _remote(self) -> RemoteHost:
        assert self._reached
        return self._reached[1]

    async def shell(self) -> Finding:
        """Whether the login shell runs a command, and what it prints before."""
        connection = self._link.connection
        if connection is None:
            raise NotConnected("cannot run a command: the connection was lost", hint="try again")
        try:
            return await look_at_shell(connection)
        except NotConnected as error:
            if self._link.connection is not connection:
                raise
            return warning("shell_untried", f"not tried: {error.message}", error.hint, why=error.message)

    async def python(self) -> Finding:
        """Whether there is a Python for the agent."""
        greeting = await self._remote.greeting()
        text = f"Python {greeting.python} on {greeting.platform}"
        return ok("python_found", text, version=greeting.python, platform=greeting.platform)

    async def environments(self) -> Finding:
        """Whether the viewer can run in one of the environments."""
        found = self._survey = await survey(self._target, self._remote, self._kind, None)
        usable = [each for each in found.environments if each.usable]
        context = {
            "environments": len(found.environments),
            "usable": {each.environment.name: each.version for each in usable},
        }
        if not usable:
            error = choice.none_usable(found.environments, self._target, self._kind.package)
            return warning(error.kind, error.message, error.hint, **context)
        names = [f"{each.environment.name} ({each.version})" for each in usable[:SHOWN_NAMES]]
        more = f" and {len(usable) - SHOWN_NAMES} more" if len(usable) > SHOWN_NAMES else ""
        text = f"{len(usable)} of {len(found.environments)} can run the viewer: {', '.join(names)}{more}"
        return ok("environments_usable", text, **context)

    async def root(self) -> Finding:
        """Whether the storage root is there and what may be done with it."""
        assert self._survey is not None
        root = self._survey.storage_root
        place = await self._place("root")
        context: dict[str, object] = {"path": root.path, "source": root.source}
        if not place.is_folder:
            return failure(
                "root_missing",
                f"the storage root {root.path} does not exist ({_source(root.source)})",
                f"log a run there first, or name the folder: runicornctl connect {self._target} --root DIR",
                **context,
            )
        if not place.readable:
            return failure(
                "root_unreadable",
                f"{root.path} cannot be read by this account (mode {place.mode:o}, owner {place.uid})",
                f"on the server, look at its owner and mode: ls -ld {root.path}",
                mode=f"{place.mode:o}",
                uid=place.uid,
                **context,
            )
        if not place.writable:
            why = "its file system is read-only" if place.read_only else "this account may not write there"
            return warning(
                "root_read_only",
                f"{root.path} can be read, but {why}",
                "viewing works; runs cannot be logged there, artifacts cannot be deleted, aliased or tagged",
                read_only=place.read_only,
                **context,
            )
        return ok("root_fine", f"{root.path} ({_source(root.source)})", **context)

    async def home(self) -> Finding:
        """Whether the account's home can be written."""
        account = await self._ask_account()
        place = await self._place("home")
        context = {"path": place.path, "umask": account.umask, "system": account.system}
        if not place.is_folder:
            text = f"the home folder {place.path} does not exist"
            return warning("home_missing", text, "ask for one to be made", **context)
        if not place.writable:
            return warning(
                "home_unwritable",
                f"the home folder {place.path} cannot be written",
                "viewers get a home of their own; programs that keep settings at home may complain",
                **context,
            )
        mask = f", umask {account.umask:03o}" if account.umask >= 0 else ""
        return ok("home_fine", f"{place.path} can be written{mask}; {account.system}", **context)

    async def unix_sockets(self) -> Finding:
        """Whether the viewer's private socket can be reached."""
        try:
            await self._knock("unix")
        except ForwardingForbidden as error:
            return warning(
                "unix_sockets_forbidden",
                "the server does not forward Unix sockets",
                "viewers listen on 127.0.0.1 of the server instead, where its other accounts can open them; "
                "ask the administrator for 'AllowStreamLocalForwarding yes'",
                said=error.message,
            )
        self._forwards_unix = True
        return ok("unix_sockets_fine", "a viewer listens on a private socket that only this account can open")

    async def forwarding(self) -> Finding:
        """Whether a TCP port of the server can be reached."""
        try:
            await self._knock("tcp")
        except ForwardingForbidden as error:
            if self._forwards_unix:
                return ok("tcp_not_needed", "TCP is not forwarded, and not needed: Unix sockets are")
            return failure(
                "nothing_forwarded",
                "the server forwards neither Unix sockets nor TCP",
                "no viewer can be reached; ask the administrator for 'AllowTcpForwarding yes' in sshd_config "
                "(with 'no' there, or with PermitOpen, OpenSSH forwards no Unix sockets either), and look "
                "for 'restrict' before your key in ~/.ssh/authorized_keys",
                said=error.message,
            )
        return ok("tcp_fine", "TCP ports of the server can be reached")

    async def disk(self) -> Finding:
        """Whether there is room where the account writes."""
        return disk_finding((await self._ask_account()).places)

    async def clock(self) -> Finding:
        """Whether the two clocks agree."""
        asked, began = self._clock.wall(), time.monotonic()
        theirs = await self._remote.clock()
        ahead_s = theirs - (asked + (time.monotonic() - began) / 2)
        if abs(ahead_s) > CLOCK_LIMIT_S:
            direction = "ahead of" if ahead_s > 0 else "behind"
            return warning(
                "clock_wrong",
                f"the server's clock is {amounts.seconds(abs(ahead_s))} {direction} ours",
                "set the wrong one (timedatectl status): one-time codes, certificates and the times of runs "
                "depend on it",
                seconds=ahead_s,
            )
        text = f"agrees with ours within {amounts.seconds(max(abs(ahead_s), 0.001))}"
        return ok("clock_fine", text, seconds=ahead_s)

    async def latency(self) -> Finding:
        """How long a round trip takes, and how a dead connection is noticed."""
        trips = []
        for _ in range(TRIPS):
            began = time.monotonic()
            await self._remote.clock()
            trips.append(time.monotonic() - began)
        trip_s, host = statistics.median(trips), self._link.host
        alive = (
            ""
            if host.is_local
            else f"; a keep-alive every {host.keepalive_interval_s:g} s, lost after {host.keepalive_count}"
        )
        text = f"round trip {amounts.seconds(trip_s)}{alive}"
        context: dict[str, object] = {"seconds": trip_s, "is_local": host.is_local}
        context |= {"interval_s": host.keepalive_interval_s, "misses": host.keepalive_count}
        if trip_s > SLOW_TRIP_S:
            hint = "the network or the server is slow; pages will take their time"
            return warning("latency_high", text, hint, **context)
        return ok("latency_fine", text, **context)

    async def _knock(self, transport: str) -> None:
        """Reach what the agent listens on. Raises ``ForwardingForbidden`` when that does not go."""
        endpoint = await self._remote.listen(transport)
        stream = await self._remote.open_endpoint(transport, endpoint)
        heard = b""
        try:
            while len(heard) < len(KNOCK) and (data := await stream.read(64)):
                heard += data
        finally:
            stream.abort()
        if heard != KNOCK:
            raise ForwardingForbidden(f"something else answers at {endpoint}", hint="try again")

    async def _ask_account(self) -> Account:
        if self._account is None:
            root = self._survey.storage_root.path if self._survey else ""
            self._account = await self._remote.account(root)
        return self._account

    async def _place(self, name: str) -> Place:
        places = (await self._ask_account()).places
        found = next((place for place in places if place.name == name), None)
        if found is None:
            raise NotConnected(f"cannot look at the {name} folder: the agent does not tell of it")
        return found


def steps(far: FarEnd) -> Sequence[Step]:
    """The checks of a far end, in order."""
    return (
        Step("shell", "Login shell", far.shell, ("login",)),
        Step("python", "Python", far.python, ("shell",)),
        Step("environments", "Environments", far.environments, ("python",), limit_s=40.0),
        Step("root", "Storage root", far.root, ("environments",)),
        Step("home", "Home folder", far.home, ("python",)),
        Step("unix_sockets", "Unix sockets", far.unix_sockets, ("python",)),
        Step("forwarding", "Forwarding", far.forwarding, ("python",)),
        Step("disk", "Disk", far.disk, ("python",)),
        Step("clock", "Clock", far.clock, ("python",)),
        Step("latency", "Latency", far.latency, ("python",)),
    )


def _source(source: str) -> str:
    names = {"config": "chosen in Runicorn's settings", "default": "Runicorn's default"}
    return names.get(source, f"chosen by {source}")
