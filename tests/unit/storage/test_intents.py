"""The files of stores, and the names of their folders."""

import json
from pathlib import Path

import pytest

from runicornd.errors import InvalidParams, StateUnwritable
from runicornd.ssh.targets import Host
from runicornd.storage.intents import Intents, cache_folder, check_name
from runicornd.storage.model import StoreIntent

SAMPLES = Path(__file__).parent / "files"
INTENT = StoreIntent(
    name="gpu",
    target="ada@gpu-1.lab.edu:2222",
    folder="gpu-1.lab.edu_ada",
    root="/data/größe",
    interval_s=None,
    is_connected=False,
    added=1795316400.0,
)


def host(hostname, user="ada"):
    return Host(target="x", hostname=hostname, user=user)


def test_what_is_saved_is_loaded(tmp_path):
    """A store survives with every field, and so does the choice."""
    Intents(tmp_path / "new").save(INTENT)
    Intents(tmp_path / "new").save_choice("gpu")
    assert Intents(tmp_path / "new").load() == [INTENT]
    assert Intents(tmp_path / "new").load_choice() == "gpu"


def test_the_files_of_the_first_release_load():
    """The format of 0.1 is read for good."""
    assert Intents(SAMPLES / "v1").load() == [INTENT]
    assert Intents(SAMPLES / "v1").load_choice() == "gpu"


def test_what_is_forgotten_does_not_come_back(tmp_path):
    """A store, and a choice; forgetting again is fine."""
    intents = Intents(tmp_path)
    intents.save(INTENT)
    intents.save_choice("gpu")
    for _ in range(2):
        intents.delete("gpu")
        intents.save_choice(None)
    assert intents.load() == []
    assert intents.load_choice() is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b'{"version": 1}', b'{"version":1,"store":{"name":3}}']
)
def test_a_damaged_file_is_set_aside_and_costs_only_itself(tmp_path, content):
    """Its bytes are kept under another name, and the other stores load."""
    intents = Intents(tmp_path)
    intents.save(INTENT)
    (tmp_path / "stores" / "broken.json").write_bytes(content)
    assert intents.load() == [INTENT]
    [kept] = (tmp_path / "stores").glob("broken.json.corrupt-*")
    assert kept.read_bytes() == content


@pytest.mark.parametrize("folder", ["../../home", "/etc", "", ".", "..", "a/b", "A\0"])
def test_a_file_that_leads_elsewhere_is_not_followed(tmp_path, folder):
    """A folder outside the cache would be cleaned up with it."""
    intents = Intents(tmp_path)
    intents.save(INTENT)
    path = tmp_path / "stores" / "gpu.json"
    data = json.loads(path.read_text())
    data["store"]["folder"] = folder
    path.write_text(json.dumps(data))
    assert intents.load() == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    """A file in its place gives a clear error."""
    (tmp_path / "state").write_text("")
    for save in (lambda intents: intents.save(INTENT), lambda intents: intents.save_choice("gpu")):
        with pytest.raises(StateUnwritable, match="cannot save"):
            save(Intents(tmp_path / "state"))


@pytest.mark.parametrize("name", ["gpu", "GPU-1", "a.b_c", "1", "x" * 40])
def test_names(name):
    """Letters, digits, dots, dashes and underscores."""
    check_name(name)


@pytest.mark.parametrize("name", ["", ".", "..", "-x", ".x", "a/b", "a\0", "a b", "a\n", "größe", "x" * 41])
def test_names_that_are_no_file_names(name):
    """They are refused, with an example."""
    with pytest.raises(InvalidParams, match="cannot call a store"):
        check_name(name)


@pytest.mark.parametrize(
    ("where", "folder"),
    [
        (host("gpu-1.lab.edu"), "gpu-1.lab.edu_ada"),
        (host("GPU"), "gpu_ada"),
        (host("fe80::1%eth0"), "fe80-1-eth0_ada"),
        (host("../../etc", "../x"), "etc_x"),
        (host("..", ""), "unknown_unknown"),
        (host("a/b\0c\n", "ünï"), "a-b-c_n"),
        (host("x" * 500, "y" * 500), "x" * 60 + "_" + "y" * 60),
        (Host("local", "localhost", is_local=True), "local"),
    ],
)
def test_folders(where, folder):
    """``HOST_USER``, of which every part is a plain name."""
    assert cache_folder(where, ()) == folder


def test_each_store_has_a_folder_of_its_own():
    """A second root of the same account gets a number."""
    assert cache_folder(host("gpu"), {"gpu_ada", "gpu_ada-2"}) == "gpu_ada-3"
