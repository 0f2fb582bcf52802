"""Sessions and environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import models
from runicornd.rpc.present.errors import reason

if TYPE_CHECKING:
    from runicornd.sessions.model import EnvironmentReport, Intent, JudgedEnvironment, SessionView


def session(view: SessionView) -> models.Session:
    """A session."""
    intent, state = view.intent, view.state
    return models.Session(
        id=intent.id,
        target=intent.target,
        viewer=intent.viewer,
        state=state.phase,
        url=view.url,
        local_port=intent.local_port,
        env=_session_env(intent),
        root=intent.record.root if intent.record else intent.requested_root,
        remote=_remote(intent),
        since=state.since,
        step=state.step,
        detail=state.detail,
        prompt=view.prompt,
        error=reason(state.error),
    )


def environments(report: EnvironmentReport) -> models.EnvsResult:
    """The environments of a target."""
    root = report.storage_root.path
    return models.EnvsResult(
        target=report.target,
        environments=[_environment(judged, root) for judged in report.environments],
        chosen=report.chosen,
    )


def _session_env(intent: Intent) -> models.SessionEnv | None:
    chosen = intent.environment
    return None if chosen is None else models.SessionEnv(chosen.name, chosen.python, chosen.version)


def _remote(intent: Intent) -> models.Remote | None:
    record = intent.record
    if record is None:
        return None
    return models.Remote(pid=record.identity.pid, endpoint=record.endpoint, exposed=record.transport == "tcp")


def _environment(judged: JudgedEnvironment, root: str) -> models.Environment:
    found = judged.environment
    return models.Environment(
        name=found.name,
        kind=found.kind,
        python=found.python,
        python_version=found.python_version,
        runicorn_version=judged.version,
        # The root belongs to the account; without a viewer nothing would be kept there.
        storage_root=root if judged.version else None,
        usable=judged.usable,
        reason=judged.reason,
        fix=judged.fix,
        problem=judged.error.kind if judged.error else None,
    )
