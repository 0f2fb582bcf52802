"""The rows of the report, in its order. A new row is one entry here."""

from __future__ import annotations

from bench.model import Row
from bench.rows import (
    busy,
    cli,
    connect,
    connect_far,
    control,
    dashboard,
    download,
    envs,
    idle,
    index,
    killed,
    reconnect,
    restart,
    scale,
    start,
    sync,
    tunnel,
)

COPYING = ("rsync", "rclone")

ROWS = {
    row.name: row
    for row in (
        Row("connect", "from asking for a viewer to its first answer, on loopback", connect.plan),
        Row("connect-far", "the same, 100 ms away, with its round trips", connect_far.plan, rounds=5),
        Row("envs", "the list of 50 Python environments on a server", envs.plan),
        Row("control", "latency of daemon.status with 200 sessions", control.plan),
        Row(
            "reconnect",
            "from a dropped connection to the next answer",
            reconnect.plan,
            rounds=30,
            programs=("autossh",),
        ),
        Row("viewer-killed", "from the viewer's sudden end to its next answer", killed.plan),
        Row("restart-20", "a killed daemon, started again with 20 sessions", restart.plan),
        Row("idle", "what 50 sessions on 5 hosts cost while nobody looks", idle.plan, rounds=1),
        Row("scale", "one daemon with 200 hosts, 500 sessions and 1,000 connections", scale.plan, rounds=1),
        Row("tunnel-first-byte", "the first byte of a new connection", tunnel.plan_first_byte, rounds=15),
        Row("tunnel-bulk", "one large answer through a tunnel", tunnel.plan_bulk, rounds=5),
        Row("tunnel-many", "many streams, stopped readers, small questions", tunnel.plan_many, rounds=5),
        Row(
            "sync",
            "the metadata of 1,000 artifacts, first and again",
            sync.plan,
            rounds=5,
            programs=("rsync",),
        ),
        Row("index", "browsing 100,000 versions, and the memory of their first sync", index.plan, rounds=3),
        Row(
            "download",
            "600 MB in one file and in 5,000, on loopback",
            download.plan,
            rounds=3,
            programs=COPYING,
        ),
        Row("download-far", "the same, 100 ms away", download.plan_far, rounds=1, programs=COPYING),
        Row("control-download", "the same while a download runs", busy.plan, rounds=3),
        Row("dashboard", "the page, with 200 sessions that change 10 times a second", dashboard.plan),
        Row("start", "from the start of the daemon to its first answer", start.plan, rounds=10),
        Row("cli", "starting cost of the command", cli.plan, rounds=15),
    )
}
