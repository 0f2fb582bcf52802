/** What the doctor finds: merged as it comes, summed up, and as text. */
import { t } from "../../lib/i18n/index.svelte";
import type { Check, DoctorResult } from "../../lib/rpc/contract";
import { inertBlock } from "../../lib/text";
import { saidOf } from "./saying";
import { titleOf } from "./titles";

export type Verdict = DoctorResult["verdict"];

const MARKS: Record<Check["verdict"], string> = { ok: "✓", warning: "!", failure: "✗", skipped: "-", running: "…" };
const TITLE_COLUMNS = 15;

/**
 * Take one more check: it replaces the one of its name in its place, or comes last.
 *
 * A check that has ended is not taken back by a late word that it has begun.
 */
export function merged(checks: readonly Check[], check: Check): readonly Check[] {
  const at = checks.findIndex((each) => each.name === check.name);
  if (at < 0) return [...checks, check];
  if (check.verdict === "running" && checks[at]?.verdict !== "running") return checks;
  return checks.with(at, check);
}

/** The worst of all that has ended; what was skipped does not count. */
export function worst(checks: readonly Check[]): Verdict {
  const found = new Set(checks.map((check) => check.verdict));
  if (found.has("failure")) return "failure";
  return found.has("warning") ? "warning" : "ok";
}

/** "1 failure, 2 warnings"; "Nothing is wrong." */
export function summary(checks: readonly Check[]): string {
  const count = (verdict: Check["verdict"]) => checks.filter((check) => check.verdict === verdict).length;
  const failures = count("failure");
  const warnings = count("warning");
  const words = [
    failures ? t("doctor.summary.failures", { count: failures }) : "",
    warnings ? t("doctor.summary.warnings", { count: warnings }) : "",
  ].filter((word) => word !== "");
  return words.join(t("doctor.join")) || t("doctor.summary.ok");
}

/** All of it as plain text, as the terminal shows it. */
export function asText(target: string | null, checks: readonly Check[]): string {
  const indent = " ".repeat(TITLE_COLUMNS + 3);
  const block = (text: string) => inertBlock(text).replaceAll("\n", `\n${indent}`);
  const lines = checks.flatMap((check) => {
    const { finding, own, hint } = saidOf(check);
    return [
      `${MARKS[check.verdict]} ${titleOf(check).padEnd(TITLE_COLUMNS)} ${block(finding)}`.trimEnd(),
      ...(own ? [`${indent}${block(own)}`] : []),
      ...(hint ? [`${indent}→ ${block(hint)}`] : []),
    ];
  });
  const head = target === null ? t("doctor.of.machine") : t("doctor.of", { target: inertBlock(target) });
  return [head, "", ...lines, "", summary(checks), ""].join("\n");
}

/** All of it as `runicornctl doctor --json` prints it. */
export function asJson(target: string | null, checks: readonly Check[]): string {
  return JSON.stringify({ schema: 1, target, verdict: worst(checks), checks }, null, 2);
}

const PROGRAMS =
  "runicornctl|runicornd|ssh|ssh-[a-z-]+|puttygen|chmod|chown|sudo|systemctl|timedatectl|apt|eval|pip|/\\S*/python[\\d.]*";
const COMMAND = new RegExp(`^(?:${PROGRAMS})(?:\\s|$)`);
/** Words that no command has: it is a sentence that begins with the name of a program. */
const PROSE = /[,;]|\b(?:and|does|says|the|which)\b/;
const QUOTED = /'([^'\n]{1,500})'/g;
const AFTER_COLON = /: ([^;,\n]{1,500})/g;
const IN_BRACKETS = /\((chmod[^()\n]{1,300})\)/g;

/** The commands that a hint names, to be copied: quoted, after a colon, in brackets, on lines of their own, or all of it. */
export function commandsOf(hint: string): string[] {
  const inside = [QUOTED, AFTER_COLON, IN_BRACKETS].flatMap((way) => [...hint.matchAll(way)].map((hit) => hit[1] ?? ""));
  const all = PROSE.test(hint) ? [] : [hint];
  const lines = hint.split("\n").slice(1);
  const found = [...all, ...lines, ...inside].map((text) => text.trim()).filter((text) => COMMAND.test(text));
  return [...new Set(found)];
}
