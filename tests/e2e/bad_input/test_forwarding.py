"""Servers that forbid forwarding, in part or altogether."""

import pytest

from tests.helpers.laptop import fetch


def test_forwarding_of_unix_sockets_is_forbidden(make_far):
    """The viewer then listens on TCP, and both the program and the person are told what that means."""
    far = make_far(lines=["AllowStreamLocalForwarding no"])
    far.viewer()
    session = far.connect("--env", "train")
    assert session["remote"]["exposed"] is True
    assert session["remote"]["endpoint"].startswith("127.0.0.1:")
    assert fetch(session["url"] + "/api/health")[0] == 200
    assert len(list(far.run.iterdir())) == 1  # the first try, on a Unix socket, left nothing
    done = far.laptop.run("connect", far.alias, "--no-browser")
    assert done.code == 0
    assert "warning: the viewer listens on TCP" in done.err
    assert "other accounts of that server can open it" in done.err
    far.forget()


@pytest.mark.parametrize(
    "lines",
    [["DisableForwarding yes"], ["AllowStreamLocalForwarding no", "AllowTcpForwarding no"]],
    ids=["disabled", "both forbidden"],
)
def test_all_forwarding_is_forbidden(make_far, lines):
    """Nothing can be done but ask the administrator."""
    far = make_far(lines=lines)
    far.viewer()
    refusal = far.refused("--env", "train")
    assert refusal.kind == "forwarding_forbidden"
    assert refusal.message.startswith(f"cannot reach a viewer on {far.alias}: the server forbids")
    assert "AllowTcpForwarding" in refusal.hint or "AllowStreamLocalForwarding" in refusal.hint
