/** How downloads stand, in words and sums. */
import { bytes, number, rate } from "../../lib/format/numbers";
import { duration } from "../../lib/format/times";
import { look, t } from "../../lib/i18n/index.svelte";
import type { Download, DownloadParams } from "../../lib/rpc/contract";
import { inert } from "../../lib/text";

export type Group = "atWork" | "stopped" | "done";

/** From here on, cancelling throws away enough to ask first: bytes, and the share of all. */
const MUCH_BYTES = 100_000_000;
const MUCH_SHARE = 0.5;
/** Below this, a time that is left is not worth a number. */
const SOON_S = 2;

const DETAILS: Record<string, string> = {
  "waiting for its turn": "turn",
  starting: "starting",
  connecting: "connecting",
  "waiting for an answer": "answer",
  "the worker has ended unexpectedly and is started again": "again",
};
/** What the daemon says of files that only their size could be checked of. */
const UNPROVEN = /^(\d+) files? ha(?:s|ve) no digest/;

export function groupOf(download: Download): Group {
  if (download.state === "done") return "done";
  return download.state === "failed" || download.state === "cancelled" ? "stopped" : "atWork";
}

/** The downloads of each group, the newest first; those at work in the order in which they have their turn. */
export function grouped(downloads: readonly Download[]): Record<Group, Download[]> {
  const groups: Record<Group, Download[]> = { atWork: [], stopped: [], done: [] };
  for (const download of downloads) groups[groupOf(download)].push(download);
  groups.atWork.sort((one, other) => one.created - other.created || serial(one.id) - serial(other.id));
  groups.stopped.sort((one, other) => other.since - one.since);
  groups.done.sort((one, other) => other.since - one.since);
  return groups;
}

/** What a download waits for, in the user's language where it is one of the usual things. */
export function detailOf(download: Download): string {
  const [, unproven] = UNPROVEN.exec(download.detail) ?? [];
  if (unproven) return t("downloads.detail.unproven", { count: unproven });
  const known = DETAILS[download.detail];
  return (known && look(`downloads.detail.${known}`)) ?? inert(download.detail, 500);
}

/** "6.00 GB / 8.00 GB". */
export function amountOf(download: Download): string {
  return t("downloads.amount", { done: bytes(download.bytes_done), total: bytes(download.bytes_total) });
}

/** "1 / 3 files". */
export function filesOf(download: Download): string {
  return t("downloads.files", { done: number(download.files_done), count: number(download.files_total) });
}

/** "3 min 20 s left"; empty when nobody knows. */
export function leftOf(seconds: number | null): string {
  if (seconds === null) return "";
  return seconds < SOON_S ? t("downloads.left.soon") : t("downloads.left", { time: duration(seconds) });
}

/** The facts under a bar: files, amount, rate, time left; only those that there are. */
export function factsOf(download: Download): string[] {
  const isRunning = download.state === "running";
  return [
    filesOf(download),
    amountOf(download),
    isRunning && download.rate > 0 ? rate(download.rate) : "",
    isRunning ? leftOf(download.left_s) : "",
  ].filter((fact) => fact !== "");
}

export interface Together {
  bytes_done: number;
  bytes_total: number;
  rate: number;
  left_s: number | null;
}

/** All that are at work as one: `left_s` is null while nothing moves. */
export function together(atWork: readonly Download[]): Together {
  const sum = (of: (download: Download) => number) => atWork.reduce((all, each) => all + of(each), 0);
  const total = { bytes_done: sum((each) => each.bytes_done), bytes_total: sum((each) => each.bytes_total) };
  const speed = sum((each) => (each.state === "running" ? each.rate : 0));
  const missing = Math.max(0, total.bytes_total - total.bytes_done);
  return { ...total, rate: speed, left_s: speed > 0 ? missing / speed : null };
}

/** Whether so much is there that cancelling should ask first. */
export function isMuchDone(download: Download): boolean {
  const share = download.bytes_total > 0 ? download.bytes_done / download.bytes_total : 0;
  return download.bytes_done >= MUCH_BYTES || share >= MUCH_SHARE;
}

/** The request that this download came from: starting it again goes on where it was. */
export function requestOf(download: Download): DownloadParams {
  const { ref, store, files } = download;
  return { ref, store, files, to: download.is_kept ? null : download.to };
}

/** What to read out about the changes from one moment to the next: what ended, never how far it is. */
export function newsOf(before: Record<string, Download>, after: Record<string, Download>): string[] {
  return Object.values(after).flatMap((download) => {
    const old = before[download.id];
    if (!old || old.state === download.state) return [];
    const ref = inert(download.ref);
    if (download.state === "done") return [t("downloads.news.done", { ref })];
    return download.state === "failed" ? [t("downloads.news.failed", { ref })] : [];
  });
}

function serial(id: string): number {
  return Number(id.replace(/\D/g, "")) || 0;
}
