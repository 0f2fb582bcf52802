"""The rows of the report, in its order. A new row is one entry here."""

from __future__ import annotations

from bench.model import Row
from bench.rows import (
    busy,
    cli,
    connect,
    control,
    download,
    envs,
    idle,
    index,
    killed,
    reconnect,
    restart,
    sync,
)

ROWS = {
    row.name: row
    for row in (
        Row("connect", "from asking for a viewer to its first answer, on loopback", connect.plan),
        Row("envs", "the list of 50 Python environments on a server", envs.plan),
        Row("control", "latency of daemon.status with 20 sessions", control.plan),
        Row("reconnect", "from a dropped connection to the next answer", reconnect.plan, rounds=30),
        Row("viewer-killed", "from the viewer's sudden end to its next answer", killed.plan),
        Row("restart-20", "a killed daemon, started again with 20 sessions", restart.plan),
        Row("idle", "what 50 sessions on 5 hosts cost while nobody looks", idle.plan, rounds=1),
        Row("sync", "the metadata of 1,000 artifacts, first and again", sync.plan, rounds=5),
        Row("index", "browsing 100,000 versions, and the memory of their first sync", index.plan, rounds=3),
        Row("download", "600 MB in one file and in 5,000, on loopback", download.plan, rounds=3),
        Row("download-far", "the same, 100 ms away", download.plan_far, rounds=1),
        Row("control-download", "latency of daemon.status while a download runs", busy.plan, rounds=3),
        Row("cli", "starting cost of the command", cli.plan, rounds=15),
    )
}
