"""The wire contract: what daemon and clients say to each other. Imports nothing of either.

JSON-RPC 2.0. On the Unix socket one JSON object a line, UTF-8; pushes are notifications named
``event``. The modules: ``models`` (parameters and results), ``methods`` (names and their models),
``framing`` (lines and limits), ``exits`` (exit codes of ``runicornctl``), ``paths`` (where the socket
is).
"""

PROTOCOL_MIN = 1
PROTOCOL_MAX = 1
