"""Stores, artifacts and downloads, with roots that the real Runicorn wrote."""

import re

import pytest

from tests.helpers.calling import Calls
from tests.helpers.real_roots import OLD, real_root
from tests.helpers.sshd import needs_sshd
from tests.helpers.waiting import until

pytestmark = [needs_sshd, pytest.mark.timeout(240)]


def add_store(dashboard, target, root="", name=""):
    """Add a store on its page, and wait for its first sync."""
    dashboard.go("stores")
    dashboard.button("Add a store").first.click()
    form = dashboard.dialog("Add a store")
    dashboard.page.get_by_role("combobox", name="Server").fill(target)
    dashboard.field("Storage root (optional)", form).fill(str(root))
    dashboard.field("Name (optional)", form).fill(name)
    dashboard.click("Connect and sync metadata", form)
    form.wait_for(state="detached")
    card = dashboard.page.get_by_role("article", name=name or target, exact=True)
    card.get_by_text(re.compile(r"\d+ artifacts?")).first.wait_for()
    until(lambda: dashboard.laptop.rpc("stores.list")["stores"][-1]["last_sync"], patience_s=40)
    return card


@pytest.fixture
def root(server):
    """A real root on the server."""
    return real_root(OLD, server.home / "RunicornData")


@pytest.fixture
def store(root, laptop, dashboard):
    """The store of this root, synced."""
    with Calls(laptop.socket) as call:
        call("stores.add", target="gpu")
        call("stores.sync")
    return root


def artifact(dashboard, path):
    """Go to an artifact's page."""
    dashboard.go(f"artifacts/gpu/{path}")
    dashboard.heading(path.split("/")[1])


def test_browsing_without_the_server(dashboard, root, server):
    """Synced once, all is there when the server is away: list, search, detail, files, lineage, runs."""
    add_store(dashboard, "gpu")
    server.stop()
    dashboard.go("artifacts/gpu")
    dashboard.sees("resnet50")
    dashboard.page.get_by_role("searchbox", name="Search").fill("dogs")
    dashboard.page.get_by_role("link", name="resnet50").first.wait_for(state="detached")
    dashboard.page.get_by_role("link", name="images").first.click()
    dashboard.heading("images")
    dashboard.sees("Cats & dogs <b>by hand</b>")
    dashboard.sees("s3://bucket/images/full.tar")
    dashboard.page.get_by_role("tab", name=re.compile("Files")).click()
    dashboard.sees("train")
    artifact(dashboard, "model/resnet50")
    dashboard.page.get_by_role("tab", name=re.compile("Versions")).click()
    dashboard.sees("production")
    dashboard.page.get_by_role("tab", name="Lineage").click()
    graph = dashboard.page.locator("svg[role], [aria-label^='Lineage of']").first
    graph.wait_for()
    dashboard.sees(re.compile("images"), graph)
    dashboard.click("As text")
    dashboard.sees(re.compile("images"))
    dashboard.go("artifacts/gpu")
    dashboard.page.get_by_role("link", name="Runs", exact=True).or_(
        dashboard.page.get_by_role("tab", name="Runs")
    ).first.click()
    dashboard.sees("vision")


def test_words_and_versions_are_changed(dashboard, store, server):
    """Alias and tag, soft delete and restore, and for good by the name: on the server, as it is said."""
    artifact(dashboard, "model/resnet50/v3")
    dashboard.click("Add an alias")
    dashboard.field("Add an alias").fill("best")
    dashboard.page.keyboard.press("Enter")
    dashboard.sees("v3 is now best")
    dashboard.click("Add a tag")
    dashboard.field("Add a tag").fill("approved")
    dashboard.page.keyboard.press("Enter")
    dashboard.sees("Tagged")
    said = dashboard.laptop.rpc("artifacts.get", {"ref": "model/resnet50:v3"})
    assert "best" in said["aliases"]
    assert "approved" in said["tags"]

    dashboard.click("More actions for this version")
    dashboard.page.get_by_role("menuitem", name="Delete this version").click()
    asked = dashboard.dialog(re.compile("Delete resnet50:v3"))
    dashboard.sees("This happens on gpu", asked)
    dashboard.click("Delete", asked)
    dashboard.sees("Deleted resnet50:v3 on gpu")
    dashboard.click("Restore")
    dashboard.sees("Restored resnet50:v3 on gpu")

    artifact(dashboard, "config/hyper")
    dashboard.click("More actions for this version")
    dashboard.page.get_by_role("menuitem", name="Delete for good").click()
    asked = dashboard.dialog(re.compile("for good"))
    assert dashboard.button("Delete for good", asked).is_disabled()
    asked.get_by_role("textbox", name="Type the artifact").fill("hyper")
    dashboard.click("Delete for good", asked)
    dashboard.sees("for good on gpu")
    assert not (store.path / "artifacts/config/hyper/v1/files").exists()


def test_a_download_goes_where_it_was_asked_to(dashboard, store, server, tmp_path):
    """A wrong folder is told at the field; with a right one the file is the one of the server."""
    source = next((store.path / "artifacts/model/resnet50/v3").glob("files/model.pth"))
    artifact(dashboard, "model/resnet50")
    dashboard.button(re.compile(r"^Download \(")).click()
    form = dashboard.dialog("Download resnet50:v3")
    dashboard.field("Folder on this machine", form).fill("relative")
    dashboard.click("Download", form)
    dashboard.sees("Write the whole path, from /.", form)
    dashboard.field("Folder on this machine", form).fill(str(tmp_path / "here"))
    dashboard.click("Download", form)
    dashboard.sees(re.compile("^On this machine$"))
    assert (tmp_path / "here/model.pth").read_bytes() == source.read_bytes()
    dashboard.go("downloads").heading("Downloads")
    dashboard.sees("Finished")
    dashboard.page.locator("summary").filter(has_text="model/resnet50:v3").click()
    dashboard.sees(str(tmp_path / "here"))


def test_a_store_of_this_machine(dashboard, tmp_path):
    """Without any server: added, browsed, shown in the badge, and removed."""
    real_root(OLD, tmp_path / "mine")
    card = add_store(dashboard, "local", tmp_path / "mine", "mine")
    dashboard.sees("This machine", card)
    dashboard.button(re.compile("^Storage: ")).click()
    dashboard.sees("Cached artifacts")
    dashboard.page.keyboard.press("Escape")
    dashboard.click("More for mine", card)
    dashboard.page.get_by_role("menuitem", name="Remove").click()
    dashboard.click("Remove the store", dashboard.dialog("Remove the store mine?"))
    dashboard.sees("No stores yet")
