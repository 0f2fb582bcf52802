import type { SavedHost } from "../../lib/rpc/contract";
import { LOCAL } from "./target";

export interface Suggestion {
  /** What is filled in. */
  value: string;
  /** Where a saved server leads to; empty for an alias. */
  detail: string;
  origin: "saved" | "alias" | "local";
}

const MOST = 8;

/**
 * What the user may mean: saved servers first, then the aliases of the OpenSSH configuration, then this machine.
 *
 * What begins with the text comes before what has it inside. A text that is already all of one is not offered again.
 */
export function suggest(text: string, saved: readonly SavedHost[], aliases: readonly string[]): Suggestion[] {
  const all = everything(saved, aliases);
  const typed = text.trim().toLowerCase();
  if (typed === "") return all.slice(0, MOST);
  // "ann@gp" means a host as well: its user stays as it was typed.
  const at = text.trim().lastIndexOf("@");
  const user = at < 0 ? "" : text.trim().slice(0, at + 1);
  const found = user ? all.flatMap((each) => withUser(user, each)) : all;
  return [...found.filter((each) => rank(each, typed) === 0), ...found.filter((each) => rank(each, typed) === 1)]
    .filter((each) => each.value.toLowerCase() !== typed)
    .slice(0, MOST);
}

function everything(saved: readonly SavedHost[], aliases: readonly string[]): Suggestion[] {
  const names = new Set(saved.map((host) => host.name));
  return [
    ...saved.map((host): Suggestion => ({ value: host.name, detail: host.address, origin: "saved" })),
    ...aliases.filter((alias) => !names.has(alias)).map((value): Suggestion => ({ value, detail: "", origin: "alias" })),
    { value: LOCAL, detail: "", origin: "local" },
  ];
}

function withUser(user: string, each: Suggestion): Suggestion[] {
  return each.origin === "alias" ? [{ ...each, value: user + each.value }] : [];
}

/** 0: begins with it; 1: has it inside, its address included; 2: neither. */
function rank(each: Suggestion, typed: string): number {
  const value = each.value.toLowerCase();
  if (value.startsWith(typed)) return 0;
  return value.includes(typed) || each.detail.toLowerCase().includes(typed) ? 1 : 2;
}
