import { inert } from "../../../lib/text";

/** One line of a JSON value that is shown as a tree. */
export interface Line {
  /** Where it is: the keys that lead to it, each written as JSON. The whole is "". */
  path: string;
  depth: number;
  /** The key or index, ready to be shown; empty for the whole. */
  name: string;
  /** The value of a leaf, or what is in a branch ("{ 3 }"), ready to be shown. */
  text: string;
  kind: "string" | "number" | "boolean" | "null" | "object" | "list" | "more";
  /** For branches: whether its parts follow. */
  isOpen: boolean;
  /** What to copy; null for `more`, which stands for so many parts that are not shown yet. */
  value: unknown;
  left: number;
}

/** How many parts of a branch are shown at first, and more with each wish for more. */
export const AT_ONCE = 100;
/** Branches up to this size are open at first. */
const SMALL = 30;
const LONGEST_TEXT = 2_000;
const LONGEST_NAME = 200;

/** What the user has opened and closed, by path. */
export interface Opened {
  has: ReadonlyMap<string, boolean>;
  /** How many parts are shown of a branch; `AT_ONCE` where nothing is said. */
  shown: ReadonlyMap<string, number>;
}

/** The lines to show, without recursion: a hostile value may be as deep as it likes. */
export function lines(value: unknown, opened: Opened): Line[] {
  const found: Line[] = [];
  const rest: Line[] = parts("", value, 0, opened).reverse();
  for (let line = rest.pop(); line; line = rest.pop()) {
    found.push(line);
    if (line.isOpen) rest.push(...parts(line.path, line.value, line.depth + 1, opened).reverse());
  }
  return found;
}

function parts(path: string, value: unknown, depth: number, opened: Opened): Line[] {
  const all = entries(value);
  const count = opened.shown.get(path) ?? AT_ONCE;
  const shown = all.slice(0, count).map(([name, part]) => line(`${path}/${JSON.stringify(name)}`, name, part, depth, opened));
  if (all.length > count) shown.push(more(path, depth, all.length - count));
  return shown;
}

function line(path: string, name: string | number, value: unknown, depth: number, opened: Opened): Line {
  const kind = kindOf(value);
  const isBranch = kind === "object" || kind === "list";
  const size = isBranch ? entries(value).length : 0;
  const isOpen = isBranch && size > 0 && (opened.has.get(path) ?? (depth === 0 && size <= SMALL));
  return { path, depth, name: inert(String(name), LONGEST_NAME), text: text(value, kind, size), kind, isOpen, value, left: 0 };
}

function more(path: string, depth: number, left: number): Line {
  return { path, depth, name: "", text: "", kind: "more", isOpen: false, value: null, left };
}

function kindOf(value: unknown): Exclude<Line["kind"], "more"> {
  if (Array.isArray(value)) return "list";
  if (value === null || value === undefined) return "null";
  if (typeof value === "object") return "object";
  if (typeof value === "number" || typeof value === "boolean") return typeof value as "number" | "boolean";
  return "string";
}

function text(value: unknown, kind: Line["kind"], size: number): string {
  if (kind === "object") return size ? `{ ${size} }` : "{ }";
  if (kind === "list") return size ? `[ ${size} ]` : "[ ]";
  return inert(String(value), LONGEST_TEXT);
}

function entries(value: unknown): [string | number, unknown][] {
  if (Array.isArray(value)) return value.map((part, index) => [index, part]);
  if (typeof value === "object" && value !== null) return Object.entries(value);
  return [];
}

/** A value as text to copy: strings as they are, everything else as JSON; "" for what is too deep for that. */
export function copied(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value, null, 2);
  } catch {
    return "";
  }
}
