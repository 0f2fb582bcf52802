"""The far end of a store: answers one request with one stream, then ends. Nothing is changed here."""

import os
import signal
import sys
from typing import Dict

from .failures import Failure, from_os
from .params import Params
from .store_io import PACKED_LIMIT, Input, Output, entries
from .store_root import Root
from .wire import decode, encode

PROTOCOL = 1
METADATA_LIMIT = 256 * 1024 * 1024


def run(sources: Dict[str, str]) -> None:  # noqa: ARG001 - every entry is given them
    """Be the far end."""
    sys.stdout = sys.stderr  # A stray print must not break the protocol.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(1))
    signal.signal(signal.SIGHUP, lambda *_: os._exit(1))
    output = Output(1)
    output.watch()
    told = Lines(output)
    told.send({"store": PROTOCOL})
    try:
        _answer(Input(0), output, told)
    except Failure as failure:
        told.send({"error": failure.as_json()})
    except OSError as error:
        told.send({"error": from_os(error, "read the storage root").as_json()})
    except Exception as error:  # Whatever it is, somebody waits for an answer.
        told.send({"error": Failure("agent_failed", f"cannot read the store: {error!r}").as_json()})
    os._exit(0)  # The login shell may hang in its start-up files.


class Lines:
    """What is said in lines of JSON, before the stream of frames."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def send(self, message: Dict[str, object]) -> None:
        """Say it."""
        self._output.write(memoryview(encode(message)))

    def send_progress(self, files: int) -> None:
        """Say how many files a scan has found so far."""
        self.send({"scanning": files})


def _answer(asked: Input, output: Output, told: Lines) -> None:
    try:
        request = decode(asked.line())
    except ValueError:
        raise Failure("invalid_params", "cannot read the request: no object")
    params = Params(request)
    if params.text("do") == "sync":
        _sync(params, asked, output, told)
    elif params.text("do") == "fetch":
        packed = asked.packed(params.whole("packed", 0, PACKED_LIMIT))
        root = Root(_absolute(params.text("root")))
        told.send({"root": root.path})
        from .store_send import FileSender  # noqa: PLC0415 - each request loads what it takes: it begins sooner

        FileSender(root, output).send(entries(packed))
    else:
        raise Failure("unknown_method", "cannot do that: no such request")


def _sync(params: Params, asked: Input, output: Output, told: Lines) -> None:
    from .store_scan import Most, Scan  # noqa: PLC0415 - as above
    from .store_sync import Sender, compare, send_changes, totals  # noqa: PLC0415

    root = Root(_absolute(params.text("root")) or _own_root())
    most = Most(
        params.whole("max_file_bytes", 0, METADATA_LIMIT),
        params.whole("max_manifest_bytes", 0, METADATA_LIMIT),
    )
    scan = Scan(root, most, told.send_progress)
    scan.run()
    if scan.token and scan.token == params.text("token"):
        told.send({"root": root.path, "same": True, "token": scan.token})
        return
    gone = []
    if params.whole("known", 0, 10**9):
        if root.is_empty():
            raise Failure("root_not_found", f"cannot read the storage root {root.path}: it is empty")
        told.send({"ask": "known"})
        packed = asked.packed(int(asked.line()))
        gone = compare(scan, entries(packed))
    files, size = totals(scan.found)
    told.send({"root": root.path, "files": files, "bytes": size})
    send_changes(scan, gone, most, Sender(output))


def _absolute(root: str) -> str:
    return os.path.join(os.path.expanduser("~"), os.path.expanduser(root)) if root else ""


def _own_root() -> str:
    """Where Runicorn keeps its data for this account."""
    # Imported late: a store whose root is known does without.
    from .login_shell import LoginShell  # noqa: PLC0415
    from .storage_root import storage_root  # noqa: PLC0415

    shell = LoginShell()
    variables = dict(os.environ, **shell.variables())
    shell.stop()
    return str(storage_root(os.path.expanduser("~"), variables)["path"])
