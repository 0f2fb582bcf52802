"""Where a version comes from and what was made with it, as a tree."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from runicornctl.quantities import moment, size
from runicornctl.render import Paint, clean

if TYPE_CHECKING:
    from runicornd.protocol.models import Lineage, LineageNode

# What stands before a node: how it came to the one above it. By direction, then by the edge's kind.
_WORDS = {
    "up": {"made": "made by", "used": "from"},
    "down": {"made": "made", "used": "used by"},
}
_HEADINGS = {"up": "comes from", "down": "led to"}


def tree_lines(lineage: Lineage, directions: tuple[str, ...]) -> list[str]:
    """Return the lines of the trees above and below the root.

    Args:
        lineage: The graph; it may have circles.
        directions: ``up``, ``down``, or both.
    """
    nodes = {node.id: node for node in lineage.nodes}
    lines = [_label(nodes.get(lineage.root), lineage.root)]
    for direction in directions:
        tree = _Tree(lineage, nodes, direction)
        branches = tree.branches(lineage.root)
        heading = _HEADINGS[direction]
        lines += ["", *([heading, *branches] if branches else [f"{heading} nothing that is known"])]
    if lineage.is_cut:
        lines += ["", "It is too large to be shown whole; see less of it with --depth."]
    return lines


class _Tree:
    """One direction of the graph, drawn from the root. Each node unfolds once."""

    def __init__(self, lineage: Lineage, nodes: dict[str, LineageNode], direction: str) -> None:
        self._nodes = nodes
        self._words = _WORDS[direction]
        self._next: dict[str, list[tuple[str, str]]] = {}
        for edge in lineage.edges:
            near, far = (edge.target, edge.source) if direction == "up" else (edge.source, edge.target)
            self._next.setdefault(near, []).append((far, edge.kind))
        symbol = Paint(sys.stdout).symbol
        self._fork, self._last = symbol("├─ ", "|- "), symbol("└─ ", "`- ")
        self._pass = symbol("│  ", "|  ")
        self._seen: set[str] = set()

    def branches(self, root: str) -> list[str]:
        """Return the lines below the root. Without recursion: a chain may be long."""
        self._seen.add(root)
        lines: list[str] = []
        # Nodes still to be drawn: the id, the edge's kind, what stands before it, whether it is the last.
        stack = self._entries(root, "")
        while stack:
            node, kind, before, is_last = stack.pop()
            word = self._words.get(kind, kind)
            known = node in self._seen
            again = " (see above)" if known and self._next.get(node) else ""
            knot = self._last if is_last else self._fork
            lines.append(f"{before}{knot}{word} {_label(self._nodes.get(node), node)}{again}")
            if not known:
                self._seen.add(node)
                stack += self._entries(node, before + ("   " if is_last else self._pass))
        return lines

    def _entries(self, node: str, before: str) -> list[tuple[str, str, str, bool]]:
        """What hangs on a node, the last first, as a stack wants it."""
        found = sorted(set(self._next.get(node, [])))
        entries = [(far, kind, before, place == len(found) - 1) for place, (far, kind) in enumerate(found)]
        return entries[::-1]


def _label(node: LineageNode | None, node_id: str) -> str:
    if node is None:
        return clean(node_id)
    paint = Paint(sys.stdout)
    name = f"run {node.id.removeprefix('run:')}" if node.kind == "run" else node.id
    label = node.label.removesuffix(node.id.removeprefix("run:")).rstrip("/") if node.kind == "run" else ""
    notes = [label] if label else []
    if not node.is_known:
        notes.append("not in this store")
    if node.is_deleted:
        notes.append("deleted")
    if node.kind == "run" and node.status:
        notes.append(node.status)
    if node.size_bytes is not None:
        notes.append(size(node.size_bytes))
    if node.created is not None:
        notes.append(moment(node.created).partition(" (")[0])
    tail = paint("dim", f"  ({clean(', '.join(notes))})") if notes else ""
    return f"{clean(name)}{tail}"
