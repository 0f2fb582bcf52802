/** How stores stand, in words. */
import { bytes, number, rate } from "../../lib/format/numbers";
import { duration } from "../../lib/format/times";
import { t } from "../../lib/i18n/index.svelte";
import type { Store, SyncProgress, SyncReport } from "../../lib/rpc/contract";
import { inert } from "../../lib/text";

export const STATE_LOOKS = {
  idle: "good",
  syncing: "busy",
  waiting: "warn",
  failed: "bad",
  disconnected: "none",
} as const satisfies Record<Store["state"], string>;

/** A store's state as a word. */
export function stateOf(store: Store): string {
  return store.state === "idle" && store.is_local ? t("stores.state.idle.local") : t(`stores.state.${store.state}`);
}

/** What a store waits for; empty when it does not. Why its link is away, its error says. */
export function waitOf(store: Store): string {
  if (store.state !== "waiting") return "";
  return store.prompt ? t("stores.waiting.answer", { target: inert(store.target, 80) }) : t("stores.waiting");
}

/** By name, so that nothing moves when another one is used. */
export function sorted(stores: Record<string, Store>): Store[] {
  return Object.values(stores).sort((one, other) => one.name.localeCompare(other.name));
}

export interface Bar {
  /** Null while nobody knows how much there is. */
  value: number | null;
  whole: number;
  /** What it is doing: "150 / 200 files · 1.2 MB/s". */
  words: string;
}

/** A sync that runs, as a bar. */
export function barOf(progress: SyncProgress, target: string): Bar {
  const whole = progress.files_total ?? 0;
  if (progress.phase === "connecting") return unknown(t("stores.phase.connecting", { target: inert(target, 80) }));
  if (progress.phase === "scanning") {
    const count = progress.files_done;
    return unknown(count ? t("stores.phase.scanned", { count: number(count) }) : t("stores.phase.scanning"));
  }
  const words = [
    progress.phase === "indexing" ? t("stores.phase.indexing") : "",
    t("stores.phase.receiving", { done: number(progress.files_done), count: number(whole) }),
    progress.bytes_done > 0 ? bytes(progress.bytes_done) : "",
    progress.rate > 0 ? rate(progress.rate) : "",
  ];
  const value = progress.files_total === null ? null : progress.files_done;
  return { value, whole, words: words.filter((word) => word !== "").join(" · ") };
}

function unknown(words: string): Bar {
  return { value: null, whole: 0, words };
}

/** What the last sync did: "12 changed, 1 removed · 1.2 MB in 3 s", or "nothing new". */
export function reportOf(report: SyncReport): string {
  const changes = [
    report.changed ? t("stores.lastSync.changed", { count: number(report.changed) }) : "",
    report.removed ? t("stores.lastSync.removed", { count: number(report.removed) }) : "",
  ].filter((word) => word !== "");
  if (changes.length === 0 && report.received_bytes === 0) return t("stores.lastSync.nothing");
  const took = t("stores.lastSync.took", { amount: bytes(report.received_bytes), time: duration(report.seconds) });
  return [changes.join(t("stores.join")) || t("stores.lastSync.nothing"), took].join(" · ");
}

const OFF = "off";
const INTERVALS_S = [300, 600, 1800, 3600];

/** How often a store can be synced, as choices; one that is none of the usual ones is among them. */
export function intervals(now: number | null): { value: string; label: string }[] {
  const all = now === null || INTERVALS_S.includes(now) ? INTERVALS_S : [...INTERVALS_S, now].sort((a, b) => a - b);
  return [
    ...all.map((seconds) => ({
      value: String(seconds),
      label: t("stores.interval.every", { time: duration(seconds) }),
    })),
    { value: OFF, label: t("stores.interval.off") },
  ];
}

/** An interval as the value of its choice, and back. */
export function toChoice(seconds: number | null): string {
  return seconds === null ? OFF : String(seconds);
}
export function fromChoice(choice: string): number | null {
  return choice === OFF ? null : Number(choice);
}

/** What to read out about the changes from one moment to the next: what ended, never how far it is. */
export function newsOf(before: Record<string, Store>, after: Record<string, Store>): string[] {
  return Object.values(after).flatMap((store) => {
    const old = before[store.name];
    if (!old || old.state === store.state) return [];
    const name = { store: inert(store.name) };
    if (store.state === "failed") return [t("stores.news.failed", name)];
    const isSynced = old.last_sync?.at !== store.last_sync?.at;
    return old.state === "syncing" && isSynced ? [t("stores.news.synced", name)] : [];
  });
}
