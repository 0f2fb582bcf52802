import type { Lineage, LineageNode } from "../../../lib/rpc/contract";
import { neighbours, sound } from "./graph";

/** A node in the lineage as a text: what it comes from or leads to hangs below it. */
export interface Branch {
  node: LineageNode;
  /** It stands elsewhere with all that hangs below it. */
  isRepeated: boolean;
  parts: Branch[];
}

/** Both directions from the middle, each node spelled out once, the nearest mention first. */
export function branches(lineage: Lineage): { up: Branch[]; down: Branch[] } {
  const near = neighbours(sound(lineage));
  const nodes = new Map(lineage.nodes.map((node) => [node.id, node]));
  return {
    up: grow(lineage.root, near.before, nodes),
    down: grow(lineage.root, near.after, nodes),
  };
}

function grow(root: string, near: Map<string, string[]>, nodes: Map<string, LineageNode>): Branch[] {
  const seen = new Set([root]);
  const top: Branch[] = [];
  const rest: { id: string; into: Branch[] }[] = [{ id: root, into: top }];
  for (let next = rest.shift(); next; next = rest.shift()) {
    for (const id of near.get(next.id) ?? []) {
      const node = nodes.get(id);
      if (!node) continue;
      const branch: Branch = { node, isRepeated: seen.has(id), parts: [] };
      next.into.push(branch);
      if (!branch.isRepeated) rest.push({ id, into: branch.parts });
      seen.add(id);
    }
  }
  return top;
}
