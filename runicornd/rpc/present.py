"""From what the daemon knows to what the wire says. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from runicornd import prompts as questions
from runicornd.events import Resync
from runicornd.protocol import models
from runicornd.rpc.failures import error_data
from runicornd.sessions.model import LogWritten, SessionChanged, SessionRemoved
from runicornd.ssh.lifecycle import LinkChanged, LinkPhase

if TYPE_CHECKING:
    from typing import Literal

    from runicornd.errors import RunicorndError
    from runicornd.events import Event
    from runicornd.rpc.services import CheckView, KeyView, SavedHostView, Services
    from runicornd.sessions.model import EnvironmentReport, Intent, JudgedEnvironment, SessionView
    from runicornd.ssh.lifecycle import LinkState
    from runicornd.ssh.targets import Host


def status(services: Services) -> models.StatusResult:
    """Everything that lives now."""
    facts = services.daemon
    return models.StatusResult(
        version=facts.version,
        daemon=models.DaemonInfo(
            pid=facts.pid,
            started=facts.started,
            socket=str(facts.socket),
            log=str(facts.log),
            config=str(facts.config),
        ),
        hosts=links(services),
        sessions=[session(view) for view in services.sessions.list()],
        prompts=[prompt(pending) for pending in services.prompts.pending()],
    )


def links(services: Services) -> list[models.HostState]:
    """The links that are wanted, or were a moment ago."""
    shown = (
        link for link in services.pool.links() if link.state.phase not in {LinkPhase.IDLE, LinkPhase.CLOSED}
    )
    return [host_state(link.host, link.state) for link in shown]


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
        error=_reason(state.error),
    )


def host_state(host: Host, state: LinkState) -> models.HostState:
    """A link."""
    return models.HostState(
        target=host.target,
        address=host.address,
        state=state.phase,
        since=state.since,
        retry_at=state.retry_at,
        error=_reason(state.error),
        prompt=state.prompt_id,
    )


def saved_host(saved: SavedHostView) -> models.SavedHost:
    """A saved host."""
    key = saved.identity_file
    return models.SavedHost(saved.name, saved.address, None if key is None else str(key))


def host_key(key: KeyView) -> models.HostKey:
    """A host key."""
    return models.HostKey(type=key.key_type, fingerprint=key.fingerprint, source=key.source)


def host_check(target: str, check: CheckView) -> models.HostCheckResult:
    """A look at a server's key."""
    return models.HostCheckResult(
        target=target,
        address=check.address,
        verdict=cast("Literal['trusted', 'unknown', 'changed', 'revoked']", str(check.verdict)),
        shown=host_key(check.shown),
        known=[host_key(key) for key in check.known],
    )


def environments(report: EnvironmentReport) -> models.EnvsResult:
    """The environments of a target."""
    root = report.storage_root.path
    return models.EnvsResult(
        target=report.target,
        environments=[_environment(judged, root) for judged in report.environments],
        chosen=report.chosen,
    )


def prompt(pending: questions.Prompt) -> models.PromptInfo:
    """A question that waits."""
    question = pending.question
    return models.PromptInfo(
        id=pending.id,
        kind=question.kind,
        target=question.target,
        message=question.message,
        fields=[models.PromptField(field.label, field.echo) for field in question.fields],
        choices=[models.PromptChoice(one.value, one.label, one.detail) for one in question.choices],
        detail=question.detail,
    )


def event(sequence: int, happened: Event) -> models.Event | None:
    """An event, or None for one that is not for clients."""
    told = _told(happened)
    return None if told is None else models.Event(sequence, *told)


def _told(happened: Event) -> tuple[str, object] | None:
    """The topic of an event and its data."""
    told: tuple[str, object] | None = None
    match happened:
        case SessionChanged(view):
            told = "session", session(view)
        case SessionRemoved(session_id):
            told = "session.removed", {"id": session_id}
        case LinkChanged(host, state):
            told = "host", host_state(host, state)
        case questions.PromptAsked(pending):
            told = "prompt", prompt(pending)
        case questions.PromptClosed(prompt_id):
            told = "prompt.closed", {"id": prompt_id}
        case LogWritten(session_id, lines):
            told = "log", models.LogLines(session_id, list(lines))
        case Resync():
            told = "resync", None
    return told


def _reason(error: RunicorndError | None) -> models.ErrorData | None:
    return None if error is None else error_data(error)


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
    )
