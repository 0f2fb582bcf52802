"""Every error that a user can meet, in one tree.

Each class is one stable ``kind``, the word that clients match on. ``message`` says "cannot X: why",
``hint`` what to do next, ``context`` carries the facts as JSON values::

    RunicorndError
    ├── RequestError                what was asked for cannot be
    │   ├── InvalidParams           invalid_params
    │   ├── InvalidTarget           invalid_target
    │   ├── UnknownSession          unknown_session
    │   ├── UnknownHost             unknown_host
    │   ├── UnknownPrompt           unknown_prompt
    │   ├── UnknownViewer           unknown_viewer
    │   ├── UnknownStore            unknown_store
    │   ├── UnknownArtifact         unknown_artifact
    │   ├── AmbiguousName           ambiguous_name
    │   ├── UnknownRun              unknown_run
    │   ├── UnknownDownload         unknown_download
    │   ├── UnknownForward          unknown_forward
    │   ├── NotConfirmed            not_confirmed
    │   └── WrongState              wrong_state
    ├── LocalError                  this machine is in the way
    │   ├── ConfigInvalid           config_invalid
    │   ├── AlreadyRunning          already_running
    │   ├── PortTaken               port_taken
    │   ├── StateUnwritable         state_unwritable
    │   ├── SshMissing              ssh_missing
    │   ├── LocalDiskFull           local_disk_full
    │   ├── PlaceUnwritable         place_unwritable
    │   └── DashboardOff            dashboard_off
    ├── ConnectError                the link cannot be made or was lost
    │   ├── HostUnreachable         host_unreachable        (worth another try)
    │   ├── NotConnected            not_connected           (worth another try)
    │   │   └── ChannelRefused      not_connected           (worth another try)
    │   ├── NotSsh                  not_ssh                 (worth another try)
    │   ├── NoCommonAlgorithm       no_common_algorithm
    │   ├── AuthFailed              auth_failed
    │   ├── KeyUnusable             key_unusable
    │   ├── HostKeyUnknown          host_key_unknown
    │   ├── HostKeyChanged          host_key_changed
    │   ├── HostKeyRevoked          host_key_revoked
    │   ├── KnownHostsUnreadable    known_hosts_unreadable
    │   └── NeedsInput              needs_input
    └── RemoteError                 the server cannot do it
        ├── NoPython                no_python
        ├── RemoteUnsupported       remote_unsupported
        ├── ForwardingForbidden     forwarding_forbidden
        ├── AgentFailed             agent_failed            (worth another try)
        ├── NoEnvironment           no_environment
        ├── ViewerNotInstalled      viewer_not_installed
        ├── ViewerIncompatible      viewer_incompatible
        ├── ViewerCrashed           viewer_crashed          (worth another try)
        ├── ViewerUnresponsive      viewer_unresponsive     (worth another try)
        ├── RootNotFound            root_not_found
        ├── PermissionDenied        permission_denied
        ├── DiskFull                disk_full
        ├── ReadOnly                read_only
        ├── ChecksumMismatch        checksum_mismatch
        ├── SourceChanged           source_changed
        ├── FileMissing             file_missing
        ├── MetadataBroken          metadata_broken
        └── StoreLocked             store_locked            (worth another try)
"""

from runicornd.errors.base import (
    JsonValue,
    RunicorndError,
)
from runicornd.errors.connecting import (
    AuthFailed,
    ChannelRefused,
    ConnectError,
    HostKeyChanged,
    HostKeyRevoked,
    HostKeyUnknown,
    HostUnreachable,
    KeyUnusable,
    KnownHostsUnreadable,
    NeedsInput,
    NoCommonAlgorithm,
    NotConnected,
    NotSsh,
)
from runicornd.errors.local import (
    AlreadyRunning,
    ConfigInvalid,
    DashboardOff,
    LocalDiskFull,
    LocalError,
    PlaceUnwritable,
    PortTaken,
    SshMissing,
    StateUnwritable,
)
from runicornd.errors.remote import (
    AgentFailed,
    ChecksumMismatch,
    DiskFull,
    FileMissing,
    ForwardingForbidden,
    MetadataBroken,
    NoEnvironment,
    NoPython,
    PermissionDenied,
    ReadOnly,
    RemoteError,
    RemoteUnsupported,
    RootNotFound,
    SourceChanged,
    StoreLocked,
    ViewerCrashed,
    ViewerIncompatible,
    ViewerNotInstalled,
    ViewerUnresponsive,
)
from runicornd.errors.requests import (
    AmbiguousName,
    InvalidParams,
    InvalidTarget,
    NotConfirmed,
    RequestError,
    UnknownArtifact,
    UnknownDownload,
    UnknownForward,
    UnknownHost,
    UnknownPrompt,
    UnknownRun,
    UnknownSession,
    UnknownStore,
    UnknownViewer,
    WrongState,
)

__all__ = [
    "AgentFailed",
    "AlreadyRunning",
    "AmbiguousName",
    "AuthFailed",
    "ChannelRefused",
    "ChecksumMismatch",
    "ConfigInvalid",
    "ConnectError",
    "DashboardOff",
    "DiskFull",
    "FileMissing",
    "ForwardingForbidden",
    "HostKeyChanged",
    "HostKeyRevoked",
    "HostKeyUnknown",
    "HostUnreachable",
    "InvalidParams",
    "InvalidTarget",
    "JsonValue",
    "KeyUnusable",
    "KnownHostsUnreadable",
    "LocalDiskFull",
    "LocalError",
    "MetadataBroken",
    "NeedsInput",
    "NoCommonAlgorithm",
    "NoEnvironment",
    "NoPython",
    "NotConfirmed",
    "NotConnected",
    "NotSsh",
    "PermissionDenied",
    "PlaceUnwritable",
    "PortTaken",
    "ReadOnly",
    "RemoteError",
    "RemoteUnsupported",
    "RequestError",
    "RootNotFound",
    "RunicorndError",
    "SourceChanged",
    "SshMissing",
    "StateUnwritable",
    "StoreLocked",
    "UnknownArtifact",
    "UnknownDownload",
    "UnknownForward",
    "UnknownHost",
    "UnknownPrompt",
    "UnknownRun",
    "UnknownSession",
    "UnknownStore",
    "UnknownViewer",
    "ViewerCrashed",
    "ViewerIncompatible",
    "ViewerNotInstalled",
    "ViewerUnresponsive",
    "WrongState",
]
