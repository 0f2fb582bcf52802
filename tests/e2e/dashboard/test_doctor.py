"""The doctor on its page: its checks tick in one after the other, for a server and for this machine."""

import re
import shutil

import pytest

from tests.helpers.network import Network
from tests.helpers.sshd import needs_sshd


def checks(dashboard):
    """What is shown now: how each check stands, and its title."""
    items = dashboard.page.locator("main ol > li").all_inner_texts()
    return [tuple(text.split("\n")[:2]) for text in items]


def stands_still_at(dashboard, title):
    """Wait until the doctor looks at something that does not answer; the checks that have ended."""
    dashboard.sees(f"Looking at: {title}")
    *before, last = checks(dashboard)
    assert last == ("Looking:", title)
    assert before
    assert "Looking:" not in {verdict for verdict, _ in before}
    assert dashboard.button("Copy as text").count() == 0
    return before


def ends_after(dashboard, before):
    """Wait for the end; what was there stays, and more has come."""
    dashboard.sees(re.compile(r"\(\d+ checks\)"))
    found = checks(dashboard)
    assert found[: len(before)] == before
    assert len(found) > len(before) + 1
    dashboard.button("Copy as text").wait_for()
    return found


@pytest.fixture
def gate(laptop, tmp_path):
    """A file until which ``ssh`` waits on the laptop whenever the daemon runs it."""
    real, gate = shutil.which("ssh"), tmp_path / "gate"
    ssh = tmp_path / "bin/ssh"
    ssh.parent.mkdir()
    ssh.write_text(f'#!/bin/sh\nwhile ! test -e "{gate}"; do sleep 0.02; done\nexec {real} "$@"\n')
    ssh.chmod(0o755)
    laptop.stop_daemon()
    laptop.env["PATH"] = f"{ssh.parent}:{laptop.env['PATH']}"
    laptop.start_daemon()
    return gate


def test_this_machine(gate, dashboard):
    """Without a target the daemon looks at itself, and the page shows at what."""
    dashboard.go("doctor").heading("Doctor")
    dashboard.page.get_by_label("This machine and its daemon").check()
    dashboard.click("Start")
    dashboard.heading("Findings for this machine")
    before = stands_still_at(dashboard, "OpenSSH")
    assert ("OK:", "Daemon") in before
    gate.touch()
    assert len(ends_after(dashboard, before)) == 14
    dashboard.sees(f"process {dashboard.laptop.process.pid}")


@needs_sshd
def test_a_server(dashboard, server, laptop, home):
    """While the network stands still it says what it looks at; at the end, what is missing and what to do."""
    dashboard.go("doctor").heading("Doctor")
    dashboard.page.get_by_label("A server").check()
    dashboard.click("Start")
    dashboard.sees("Give a server's name, or user@host.")
    with Network(server) as network:
        laptop.know(server, "far", extra=network.way)
        network.pause()
        dashboard.page.get_by_role("combobox", name="Server").fill("far")
        dashboard.click("Start")
        dashboard.heading("Findings for far")
        before = stands_still_at(dashboard, "SSH server")
        network.resume()
        found = ends_after(dashboard, before)
    assert ("OK:", "Login") in found
    assert ("Warning:", "Environments") in found
    dashboard.sees(re.compile("1 warning"))
    dashboard.sees(re.compile("pip install"))
