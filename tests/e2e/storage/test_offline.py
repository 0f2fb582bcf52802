"""Roots that real releases wrote, synced once and browsed while their server is down: nothing is missing."""

import hashlib

import pytest

from tests.helpers.real_roots import ARTIFACT_VERSIONS, MIXED, NEW, OLD, OLDEST, ask_real, real_root
from tests.helpers.real_words import SAY_ARTIFACTS, SAY_ASSETS, SAY_LINEAGE
from tests.helpers.sshd import needs_sshd

pytestmark = needs_sshd
READERS = {OLDEST: OLDEST, OLD: OLD, MIXED: OLD}
"""Which release can read the artifacts of a root."""


@pytest.fixture(params=[OLDEST, OLD, NEW, MIXED])
def kind(request):
    return request.param


@pytest.fixture
def root(kind, server):
    return real_root(kind, server.home / "RunicornData")


@pytest.fixture
def mirror(root, server, call):
    """The store, once its server is gone."""
    call("stores.add", target="gpu")
    store = call("stores.sync")
    assert (store["state"], store["unreadable"]) == ("idle", 0)
    server.stop()
    return store


def everything(call):
    """All versions in full, by name."""
    listed = call.pages("artifacts.list", "artifacts", limit=3, deleted=True)
    found = {}
    for one in listed:
        for version in call("artifacts.get", ref=f"{one['type']}/{one['name']}")["versions"]:
            name = f"{one['type']}/{one['name']}:v{version['version']}"
            found[name] = call("artifacts.get", ref=name)
    return found


def test_all_is_browsed_that_was_synced(kind, root, mirror, call, laptop):
    """Lists, versions, files, references, aliases, runs and lineage are what the real package says."""
    found = everything(call)
    assert len(found) == mirror["versions"]
    for name, one in found.items():
        for file in one["files"]:
            said = file["digest"].removeprefix("sha256:")
            held = list((root.path / "archive/blobs").glob(f"*/{said}")) if said else []
            held += [root.path / one["path"] / "files" / file["path"]] if one["layout"] == "artifacts" else []
            assert all(hashlib.sha256(path.read_bytes()).hexdigest() == said for path in held), name
            assert file["size"] in {-1, *(path.stat().st_size for path in held)} or not held
    if kind in READERS:
        agrees_with_the_artifacts(root, found, READERS[kind])
    if kind in {NEW, MIXED}:
        agrees_with_the_assets(root, found, call)
    runs = call.pages("runs.list", "runs", limit=2)
    assert {run["id"] for run in runs} == {run for parts in root.runs.values() for run in parts.values()}
    searched = {one["name"] for one in call("artifacts.list", search="dogs")["artifacts"]}
    assert searched == {"images"}
    for words in (["artifacts", "list"], ["runs", "list"], ["store", "status"], ["cache", "info"]):
        assert laptop.run(*words).code == 0, words


def agrees_with_the_artifacts(root, found, release):
    said = ask_real(release, SAY_ARTIFACTS, root.path)
    assert {name for name, one in found.items() if one["layout"] == "artifacts"} == said.keys()
    for name, real in said.items():
        ours, metadata = found[name], real["metadata"]
        assert (ours["created"], ours["size_bytes"]) == (metadata["created_at"], metadata["size_bytes"])
        assert (ours["made_by"], ours["tags"]) == (metadata["created_by_run"], metadata["tags"])
        assert ours["description"] == metadata["description"]
        assert (sorted(ours["aliases"]), ours["is_deleted"]) == (real["aliases"], real["is_deleted"])
        assert sorted((file["path"], file["size"], file["digest"]) for file in ours["files"]) == sorted(
            (file["path"], file["size"], file["digest"]) for file in real["manifest"]["files"]
        )
        assert [each["uri"] for each in ours["references"]] == [
            each["uri"] for each in real["manifest"]["references"]
        ]


def agrees_with_the_assets(root, found, call):
    for run, name, is_saved, files in ask_real(NEW, SAY_ASSETS, root.path):
        shown = call("runs.get", run=run)
        linked = [found[link] for link in (*shown["made"], *shown["used"])]
        meant = [one for one in linked if one["name"].startswith(name.replace("/", "_"))]
        assert any(bool(one["files"]) == is_saved for one in meant), (run, name)
        if files is not None:
            listed = [
                {file["path"]: file["digest"].removeprefix("sha256:") for file in one["files"]}
                for one in meant
            ]
            assert files in listed


@pytest.mark.parametrize("kind", ARTIFACT_VERSIONS, indirect=True)
def test_lineage_is_what_runicorn_says(kind, root, mirror, call):
    """What runs made and used, from either side."""
    ids = list(root.runs[kind].values())
    for run, (made, used) in ask_real(kind, SAY_LINEAGE, root.path, *ids).items():
        edges = {(f"run:{run}", named(each)) for each in made}
        edges |= {(named(each), f"run:{run}") for each in used}
        for one in {named(each) for each in (*made, *used)} & known(call):
            graph = call("artifacts.lineage", ref=one, depth=1)
            around = {(edge["source"], edge["target"]) for edge in graph["edges"]}
            assert {edge for edge in edges if one in edge} <= around


def named(artifact):
    return f"{artifact['type']}/{artifact['name']}:v{artifact['version']}"


def known(call):
    """The versions that are there; a run may have made one that was deleted for good."""
    return set(everything(call))
