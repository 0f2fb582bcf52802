import type { Environment } from "../../lib/rpc/contract";

/** The one that would be taken without a question first, then those that can be used, then the rest. */
export function inOrder(all: readonly Environment[], chosen: string | null): Environment[] {
  const rank = (each: Environment) => (each.python === chosen ? 0 : each.usable ? 1 : 2);
  return [...all].sort((one, other) => rank(one) - rank(other));
}

/** Those that have every word of the search in their name, kind, path or versions. */
export function matching(all: readonly Environment[], search: string): Environment[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter((each) => {
    const text = [each.name, each.kind, each.python, each.python_version, each.runicorn_version].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Why this one is marked: it is the only one that can be used, or the one of the last time. */
export function mark(each: Environment, all: readonly Environment[], chosen: string | null): "only" | "last" | null {
  if (each.python !== chosen) return null;
  return all.filter((other) => other.usable).length === 1 ? "only" : "last";
}
