"""What a daemon with a store would answer, for tests of the command line."""

import time

from runicornd.protocol import models


def a_store(name="gpu", state="idle", **changes):
    """A store that has been synced once."""
    values = {
        "name": name,
        "target": name,
        "is_local": False,
        "root": "/data/runs",
        "interval_s": 600.0,
        "state": state,
        "in_use": True,
        "since": 1000.0,
        "artifacts": 50,
        "versions": 120,
        "runs": 7,
        "metadata_bytes": 180_000_000,
        "last_sync": a_report(),
    }
    return models.Store(**(values | changes))


def a_report(at=1_700_000_000.0, **changes):
    """What the last sync did."""
    values = {"at": at, "seconds": 1.5, "changed": 3, "removed": 1,
              "received_bytes": 12_345, "problems": 0}  # fmt: skip
    return models.SyncReport(**(values | changes))


def syncing(done=150, total=200, name="gpu", **changes):
    """A store whose sync has come so far."""
    progress = models.SyncProgress(
        phase="receiving",
        files_done=done,
        files_total=total,
        bytes_done=done * 1000,
        bytes_total=None if total is None else total * 1000,
        current="artifacts/model/resnet50/metadata.json",
        rate=2_000_000.0,
    )
    return a_store(name, "syncing", since=2000.0, progress=progress, **changes)


def an_artifact(**changes):
    """A version of three, the newest."""
    files = [models.ArtifactFile("model.pth", 8_000_000_000, "sha256:" + "ab" * 32, 1.0)]
    history = [
        models.VersionSummary(3, 1_700_000_300.0, 8_000_000_000, 1, "ready", ["latest", "prod"], "run3"),
        models.VersionSummary(2, 1_700_000_200.0, 7_000_000_000, 1, "ready"),
        models.VersionSummary(1, 1_700_000_100.0, 6_000_000_000, 1, "ready", is_deleted=True),
    ]
    values = {
        "store": "gpu", "where": "gpu", "is_local": False, "type": "model", "name": "resnet50",
        "version": 3, "layout": "artifacts", "status": "ready", "is_deleted": False, "deleted": None,
        "created": 1_700_000_300.0, "updated": 1_700_000_300.0, "size_bytes": 8_000_000_000,
        "description": "the best one", "tags": ["good"], "aliases": ["latest", "prod"],
        "metadata": {"accuracy": 0.95, "note": "x\x1b[31m"}, "path": "artifacts/model/resnet50/v3",
        "files": files, "files_total": 1, "references": [models.Reference("s3://bucket/data", 12)],
        "versions": history, "made_by": "run3", "used_by": ["run4"],
    }  # fmt: skip
    return models.Artifact(**(values | changes))


def a_summary(name="resnet50", **changes):
    """One line of a list."""
    values = {"type": "model", "name": name, "version": 3, "versions": 3, "size_bytes": 8_000_000_000,
              "files": 1, "created": 1.0, "updated": time.time() - 7300, "aliases": ["latest"]}  # fmt: skip
    return models.ArtifactSummary(**(values | changes))


def a_download(state="running", **changes):
    """A download that is three quarters done."""
    values = {
        "id": "d1", "store": "gpu", "ref": "model/resnet50:v3", "to": "/cache/downloads/resnet50/v3",
        "state": state, "files_done": 1, "files_total": 2, "bytes_done": 6_000_000_000,
        "bytes_total": 8_000_000_000, "rate": 20_000_000.0, "created": 1000.0, "since": 2000.0,
        "left_s": 100.0, "active": [models.FileProgress("model.pth", 5_000_000_000, 7_000_000_000)],
    }  # fmt: skip
    return models.Download(**(values | changes))


def a_run(**changes):
    """A run that made one version and used another."""
    values = {
        "store": "gpu", "id": "r1", "path": "vision/r", "status": "finished", "created": 1.0, "ended": 2.0,
        "meta": {"host": "gpu"}, "summary": {"accuracy": 0.9},
        "made": ["model/m:v1"], "used": ["dataset/d:v1"],
    }  # fmt: skip
    return models.Run(**(values | changes))
