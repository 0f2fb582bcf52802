"""What the doctor finds on the way to the made-up server of ``demo_data``."""

# ruff: noqa: E501 - rows of a table

from runicornd.protocol.models import Check

KEY = "ssh-ed25519 SHA256:uNiVztksCsDhcc0u9e8BrrTfxSyGNVHHOxhTU5xNGnM"
CHECKS = [
    Check("configuration", "Configuration", "ok", "ada@10.20.0.31:2222 (alias gpu-h100 of /home/ada/.ssh/config)",
          "", 0.01, {"address": "ada@10.20.0.31:2222", "jumps": [], "by_command": False,
                     "origin": "alias gpu-h100 of /home/ada/.ssh/config"}, "target_read"),
    Check("agent", "SSH agent", "warning", "the agent at /run/user/1000/keyring/ssh holds no key",
          "add yours: ssh-add", 0.004, {"socket": "/run/user/1000/keyring/ssh", "keys": 0}, "agent_empty"),
    Check("dns", "Name", "ok", "10.20.0.31 is 10.20.0.31", "", 0.001,
          {"name": "10.20.0.31", "addresses": ["10.20.0.31"], "jump": None}, "name_found"),
    Check("tcp", "Network", "ok", "port 2222 is open, after 21 ms", "", 0.021,
          {"port": 2222, "seconds": 0.021, "jump": None}, "port_open"),
    Check("banner", "SSH server", "ok", "SSH-2.0-OpenSSH_9.6", "", 0.032,
          {"version": "SSH-2.0-OpenSSH_9.6", "jump": None}, "server_found"),
    Check("host_key", "Host key", "ok", f"{KEY} is known", "", 0.044,
          {"key": KEY, "jump": None}, "host_key_trusted"),
    Check("login", "Login", "ok", "logged in as ada", "", 0.31, {"user": "ada"}, "login_done"),
    Check("shell", "Login shell", "ok", "/bin/bash, starts in 180 ms and prints nothing", "", 0.18,
          {"shell": "/bin/bash", "noise": 0, "said": "", "seconds": 0.18}, "shell_fine"),
    Check("python", "Python", "ok", "Python 3.11.9 on linux", "", 0.12,
          {"version": "3.11.9", "platform": "linux"}, "python_found"),
    Check("environments", "Environments", "ok", "1 of 4 can run the viewer: train (0.7.2)", "", 1.4,
          {"environments": 4, "usable": {"train": "0.7.2"}}, "environments_usable"),
    Check("root", "Storage root", "failure", "/data/runs cannot be read by this account (mode 700, owner 0)",
          "on the server, look at its owner and mode: ls -ld /data/runs", 0.02,
          {"path": "/data/runs", "source": "config", "mode": "700", "uid": 0}, "root_unreadable"),
    Check("clock", "Clock", "warning", "the server's clock is 94 s behind ours",
          "set the wrong one (timedatectl status): one-time codes, certificates and the times of runs depend on it",
          0.05, {"seconds": -94.0}, "clock_wrong"),
    Check("latency", "Latency", "ok", "round trip 24 ms; a keep-alive every 15 s, lost after 3", "", 0.12,
          {"seconds": 0.024, "is_local": False, "interval_s": 15, "misses": 3}, "latency_fine"),
]  # fmt: skip
