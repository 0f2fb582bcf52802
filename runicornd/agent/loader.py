"""Imports the agent's modules from memory.

This text is the first line that a fresh interpreter executes (``payload.pack`` wraps it); it then
reads the modules, compressed, from descriptor 0 and hands over to one of them.
"""

import json
import os
import sys
import zlib
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Dict, Optional

PACKAGE = "runicornd_agent"


class Memory:
    """A finder and loader of one package whose sources are texts. Names have no dots."""

    def __init__(self, sources: Dict[str, str]) -> None:
        self.sources = sources

    def find_spec(self, fullname: str, *_: object) -> Optional[ModuleSpec]:
        """Claim the package and its modules."""
        package, _dot, name = fullname.partition(".")
        if package != PACKAGE or (name or "__init__") not in self.sources:
            return None
        return ModuleSpec(fullname, self, origin="memory", is_package=not name)  # type: ignore[arg-type]  # it quacks

    def create_module(self, _spec: ModuleSpec) -> None:
        """Leave the making of the module object to Python."""

    def exec_module(self, module: ModuleType) -> None:
        """Run a module's text."""
        name = module.__name__.partition(".")[2] or "__init__"
        exec(compile(self.sources[name], "agent/" + name + ".py", "exec"), module.__dict__)  # noqa: S102 - ours


def start(size: int, entry: str) -> None:
    """Read ``size`` bytes of packed modules from descriptor 0, and run the one named ``entry``."""
    if os.name != "posix":
        message = "cannot run on " + sys.platform + ": Linux, macOS and their kin are supported"
        sys.stdout.write(json.dumps({"error": {"kind": "remote_unsupported", "message": message}}) + chr(10))
        sys.exit()
    packed = b""
    while len(packed) < size:
        packed += os.read(0, size - len(packed)) or sys.exit("the agent's text ended early")
    sources = json.loads(zlib.decompress(packed).decode())
    sys.meta_path.insert(0, Memory(sources))
    import_module(PACKAGE + "." + entry).run(sources)
