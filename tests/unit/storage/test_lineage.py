"""The walk through what came from what."""

import itertools

from runicornd.storage.lineage import LineageEdge, LineageNode, trace


class Story:
    """Runs with what they used and made: ``Story(train=("a", "b"))`` used ``a`` and made ``b``."""

    def __init__(self, parents=None, **runs):
        self.runs = {run: (used.split(), made.split()) for run, (used, made) in runs.items()}
        self.parent_list = parents or {}
        self.asked = 0

    def _runs(self, version, side):
        self.asked += 1
        return [run for run, sides in self.runs.items() if version in sides[side]]

    def makers(self, version):
        """Runs that made it."""
        return self._runs(version, 1)

    def users(self, version):
        """Runs that used it."""
        return self._runs(version, 0)

    def made(self, run):
        """What a run made."""
        return self.runs.get(run, ([], []))[1]

    def used(self, run):
        """What a run used."""
        return self.runs.get(run, ([], []))[0]

    def parents(self, version):
        """What a version names as its origin."""
        return self.parent_list.get(version, [])

    def children(self, version):
        """What names it as its origin."""
        return [child for child, parents in self.parent_list.items() if version in parents]

    def version_node(self, version):
        """Everything is known but what begins with ``gone``."""
        return None if version.startswith("gone") else LineageNode(version, "artifact", version)

    def run_node(self, run):
        """Every run is known."""
        return LineageNode(f"run:{run}", "run", run)


CHAIN = Story(
    prepare=("", "data"), train=("data", "model"), tune=("model extra", "tuned"), serve=("tuned", "")
)


def ids(graph):
    """The nodes' ids."""
    return {node.id for node in graph.nodes}


def test_both_directions_meet_at_the_root():
    """Up are the runs and versions it comes from, down what was made with it, with edges in time's order."""
    graph = trace("model", CHAIN)
    assert ids(graph) == {"model", "run:train", "data", "run:prepare", "run:tune", "tuned", "run:serve"}
    assert set(graph.edges) == {
        LineageEdge("run:prepare", "data", "made"),
        LineageEdge("data", "run:train", "used"),
        LineageEdge("run:train", "model", "made"),
        LineageEdge("model", "run:tune", "used"),
        LineageEdge("run:tune", "tuned", "made"),
        LineageEdge("tuned", "run:serve", "used"),
    }
    assert graph.root == "model"
    assert not graph.is_cut


def test_one_direction_leaves_the_other_out():
    """Up does not look at users, down not at makers."""
    assert ids(trace("model", CHAIN, direction="up")) == {
        "model",
        "run:train",
        "data",
        "run:prepare",
    }
    assert ids(trace("model", CHAIN, direction="down")) == {"model", "run:tune", "tuned", "run:serve"}


def test_depth_counts_steps_over_a_run():
    """One step up from the model is its run and that run's data, and nothing before."""
    assert ids(trace("model", CHAIN, direction="up", depth=1)) == {"model", "run:train", "data"}


def test_a_cycle_ends():
    """A run that uses what it made, and two runs that feed each other, are walked once."""
    cycle = Story(one=("a c", "b a"), two=("b", "c"))
    graph = trace("a", cycle, depth=50)
    assert ids(graph) == {"a", "b", "c", "run:one", "run:two"}
    assert len(graph.edges) == len(set(graph.edges)) == 6


def test_what_the_store_does_not_have_is_shown_as_unknown():
    """A version that was deleted for good stays in the graph, and a root that never was is its only node."""
    graph = trace("model", Story(train=("gone/data:v1", "model")))
    (lost,) = (node for node in graph.nodes if not node.is_known)
    assert (lost.id, lost.kind, lost.type) == ("gone/data:v1", "artifact", "gone")
    assert [node.is_known for node in trace("gone:v1", Story()).nodes] == [False]


def test_parents_that_a_version_names_are_followed():
    """They count as used by the run that made it; without such a run the edge leads to the version."""
    made = trace("b", Story({"b": ["a"], "a": ["z"]}, run=("", "b")))
    assert LineageEdge("a", "run:run", "used") in made.edges
    assert LineageEdge("z", "a", "used") in made.edges
    assert ids(trace("a", Story({"b": ["a"]}), direction="down")) == {"a", "b"}


def test_a_graph_too_large_is_cut_and_says_so():
    """However many there are, no more than the limit come back, the nearest first."""
    wide = Story(train=("", " ".join(f"m{number}" for number in range(10_000))), use=("m0", "far"))
    wide.runs["train"][0].append("root")
    graph = trace("root", wide, limit=50)
    assert graph.is_cut
    assert len(graph.nodes) == 50
    known = ids(graph)
    assert all(edge.source in known and edge.target in known for edge in graph.edges)


def test_a_dense_graph_has_a_bounded_number_of_edges():
    """Runs that all use and make the same hundred versions do not multiply without end."""
    names = " ".join(f"m{number}" for number in range(100))
    dense = Story(**{f"r{number}": (names, names) for number in range(100)})
    graph = trace("m0", dense, limit=100)
    assert graph.is_cut
    assert len(graph.edges) <= 1000


def test_a_long_chain_does_not_exhaust_the_stack():
    """Depth is a loop: a thousand steps work as well as three."""
    runs = {f"r{i}": (f"m{i}", f"m{j}") for i, j in itertools.pairwise(range(200))}
    assert len(trace("m199", Story(**runs), depth=1000).nodes) == 399
