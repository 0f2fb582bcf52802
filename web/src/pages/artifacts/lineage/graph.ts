import type { Lineage, LineageEdge, LineageNode } from "../../../lib/rpc/contract";

export interface Point {
  x: number;
  y: number;
}

/** A node with its place: `x` and `y` are its middle. */
export interface Placed extends Point {
  node: LineageNode;
}

/** An edge with the points that it leads through, the first and last at the nodes' borders. */
export interface Drawn {
  edge: LineageEdge;
  points: Point[];
}

export interface Picture {
  nodes: Placed[];
  edges: Drawn[];
  width: number;
  height: number;
}

export const NODE_WIDTH = 208;
export const NODE_HEIGHT = 52;
export const GAP = 18;
export const STEP = 72;
export const MARGIN = 24;

/** The edges whose ends are both there, none twice and none in a circle with itself. */
export function sound(lineage: Lineage): LineageEdge[] {
  const ids = new Set(lineage.nodes.map((node) => node.id));
  const seen = new Set<string>();
  return lineage.edges.filter((edge) => {
    const key = JSON.stringify([edge.source, edge.target]);
    if (seen.has(key) || edge.source === edge.target) return false;
    seen.add(key);
    return ids.has(edge.source) && ids.has(edge.target);
  });
}

/** Where an edge leaves one node and enters another: in the middle of the sides that look at each other. */
export function sides(from: Point, to: Point): [Point, Point] {
  const way = Math.sign(to.x - from.x) * (NODE_WIDTH / 2);
  return [
    { x: from.x + way, y: from.y },
    { x: to.x - way, y: to.y },
  ];
}

/** What leads to each node, and what leads away from it. */
export interface Neighbours {
  before: Map<string, string[]>;
  after: Map<string, string[]>;
}

/** Look up neighbours by id. */
export function neighbours(edges: readonly LineageEdge[]): Neighbours {
  const before = new Map<string, string[]>();
  const after = new Map<string, string[]>();
  for (const { source, target } of edges) {
    push(after, source, target);
    push(before, target, source);
  }
  return { before, after };
}

/** An SVG path through the points: straight ends, soft in between. */
export function path(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let made = `M${at(first)}`;
  let from = first;
  for (const to of rest) {
    const middle = (from.x + to.x) / 2;
    made += `C${at({ x: middle, y: from.y })} ${at({ x: middle, y: to.y })} ${at(to)}`;
    from = to;
  }
  return made;
}

function at({ x, y }: Point): string {
  return `${Math.round(x)},${Math.round(y)}`;
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const there = map.get(key);
  if (there) there.push(value);
  else map.set(key, [value]);
}
