"""``doctor.*``: looks for what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.rpc.logins import take_login
from runicornd.rpc.present import doctor as present

if TYPE_CHECKING:
    from runicornd.protocol import models
    from runicornd.rpc.registry import Call, Handlers


async def run(call: Call, params: models.DoctorParams) -> models.DoctorResult:
    """Answer with everything that was looked at."""
    login = take_login(call.services, params.auth)
    made = await call.services.doctor.examine(params.target, run=params.run, login=login, ask=params.ask)
    return present.report(made)


HANDLERS: Handlers = {"doctor.run": run}
