"""Environments as an agent finds them in a made-up home, by reading files only."""

import json
import os
import shutil
import sys
import time

import pytest

from runicornd.errors import NoEnvironment
from tests.helpers.far_end import processes

PYTHON = os.path.realpath(sys.executable)


def package(site, name, version):
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def interpreter(prefix, name="python3"):
    (prefix / "bin").mkdir(parents=True, exist_ok=True)
    (prefix / "bin" / name).symlink_to(PYTHON)


def venv(prefix, runicorn=None, *, version="3.11.4", extra=""):
    interpreter(prefix)
    (prefix / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n{extra}")
    site = prefix / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    if runicorn:
        package(site, "runicorn", runicorn)
    return prefix


def own_python(prefix, minor="3.10"):
    """An interpreter that lives in its prefix: a script, for nobody starts it."""
    (prefix / "bin").mkdir(parents=True)
    binary = prefix / "bin" / f"python{minor}"
    binary.write_text("#!/bin/sh\nexit 99\n")
    binary.chmod(0o755)
    (prefix / "bin" / "python3").symlink_to(f"python{minor}")
    (prefix / "lib" / f"python{minor}" / "site-packages").mkdir(parents=True)
    return prefix / "lib" / f"python{minor}" / "site-packages"


def conda(prefix, version="3.10.8", runicorn=None, *, base=False):
    site = own_python(prefix)
    (prefix / "conda-meta").mkdir()
    (prefix / "conda-meta" / f"python-{version}-h0d85af4_0_cpython.json").write_text("{}")
    if base:
        (prefix / "condabin").mkdir()
    if runicorn:
        package(site, "runicorn", runicorn)
    return prefix


def resolved(path):
    return os.path.realpath(path)


async def found_in(far, packages=("runicorn",)):
    """All environments below the far end's home, by name."""
    host = far.host()
    environments, _ = await host.environments(packages)
    await host.close()
    return {one.name: one for one in environments if one.prefix.startswith(str(far.home))}


async def test_every_kind_is_found_with_its_versions(make_far_end, python):
    """Conda base, named and elsewhere, pyenv, uv, pipx, venvs in folders and in projects."""
    far = make_far_end(python=python)
    home = far.home
    conda(home / "miniconda3", "3.11.5", base=True)
    conda(home / "miniconda3" / "envs" / "torch", "3.9.15", "0.5.0")
    conda(home / "scratch" / "elsewhere", "3.8.20", "0.7.2")
    (home / ".conda").mkdir()
    (home / ".conda" / "environments.txt").write_text(
        f"{home}/miniconda3\n{home}/scratch/elsewhere\n{home}/gone\n\0\n"
    )
    own_python(home / ".pyenv" / "versions" / "3.10.13")
    venv(home / ".pyenv" / "versions" / "3.10.13" / "envs" / "nlp", "0.5.3")
    own_python(home / ".local" / "share" / "uv" / "python" / "cpython-3.12.3-linux-x86_64-gnu", "3.12")
    venv(home / ".local" / "share" / "pipx" / "venvs" / "runicorn", "0.7.2")
    venv(home / ".virtualenvs" / "vision", "0.6.0")
    venv(home / "work" / "nets" / "resnet" / ".venv", "0.5.1")
    venv(home / "train" / "venv")
    found = await found_in(far)
    short = {
        name: (one.kind, one.python_version, one.packages.get("runicorn")) for name, one in found.items()
    }
    assert short == {
        "base": ("conda", "3.11.5", None),
        "torch": ("conda", "3.9.15", "0.5.0"),
        "elsewhere": ("conda", "3.8.20", "0.7.2"),
        "3.10.13": ("pyenv", "3.10.13", None),
        "nlp": ("pyenv", "3.11.4", "0.5.3"),
        "cpython-3.12.3": ("uv", "3.12.3", None),
        "runicorn": ("pipx", "3.11.4", "0.7.2"),
        "vision": ("venv", "3.11.4", "0.6.0"),
        "resnet": ("venv", "3.11.4", "0.5.1"),
        "train": ("venv", "3.11.4", None),
    }
    assert found["resnet"].python == str(home / "work" / "nets" / "resnet" / ".venv" / "bin" / "python3")


async def test_system_pythons_come_once(far, host):
    """However many names and folders lead to one interpreter, it is one environment."""
    environments, _ = await host.environments([])
    real = [resolved(one.python) for one in environments if one.kind == "system"]
    assert len(real) == len(set(real)) > 0


async def test_names_are_made_unique(far):
    """Environments of the same name are told apart by the folders above them."""
    conda(far.home / "miniconda3" / "envs" / "train")
    venv(far.home / "a" / "train" / "venv")
    venv(far.home / "b" / "train" / "venv")
    found = await found_in(far)
    assert len(found) == 3
    assert found["train"].kind == "conda"


@pytest.mark.parametrize(
    "name", ["with space", "quote'\"$(x)", "line\nbreak", "-dash", "ümlaut", os.fsdecode(b"latin-\xe9")]
)
async def test_odd_names_survive_and_lead_back(make_far_end, python, name):
    """Whatever bytes a name has, the environment is found and the answer leads back to it."""
    far = make_far_end(python=python)
    venv(far.home / name, "0.5.3")
    host = far.host()
    environments, _ = await host.environments(["runicorn"])
    (one,) = (one for one in environments if one.prefix.startswith(str(far.home)))
    one.prefix.encode()
    assert (await host.inspect(one.prefix, ["runicorn"])).python == one.python
    assert (await host.inspect(one.python, ["runicorn"])).packages == {"runicorn": "0.5.3"}
    await host.close()


async def test_broken_things_cost_themselves_only(far):
    """Broken links, loops, pipes, unreadable and empty files: the good one is found, and fast."""
    home = far.home
    venv(home / "good", "0.5.3")
    (home / "good" / "loop").symlink_to(home)
    broken = venv(home / "broken")
    (broken / "bin" / "python3").unlink()
    (broken / "bin" / "python3").symlink_to("/no/such/python")
    (home / "empty-conda" / "conda-meta").mkdir(parents=True)
    piped = venv(home / "piped")
    (piped / "pyvenv.cfg").write_bytes(b"\xff\xfe\0 = = =\n")
    (home / ".conda").mkdir()
    os.mkfifo(home / ".conda" / "environments.txt")
    (home / ".condarc").write_text("envs_dirs:\n  - ~/more\n  - [\n: : :\n")
    conda(home / "more" / "listed")
    found = await found_in(far)
    assert set(found) == {"good", "piped", "listed"}


async def test_projects_deeper_than_three_levels_are_left_alone(far):
    """Home is searched three levels deep, not through and through."""
    venv(far.home / "1" / "2" / "3" / ".venv")
    venv(far.home / "1" / "2" / "3" / "4" / ".venv")
    assert set(await found_in(far)) == {"3"}


async def test_packages_are_found_wherever_python_finds_them(far):
    """User site, editable installs, interrupted ones, base packages, spelled in other ways."""
    home = far.home
    site = own_python(home / ".pyenv" / "versions" / "3.10.13")
    package(home / ".local" / "lib" / "python3.10" / "site-packages", "Runicorn", "0.7.2")
    (site / "half-1.0.dist-info").mkdir()
    (site / "old.egg-info").mkdir()
    (site / "old.egg-info" / "PKG-INFO").write_text("Name: old\nVersion: 1.2\n")
    (home / "src" / "my_tool.egg-info").mkdir(parents=True)
    (home / "src" / "my_tool.egg-info" / "PKG-INFO").write_text("Version: 0.0.9\n")
    (site / "my-tool.egg-link").write_text(f"{home}/src\n.")
    found = await found_in(far, ["runicorn", "half", "old", "My.Tool"])
    assert found["3.10.13"].packages == {"runicorn": "0.7.2", "old": "1.2", "My.Tool": "0.0.9"}


async def test_a_venv_may_see_the_packages_below_it(far):
    """include-system-site-packages means that the user's site counts too."""
    package(far.home / ".local" / "lib" / "python3.11" / "site-packages", "runicorn", "0.5.3")
    venv(far.home / "open", extra="include-system-site-packages = true\n")
    venv(far.home / "shut")
    found = await found_in(far)
    assert (found["open"].packages, found["shut"].packages) == ({"runicorn": "0.5.3"}, {})


async def test_inspect_takes_a_prefix_a_python_or_a_project(far, host):
    """A user's path means what it looks like; ``~`` and relative paths start at home."""
    project = far.home / "proj"
    venv(project / ".venv", "0.5.3")
    for path in (project, project / ".venv", project / ".venv" / "bin" / "python3", "~/proj", "proj"):
        assert (await host.inspect(str(path), ["runicorn"])).packages == {"runicorn": "0.5.3"}
    for path in ("/etc/passwd", "nowhere", str(far.home), "a\0b"):
        with pytest.raises(NoEnvironment):
            await host.inspect(path, [])


async def test_the_storage_root_is_runicorns(make_far_end):
    """RUNICORN_DIR of the login shell, else the configuration, else ~/RunicornData."""
    far = make_far_end()
    host = far.host()
    _, root = await host.environments([])
    assert (root.path, root.source, root.exists) == (str(far.home / "RunicornData"), "default", False)
    config = far.home / ".config" / "runicorn"
    config.mkdir(parents=True)
    (config / "config.json").write_text(json.dumps({"user_root_dir": "~/data"}))
    (far.home / "data").mkdir()
    _, root = await host.environments([])
    assert (root.path, root.source, root.exists, root.readable) == (
        str(far.home / "data"),
        "config",
        True,
        True,
    )
    (config / "config.json").write_text("[" * 100000)
    _, root = await host.environments([])
    assert root.source == "default"
    await host.close()


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash", "fish", "tcsh"])
async def test_the_login_shells_variables_count(make_far_end, shell):
    """What the start-up files of a login shell set is known, whatever they print."""
    path = shutil.which(shell)
    if path is None:
        assert not os.environ.get("CI"), f"{shell} is not installed"
        pytest.skip(f"{shell} is not installed")
    far = make_far_end(shell=path)
    (far.home / ".profile").write_text("echo hello; export RUNICORN_DIR=/data/ours\n")
    (far.home / ".login").write_text("echo hello\nsetenv RUNICORN_DIR /data/ours\n")
    (far.home / ".config" / "fish").mkdir(parents=True)
    (far.home / ".config" / "fish" / "config.fish").write_text(
        "echo hello; set -gx RUNICORN_DIR /data/ours\n"
    )
    host = far.host()
    _, root = await host.environments([])
    assert (root.path, root.source) == ("/data/ours", "RUNICORN_DIR")
    await host.close()


async def test_a_login_shell_that_hangs_is_not_waited_for(far, host):
    """Two seconds, then the rest of the answer comes without it, and the shell is ended."""
    (far.home / ".profile").write_text("sleep 4711\n")
    venv(far.home / "good")
    began = time.monotonic()
    environments, _ = await host.environments([])
    assert time.monotonic() - began < 4
    assert any(one.name == "good" for one in environments)
    assert not [line for line in processes() if "sleep 4711" in line]


async def test_fifty_environments_take_a_moment(far, host):
    """Fifty environments among a few thousand folders: one round trip, well under 0.3 s."""
    for number in range(25):
        conda(far.home / "miniconda3" / "envs" / f"env{number}", runicorn="0.5.3")
        site = (
            venv(far.home / "work" / f"p{number}" / ".venv", "0.7.2") / "lib" / "python3.11" / "site-packages"
        )
        for other in range(60):
            (site / f"other{other}-1.0.dist-info").mkdir()
    await host.greeting()
    await host.environments([])
    began = time.monotonic()
    environments, _ = await host.environments(["runicorn"])
    assert time.monotonic() - began < 0.3
    assert sum("runicorn" in one.packages for one in environments) >= 50
