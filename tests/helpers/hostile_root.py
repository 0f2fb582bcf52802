"""A storage root with everything in it that must do no harm: tables of it, and how to write it."""

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass

GOOD = b"good"
SHA = hashlib.sha256(GOOD).hexdigest()
HOSTILE_TEXT = (
    "\x1b]0;pwned\x07\x1b[2J\x1b[31mred\x9b31m\r\n\b\x00"
    "<img src=x onerror=alert(1)>\u202e\u2066</script><script>alert(1)</script>\ud83d"
)


@dataclass(frozen=True)
class Place:
    """Something bad in the place of a file of an artifact.

    Args:
        name: The artifact's.
        file: Which file of it, such as ``v1/metadata.json``.
        write: Writes it to a path.
        says: Part of what is told of it; None when there is to be nothing at all of the artifact.
    """

    name: str
    file: str
    write: object
    says: str | None


def _data(content):
    return lambda path: path.write_bytes(content)


def _sparse(path):
    with path.open("wb") as file:
        file.write(b'{"files": [')
        file.truncate(100_000_000)


def _huge(path):
    """100 MB of JSON."""
    piece = b'{"path": "a", "size": 1, "digest": "sha256:' + b"0" * 64 + b'"},' * 1000
    with path.open("wb") as file:
        file.write(b'{"files": [')
        while file.tell() < 100_000_000:
            file.write(piece)
        file.write(b"{}]}")


def _link(target):
    return lambda path: path.symlink_to(target)


DEEP = b"[" * 100_000 + b"]" * 100_000
PLACES = (
    Place("huge-manifest", "v1/manifest.json", _huge, "larger than"),
    Place("huge-metadata", "v1/metadata.json", _sparse, "larger than"),
    Place("huge-index", "versions.json", _sparse, "larger than"),
    Place("deep-manifest", "v1/manifest.json", _data(b'{"files": ' + DEEP + b"}"), "too deep"),
    Place("deep-metadata", "v1/metadata.json", _data(b'{"metadata": ' + DEEP + b"}"), "too deep"),
    Place("deep-index", "versions.json", _data(b'{"versions": ' + DEEP + b"}"), "too deep"),
    Place("cut-manifest", "v1/manifest.json", _data(b'{"files": [{"path": "a", "si'), "no JSON"),
    Place("cut-metadata", "v1/metadata.json", _data(b'{"name": "x'), "no JSON"),
    Place("cut-index", "versions.json", _data(b'{"versions": [{"version'), "no JSON"),
    Place("empty-metadata", "v1/metadata.json", _data(b""), "no JSON"),
    Place("list-metadata", "v1/metadata.json", _data(b"[1, 2]"), "another form"),
    Place("binary-metadata", "v1/metadata.json", _data(b"\x80\x81\xff\x00" * 100), "no JSON"),
    Place("fifo-manifest", "v1/manifest.json", os.mkfifo, "no regular file"),
    Place("fifo-metadata", "v1/metadata.json", os.mkfifo, "no regular file"),
    Place("folder-metadata", "v1/metadata.json", lambda path: path.mkdir(), "no regular file"),
    Place("link-out", "v1/metadata.json", _link("/etc/passwd"), "leads out"),
    Place("link-up", "v1/metadata.json", _link("../../../../../.ssh/id"), "leads out"),
    Place("link-loop", "v1/metadata.json", _link("metadata.json"), "metadata.json"),
    Place("device", "v1/metadata.json", _link("/dev/zero"), "leads out"),
    Place(
        "twice",
        "versions.json",
        _data(json.dumps({"versions": [{"version": 1}, {"version": 1}], "aliases": {}}).encode()),
        "twice",
    ),
)

MANIFESTS = (
    ("../../x", "left out"),
    ("/etc/passwd", "left out"),
    ("", "left out"),
    ("a/../../x", "left out"),
    ("a" * 300, "left out"),
    ("a/" * 3000 + "x", "left out"),
    ("nul\0", "left out"),
)
"""Paths that a manifest lists beside ``good.bin``."""


class HostileRoot:
    """Adds bad artifacts to a root."""

    def __init__(self, path):
        self.path = path
        self._changing = []

    def add(self, name, files, *, metadata=(), kind="model", content=GOOD):
        """An artifact of one version whose manifest lists these; ``good.bin`` is always there."""
        folder = self.path / "artifacts" / kind / name
        (folder / "v1/files").mkdir(parents=True)
        (folder / "v1/files/good.bin").write_bytes(content)
        size = sum(file.get("size", 0) for file in files if isinstance(file.get("size"), int))
        said = {"name": name, "type": kind, "version": 1, "created_at": 1.7e9, "updated_at": 1.7e9}
        versions = [{"version": 1, "created_at": 1.7e9, "status": "ready"}]
        index = {"versions": versions, "aliases": {"latest": 1}}
        (folder / "versions.json").write_text(json.dumps(index))
        said |= {"size_bytes": size, "status": "ready", **dict(metadata)}
        (folder / "v1/metadata.json").write_text(json.dumps(said))
        (folder / "v1/manifest.json").write_text(json.dumps({"files": files}))
        return folder

    def bad(self, place):
        """Put something in the place of a file."""
        path = self.add(place.name, [good()]) / place.file
        path.unlink()
        place.write(path)

    def manifest(self, name, path):
        """An artifact whose manifest lists this path, too."""
        self.add(name, [good(), {**good(), "path": path}])

    def sources(self, outside):
        """Artifacts whose file ``bad.bin`` is none; the kinds of error by name."""
        size = outside.stat().st_size
        sha = hashlib.sha256(outside.read_bytes()).hexdigest()

        def listed(name, size=size, sha=sha):
            entry = {"path": "bad.bin", "size": size, "digest": f"sha256:{sha}"}
            return self.add(name, [good(), entry]) / "v1/files/bad.bin"

        listed("src-link").symlink_to(outside)
        folder = listed("src-folder-link")
        folder.parent.joinpath("bad.bin").symlink_to(outside.parent)
        os.mkfifo(listed("src-fifo"))
        listed("src-folder").mkdir()
        listed("src-missing")
        listed("src-device").symlink_to("/dev/zero")
        listed("src-small", size=10**15).write_bytes(b"tiny")
        listed("src-digest").write_bytes(b"another")
        shrinks, grows = listed("src-shrinks", size=7), listed("src-grows", size=7)
        for path in (shrinks, grows):
            path.write_bytes(outside.read_bytes())
        self._changing = [(shrinks, b"sec"), (grows, b"secret!" * 100)]
        missing = {"file_missing"}
        return {
            "src-link": missing,
            "src-folder-link": missing,
            "src-fifo": missing,
            "src-folder": missing | {"agent_failed"},
            "src-missing": missing,
            "src-device": missing,
            "src-digest": {"checksum_mismatch"},
            "src-shrinks": {"source_changed"},
            "src-grows": {"source_changed"},
        }

    def change_sources(self):
        """Let the files shrink and grow that are to do so after the sync."""
        for path, content in self._changing:
            path.write_bytes(content)

    def texts(self):
        """Hostile text wherever somebody may write one."""
        text = HOSTILE_TEXT
        named = text.replace("/", "_").replace("\0", "").encode("utf-8", "replace")[:200]
        metadata = {
            "description": text,
            "tags": [text, "ok"],
            "created_by_user": text,
            "created_by_run": "r1",
            "metadata": {text: text, "nested": {"list": [text]}},
            "parent_artifacts": [text],
            "status": text,
        }
        folder = self.add("plain", [good(), {**good(), "path": "esc\x1b[31m.bin"}], metadata=metadata)
        index = json.loads((folder / "versions.json").read_text())
        index["aliases"][text] = 1
        (folder / "versions.json").write_text(json.dumps(index))
        manifest = json.loads((folder / "v1/manifest.json").read_text())
        manifest["references"] = [{"uri": f"s3://{text}", "checksum": text, "size": 5}]
        (folder / "v1/manifest.json").write_text(json.dumps(manifest))
        for name in (os.fsdecode(named), os.fsdecode(b"\xff\xfe raw"), "n" * 255):
            (self.path / "artifacts/model" / name / "v1").mkdir(parents=True)
            (self.path / "artifacts/model" / name / "v1/metadata.json").write_text(json.dumps(metadata))
        meta = {"id": "r1", "project": text, "name": text, "created_at": 1.7e9, "alias": text, "x": text}
        used = [{"name": text, "type": text, "version": 1}, {"name": "plain", "type": "model", "version": 1}]
        files = {"meta": meta, "status": {"status": text}, "summary": {text: text}}
        for project in ("project", "proj\x1b[31m"):
            run = self.path / project / "n/runs/r1"
            run.mkdir(parents=True)
            for name, content in {**files, "artifacts_used": {"artifacts": used}}.items():
                (run / f"{name}.json").write_text(json.dumps(content))

    def tiny(self, name, count):
        """A version of so many tiny files, and a run with as many that are nobody's business."""
        entries = []
        digests = {}
        run = self.path / "project" / "run" / "runs" / name / "media"
        run.mkdir(parents=True)
        (run.parent / "meta.json").write_text('{"created_at": 1.7e9}')
        folder = self.add(name, [])
        for number in range(count):
            content = b"%d" % (number % 97)
            digest = digests.setdefault(content, hashlib.sha256(content).hexdigest())
            path = f"{number % 100}/{number}"
            entries.append({"path": path, "size": len(content), "digest": f"sha256:{digest}"})
            place = folder / "v1/files" / path
            if number < 100:
                place.parent.mkdir()
            fd = os.open(place, os.O_WRONLY | os.O_CREAT, 0o644)
            os.write(fd, content)
            os.close(fd)
            with contextlib.suppress(OSError):
                os.link(place, run / str(number))
        (folder / "v1/manifest.json").write_text(json.dumps({"files": entries}))
        said = json.loads((folder / "v1/metadata.json").read_text())
        said["size_bytes"] = sum(entry["size"] for entry in entries)
        (folder / "v1/metadata.json").write_text(json.dumps(said))


def good():
    """The good file's entry."""
    return {"path": "good.bin", "size": len(GOOD), "digest": f"sha256:{SHA}"}
