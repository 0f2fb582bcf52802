"""What a busy laboratory's daemon would say: for screenshots, and for pages that are looked over."""

# ruff: noqa: E501 - the longest rows are tables, which read best in one line each

import time

from runicornd.protocol import models as m
from tests.helpers.demo_checks import CHECKS

MB, GB = 1_000_000, 1_000_000_000
NOW = time.time()
MINUTE, HOUR, DAY = 60, 3600, 86400
PYTHON = "/home/ada/miniconda3/envs/{}/bin/python"


def snapshot():
    """Sessions in many states, stores, downloads, forwards."""
    return m.StatusResult(
        version="0.1.0",
        daemon=m.DaemonInfo(
            4711,
            NOW - 3 * DAY,
            "/run/user/1000/runicornd/runicornd.sock",
            "/home/ada/.local/state/runicornd/runicornd.log",
            "/home/ada/.config/runicornd/config.toml",
        ),
        hosts=hosts(),
        sessions=sessions(),
        forwards=[
            m.Forward(
                "f1", "gpu-a100", "localhost:6006", 16006, "localhost:16006", "ready", NOW - 2 * HOUR,
                NOW - 2 * HOUR, connections=3,
            )
        ],
        stores=stores(),
        downloads=downloads(),
        dashboard=m.DashboardInfo("http://localhost:23300/", 23300),
    )  # fmt: skip


def empty():
    """A daemon that was only just installed."""
    return m.StatusResult("0.1.0", snapshot().daemon, [], [])


def hosts():
    lost = m.ErrorData(
        "host_unreachable",
        "cannot reach gpu-h100 at the moment: the connection timed out",
        "see whether the VPN is up: 'runicornctl doctor gpu-h100' looks",
        retryable=True,
    )
    return [
        m.HostState("gpu-a100", "ada@gpu-a100.lab.example:22", "up", NOW - 5 * HOUR),
        m.HostState("gpu-h100", "ada@10.20.0.31:2222", "backoff", NOW - 40, retry_at=NOW + 12, error=lost),
        m.HostState("cluster-login", "ada@login.cluster.example:22", "waiting_for_user", NOW - 20),
    ]


def session(number, target, state="ready", **more):
    """One session of a viewer."""
    env = more.pop("env", "train")
    port = 8080 + number
    given = {
        "url": f"http://localhost:{port}/",
        "local_port": port,
        "env": m.SessionEnv(env, PYTHON.format(env), "0.7.2"),
        "root": "/data/ada/RunicornData",
        "remote": m.Remote(900 + number, "/run/user/1000/runicornd/v.sock", exposed=False),
        "since": NOW - 3 * HOUR - number * 500,
    } | more
    return m.Session(id=f"s{number}", target=target, viewer="runicorn", state=state, **given)


def sessions():
    crashed = m.ErrorData(
        "viewer_crashed",
        "cannot keep the viewer on local running: it ended with status 1 three times within a minute",
        "look at its log, then start it again",
    )
    return [
        session(1, "gpu-a100"),
        session(2, "gpu-a100", env="diffusion", root="/scratch/diffusion/RunicornData"),
        session(3, "gpu-h100", "reconnecting", since=NOW - 40),
        session(
            4, "cluster-login", "starting", url=None, remote=None, env="base", since=NOW - 21,
            step="launching", detail="",
        ),
        session(5, "local", "failed", since=NOW - 8 * MINUTE, url=None, remote=None, error=crashed),
    ]  # fmt: skip


def stores():
    report = m.SyncReport(NOW - 4 * MINUTE, 3.2, 18, 2, 2 * MB, 1)
    return [
        m.Store(
            "gpu-a100", "gpu-a100", is_local=False, root="/data/ada/RunicornData", interval_s=600,
            state="idle", in_use=True, since=NOW - 4 * MINUTE, artifacts=148, versions=1204, runs=862,
            unreadable=1, metadata_bytes=214 * MB, downloads_bytes=7 * GB + 300 * MB, last_sync=report,
            next_sync=NOW + 6 * MINUTE,
        ),
        m.Store(
            "cluster", "cluster-login", is_local=False, root="/project/vision/RunicornData", interval_s=1800,
            state="syncing", in_use=False, since=NOW - 30, artifacts=61, versions=340, runs=211,
            metadata_bytes=48 * MB, progress=m.SyncProgress(
                "receiving", 4210, 9875, 31 * MB, 77 * MB, "artifacts/model/vit-large/v12/manifest.json",
                2_400_000, NOW - 14,
            ),
        ),
        m.Store(
            "laptop", "local", is_local=True, root="/home/ada/RunicornData", interval_s=None, state="idle",
            in_use=False, since=NOW - DAY, artifacts=12, versions=31, runs=77, metadata_bytes=9 * MB,
            last_sync=m.SyncReport(NOW - DAY, 0.4, 0, 0, 0, 0),
        ),
    ]  # fmt: skip


def downloads():
    gone = m.ErrorData(
        "local_disk_full",
        "cannot save imagenet-subset: the disk of /home/ada is full",
        "make room, then go on: what is there is kept",
    )
    folder = "/home/ada/.cache/runicornd/gpu-a100/downloads"
    return [
        m.Download(
            "d1", "gpu-a100", "model/resnet50:v7", f"{folder}/model/resnet50/v7", "running", 3, 9, 642 * MB,
            1_680 * MB, 41 * MB, NOW - 18, NOW - 17, left_s=28,
            active=[
                m.FileProgress("weights/model-00003-of-00007.safetensors", 88 * MB, 240 * MB),
                m.FileProgress("weights/model-00004-of-00007.safetensors", 31 * MB, 240 * MB),
            ],
        ),
        m.Download(
            "d2", "gpu-a100", "dataset/imagenet-subset:v3", f"{folder}/dataset/imagenet-subset/v3", "failed",
            11_204, 50_000, 3 * GB, 9 * GB, 0, NOW - HOUR, NOW - 50 * MINUTE, error=gone,
        ),
        m.Download(
            "d3", "gpu-a100", "model/vit-base:v2", "/home/ada/models/vit-base", "done", 4, 4, 346 * MB,
            346 * MB, 0, NOW - 5 * HOUR, NOW - 5 * HOUR + 14, is_kept=False, files=["*.pth"],
        ),
    ]  # fmt: skip


WORDS = ["resnet50", "vit-base", "vit-large", "imagenet-subset", "tokenizer", "segmenter", "augmentations",
         "unet-diffusion", "clip-finetuned", "coco-cleaned", "弹性网络", "evaluation-report", "sweep-config",
         "distilled-small", "speech-encoder", "labels-2026-11"]  # fmt: skip
TYPES = ["model", "model", "model", "dataset", "model", "model", "code", "model", "model", "dataset", "model",
         "report", "config", "model", "model", "dataset"]  # fmt: skip


def summaries():
    tags = [["vision", "approved"], ["vision"], [], ["raw"], ["nlp"]]
    aliases = [["latest", "production"], ["latest"], ["latest", "candidate"], ["latest"]]
    return [
        m.ArtifactSummary(
            kind, name, version=7 - number % 6, versions=7 - number % 6, files=1 + number * 3 % 11,
            size_bytes=(number * 7919 % 4000 + 3) * MB // 2, created=NOW - (30 - number) * DAY,
            updated=NOW - number * number * 1.7 * HOUR - 5 * MINUTE, tags=tags[number % 5],
            aliases=aliases[number % 4],
        )
        for number, (name, kind) in enumerate(zip(WORDS, TYPES, strict=True))
    ]  # fmt: skip


def artifacts(params):
    """``artifacts.list``."""
    found = summaries()
    wanted = params.get("search", "")
    found = [each for each in found if wanted in each.name and params.get("type") in {None, each.type}]
    types = [m.TypeCount("model", 10), m.TypeCount("dataset", 3), m.TypeCount("config", 1)]
    return m.ArtifactsResult("gpu-a100", found, len(found), types, synced=NOW - 4 * MINUTE)


def artifact(params):
    """``artifacts.get``."""
    parts = range(1, 8)
    files = [
        m.ArtifactFile(f"weights/model-{part:05}-of-00007.safetensors", 240 * MB, f"sha256:{part:064x}")
        for part in parts
    ]
    files += [
        m.ArtifactFile("config.json", 1_204, f"sha256:{8:064x}", is_local=True),
        m.ArtifactFile("README.md", 5_310, f"sha256:{9:064x}", is_local=True),
    ]
    versions = [
        m.VersionSummary(
            number, NOW - (8 - number) * 3 * DAY, 1_680 * MB - number * 7 * MB, 9, "ready",
            aliases={7: ["latest", "production"], 5: ["baseline"]}.get(number, []),
            run=f"20261{number:03}_101500_c0ffee", is_deleted=number == 4, is_downloaded=number == 7,
        )
        for number in reversed(parts)
    ]  # fmt: skip
    return m.Artifact(
        store="gpu-a100", where="gpu-a100", is_local=False, type="model", name="resnet50", version=7,
        layout="artifacts", status="ready", is_deleted=False, deleted=None, created=NOW - 3 * DAY,
        updated=NOW - 5 * MINUTE, size_bytes=1_680 * MB,
        description="ResNet-50, trained on the cleaned ImageNet subset with mixed precision.",
        tags=["vision", "approved"], aliases=["latest", "production"],
        metadata={"accuracy": 0.947, "epochs": 90, "optimizer": {"name": "AdamW", "lr": 0.0003},
                  "classes": ["cat", "dog", "bird"], "notes": "second half with cosine schedule"},
        path="artifacts/model/resnet50/v7", files=files, files_total=9,
        references=[m.Reference("s3://lab-datasets/imagenet/full.tar", 340 * GB, "md5:0f12")],
        versions=versions, made_by="20261007_101500_c0ffee", used_by=["20261120_090000_beef01"], user="ada",
        synced=NOW - 4 * MINUTE,
    )  # fmt: skip


def lineage(_params):
    """``artifacts.lineage``."""

    def thing(name, size, **more):
        return m.LineageNode(
            name, "artifact", name.partition("/")[2], name.partition("/")[0], NOW - 9 * DAY, size, **more
        )

    def run(name, label, status="finished"):
        return m.LineageNode(f"run:{name}", "run", label, created=NOW - 8 * DAY, status=status)

    nodes = [
        thing("dataset/imagenet-raw:v1", 340 * GB, is_known=False),
        run("r1", "vision/clean"),
        thing("dataset/imagenet-subset:v3", 9 * GB),
        thing("code/augmentations:v2", 40_000),
        run("r2", "vision/resnet50"),
        thing("model/resnet50:v7", 1_680 * MB),
        thing("config/sweep-config:v1", 2_000),
        run("r3", "vision/distil", "running"),
        run("r4", "vision/evaluate", "failed"),
        thing("model/distilled-small:v1", 90 * MB),
        thing("report/evaluation-report:v4", 2 * MB),
    ]
    edges = [
        ("dataset/imagenet-raw:v1", "run:r1", "used"),
        ("run:r1", "dataset/imagenet-subset:v3", "made"),
        ("dataset/imagenet-subset:v3", "run:r2", "used"),
        ("code/augmentations:v2", "run:r2", "used"),
        ("run:r2", "model/resnet50:v7", "made"),
        ("run:r2", "config/sweep-config:v1", "made"),
        ("model/resnet50:v7", "run:r3", "used"),
        ("model/resnet50:v7", "run:r4", "used"),
        ("run:r3", "model/distilled-small:v1", "made"),
        ("run:r4", "report/evaluation-report:v4", "made"),
    ]
    return m.Lineage("model/resnet50:v7", nodes, [m.LineageEdge(*each) for each in edges])


def runs(_params):
    """``runs.list``."""
    states = ["running", "finished", "finished", "failed", "interrupted"]
    found = [
        m.RunSummary(
            f"202611{20 - number:02}_1015{number:02}_c0ffee", f"vision/{WORDS[number]}", states[number % 5],
            NOW - number * 5 * HOUR, None if number == 0 else NOW - number * 5 * HOUR + 70 * MINUTE,
            number % 3, number % 4,
        )
        for number in range(14)
    ]  # fmt: skip
    return m.RunsResult("gpu-a100", found, len(found))


def environments(_params):
    """``envs.list``."""
    fix = f"{PYTHON.format('old')} -m pip install 'runicorn>=0.5'"
    return m.EnvsResult(
        "gpu-a100",
        [
            m.Environment("train", "conda", PYTHON.format("train"), "3.11.9", "0.7.2", "/data/RunicornData", usable=True),
            m.Environment("diffusion", "conda", PYTHON.format("diffusion"), "3.10.14", "0.5.3", "/data/RunicornData", usable=True),
            m.Environment("old", "conda", PYTHON.format("old"), "3.8.19", None, None, usable=False,
                          reason="Runicorn is not installed", problem="viewer_not_installed", fix=fix),
            m.Environment("python3", "system", "/usr/bin/python3", "3.9.2", None, None, usable=False,
                          reason="Runicorn is not installed", problem="viewer_not_installed", fix="/usr/bin/python3 -m pip install --user runicorn"),
        ],
        PYTHON.format("train"),
    )  # fmt: skip


def hosts_list(_params):
    """``hosts.list``."""
    saved = [m.SavedHost("a100", "ada@gpu-a100.lab.example"), m.SavedHost("h100", "ada@10.20.0.31:2222")]
    return m.HostsResult(saved, ["gpu-a100", "gpu-h100", "cluster-login", "bastion"], hosts())


def host_check(params):
    """``hosts.check``."""
    shown = m.HostKey("ssh-ed25519", "SHA256:uNiVztksCsDhcc0u9e8BrrTfxSyGNVHHOxhTU5xNGnM")
    return m.HostCheckResult(params["target"], "gpu-a100.lab.example:22", "unknown", shown)


def cache(_params):
    """``cache.info``."""
    folder = "/home/ada/.cache/runicornd"
    return m.CacheInfo(
        folder,
        20 * GB,
        7_900 * MB,
        [
            m.CacheStore("gpu-a100", f"{folder}/gpu-a100", 32 * MB, 214 * MB, 7_300 * MB, 14),
            m.CacheStore("cluster", f"{folder}/cluster", 9 * MB, 48 * MB, 0, 0),
            m.CacheStore("laptop", f"{folder}/laptop", 1 * MB, 9 * MB, 287 * MB, 2),
        ],
    )


def settings(_params):
    """``settings.get``."""
    rows = [
        ("local_ports", "23301-23999", "23301-23999", "The local ports that viewers get.", "default", False),
        ("dashboard", True, True, "Whether the dashboard is served.", "default", True),
        (
            "dashboard_port",
            23300,
            23300,
            "The dashboard's port; the next free one when it is taken.",
            "default",
            True,
        ),
        ("connect_timeout", 15.0, 10.0, "Seconds that reaching a server may take.", "file", False),
        (
            "keepalive_interval",
            15.0,
            15.0,
            "Seconds between two signs of life on a connection.",
            "default",
            False,
        ),
        (
            "hold_time",
            60.0,
            60.0,
            "Seconds that a request waits for a connection to come back.",
            "default",
            False,
        ),
        (
            "log_level",
            "debug",
            "info",
            "How much is logged: debug, info, warning or error.",
            "variable",
            False,
        ),
        (
            "cache_limit_bytes",
            20 * GB,
            20 * GB,
            "What downloads may take on this machine's disk.",
            "default",
            False,
        ),
    ]
    return m.SettingsResult(
        "/home/ada/.config/runicornd/config.toml",
        [m.Setting(key, value, default, about, source, later) for key, value, default, about, source, later in rows],
    )  # fmt: skip


def furnish(daemon):
    """Let a page daemon answer what the pages ask."""
    daemon.answer("artifacts.list", artifacts)
    daemon.answer("artifacts.get", artifact)
    daemon.answer("artifacts.files", lambda _: m.FilesResult(artifact({}).files, 9))
    daemon.answer("artifacts.lineage", lineage)
    daemon.answer("runs.list", runs)
    daemon.answer("envs.list", environments)
    daemon.answer("hosts.list", hosts_list)
    daemon.answer("hosts.check", host_check)
    daemon.answer("hosts.trust", lambda _: m.Done())
    daemon.answer("cache.info", cache)
    daemon.answer("settings.get", settings)
    daemon.answer("stores.list", lambda _: m.StoresResult(stores(), "gpu-a100"))
    daemon.answer("downloads.list", lambda _: m.DownloadsResult(downloads()))
    daemon.answer("folders.list", folders)
    daemon.answer("sessions.logs", logs)
    daemon.answer("doctor.run", lambda p: m.DoctorResult(p.get("target"), "failure", CHECKS))
    return daemon


def folders(_params):
    """``folders.list``."""
    names = ["RunicornData", "checkpoints", "code", "datasets", "experiments", "miniconda3", "old-runs"]
    here = "/home/ada"
    return m.FoldersResult(here, "/home", [m.Folder(n, f"{here}/{n}", n == "RunicornData") for n in names])


def logs(params):
    """``sessions.logs``."""
    lines = [
        "INFO:     Started server process [901]",
        "INFO:     Waiting for application startup.",
        "INFO:     Application startup complete.",
        "INFO:     Uvicorn running on unix socket /run/user/1000/runicornd/v.sock",
    ]
    lines += [f'INFO:     "GET /api/runs?page={number} HTTP/1.1" 200 OK' for number in range(1, 30)]
    return m.LogsResult(params["session"], lines)
