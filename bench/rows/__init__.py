"""The rows of the report, in its order. A new row is one entry here."""

from __future__ import annotations

from bench.model import Row
from bench.rows import cli, connect, control, envs

ROWS = {
    row.name: row
    for row in (
        Row("connect", "from asking for a viewer to its first answer, on loopback", connect.plan),
        Row("envs", "the list of 50 Python environments on a server", envs.plan),
        Row("control", "latency of daemon.status with 20 sessions", control.plan),
        Row("cli", "starting cost of the command", cli.plan, rounds=15),
    )
}
