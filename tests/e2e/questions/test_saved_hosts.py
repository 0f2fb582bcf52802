"""Hosts that are saved under a name."""

import asyncssh

from tests.helpers.account import key_pair


def completions(laptop, *words):
    """What the shell offers after these words."""
    line = " ".join(("runicornctl", *words))
    env = {"_RUNICORNCTL_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}
    return [row.rpartition(",")[2] for row in laptop.run(env=env).out.splitlines()]


def test_a_saved_host(laptop, account, tmp_path):
    """Saved with its key, it is connected to by name, offered by the shell, and forgotten again."""
    key = key_pair(tmp_path / "key")
    gpu = account("elsewhere", keys=[asyncssh.read_public_key(f"{key}.pub")], trusted=False)
    added = laptop.run("hosts", "add", "lab", gpu.address, "--identity", str(key))
    assert added.code == 0
    assert "runicornctl connect lab" in added.out
    laptop.json("hosts", "trust", "lab", "--fingerprint", gpu.fingerprint)
    assert laptop.connect("lab")["target"] == "lab"
    (saved,) = laptop.json("hosts", "list")["saved"]
    assert saved == {"name": "lab", "address": gpu.address, "identity_file": str(key)}

    assert {"lab", "elsewhere", "local"} <= set(completions(laptop, "connect", '""'))
    assert completions(laptop, "connect", "la") == ["lab"]
    assert completions(laptop, "hosts", "remove", "l") == ["lab"]
    assert completions(laptop, "stop", "l") == ["lab"]

    laptop.json("hosts", "remove", "lab")
    assert laptop.json("hosts", "list")["saved"] == []
    assert laptop.session("lab")["state"] == "ready"
    assert laptop.json("hosts", "remove", "lab", code=1)["error"]["kind"] == "unknown_host"
