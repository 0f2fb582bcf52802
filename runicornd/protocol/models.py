"""Parameters and results of every method, as msgspec structs.

Times are seconds since the epoch (UTC). Parameters forbid unknown fields, so that a misspelt one is
an error and not a silent default; results may gain fields in later versions.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=86400 * 365)]


class Params(msgspec.Struct, forbid_unknown_fields=True):
    """Base of all parameters."""


class Result(msgspec.Struct):
    """Base of all results."""


class Empty(Params):
    """No parameters."""


class Done(Result):
    """Nothing to say but that it is done."""

    done: bool = True


class Document(Result):
    """An OpenRPC document (https://spec.open-rpc.org)."""

    openrpc: str
    info: dict[str, object]
    methods: list[dict[str, object]]
    components: dict[str, object] = {}


class ErrorData(Result):
    """The ``data`` of a JSON-RPC error, and the reason in a session's or host's state."""

    kind: str
    message: str
    hint: str = ""
    retryable: bool = False
    context: dict[str, object] = {}


class HelloParams(Params):
    """First words of a client; ``protocol`` is the range [min, max] that it speaks."""

    client: Annotated[str, msgspec.Meta(max_length=200)]
    version: Annotated[str, msgspec.Meta(max_length=100)]
    protocol: tuple[int, int]


class HelloResult(Result):
    """``protocol`` is what this connection speaks from now on."""

    protocol: int
    daemon: str
    version: str


class DaemonInfo(Result):
    """The running daemon."""

    pid: int
    started: float
    socket: str
    log: str
    config: str


class StatusParams(Params):
    """``subject``: only this session, or the sessions of this target."""

    subject: Text | None = None


class StatusResult(Result):
    """Everything that lives now. ``forwards`` is filled by a later version."""

    version: str
    daemon: DaemonInfo
    hosts: list[HostState]
    sessions: list[Session]
    forwards: list[object] = []
    prompts: list[PromptInfo] = []


class ShutdownParams(Params):
    """``keep`` leaves the remote viewers running, to be found again by the next daemon."""

    keep: bool = False


class SavedHost(Result):
    """A host that the user saved under a name. ``address`` is ``[user@]host[:port]``."""

    name: str
    address: str
    identity_file: str | None = None


class HostState(Result):
    """A host that has a link.

    ``state`` is one of idle, connecting, waiting_for_user, up, backoff, blocked, closed; ``retry_at``
    says when the next try is due in backoff; ``prompt`` is the question that it waits for, which may
    be about a jump host.
    """

    target: str
    address: str
    state: str
    since: float
    retry_at: float | None = None
    error: ErrorData | None = None
    prompt: str | None = None


class HostsResult(Result):
    """Saved hosts, the aliases of the OpenSSH configuration, and hosts with a link."""

    saved: list[SavedHost]
    aliases: list[str]
    links: list[HostState]


class HostSaveParams(Params):
    """Save or replace a host."""

    name: Text
    address: Text
    identity_file: Text | None = None


class HostNameParams(Params):
    """Name a saved host."""

    name: Text


class TargetParams(Params):
    """Name a target."""

    target: Text


class HostKey(Result):
    """One host key; ``fingerprint`` as OpenSSH shows it (``SHA256:…``)."""

    type: str
    fingerprint: str
    source: str = ""


class HostCheckResult(Result):
    """What a server shows before any login: its key, and what we know of it.

    ``verdict`` is one of trusted, unknown, changed, revoked.
    """

    target: str
    address: str
    verdict: Literal["trusted", "unknown", "changed", "revoked"]
    shown: HostKey
    known: list[HostKey] = []


class TrustParams(Params):
    """Trust the key with this fingerprint, which the server must show right now."""

    target: Text
    fingerprint: Text


class UntrustResult(Result):
    """``removed`` keys; ``elsewhere`` names the files of the user that list the host as well."""

    removed: list[HostKey]
    elsewhere: list[str] = []


class AuthParams(Params):
    """How to log in, beside what the configuration says. Kept in memory only, never stored.

    ``agent_socket``: the SSH agent of the client's own environment. It is used from now on, for every
    host whose configuration leaves it to ``SSH_AUTH_SOCK``.
    """

    identity_file: Text | None = None
    private_key: Annotated[str, msgspec.Meta(min_length=1, max_length=65536)] | None = None
    passphrase: Annotated[str, msgspec.Meta(max_length=4096)] | None = None
    password: Annotated[str, msgspec.Meta(max_length=4096)] | None = None
    agent_socket: Text | None = None


class EnvsParams(Params):
    """Environments of a target, judged for a viewer kind (None: the daemon's default)."""

    target: Text
    viewer: Text | None = None
    auth: AuthParams | None = None


class Environment(Result):
    """A Python environment. ``usable`` is false with a ``reason`` and a ``fix`` (a command line)."""

    name: str
    kind: str
    python: str
    python_version: str | None
    runicorn_version: str | None
    storage_root: str | None
    usable: bool
    reason: str = ""
    fix: str = ""


class EnvsResult(Result):
    """``chosen`` is the python that ``connect`` without ``--env`` would take, if that is clear."""

    target: str
    environments: list[Environment]
    chosen: str | None = None


class SessionStartParams(Params):
    """Start a viewer, or return the session that already is what is asked for.

    Args:
        env: Name or path of an environment; None takes the last one used, the only usable one, or
            asks.
        root: Storage root on the host; None takes the environment's own.
        viewer: None takes the daemon's default kind.
        local_port: None takes the port used last time, or a free one of the configured range.
    """

    target: Text
    env: Text | None = None
    root: Text | None = None
    viewer: Text | None = None
    local_port: Port | None = None
    auth: AuthParams | None = None


class SubjectParams(Params):
    """A session id, or a target that has one session only."""

    session: Text


class LogsParams(Params):
    """The last ``lines`` lines of the viewer's log. Follow it by the topic ``log:<session id>``."""

    session: Text
    lines: Annotated[int, msgspec.Meta(ge=1, le=10000)] = 100


class LogsResult(Result):
    """Lines without their ends. ``session`` is the id."""

    session: str
    lines: list[str]


class SessionEnv(Result):
    """The environment that runs the viewer."""

    name: str
    python: str
    runicorn_version: str | None


class Remote(Result):
    """The viewer's process. ``exposed``: on TCP, where other accounts of the server can reach it."""

    pid: int
    endpoint: str
    exposed: bool


class Session(Result):
    """A session.

    ``state``: starting, ready, reconnecting, restarting, blocked, failed, stopping, stopped.
    ``step`` is what it is doing while it starts: connecting, environments, choosing, launching,
    answering. ``detail`` says in words what it does or waits for; ``prompt`` is the question that it
    waits for.
    """

    id: str
    target: str
    viewer: str
    state: str
    url: str | None
    local_port: int | None
    env: SessionEnv | None
    root: str | None
    remote: Remote | None
    since: float
    step: str | None = None
    detail: str = ""
    prompt: str | None = None
    error: ErrorData | None = None


class SessionsResult(Result):
    """All sessions, by id."""

    sessions: list[Session]


class PromptField(Result):
    """One thing to fill in; a field without ``echo`` is a secret."""

    label: str
    echo: bool


class PromptChoice(Result):
    """One of the answers to pick."""

    value: str
    label: str
    detail: str = ""


class PromptInfo(Result):
    """A question that waits. ``kind``: password, passphrase, code, host_key, environment."""

    id: str
    kind: str
    target: str
    message: str
    fields: list[PromptField] = []
    choices: list[PromptChoice] = []
    detail: str = ""


class PromptsResult(Result):
    """The open questions, oldest first."""

    prompts: list[PromptInfo]


class AnswerParams(Params):
    """One value for each field, or the value of one choice."""

    prompt: Text
    values: list[Annotated[str, msgspec.Meta(max_length=65536)]]


class SubscribeParams(Params):
    """What to listen to.

    ``since``: a sequence number that the client has seen; the snapshot is left out when nothing was
    missed. ``topics``: ``log:<session id>`` adds the lines of a viewer's log.
    """

    since: Annotated[int, msgspec.Meta(ge=0)] | None = None
    topics: list[Text] = []


class SubscribeResult(Result):
    """The state at ``sequence``; every later change follows as an event."""

    sequence: int
    snapshot: StatusResult | None


class Event(Result):
    """The parameters of an ``event`` notification.

    ``topic`` and ``data``: ``session`` (Session), ``session.removed`` ({id}), ``host`` (HostState),
    ``prompt`` (PromptInfo), ``prompt.closed`` ({id}), ``log`` (LogLines), ``resync`` (null: take a
    new snapshot).
    """

    sequence: int
    topic: str
    data: object = None


class LogLines(Result):
    """New lines of a viewer's log."""

    session: str
    lines: list[str]
