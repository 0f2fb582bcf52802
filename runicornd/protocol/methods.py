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
    Method("hosts.keys", models.Empty, models.TrustedKeysResult, "Host keys that were trusted here."),
    Method("hosts.trust", models.TrustParams, models.Done, "Trust the host key that is shown now."),
    Method("hosts.untrust", models.TargetParams, models.UntrustResult, "Forget a trusted host key."),
    Method("envs.list", models.EnvsParams, models.EnvsResult, "Python environments of a target."),
    Method("folders.list", models.FoldersParams, models.FoldersResult, "Folders of a target."),
    Method("sessions.start", models.SessionStartParams, models.Session, "Start a viewer, or find it."),
    Method("sessions.list", models.Empty, models.SessionsResult, "All sessions."),
    Method("sessions.get", models.SubjectParams, models.Session, "One session."),
    Method("sessions.stop", models.SubjectParams, models.Session, "Stop a session and its viewer."),
    Method("sessions.restart", models.SubjectParams, models.Session, "Start the viewer afresh."),
    Method("sessions.logs", models.LogsParams, models.LogsResult, "The end of a viewer's log."),
    Method("sessions.remove", models.SubjectParams, models.Done, "Stop a session and forget it."),
    Method("forwards.open", models.ForwardOpenParams, models.Forward, "Open a forward, or find it."),
    Method("forwards.list", models.Empty, models.ForwardsResult, "All forwards."),
    Method("forwards.close", models.ForwardNameParams, models.Done, "Close a forward and forget it."),
    Method("stores.list", models.Empty, models.StoresResult, "All stores."),
    Method("stores.add", models.StoreAddParams, models.Store, "Begin to mirror a storage root."),
    Method("stores.remove", models.StoreRemoveParams, models.StoreLeft, "Forget a store."),
    Method("stores.change", models.StoreChangeParams, models.Store, "Change how often a store is synced."),
    Method("stores.use", models.StoreNameParams, models.Store, "Make a store the one that is meant."),
    Method("stores.status", models.StoreParams, models.Store, "One store."),
    Method("stores.problems", models.StoreProblemsParams, models.StoreProblemsResult, "What is unreadable."),
    Method("stores.sync", models.SyncParams, models.Store, "Bring the mirror up to date."),
    Method("stores.cancel", models.StoreParams, models.Store, "End the sync that runs."),
    Method("stores.connect", models.StoreParams, models.Store, "Sync a store again from now on."),
    Method("stores.disconnect", models.StoreParams, models.Store, "Leave a store's machine alone."),
    Method("artifacts.list", models.ArtifactsParams, models.ArtifactsResult, "A page of artifacts."),
    Method("artifacts.get", models.ArtifactParams, models.Artifact, "One version in full."),
    Method("artifacts.files", models.FilesParams, models.FilesResult, "A page of a version's files."),
    Method("artifacts.lineage", models.LineageParams, models.Lineage, "What came from what."),
    Method("artifacts.delete", models.DeleteParams, models.Changed, "Delete a version at its store."),
    Method("artifacts.restore", models.ArtifactParams, models.Changed, "Undo a soft delete."),
    Method("artifacts.alias", models.AliasParams, models.Changed, "Set or remove an alias."),
    Method("artifacts.tag", models.TagParams, models.Changed, "Add and remove tags."),
    Method("runs.list", models.RunsParams, models.RunsResult, "A page of runs."),
    Method("runs.get", models.RunParams, models.Run, "One run in full."),
    Method("downloads.start", models.DownloadParams, models.Download, "Fetch a version's files."),
    Method("downloads.list", models.Empty, models.DownloadsResult, "All downloads."),
    Method("downloads.get", models.DownloadNameParams, models.Download, "One download."),
    Method("downloads.cancel", models.DownloadNameParams, models.Download, "End a download."),
    Method("cache.info", models.Empty, models.CacheInfo, "What the mirror and the downloads take."),
    Method("cache.cleanup", models.CacheCleanupParams, models.CacheFreed, "Remove old downloads."),
    Method("cache.clear", models.CacheClearParams, models.CacheFreed, "Remove cached files."),
    Method("prompts.list", models.Empty, models.PromptsResult, "The questions that wait."),
    Method("prompts.answer", models.AnswerParams, models.Done, "Answer a question."),
    Method("events.subscribe", models.SubscribeParams, models.SubscribeResult, "A snapshot, then changes."),
    Method("settings.get", models.Empty, models.SettingsResult, "What is set, and where."),
    Method("settings.reload", models.Empty, models.SettingsReloaded, "Read the configuration again."),
    Method("dashboard.link", models.Empty, models.DashboardLink, "Let one browser in; not for browsers."),
    Method("dashboard.token", models.Empty, models.DashboardToken, "Let programs in; not for browsers."),
    Method("dashboard.revoke", models.Empty, models.Done, "Log everybody out; not for browsers."),
    Method("doctor.run", models.DoctorParams, models.DoctorResult, "Look for what is wrong."),
    Method(DISCOVER, models.Empty, models.Document, "This contract as an OpenRPC document."),
)

METHODS: Mapping[str, Method] = {method.name: method for method in _TABLE}
