"""What changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd import prompts as questions
from runicornd.doctor.model import Ticked
from runicornd.events import Resync
from runicornd.forwards.model import ForwardChanged, ForwardRemoved
from runicornd.protocol import models
from runicornd.rpc.present.doctor import tick
from runicornd.rpc.present.downloads import download
from runicornd.rpc.present.forwards import forward
from runicornd.rpc.present.hosts import host_state
from runicornd.rpc.present.prompts import prompt
from runicornd.rpc.present.sessions import session
from runicornd.rpc.present.stores import store
from runicornd.sessions.model import LogWritten, SessionChanged, SessionRemoved
from runicornd.ssh.lifecycle import LinkChanged
from runicornd.storage.downloads.model import DownloadChanged, DownloadRemoved
from runicornd.storage.model import StoreChanged, StoreRemoved

if TYPE_CHECKING:
    from runicornd.events import Event


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
        case Ticked():
            told = "doctor", tick(happened)
        case Resync():
            told = "resync", None
        case _:
            told = _told_of_more(happened)
    return told


def _told_of_more(happened: Event) -> tuple[str, object] | None:
    told: tuple[str, object] | None = None
    match happened:
        case StoreChanged(view):
            told = "store", store(view)
        case StoreRemoved(name):
            told = "store.removed", models.StoreRemoved(name)
        case DownloadChanged(view):
            told = "download", download(view)
        case DownloadRemoved(download_id):
            told = "download.removed", models.DownloadRemoved(download_id)
        case ForwardChanged(view):
            told = "forward", forward(view)
        case ForwardRemoved(forward_id):
            told = "forward.removed", models.ForwardRemoved(forward_id)
    return told
