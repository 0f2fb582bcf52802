import type { VersionSummary } from "../../lib/rpc/contract";
import type { Key } from "../../lib/i18n/index.svelte";

/** Why something cannot be typed in, as a text's key; null when it can. */
export type Problem = Key | null;

const LONGEST = 128;
// eslint-disable-next-line no-control-regex -- these are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** Whether Runicorn would take this alias, and find a version by it. */
export function aliasProblem(alias: string): Problem {
  const wrong = wordProblem(alias);
  if (wrong) return wrong;
  if (alias.toLowerCase() === "latest") return "artifacts.alias.latest";
  if (/^v/i.test(alias)) return "artifacts.alias.version";
  if (/[:/]/.test(alias)) return "artifacts.alias.colon";
  return null;
}

/** Whether this can be a tag. */
export function tagProblem(tag: string, tags: readonly string[]): Problem {
  return wordProblem(tag) ?? (tags.includes(tag) ? "artifacts.tag.there" : null);
}

/** The version that has an alias now; null when none has. */
export function holder(versions: readonly VersionSummary[], alias: string): number | null {
  return versions.find((each) => each.aliases.includes(alias))?.version ?? null;
}

export type AliasPlan =
  | { kind: "wrong"; problem: Key }
  /** The version has it already. */
  | { kind: "there" }
  | { kind: "add" }
  /** Version `from` has it now and loses it. */
  | { kind: "move"; from: number };

/** What giving an alias to a version means. */
export function planAlias(versions: readonly VersionSummary[], version: number, alias: string): AliasPlan {
  const problem = aliasProblem(alias);
  if (problem) return { kind: "wrong", problem };
  const from = holder(versions, alias);
  if (from === null) return { kind: "add" };
  return from === version ? { kind: "there" } : { kind: "move", from };
}

function wordProblem(text: string): Problem {
  if (text === "" || text !== text.trim()) return "artifacts.word.empty";
  if ([...text].length > LONGEST) return "artifacts.word.long";
  return CONTROL.test(text) ? "artifacts.word.odd" : null;
}
