"""The guide's way from a server's name to its runs, and what is done with a session afterwards."""

import re
import subprocess
import urllib.request

import asyncssh
import pytest

from tests.helpers.embedded import Round
from tests.helpers.runicorn_env import NEW, MadeUpHome, log_runs, runicorn_env
from tests.helpers.sshd import needs_sshd
from tests.helpers.waiting import until

SECRET = "correct horse battery"
CODES = [
    Round([("Password: ", False)], [SECRET]),
    Round([("Verification code: ", False)], ["111222"], "Look at your phone"),
]


def begin(dashboard, target):
    """The first step: name the server."""
    dashboard.go("connect").heading("Which server?")
    dashboard.page.get_by_role("combobox", name="Server").fill(target)
    dashboard.click("Continue")


def log_in(dashboard):
    """The second step: by a password."""
    dashboard.page.get_by_role("radio", name=re.compile("^Password")).check()
    dashboard.page.get_by_role("textbox", name="Password").fill(SECRET)
    dashboard.click("Continue")


def finish(dashboard):
    """From the environments on: take the first, its root, and start; return the viewer's address."""
    dashboard.button("Use this environment").first.click()
    dashboard.heading("Where are the runs?")
    dashboard.click("Continue")
    dashboard.heading("Ready to start")
    dashboard.click("Start the viewer")
    dashboard.heading("The viewer is ready")
    return dashboard.page.get_by_role("link", name=re.compile(r"localhost:\d+")).get_attribute("href")


@needs_sshd
@pytest.mark.timeout(240)
def test_with_a_key_to_the_runs(visit, servers):
    """A new server, its fingerprint, environments, a root from its folders, and Runicorn's own page."""
    server = servers("gpu")
    home = MadeUpHome(server.home)
    home.venv("envs/train", NEW)
    home.venv("envs/bare")
    log_runs(runicorn_env(NEW), home.root("data"))
    dashboard = visit()
    begin(dashboard, f"{server.user}@{server.address}:{server.port}")
    dashboard.heading("How do you log in")
    dashboard.page.get_by_label("Key file").check()
    dashboard.click("Continue")
    dashboard.sees("Fill in a path.")
    dashboard.field("Path of the private key").fill(str(server.client_key))
    dashboard.click("Continue")

    dashboard.heading("Is it the right server?")
    dashboard.sees("is new to you")
    shown = dashboard.page.locator("main").inner_text()
    assert fingerprint(server)[:12] in re.sub(r"\s", "", shown)
    dashboard.click("Trust and go on")

    dashboard.heading("Which environment runs the viewer?")
    bare = dashboard.page.get_by_role("article", name="bare")
    bare.get_by_text("Runicorn is not installed").wait_for()
    assert dashboard.button("Use this environment", bare).count() == 0
    bare.get_by_text(re.compile("pip install.*runicorn")).first.wait_for()
    dashboard.click("Use this environment", dashboard.page.get_by_role("article", name="train"))

    dashboard.heading("Where are the runs?")
    dashboard.page.get_by_label("Another folder").check()
    dashboard.click("Browse")
    picker = dashboard.dialog("Folders on")
    picker.get_by_text("data", exact=True).first.click()
    dashboard.sees("Looks like a storage root", picker)
    dashboard.click("Choose this folder", picker)
    dashboard.click("Continue")

    dashboard.heading("Ready to start")
    for fact in (f"{home.path}/data", "train", NEW):
        dashboard.sees(fact, dashboard.page.locator("main"))
    dashboard.page.get_by_label("Open it in a new tab when it is ready").check()
    with dashboard.context.expect_page(timeout=60_000) as opening:
        dashboard.click("Start the viewer")
    viewer = opening.value
    viewer.get_by_text("vision/baseline").first.wait_for(timeout=60_000)
    viewer.close()
    dashboard.heading("The viewer is ready")
    with dashboard.context.expect_page() as opening:
        dashboard.page.get_by_role("link", name=re.compile(r"localhost:\d+")).click()
    assert opening.value.url.startswith("http://localhost:")
    opening.value.close()


def fingerprint(server):
    """The host key's, as the administrator would tell it."""
    public = server.host_key.with_suffix(".pub")
    return subprocess.check_output(["ssh-keygen", "-lf", public], text=True).split()[1]


def test_with_password_and_code(dashboard, account):
    """Both are asked for where the user is; a wrong code is told, and asked for again."""
    gpu = account(rounds=CODES)
    begin(dashboard, "gpu")
    dashboard.heading("How do you log in")
    dashboard.click("Continue")  # the host key is known: that step is passed over
    asked = dashboard.dialog(re.compile("Verification|Password"))
    dashboard.click("Later", asked)
    dashboard.go("settings").heading("Settings")
    dashboard.click("Answer")
    asked = dashboard.dialog(re.compile("Verification|Password"))
    asked.get_by_label("Password").fill(SECRET)
    asked.get_by_role("button", name=re.compile("Send|Log in")).click()
    dashboard.sees("Look at your phone")
    asked = dashboard.dialog("Verification")
    asked.get_by_label("Verification code").fill("111222")
    dashboard.click("Send", asked)
    dashboard.page.get_by_role("dialog").wait_for(state="detached")
    dashboard.go("connect").heading("Which environment runs the viewer?")
    url = finish(dashboard)
    with urllib.request.urlopen(url, timeout=20) as answer:
        assert answer.status == 200
    assert gpu.server.responses == [(SECRET,), ("111222",)]


def test_with_a_pasted_key(dashboard, account):
    """What is no key is told at the field; the right one logs in and is not shown again."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    account(keys=[key])
    begin(dashboard, "gpu")
    dashboard.page.get_by_label("Paste or drop a key").check()
    field = dashboard.field("Private key")
    field.fill("ssh-ed25519 AAAA")
    dashboard.click("Continue")
    dashboard.sees("This is the public half")
    field.fill(key.export_private_key("openssh").decode())
    dashboard.click("Continue")
    dashboard.heading("Which environment runs the viewer?")
    finish(dashboard)


def test_two_servers_and_their_sessions(dashboard, account, laptop):
    """Both are ready side by side; each has its log, can be started anew and stopped, and forgotten."""
    for name in ("one", "two"):
        account(name, password=SECRET)
    begin(dashboard, "one")
    log_in(dashboard)
    finish(dashboard)
    dashboard.click("Connect another server")
    begin(dashboard, "two")
    log_in(dashboard)
    finish(dashboard)

    dashboard.go("overview")
    one, two = (dashboard.page.get_by_role("region", name=name, exact=True) for name in ("one", "two"))
    for host in (one, two):
        dashboard.sees(re.compile("^Ready$"), host)
        dashboard.sees(re.compile(r"localhost:\d+"), host)
    dashboard.click("More for one", one)
    dashboard.page.get_by_role("menuitem", name="Log").click()
    log = dashboard.dialog("Log of one")
    log.get_by_role("log").wait_for()
    dashboard.page.keyboard.press("Escape")
    since = laptop.session("one")["since"]
    dashboard.click("More for one", one)
    dashboard.page.get_by_role("menuitem", name="Restart").click()
    until(lambda: laptop.wait_for("one", "ready")["since"] != since, patience_s=40)
    dashboard.sees(re.compile("^Ready$"), one)
    dashboard.click("More for one", one)
    dashboard.page.get_by_role("menuitem", name="Stop").click()
    dashboard.click("Stop", dashboard.dialog("Stop the viewer on one?"))
    dashboard.sees(re.compile("^Stopped$"), one)
    assert laptop.session("two")["state"] == "ready"
    dashboard.click("More for one", one)
    dashboard.page.get_by_role("menuitem", name="Remove").click()
    dashboard.click("Remove", dashboard.dialog("Remove the session on one?"))
    one.get_by_text("Stopped").wait_for(state="detached")
    dashboard.sees(re.compile("^Ready$"), two)


@needs_sshd
def test_a_forward(dashboard, server, site):
    """It is opened by a form that says what is wrong with it, leads there, and is closed."""
    dashboard.laptop.rpc("folders.list", {"target": "gpu"})  # connects
    dashboard.click("Open a forward")
    form = dashboard.dialog("Open a forward")
    dashboard.field("Server", form).fill("gpu")
    dashboard.field("Port or socket on the server", form).fill("99999")
    dashboard.click("Open it", form)
    dashboard.sees("A port is a number from 1 to 65535.", form)
    dashboard.field("Port or socket on the server", form).fill(f"127.0.0.1:{site}")
    dashboard.click("Open it", form)
    link = dashboard.page.get_by_role("link", name=re.compile(r"localhost:\d+"))
    with urllib.request.urlopen(link.get_attribute("href"), timeout=20) as answer:
        assert answer.read() == b"there"
    dashboard.button(re.compile("Close the forward")).click()
    link.wait_for(state="detached")
