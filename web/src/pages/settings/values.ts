/** Settings in words. */
import { bytes, rate } from "../../lib/format/numbers";
import { duration } from "../../lib/format/times";
import { t } from "../../lib/i18n/index.svelte";
import type { Setting, SettingsReloaded } from "../../lib/rpc/contract";
import type { RpcError } from "../../lib/rpc/errors";
import { inert } from "../../lib/text";
import { helpOf } from "./help";

type Value = Setting["value"];

const SECONDS = new Set([
  "viewer_lease",
  "viewer_start_timeout",
  "health_interval",
  "viewer_proof",
  "hold_time",
  "sync_interval",
  "connect_timeout",
  "keepalive_interval",
]);
/** Below this, seconds read well as they are. */
const LONG_S = 60;
const LARGE_BYTES = 1000;

/** A value as one would write it into the file. */
export function written(value: Value): string {
  if (value === null) return t("settings.unset");
  if (typeof value === "boolean") return value ? "true" : "false";
  return inert(String(value), 500);
}

/** What a bare number means, where it is hard to read: "30 min", "10.0 GB"; otherwise empty. */
export function meaning(key: string, value: Value): string {
  if (typeof value === "boolean") return value ? t("settings.on") : t("settings.off");
  if (typeof value !== "number") return "";
  if (SECONDS.has(key)) return value >= LONG_S ? duration(value) : "";
  if (value < LARGE_BYTES) return "";
  if (key.endsWith("_bytes")) return bytes(value);
  return key.endsWith("_rate_limit") ? rate(value) : "";
}

export function isChanged(setting: Setting): boolean {
  return setting.source !== "default";
}

/** Whether a setting has all the words that were typed, in its key, its value or its help. */
export function matches(setting: Setting, typed: string): boolean {
  const text = `${setting.key} ${setting.key.replaceAll("_", " ")} ${written(setting.value)} ${helpOf(setting)}`.toLowerCase();
  return typed.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/** What reading the file again has done, one sentence each. */
export function reloadedOf(made: SettingsReloaded): string[] {
  const { taken, needs_restart: later } = made;
  if (!taken.length && !later.length) return [t("settings.reload.nothing")];
  return [
    ...(taken.length ? [t("settings.reload.taken", { keys: taken.join(", ") })] : []),
    ...(later.length ? [t("settings.reload.later", { keys: later.join(", ") })] : []),
  ];
}

/** All that is wrong with the file, a line each; empty when the error is of another kind. */
export function problemsOf(error: RpcError): string[] {
  if (error.kind !== "config_invalid") return [];
  const { problems } = error.context;
  if (Array.isArray(problems)) return problems.map((problem) => inert(String(problem), 1000));
  return error.message
    .split("\n")
    .slice(1)
    .map((line) => inert(line.trim(), 1000));
}
