"""Every method of the wire: its name, its parameters, its result, and one line about it.

The daemon builds its registry and ``rpc.discover`` from this table, clients look up what to send and
what to expect. A method that is not here does not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from runicornd.protocol import models

if TYPE_CHECKING:
    from collections.abc import Mapping

HELLO = "daemon.hello"
DISCOVER = "rpc.discover"
EVENT = "event"


class Method(NamedTuple):
    """One entry of the table."""

    name: str
    params: type[models.Params]
    result: type[models.Result]
    summary: str


_TABLE = (
    Method(HELLO, models.HelloParams, models.HelloResult, "Agree on a protocol; comes first."),
    Method("daemon.status", models.StatusParams, models.StatusResult, "Everything that lives now."),
    Method("daemon.shutdown", models.ShutdownParams, models.Done, "End the daemon."),
    Method("hosts.list", models.Empty, models.HostsResult, "Saved hosts, aliases and links."),
    Method("hosts.save", models.HostSaveParams, models.Done, "Save or replace a host."),
    Method("hosts.forget", models.HostNameParams, models.Done, "Forget a saved host."),
    Method("hosts.check", models.TargetParams, models.HostCheckResult, "Look at a server's host key."),
    Method("hosts.trust", models.TrustParams, models.Done, "Trust the host key that is shown now."),
    Method("hosts.untrust", models.TargetParams, models.UntrustResult, "Forget a trusted host key."),
    Method("envs.list", models.EnvsParams, models.EnvsResult, "Python environments of a target."),
    Method("sessions.start", models.SessionStartParams, models.Session, "Start a viewer, or find it."),
    Method("sessions.list", models.Empty, models.SessionsResult, "All sessions."),
    Method("sessions.get", models.SubjectParams, models.Session, "One session."),
    Method("sessions.stop", models.SubjectParams, models.Session, "Stop a session and its viewer."),
    Method("sessions.restart", models.SubjectParams, models.Session, "Start the viewer afresh."),
    Method("sessions.logs", models.LogsParams, models.LogsResult, "The end of a viewer's log."),
    Method("sessions.remove", models.SubjectParams, models.Done, "Stop a session and forget it."),
    Method("prompts.list", models.Empty, models.PromptsResult, "The questions that wait."),
    Method("prompts.answer", models.AnswerParams, models.Done, "Answer a question."),
    Method("events.subscribe", models.SubscribeParams, models.SubscribeResult, "A snapshot, then changes."),
    Method(DISCOVER, models.Empty, models.Document, "This contract as an OpenRPC document."),
)

METHODS: Mapping[str, Method] = {method.name: method for method in _TABLE}
