"""One download, watched until it has ended."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from runicornctl import download_text
from runicornctl.failure import Failure
from runicornctl.follow_work import WorkFollower, failure_of, left_behind
from runicornctl.live import Live
from runicornctl.questions import Questioner
from runicornctl.world import World
from runicornd.protocol.models import Download

if TYPE_CHECKING:
    from runicornctl.client import Client
    from runicornctl.terminal import Terminal
    from runicornd.protocol.models import DownloadParams

_BEGIN_S = 60.0


class DownloadWork:
    """A download that this command began, or joined.

    Args:
        client: A connection of its own.
        terminal: Where questions are asked; None when nobody is there.
        is_quiet: Shows no progress.
    """

    def __init__(self, client: Client, terminal: Terminal | None, *, is_quiet: bool) -> None:
        self._client = client
        self._terminal = terminal
        self._live = Live(is_quiet=is_quiet)
        # Listen before anything begins, so that nothing is missed.
        self._world = World(client)

    def begin(self, params: DownloadParams) -> Download:
        """Start the download, or find the one that does the same."""
        return self._client.call(
            "downloads.start", Download, params, timeout_s=_BEGIN_S, on_event=self._world.take
        )

    def follow(self, begun: Download, timeout_s: float) -> Download:
        """Stay with the download until it is done, and return it.

        Raises:
            Failure: It failed or was cancelled, or the person left it to the daemon.
            NeedsInput: A question waits and nobody is there to answer.
            TimedOut: It takes longer.
        """
        command = f"runicornctl artifacts pull {shlex.quote(begun.ref)} --store {shlex.quote(begun.store)}"
        follower = WorkFollower(self._world, self._live, Questioner(self._client, self._terminal, command))
        store = self._world.stores.get(begun.store)
        try:
            last = follower.until(
                lambda: self._latest(begun),
                lambda now: now.state in download_text.AT_REST,
                download_text.progress,
                target=store.target if store else begun.store,
                timeout_s=timeout_s,
            )
        except KeyboardInterrupt as exc:
            ending = f"runicornctl downloads cancel {begun.id}"
            hint = f"see it with: runicornctl downloads list; end it with: {ending}"
            raise left_behind(f"the download {begun.id}", hint) from exc
        if last.error is not None:
            raise failure_of(last.error)
        if last.state == "cancelled":
            raise Failure(f"the download {last.id} was cancelled", kind="cancelled")
        return last

    def _latest(self, begun: Download) -> Download:
        """The download as it is now; what was told before this attempt began does not count."""
        now = self._world.downloads.get(begun.id)
        return now if now is not None and now.since >= begun.since else begun
