import type { ArtifactFile } from "../../../lib/rpc/contract";

/** The daemon takes this many patterns, each of this many characters. */
export const MOST_PATTERNS = 100;
export const LONGEST_PATTERN = 4096;

export function isTooLong(pattern: string): boolean {
  return [...pattern].length > LONGEST_PATTERN;
}

/** Patterns as they are typed: one a line. */
export function readPatterns(text: string): string[] {
  return [...new Set(text.split("\n").map((line) => line.trim()))].filter((line) => line !== "");
}

/** A pattern that only this path matches. */
export function exactly(path: string): string {
  return path.replace(/[[*?]/g, "[$&]");
}

/** Whether a path matches, as the daemon (Python's fnmatch) sees it: `*` crosses slashes as well. */
export function matcher(patterns: readonly string[]): (path: string) => boolean {
  const all = patterns.map((pattern) => new RegExp(`^(?:${translate(pattern)})$`, "su"));
  return (path) => all.some((each) => each.test(path));
}

/** The ends of names that several files share, the most frequent first: handy patterns. */
export function endings(files: readonly ArtifactFile[], most = 5): { pattern: string; files: number }[] {
  const counts = new Map<string, number>();
  for (const { path } of files) {
    const end = /[^/.](\.\w{1,12})$/.exec(path)?.[1];
    if (end) counts.set(end, (counts.get(end) ?? 0) + 1);
  }
  if (counts.size < 2) return [];
  const sorted = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return sorted.slice(0, most).map(([end, count]) => ({ pattern: `*${end}`, files: count }));
}

function translate(pattern: string): string {
  let made = "";
  for (let at = 0; at < pattern.length; at += 1) {
    const sign = pattern.charAt(at);
    if (sign === "*") made += made.endsWith(".*") ? "" : ".*";
    else if (sign === "?") made += ".";
    else if (sign === "[") {
      const end = pattern.indexOf("]", at + (/^\[!?\]/.test(pattern.slice(at)) ? (pattern[at + 1] === "!" ? 3 : 2) : 1));
      if (end < 0) made += "\\[";
      else {
        made += set(pattern.slice(at + 1, end));
        at = end;
      }
    } else made += sign.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
  }
  return made;
}

function set(inside: string): string {
  const isNot = inside.startsWith("!");
  const signs = (isNot ? inside.slice(1) : inside).replace(/[\\\]^[&~|]/g, "\\$&").replace(/^-|-$/, "\\-");
  return `[${isNot ? "^" : ""}${signs}]`;
}
