"""Files of every release load."""

import shutil
from pathlib import Path

from runicornd._lib.recordfiles import RecordFiles
from runicornd.forwards.manager import VERSION
from runicornd.forwards.model import Endpoint, ForwardIntent

FILES = Path(__file__).parent / "files"


def test_version_1(tmp_path):
    """As the first release wrote it."""
    shutil.copy(FILES / "v1-gpu-6006.json", tmp_path / "gpu-6006.json")
    files = RecordFiles(
        tmp_path, ForwardIntent, noun="forward", version=VERSION, name_of=lambda each: each.id
    )
    (intent,) = files.load()
    assert intent == ForwardIntent(
        "gpu-6006", "gpu", Endpoint("localhost", 6006), local_port=8085, created=1795000000.0
    )
