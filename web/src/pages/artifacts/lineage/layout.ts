import type { Lineage } from "../../../lib/rpc/contract";
import { GAP, MARGIN, NODE_HEIGHT, NODE_WIDTH, STEP, sound } from "./graph";
import type { Picture } from "./graph";
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
    nodes: lineage.nodes.map((node) => {
      const { x, y } = graph.node(numbers.get(node.id) ?? "") as { x: number; y: number };
      return { node, x, y };
    }),
    edges: edges.map(({ edge, source, target }) => {
      const { points } = graph.edge(source, target) as { points: { x: number; y: number }[] };
      return { edge, points };
    }),
    width: size.width ?? 0,
    height: size.height ?? 0,
  };
}
