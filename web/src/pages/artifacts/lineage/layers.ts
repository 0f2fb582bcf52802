/**
 * A quick arrangement for graphs that would keep dagre busy for seconds: columns by the longest way from a
 * beginning, each column sorted by where its neighbours are.
 */
import type { Lineage, LineageEdge } from "../../../lib/rpc/contract";
import { GAP, MARGIN, NODE_HEIGHT, NODE_WIDTH, STEP, neighbours, sides, sound } from "./graph";
import type { Neighbours, Picture, Point } from "./graph";

const SWEEPS = 6;

/** Arrange a graph from left to right. */
export function layered(lineage: Lineage): Picture {
  const edges = sound(lineage);
  const near = neighbours(edges);
  const ids = lineage.nodes.map((node) => node.id);
  const columns = inColumns(ids, columnOf(ids, edges, near));
  untangle(columns, near);
  const tallest = Math.max(1, ...columns.map((column) => column.length));
  const height = tallest * (NODE_HEIGHT + GAP) - GAP + 2 * MARGIN;
  const places = new Map<string, Point>();
  columns.forEach((column, index) => {
    const top = (height - (column.length * (NODE_HEIGHT + GAP) - GAP)) / 2 + NODE_HEIGHT / 2;
    const x = MARGIN + NODE_WIDTH / 2 + index * (NODE_WIDTH + STEP);
    column.forEach((id, row) => places.set(id, { x, y: top + row * (NODE_HEIGHT + GAP) }));
  });
  const placeOf = (id: string) => places.get(id) ?? { x: 0, y: 0 };
  return {
    nodes: lineage.nodes.map((node) => ({ node, ...placeOf(node.id) })),
    edges: edges.map((edge) => ({ edge, points: sides(placeOf(edge.source), placeOf(edge.target)) })),
    width: Math.max(1, columns.length) * (NODE_WIDTH + STEP) - STEP + 2 * MARGIN,
    height,
  };
}

/** The column of each node: one after the last of what leads to it. What leads back into a circle does not count. */
function columnOf(ids: readonly string[], edges: readonly LineageEdge[], near: Neighbours): Map<string, number> {
  const open = new Map(ids.map((id) => [id, 0]));
  for (const { target } of edges) open.set(target, (open.get(target) ?? 0) + 1);
  const column = new Map(ids.map((id) => [id, 0]));
  const done = new Set<string>();
  const ready = ids.filter((id) => open.get(id) === 0);
  for (let left = ids.length; left > 0; left -= 1) {
    // In a circle, somebody has to begin.
    const id = ready.shift() ?? ids.find((each) => !done.has(each));
    if (id === undefined) break;
    done.add(id);
    for (const next of near.after.get(id) ?? []) {
      if (done.has(next)) continue;
      column.set(next, Math.max(column.get(next) ?? 0, (column.get(id) ?? 0) + 1));
      const count = (open.get(next) ?? 1) - 1;
      open.set(next, count);
      if (count === 0) ready.push(next);
    }
  }
  return column;
}

function inColumns(ids: readonly string[], column: Map<string, number>): string[][] {
  const columns: string[][] = [];
  for (const id of ids) (columns[column.get(id) ?? 0] ??= []).push(id);
  return Array.from(columns, (each) => (each as string[] | undefined) ?? []);
}

/** Sort each column by the middle of its neighbours in the columns beside it, to and fro. */
function untangle(columns: string[][], near: Neighbours): void {
  const row = new Map<string, number>();
  const number = (column: string[]) => {
    column.forEach((id, index) => row.set(id, index - column.length / 2));
  };
  columns.forEach(number);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isForth = sweep % 2 === 0;
    const beside = isForth ? near.before : near.after;
    for (const column of isForth ? columns : [...columns].reverse()) {
      const middle = new Map(column.map((id) => [id, mean((beside.get(id) ?? []).map((each) => row.get(each) ?? 0), row.get(id) ?? 0)]));
      column.sort((a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0));
      number(column);
    }
  }
}

function mean(values: readonly number[], otherwise: number): number {
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : otherwise;
}
