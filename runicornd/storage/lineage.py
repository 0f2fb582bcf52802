"""What came from what: a walk from one version through the runs that made and used it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MAX_NODES = 500

Direction = Literal["up", "down", "both"]
Kind = Literal["used", "made"]


@dataclass(frozen=True, slots=True)
class LineageNode:
    """``id`` is ``TYPE/NAME:vN`` or ``run:ID``; what the store does not have is not known."""

    id: str
    kind: Literal["artifact", "run"]
    label: str
    type: str = ""
    created: float | None = None
    size_bytes: int | None = None
    status: str = ""
    is_deleted: bool = False
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class LineageEdge:
    """From the earlier to the later."""

    source: str
    target: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class LineageGraph:
    """What was found around ``root``; ``is_cut`` when there is more than was allowed."""

    root: str
    nodes: tuple[LineageNode, ...]
    edges: tuple[LineageEdge, ...]
    is_cut: bool = False


class Relations(Protocol):
    """What the walk asks. Versions are ``TYPE/NAME:vN``, runs are ids, all without ``run:``."""

    def makers(self, version: str) -> Iterable[str]:
        """Runs that made a version."""

    def users(self, version: str) -> Iterable[str]:
        """Runs that used a version."""

    def made(self, run: str) -> Iterable[str]:
        """Versions that a run made."""

    def used(self, run: str) -> Iterable[str]:
        """Versions that a run used."""

    def parents(self, version: str) -> Iterable[str]:
        """Versions that a version itself names as its origin (``parent_artifacts``)."""

    def children(self, version: str) -> Iterable[str]:
        """Versions that name this one as their origin."""

    def version_node(self, version: str) -> LineageNode | None:
        """Describe a version, None when the store does not have it."""

    def run_node(self, run: str) -> LineageNode | None:
        """Describe a run, None when the store does not have it."""


def trace(
    root: str, relations: Relations, *, direction: Direction = "both", depth: int = 3, limit: int = MAX_NODES
) -> LineageGraph:
    """Walk from a version; every step leads from a version over a run to other versions.

    Cycles end where they meet what was already seen; the nearest nodes come first.

    Args:
        root: ``TYPE/NAME:vN``.
        relations: What is asked of the store, only as far as the walk goes.
        direction: ``up`` to what it comes from, ``down`` to what was made with it.
        depth: How many such steps in each direction.
        limit: The most nodes in the graph; ten times as many edges.
    """
    graph = _Graph(root, relations, limit)
    graph.add_version(root)
    if direction != "down":
        _walk(root, depth, lambda version: _up(graph, version))
    if direction != "up":
        _walk(root, depth, lambda version: _down(graph, version))
    return LineageGraph(root, tuple(graph.nodes.values()), tuple(graph.edges), graph.is_cut)


def _walk(root: str, depth: int, step: Callable[[str], Iterable[str]]) -> None:
    """Go on from each version once, all of one distance before those of the next."""
    seen = {root}
    here = [root]
    for _ in range(depth):
        there = [version for start in here for version in step(start)]
        here = [version for version in dict.fromkeys(there) if version not in seen]
        seen.update(here)


def _up(graph: _Graph, version: str) -> Iterator[str]:
    makers = [run for run in graph.relations.makers(version) if graph.join_run(run, version, "made")]
    for run in makers:
        yield from (used for used in graph.relations.used(run) if graph.join_version(used, run, "used"))
    for parent in graph.relations.parents(version):
        ends = [run_id(run) for run in makers] or [version]
        if graph.add_version(parent):
            graph.join_all((parent, end, "used") for end in ends)
            yield parent


def _down(graph: _Graph, version: str) -> Iterator[str]:
    for run in graph.relations.users(version):
        if graph.join_run(run, version, "used"):
            yield from (made for made in graph.relations.made(run) if graph.join_version(made, run, "made"))
    for child in graph.relations.children(version):
        if not graph.add_version(child):
            continue
        makers = [run for run in graph.relations.makers(child) if graph.join_run(run, child, "made")]
        graph.join_all((version, end, "used") for end in ([run_id(run) for run in makers] or [child]))
        yield child


def run_id(run: str) -> str:
    """Return the id of a run's node."""
    return f"run:{run}"


class _Graph:
    """Grows up to its limit; what would exceed it is refused, and that is remembered."""

    def __init__(self, root: str, relations: Relations, limit: int) -> None:
        self.root = root
        self.relations = relations
        self.nodes: dict[str, LineageNode] = {}
        self.edges: dict[LineageEdge, None] = {}
        self.is_cut = False
        self._limit = limit

    def add_version(self, version: str) -> bool:
        """Have the version as a node; false when there is no room."""
        return self._add(version, lambda: self.relations.version_node(version) or _unknown_version(version))

    def join_version(self, version: str, run: str, kind: Kind) -> bool:
        """Have the version as a node, with its edge to or from a run that is one; false without room."""
        if not self.add_version(version):
            return False
        self._join(version, run, kind)
        return True

    def join_run(self, run: str, version: str, kind: Kind) -> bool:
        """Have the run as a node, with its edge to or from a version that is one; false without room."""
        if not self._add(run_id(run), lambda: self.relations.run_node(run) or _unknown_run(run)):
            return False
        self._join(version, run, kind)
        return True

    def join_all(self, edges: Iterable[tuple[str, str, Kind]]) -> None:
        """Have edges between nodes that are there."""
        for source, target, kind in edges:
            if len(self.edges) >= 10 * self._limit:
                self.is_cut = True
                return
            self.edges[LineageEdge(source, target, kind)] = None

    def _join(self, version: str, run: str, kind: Kind) -> None:
        ends = (version, run_id(run)) if kind == "used" else (run_id(run), version)
        self.join_all([(*ends, kind)])

    def _add(self, node: str, describe: Callable[[], LineageNode]) -> bool:
        if node in self.nodes:
            return True
        if len(self.nodes) >= self._limit:
            self.is_cut = True
            return False
        self.nodes[node] = describe()
        return True


def _unknown_version(version: str) -> LineageNode:
    kind = version.partition("/")[0] if "/" in version else ""
    return LineageNode(version, "artifact", version, type=kind, is_known=False)


def _unknown_run(run: str) -> LineageNode:
    return LineageNode(run_id(run), "run", run, is_known=False)
