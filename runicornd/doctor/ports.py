"""Whether there are local ports for more sessions."""

from __future__ import annotations

import asyncio

from runicornd.doctor.model import Finding, failure, ok, warning
from runicornd.doctor.run import Step
from runicornd.tunnels.ports import count_free

PLENTY = 20
FEW = 5
_HINT = "stop sessions that you no longer need, or set a larger range: local_ports in the configuration"


def ports_step(ports: tuple[int, int]) -> Step:
    """The check of a range of local ports, both ends included; a first port of 0 lets the system choose."""

    async def look() -> Finding:
        first, last = ports
        if first == 0:
            return ok("ports_any", "the system chooses free ones", first=0, last=0)
        free = await asyncio.to_thread(count_free, first, last, PLENTY)
        words = f"{free}{' or more' if free == PLENTY else ''} of {first} to {last} are free"
        context = {"first": first, "last": last, "free": free, "or_more": free == PLENTY}
        if free == 0:
            return failure("ports_none", f"none of {first} to {last} is free", _HINT, **context)
        if free < FEW and last - first >= FEW:
            return warning("ports_few", f"only {words}", _HINT, **context)
        return ok("ports_fine", words, **context)

    return Step("local_ports", "Local ports", look)
