"""A change at a store, with the questions that its machine may ask first."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from runicornctl.follow import asking_for
from runicornctl.questions import Questioner
from runicornctl.world import World
from runicornd.protocol.models import Changed, Store, StoreParams

if TYPE_CHECKING:
    from runicornctl.client import Client
    from runicornctl.terminal import Terminal
    from runicornd.protocol.models import Params

# The server may have to be reached first; the time that a person takes does not count.
_CHANGE_S = 120.0


def make_change(
    client: Client, terminal: Terminal | None, method: str, params: Params, *, store: str | None
) -> Changed:
    """Call the method, asking the person what the store's machine wants to know, and return what it did.

    Raises:
        Failure: It was not done; with the daemon's own words.
        NeedsInput: A question waits and nobody is there to answer.
    """
    place = client.call("stores.status", Store, StoreParams(store))
    command = f"runicornctl store sync {shlex.quote(place.name)}"
    on_event = asking_for(World(client), Questioner(client, terminal, command), place.target)
    on_event(None)
    return client.call(method, Changed, params, timeout_s=_CHANGE_S, on_event=on_event)
