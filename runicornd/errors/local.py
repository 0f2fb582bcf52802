"""Errors of this machine."""

from __future__ import annotations

from runicornd.errors.base import RunicorndError


class LocalError(RunicorndError):
    """This machine is in the way."""


class ConfigInvalid(LocalError):
    """The configuration has problems; the message lists all of them."""

    kind = "config_invalid"


class AlreadyRunning(LocalError):
    """Another daemon of this user holds the lock."""

    kind = "already_running"


class PortTaken(LocalError):
    """The local port is used by another program."""

    kind = "port_taken"


class StateUnwritable(LocalError):
    """The state folder cannot be written."""

    kind = "state_unwritable"


class SshMissing(LocalError):
    """The OpenSSH client, which reads the user's configuration, is not installed."""

    kind = "ssh_missing"


class LocalDiskFull(LocalError):
    """This machine's disk has no room for it."""

    kind = "local_disk_full"


class PlaceUnwritable(LocalError):
    """The folder that the user chose cannot be written."""

    kind = "place_unwritable"


class DashboardOff(LocalError):
    """The dashboard is not served."""

    kind = "dashboard_off"
