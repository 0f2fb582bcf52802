"""What a keeper is told to run: made and checked by the agent, one line of JSON on the way."""

import os
import socket
from typing import Dict, List, NamedTuple, Optional

from .failures import Failure
from .folders import checked_name
from .wire import Splitter, decode, encode


class Order(NamedTuple):
    """One viewer to run, as ``viewer.start`` of the protocol describes it."""

    instance: str
    session: str
    argv: List[str]
    env: Dict[str, str]
    root: str
    transport: str
    lease_s: float


def checked_root(path: str) -> str:
    """Return a storage root as an absolute path; ``~`` is expanded, a relative one starts at home.

    Raises:
        Failure: ``root_not_found``, ``permission_denied``.
    """
    root = os.path.join(os.path.expanduser("~"), os.path.expanduser(path))
    try:
        os.stat(root)
    except PermissionError:
        raise Failure("permission_denied", f"cannot use the storage root {root}: no permission", path=root)
    except (OSError, ValueError):
        raise Failure("root_not_found", f"cannot use the storage root {root}: there is none", path=root)
    if not os.path.isdir(root):
        raise Failure("root_not_found", f"cannot use the storage root {root}: not a folder", path=root)
    for mode, word in ((os.R_OK | os.X_OK, "readable"), (os.W_OK, "writable")):
        if not os.access(root, mode):
            message = f"cannot use the storage root {root}: it is not {word} for this account"
            raise Failure("permission_denied", message, path=root)
    return root


def check(order: Order) -> Order:
    """Return the order with its root made absolute.

    Raises:
        Failure: ``invalid_params``, or as ``checked_root``.
    """
    checked_name(order.instance)
    if not order.session.isprintable() or not 0 < len(order.session) <= 128 or order.session[0] == "-":
        raise Failure("invalid_params", f"cannot use the session name {order.session[:80]!r}")
    if not order.argv or any("\0" in word for word in order.argv):
        raise Failure("invalid_params", "cannot run nothing, or a word with a null character")
    if any("\0" in name + value or "=" in name or not name for name, value in order.env.items()):
        raise Failure("invalid_params", "cannot set these environment variables")
    if order.transport not in ("unix", "tcp"):
        raise Failure("invalid_params", f"cannot listen on {order.transport!r}: unix and tcp are known")
    if not 1 <= order.lease_s <= 30 * 86400:
        raise Failure("invalid_params", f"cannot lease for {order.lease_s} s: 1 s to 30 days")
    return order._replace(root=checked_root(order.root))


def as_line(order: Order) -> bytes:
    """Return an order as it travels to the keeper."""
    return encode(dict(order._asdict()))


def read_order(connection: socket.socket) -> Order:
    """Read an order that the agent sent; nothing else comes before the answer.

    Raises:
        OSError, ValueError: The agent is gone.
    """
    connection.settimeout(10)
    splitter = Splitter()
    lines: List[Optional[bytes]] = []
    while not lines:
        data = connection.recv(65536)
        if not data:
            raise ValueError("no order")
        lines += splitter.feed(data)
    return Order(**decode(lines[0] or b""))  # type: ignore[arg-type]  # the agent has checked it
