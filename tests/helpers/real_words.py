"""What the real Runicorn is asked: scripts for ``real_roots.ask_real``; the first argument is the root."""

SAY_ARTIFACTS = """
import json, sys
from pathlib import Path
from runicorn.artifacts.storage import ArtifactStorage

storage = ArtifactStorage(Path(sys.argv[1]))
said = {}
for artifact in storage.list_artifacts():
    name, kind = artifact["name"], artifact["type"]
    index = storage._load_index(name, kind)
    for info in storage.list_versions(name, kind):
        metadata, manifest = storage.load_artifact(name, kind, info.version)
        said[f"{kind}/{name}:v{info.version}"] = {
            "metadata": metadata.to_dict(),
            "manifest": manifest.to_dict(),
            "aliases": sorted(alias for alias, version in index.aliases.items() if version == info.version),
            "is_deleted": (storage._get_artifact_dir(name, kind) / f"v{info.version}" / ".deleted").exists(),
        }
print(json.dumps(said))
"""

SAY_LINEAGE = """
import json, sys
from pathlib import Path
from runicorn.artifacts.lineage import LineageTracker

tracker = LineageTracker(Path(sys.argv[1]))
print(json.dumps({run: [tracker._get_artifacts_created_by_run(run), tracker._get_artifacts_used_by_run(run)]
                  for run in sys.argv[2:]}))
"""

SAY_ASSETS = """
import hashlib, json, sys
from pathlib import Path
from runicorn.assets import get_blob_path, load_manifest
from runicorn.assets.assets_json import read_assets

root = Path(sys.argv[1])
said = []
for path in sorted((root / "runs").rglob("assets.json")):
    assets = read_assets(path)
    entries = assets["datasets"] + assets["pretrained"] + assets["outputs"]
    for entry in entries + [dict(snapshot, name="code_snapshot.zip") for snapshot in assets["code"].values()]:
        place = entry.get("archive_path") or ""
        below = root / "archive" / place.rpartition("/archive/")[2]
        files = None
        if place.endswith(".json"):
            listed = load_manifest(below)["files"]
            pool = root / "archive" / "blobs"
            blobs = {name: get_blob_path(file["sha256"], pool) for name, file in listed.items()}
            files = {name: hashlib.sha256(blob.read_bytes()).hexdigest() for name, blob in blobs.items()}
        said.append([path.parent.name, entry["name"], entry["saved"], files])
print(json.dumps(said))
"""

LOOK = """
import json, sys
from pathlib import Path
from runicorn.artifacts.storage import ArtifactStorage

storage = ArtifactStorage(Path(sys.argv[1]))
name, kind = sys.argv[2:4]
index = storage._load_index(name, kind)
seen = {"aliases": index.aliases, "versions": {}, "listed": [a["name"] for a in storage.list_artifacts(kind)]}
for version in storage.list_versions(name, kind):
    entry = {"status": version.status, "aliases": version.aliases}
    try:
        metadata, manifest = storage.load_artifact(name, kind, version.version)
        entry.update(tags=metadata.tags, own=metadata.aliases, files=len(manifest.files))
        folder = storage._get_artifact_dir(name, kind) / f"v{version.version}"
        marker = folder / ".deleted"
        entry["deleted"] = json.loads(marker.read_text()) if marker.exists() else None
    except FileNotFoundError:
        entry["gone"] = True
    seen["versions"][version.version] = entry
seen["latest"] = storage.load_artifact(name, kind)[0].version if index.versions else None
print(json.dumps(seen))
"""

SAVE = """
import json, sys, tempfile
from pathlib import Path
import runicorn
from runicorn.artifacts.storage import ArtifactStorage

source = Path(tempfile.mkdtemp()) / "model.pth"
source.write_text(sys.argv[4])
artifact = runicorn.Artifact(sys.argv[2], type=sys.argv[3])
artifact.add_file(source)
storage = ArtifactStorage(Path(sys.argv[1]))
print(json.dumps(storage.save_artifact(artifact, "a-run", [(source, "model.pth")], [])))
"""

DELETE = """
import json, sys
from pathlib import Path
from runicorn.artifacts.storage import ArtifactStorage

storage = ArtifactStorage(Path(sys.argv[1]))
name, kind, number, how = sys.argv[2:]
print(json.dumps(storage.delete_artifact_version(name, kind, int(number), soft_delete=how == "soft")))
"""
