import type { Key } from "../../lib/i18n/index.svelte";
import type { Artifact, Download, Store } from "../../lib/rpc/contract";

/** Why nothing can be fetched from a store now, as a text's key; null when it can. */
export function whyNoDownload(store: Store | undefined, isOnline: boolean): Key | null {
  if (!isOnline || !store) return "artifacts.blocked.away";
  return store.state === "disconnected" ? "artifacts.blocked.disconnected" : null;
}

/** Why a version cannot be changed now. */
export function whyNoChange(artifact: Artifact, store: Store | undefined, isOnline: boolean): Key | null {
  if (artifact.layout === "assets") return "artifacts.blocked.layout";
  return whyNoDownload(store, isOnline);
}

/** The name of a version that stands for itself only. */
export function refOf(artifact: Pick<Artifact, "type" | "name" | "version">): string {
  return `${artifact.type}/${artifact.name}:v${artifact.version}`;
}

/** How much a download of all files brings. A version's own size counts references too, which do not come. */
export function downloadSize(artifact: Pick<Artifact, "files" | "files_total" | "references" | "size_bytes">): number {
  const sum = (sizes: (number | null)[]) => sizes.reduce<number>((total, each) => total + Math.max(0, each ?? 0), 0);
  if (artifact.files.length >= artifact.files_total) return sum(artifact.files.map((file) => file.size));
  return Math.max(0, artifact.size_bytes - sum(artifact.references.map((reference) => reference.size)));
}

/** Downloads that are not at their end. */
export function isActive(download: Download): boolean {
  return download.state === "waiting" || download.state === "running" || download.state === "verifying";
}

/** The download of a version that is to be shown with it: the one under way, else the newest. */
export function downloadOf(downloads: Iterable<Download>, store: string, ref: string): Download | null {
  const all = [...downloads].filter((each) => each.store === store && each.ref === ref);
  all.sort((a, b) => Number(isActive(b)) - Number(isActive(a)) || b.created - a.created);
  return all[0] ?? null;
}
