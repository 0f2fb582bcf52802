import * as dagre from "@dagrejs/dagre";
import { describe, expect, it } from "vitest";
import type { Lineage, LineageNode } from "../../../lib/rpc/contract";
import { branches, type Branch } from "./branches";
import { NODE_HEIGHT, NODE_WIDTH, type Picture } from "./graph";
import { layered } from "./layers";
import { arrange, withDagre } from "./layout";
import { first, fit, nextNode, reveal, zoom } from "./view";
import { short } from "./words";

function node(id: string): LineageNode {
  const isRun = id.startsWith("run:");
  return {
    id,
    kind: isRun ? "run" : "artifact",
    label: id,
    type: "",
    created: null,
    size_bytes: null,
    status: "",
    is_deleted: false,
    is_known: true,
  };
}
/** "a>b" leads from a to b; the first node is the root. */
function lineage(...ways: string[]): Lineage {
  const pairs = ways.map((way) => way.split(">") as [string, string]);
  const ids = [...new Set(pairs.flat())];
  return {
    root: ids[0] ?? "",
    nodes: ids.map(node),
    edges: pairs.map(([source, target]) => ({ source, target, kind: target.startsWith("run:") ? "used" : "made" })),
    is_cut: false,
  };
}
function at(picture: Picture, id: string) {
  const placed = picture.nodes.find((each) => each.node.id === id);
  if (!placed) throw new Error(`${id} has no place`);
  return placed;
}
function overlaps({ nodes }: Picture): number {
  let count = 0;
  for (const [index, a] of nodes.entries())
    for (const b of nodes.slice(index + 1))
      if (Math.abs(a.x - b.x) < NODE_WIDTH && Math.abs(a.y - b.y) < NODE_HEIGHT) count += 1;
  return count;
}

const STORY = lineage("data>run:train", "run:train>net", "net>run:tune", "run:tune>tuned", "data>run:tune");
const ARRANGEMENTS: [string, (graph: Lineage) => Picture][] = [
  ["dagre", (graph) => withDagre(dagre, graph)],
  ["layers", layered],
];

describe.each(ARRANGEMENTS)("the picture by %s", (_, draw) => {
  it("leads from left to right", () => {
    const picture = draw(STORY);
    const order = ["data", "run:train", "net", "run:tune", "tuned"].map((id) => at(picture, id).x);
    expect([...order].sort((a, b) => a - b)).toEqual(order);
    expect(new Set(order).size).toBe(5);
  });

  it("has every node and edge once, within its size, none upon another", () => {
    const picture = draw(STORY);
    expect([picture.nodes.length, picture.edges.length, overlaps(picture)]).toEqual([5, 5, 0]);
    for (const { x, y } of picture.nodes) {
      expect(x - NODE_WIDTH / 2).toBeGreaterThanOrEqual(0);
      expect(x + NODE_WIDTH / 2).toBeLessThanOrEqual(picture.width);
      expect(y - NODE_HEIGHT / 2).toBeGreaterThanOrEqual(0);
      expect(y + NODE_HEIGHT / 2).toBeLessThanOrEqual(picture.height);
    }
  });

  it("bears circles, loops, edges to nowhere and edges that are there twice", () => {
    const graph = lineage("a>run:1", "run:1>b", "b>run:2", "run:2>a", "a>a", "a>run:1");
    graph.edges.push({ source: "a", target: "nobody", kind: "used" });
    const picture = draw(graph);
    expect([picture.nodes.length, picture.edges.length, overlaps(picture)]).toEqual([4, 4, 0]);
  });

  it("bears names that mean something to programs", () => {
    const picture = draw(lineage("__proto__>constructor", "constructor>\u0000", "\u0000>run:<img"));
    expect([picture.nodes.length, picture.edges.length, overlaps(picture)]).toEqual([4, 3, 0]);
  });

  it("of a lonely version is that version", () => {
    const alone: Lineage = { root: "a", nodes: [node("a")], edges: [], is_cut: false };
    expect(draw(alone).nodes.length).toBe(1);
  });
});

describe("a large graph", () => {
  const ways = Array.from({ length: 499 }, (_, index) => [`n${index >> 2}>n${index + 1}`, `n${index >> 3}>n${index + 1}`]).flat();

  it("is arranged quickly, and none upon another", async () => {
    const began = performance.now();
    const picture = await arrange(lineage(...ways));
    expect(picture.nodes.length).toBe(500);
    expect(overlaps(picture)).toBe(0);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

describe("the view", () => {
  const window = { width: 800, height: 400 };

  it("fits all in, and enlarges nothing", () => {
    expect(fit({ width: 1600, height: 400 }, window)).toEqual({ scale: 0.5, x: 0, y: 100 });
    expect(fit({ width: 80, height: 40 }, window).scale).toBe(1);
    expect(fit({ width: 0, height: 0 }, window).scale).toBe(1);
  });

  it("begins at the root when all of it could not be read", () => {
    const view = first({ width: 8_000, height: 8_000 }, { x: 4_000, y: 100 }, window);
    expect(view.x + 4_000 * view.scale).toBe(400);
    expect(view.y + 100 * view.scale).toBe(200);
  });

  it("zooms around a point that stays, within limits", () => {
    const view = zoom({ x: 10, y: 20, scale: 1 }, 2, { x: 110, y: 120 });
    expect(view).toEqual({ scale: 2, x: -90, y: -80 });
    expect(zoom(view, 100, { x: 0, y: 0 }).scale).toBe(2);
    expect(zoom(view, 1e-9, { x: 0, y: 0 }).scale).toBe(0.05);
  });

  it("moves only as far as a node needs to be seen", () => {
    const view = { x: 0, y: 0, scale: 1 };
    expect(reveal(view, { x: 400, y: 200 }, window)).toEqual(view);
    expect(reveal(view, { x: 1_000, y: 200 }, window).x).toBe(800 - 12 - NODE_WIDTH / 2 - 1_000);
  });

  it("walks from node to node by the arrows", () => {
    const picture = layered(STORY);
    const right = { x: 1, y: 0 };
    const names = [];
    for (let here: ReturnType<typeof nextNode> = at(picture, "data"); here; here = nextNode(picture.nodes, here, right)) names.push(here.node.id);
    expect(names).toEqual(["data", "run:train", "net", "run:tune", "tuned"]);
    expect(nextNode(picture.nodes, at(picture, "data"), { x: -1, y: 0 })).toBeNull();
  });
});

describe("the lineage as text", () => {
  const text = (all: readonly Branch[]): unknown[] =>
    all.map(({ node: { id }, isRepeated, parts }) => [isRepeated ? `${id}*` : id, ...text(parts)]);

  it("spells out both directions from the version", () => {
    const { up, down } = branches({ ...STORY, root: "net" });
    expect(text(up)).toEqual([["run:train", ["data"]]]);
    expect(text(down)).toEqual([["run:tune", ["tuned"]]]);
  });

  it("mentions again what stands elsewhere, without its parts", () => {
    const { down } = branches(lineage("a>run:1", "a>run:2", "run:1>b", "run:2>b", "b>run:3"));
    expect(text(down)).toEqual([
      ["run:1", ["b", ["run:3"]]],
      ["run:2", ["b*"]],
    ]);
  });

  it("ends in circles", () => {
    const { down } = branches(lineage("a>run:1", "run:1>a"));
    expect(text(down)).toEqual([["run:1", ["a*"]]]);
  });
});

describe("a name in a node", () => {
  it("keeps its beginning and its end", () => {
    expect(short("resnet50:v3", 25)).toBe("resnet50:v3");
    const cut = short("resnet50-imagenet-finetuned-with-augmentation:v12", 25);
    expect([cut.length, cut.startsWith("resnet50-imag"), cut.endsWith(":v12")]).toEqual([25, true, true]);
  });

  it("counts broad signs twice", () => {
    expect(short("血".repeat(40), 20)).toBe(`${"血".repeat(6)}…${"血".repeat(3)}`);
  });
});
