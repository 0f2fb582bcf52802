import type { Placed, Point } from "./graph";
import { NODE_HEIGHT, NODE_WIDTH } from "./graph";

/** How the picture lies in its window: `x` and `y` are where its corner is, in pixels of the window. */
export interface View extends Point {
  scale: number;
}

export interface Size {
  width: number;
  height: number;
}

export const SMALLEST = 0.05;
export const LARGEST = 2;
/** Texts in nodes are not worth drawing below this. */
export const LEGIBLE = 0.35;

/** See all of it, but never larger than it is. */
export function fit(picture: Size, window: Size): View {
  const scale = clamp(Math.min(window.width / picture.width, window.height / picture.height, 1));
  return {
    scale,
    x: (window.width - picture.width * scale) / 2,
    y: (window.height - picture.height * scale) / 2,
  };
}

/** See one place in the middle, at a scale where texts can be read. */
export function centre(point: Point, window: Size, scale = 1): View {
  return { scale, x: window.width / 2 - point.x * scale, y: window.height / 2 - point.y * scale };
}

/** What to see first: all of it if that can be read, else the place that it is about. */
export function first(picture: Size, root: Point, window: Size): View {
  const whole = fit(picture, window);
  return whole.scale >= 0.6 ? whole : centre(root, window, 0.8);
}

/** Larger or smaller around a point of the window that stays where it is. */
export function zoom(view: View, by: number, around: Point): View {
  const scale = clamp(view.scale * by);
  const ratio = scale / view.scale;
  return { scale, x: around.x - (around.x - view.x) * ratio, y: around.y - (around.y - view.y) * ratio };
}

/** Move the picture. */
export function pan(view: View, by: Point): View {
  return { ...view, x: view.x + by.x, y: view.y + by.y };
}

/** The least movement that brings a node into sight. */
export function reveal(view: View, node: Point, window: Size): View {
  const margin = 12;
  const shift = (middle: number, half: number, length: number) => {
    if (middle - half < margin) return margin - (middle - half);
    if (middle + half > length - margin) return length - margin - (middle + half);
    return 0;
  };
  const { scale } = view;
  return pan(view, {
    x: shift(view.x + node.x * scale, (NODE_WIDTH / 2) * scale, window.width),
    y: shift(view.y + node.y * scale, (NODE_HEIGHT / 2) * scale, window.height),
  });
}

const WAYS: Record<string, Point> = {
  ArrowRight: { x: 1, y: 0 },
  ArrowLeft: { x: -1, y: 0 },
  ArrowDown: { x: 0, y: 1 },
  ArrowUp: { x: 0, y: -1 },
};

/** The way that an arrow key points, null for other keys. */
export function wayOf(key: string): Point | null {
  return WAYS[key] ?? null;
}

/** The nearest node in a direction; what lies straight ahead is nearer than what lies aside. */
export function nextNode(nodes: readonly Placed[], from: Placed, way: Point): Placed | null {
  let best: Placed | null = null;
  let least = Infinity;
  for (const to of nodes) {
    const x = to.x - from.x;
    const y = to.y - from.y;
    const ahead = x * way.x + y * way.y;
    const aside = Math.abs(x * way.y) + Math.abs(y * way.x);
    if (ahead <= 1 || (way.y !== 0 && aside > NODE_WIDTH)) continue;
    const distance = ahead + 2 * aside;
    if (distance < least) [best, least] = [to, distance];
  }
  return best;
}

function clamp(scale: number): number {
  return Math.min(LARGEST, Math.max(SMALLEST, Number.isFinite(scale) ? scale : 1));
}
