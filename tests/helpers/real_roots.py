"""Storage roots that the real Runicorn wrote, made once on a machine and copied for every test.

``real_root("0.5.3", tmp_path / "data")`` gives a root of that release. ``MIXED`` is one that 0.4.1, 0.5.3
and 0.7.2 wrote one after the other. What is in them stands in ``write_artifacts_root.py`` (0.4, 0.5) and
``write_assets_root.py`` (0.7).
"""

import functools
import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.runicorn_env import NEW, OLD, OLDEST, PYTHON_TAG, cache_dir, locked, runicorn_env

MIXED = "mixed"
ARTIFACT_VERSIONS = (OLDEST, OLD)
ALL_VERSIONS = (OLDEST, OLD, NEW)
WRITING_S = 300
ASKING_S = 60


@dataclass(frozen=True)
class RealRoot:
    """A root and the ids of the runs in it.

    Args:
        path: The storage root.
        versions: The releases that wrote it, in their order.
        runs: Ids by release and part in the story: ``runs["0.5.3"]["train"]``.
    """

    path: Path
    versions: tuple[str, ...]
    runs: dict[str, dict[str, str]]


def real_root(kind, to):
    """Copy the root of a release, or ``MIXED``, to a folder that is not there yet."""
    versions = ALL_VERSIONS if kind == MIXED else (kind,)
    for version in versions:
        runicorn_env(version)  # skips the test where there is no way to get it
    made = _made(versions)
    shutil.copytree(made / "root", to, symlinks=True)
    return RealRoot(to, versions, json.loads((made / "runs.json").read_text()))


def ask_real(version, script, *arguments):
    """Run a script in the real environment; return the JSON that it prints last."""
    done = subprocess.run(
        [str(runicorn_env(version).python), "-c", script, *map(str, arguments)],
        check=True,
        capture_output=True,
        text=True,
        timeout=ASKING_S,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    return json.loads(done.stdout.splitlines()[-1])


@functools.cache
def _made(versions):
    scripts = {version: _script(version) for version in versions}
    mark = hashlib.sha256(b"".join(scripts[version].read_bytes() for version in versions)).hexdigest()[:12]
    folder = cache_dir() / "roots" / f"{'+'.join(versions)}-{PYTHON_TAG}-{mark}"
    if not (folder / "complete").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with locked(folder.with_name(f"{folder.name}.lock")):
            if not (folder / "complete").exists():
                _make(folder, scripts)
    return folder


def _script(version):
    name = "write_artifacts_root.py" if version in ARTIFACT_VERSIONS else "write_assets_root.py"
    return Path(__file__).with_name(name)


def _make(folder, scripts):
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "root").mkdir(parents=True)
    (folder / "home").mkdir()
    runs = {version: _write(folder, version, script) for version, script in scripts.items()}
    for leftover in [*folder.glob("root/**/*.lock"), folder / "home"]:
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    (folder / "runs.json").write_text(json.dumps(runs))
    for path in folder.rglob("*"):  # Runicorn keeps some for its owner alone; others run tests, too
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o644))
    (folder / "complete").touch()


def _write(folder, version, script):
    done = subprocess.run(
        [str(runicorn_env(version).python), str(script), str(folder / "root")],
        check=False,
        capture_output=True,
        text=True,
        timeout=WRITING_S,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env={
            **os.environ,
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "home"),
            "PYTHONUTF8": "1",
        },
    )
    if done.returncode:
        raise RuntimeError(f"runicorn {version} did not write its root: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])
