import { href } from "../../lib/state/router.svelte";

/**
 * Where things are in the address bar:
 *
 *     #/artifacts/STORE                       the artifacts of a store
 *     #/artifacts/STORE/TYPE/NAME/v3          a version (or `latest`, or an alias)
 *     #/artifacts/STORE/runs                  its runs
 *     #/artifacts/STORE/runs/ID               a run
 */
export type Place =
  | { kind: "list"; store: string | null }
  | { kind: "version"; store: string; ref: string; type: string; name: string; version: string }
  | { kind: "runs"; store: string }
  | { kind: "run"; store: string; run: string };

/** The place that the parts of a route name. */
export function place(parts: readonly string[]): Place {
  const [store, type, name, version = "latest"] = parts;
  if (store === undefined) return { kind: "list", store: null };
  if (type === undefined) return { kind: "list", store };
  if (name === undefined) return type === "runs" ? { kind: "runs", store } : { kind: "list", store };
  if (type === "runs" && parts.length === 3) return { kind: "run", store, run: name };
  return { kind: "version", store, type, name, version, ref: `${type}/${name}:${version}` };
}

/** A version's address. */
export function toVersion(store: string, type: string, name: string, version: number | string): string {
  return href("artifacts", [store, type, name, word(version)]);
}

/** A run's address. */
export function toRun(store: string, run: string): string {
  return href("artifacts", [store, "runs", run]);
}

/** The address of what a ref (`TYPE/NAME:v3`) names; null when it does not say all of it. */
export function toRef(store: string, ref: string): string | null {
  const parts = parseRef(ref);
  return parts && toVersion(store, parts.type, parts.name, parts.version);
}

/** The address of a node of the lineage: a version, or `run:ID`. */
export function toNode(store: string, id: string, kind: "artifact" | "run"): string | null {
  return kind === "run" ? toRun(store, id.replace(/^run:/, "")) : toRef(store, id);
}

/** Take `TYPE/NAME:v3` apart. */
export function parseRef(ref: string): { type: string; name: string; version: string } | null {
  const slash = ref.indexOf("/");
  const colon = ref.lastIndexOf(":");
  if (slash < 1 || colon < slash + 2 || colon === ref.length - 1) return null;
  return { type: ref.slice(0, slash), name: ref.slice(slash + 1, colon), version: ref.slice(colon + 1) };
}

function word(version: number | string): string {
  return typeof version === "number" ? `v${version}` : version;
}
