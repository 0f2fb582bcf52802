import type { Lineage } from "../../../lib/rpc/contract";
import { GAP, MARGIN, NODE_HEIGHT, NODE_WIDTH, STEP, sides, sound } from "./graph";
import type { Picture, Point } from "./graph";
import { layered } from "./layers";

/** Beyond so many nodes and edges together, dagre takes longer than one wants to wait for a page. */
const DAGRE_MOST = 300;

/** Arrange a graph from left to right, the earlier before the later. */
export async function arrange(lineage: Lineage): Promise<Picture> {
  if (lineage.nodes.length + lineage.edges.length > DAGRE_MOST) return layered(lineage);
  return withDagre(await import("@dagrejs/dagre"), lineage);
}

/** The same by dagre. */
export function withDagre(dagre: typeof import("@dagrejs/dagre"), lineage: Lineage): Picture {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: GAP, ranksep: STEP, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  // Names are the server's: numbers in their place keep dagre from meaning anything by them.
  const numbers = new Map(lineage.nodes.map((node, index) => [node.id, `n${index}`]));
  for (const name of numbers.values()) graph.setNode(name, { width: NODE_WIDTH, height: NODE_HEIGHT });
  const edges = sound(lineage).map((edge) => ({
    edge,
    source: numbers.get(edge.source) ?? "",
    target: numbers.get(edge.target) ?? "",
  }));
  for (const { source, target } of edges) graph.setEdge(source, target);
  dagre.layout(graph);
  const size = graph.graph() as { width?: number; height?: number };
  return {
    nodes: lineage.nodes.map((node) => ({ node, ...placeOf(graph, numbers.get(node.id) ?? "") })),
    edges: edges.map(({ edge, source, target }) => {
      const { points } = graph.edge(source, target) as { points: Point[] };
      // Every edge leaves and enters a node in the middle of a side, as one reads.
      const ends = sides(placeOf(graph, source), placeOf(graph, target));
      return { edge, points: [ends[0], ...points.slice(1, -1), ends[1]] };
    }),
    width: size.width ?? 0,
    height: size.height ?? 0,
  };
}

function placeOf(graph: { node: (name: string) => unknown }, name: string): Point {
  const { x, y } = graph.node(name) as Point;
  return { x, y };
}
