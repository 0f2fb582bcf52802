/** What the cache takes, in sums and words. */
import { bytes, number } from "../../lib/format/numbers";
import { t } from "../../lib/i18n/index.svelte";
import type { CacheFreed, CacheInfo, CacheStore } from "../../lib/rpc/contract";

export const PARTS = ["index", "metadata", "downloads"] as const;
export type Part = (typeof PARTS)[number];

export const GIGA = 1e9;

/** What a store takes of one part, in bytes. */
export function partOf(store: CacheStore, part: Part): number {
  return { index: store.index_bytes, metadata: store.metadata_bytes, downloads: store.downloads_bytes }[part];
}

export function totalOf(store: CacheStore): number {
  return store.index_bytes + store.metadata_bytes + store.downloads_bytes;
}

/** A row for each store, and for each removed one that has left something. */
export function rowsOf(info: CacheInfo): CacheStore[] {
  const left = info.removed.map((each) => ({ ...each, store: t("stores.cache.removed", { store: each.store }) }));
  return [...info.stores, ...left];
}

/** What the downloads of all stores take: the limit is about them alone. */
export function downloadsOf(info: CacheInfo): number {
  return info.stores.reduce((sum, store) => sum + store.downloads_bytes, 0);
}

/** The widths of a store's bars, as shares of the largest store. */
export function sharesOf(store: CacheStore, all: readonly CacheStore[]): Record<Part, number> {
  const largest = Math.max(1, ...all.map(totalOf));
  const share = (part: Part) => partOf(store, part) / largest;
  return { index: share("index"), metadata: share("metadata"), downloads: share("downloads") };
}

/** What was removed: "1.2 GB freed, 4 downloads removed, 3 kept because in use or the only copy". */
export function freedOf(freed: CacheFreed): string {
  const nothing = freed.freed_bytes === 0 && freed.removed === 0;
  const words = [
    nothing ? t("stores.freed.nothing") : t("stores.freed", { amount: bytes(freed.freed_bytes) }),
    freed.removed ? t("stores.freed.removed", { count: number(freed.removed) }) : "",
    freed.kept ? t("stores.freed.kept", { count: number(freed.kept) }) : "",
  ];
  return words.filter((word) => word !== "").join(t("stores.join"));
}

/** A number of gigabytes as it was typed, in bytes; null when it is none. */
export function readGigabytes(text: string): number | null {
  const typed = text.trim().replace(",", ".");
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(typed)) return null;
  return Math.round(Number(typed) * GIGA);
}

/** Bytes as a number of gigabytes to be edited. */
export function gigabytes(count: number): string {
  return String(Math.round((count / GIGA) * 1000) / 1000);
}
