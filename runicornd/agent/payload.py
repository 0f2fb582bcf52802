"""Packs the agent's modules into the bytes that a fresh interpreter reads from its standard input.

The daemon uses it to start the agent, and the agent to start a keeper. The interpreter's command
line is ``python3 -ISBc BOOT rb TITLE``; the first line of its input is then the loader.
"""

import json
import zlib
from typing import Dict

BOOT = "import sys;exec(open(0,sys.argv[1],0,None,None,None,False).readline())"
"""Executes the first line of descriptor 0 and reads not a byte more. No quotes: it passes any shell."""

OPTIONS = ("-ISB", "-X", "utf8", "-c")
"""Isolated from the user's settings and site packages, writes no bytecode, file names are UTF-8."""


def pack(sources: Dict[str, str], entry: str) -> bytes:
    """Return what to write to the interpreter: the loader in one line, then all modules.

    Args:
        sources: Text by module name, ``loader`` among them.
        entry: The module whose ``run`` is called.
    """
    packed = zlib.compress(json.dumps(sources).encode(), 6)
    first = "exec(compile({!a},{!a},{!a}));start({},{!a})\n".format(
        sources["loader"], "agent/loader.py", "exec", len(packed), entry
    )
    return first.encode() + packed
