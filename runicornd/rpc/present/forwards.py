"""Forwards, and the folders of targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import models
from runicornd.rpc.present.errors import reason

if TYPE_CHECKING:
    from runicornd.forwards.model import ForwardView
    from runicornd.remote.models import FolderList


def forward(view: ForwardView) -> models.Forward:
    """A forward."""
    intent = view.intent
    port = intent.local_port
    return models.Forward(
        id=intent.id,
        target=intent.target,
        remote=str(intent.endpoint),
        local_port=port,
        address=None if port is None else f"localhost:{port}",
        state=view.phase,
        since=view.since,
        created=intent.created,
        connections=view.connections,
        prompt=view.prompt_id,
        error=reason(view.error),
    )


def folders(found: FolderList) -> models.FoldersResult:
    """The folders in one."""
    return models.FoldersResult(
        path=found.path,
        parent=found.parent,
        folders=[models.Folder(each.name, each.path, each.is_root) for each in found.folders],
        is_root=found.is_root,
        is_cut=found.is_cut,
    )
