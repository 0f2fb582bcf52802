/** What may be typed as a server: the same rules as the daemon's (runicornd/ssh/addresses.py), said at the field. */

export const LOCAL = "local";
const LONGEST = 300;
const LAST_PORT = 65535;

// As Python's \w: letters and digits of every script, and the underscore.
const NAME = /^(?:[\p{L}\p{N}][\p{L}\p{N}_.+%:-]*|_[\p{L}\p{N}_.+%:-]*|::[\p{L}\p{N}_.%:]*)$/u;
const USER = /^[\p{L}\p{N}_.+][\p{L}\p{N}_.+@\\-]*(?<!\\)$/u;
const BLANK = /[\s\p{C}\p{Z}]/u;

export type TargetMistake = "empty" | "long" | "dash" | "blank" | "command" | "user" | "host" | "port" | "brackets" | "colons";

export interface Address {
  user: string | null;
  host: string;
  port: number | null;
}

export type Read = { address: Address; mistake: null } | { address: null; mistake: TargetMistake };

/** Read an alias, `user@host:port`, `[::1]:22`, a bare IPv6 address, or `ssh://…`. */
export function readTarget(text: string): Read {
  const mistake = badCharacters(text);
  if (mistake) return { address: null, mistake };
  const isUri = text.toLowerCase().startsWith("ssh://");
  const rest = isUri ? text.slice("ssh://".length).replace(/\/$/, "") : text;
  const at = rest.lastIndexOf("@");
  const place = splitPort(rest.slice(at + 1));
  if (typeof place === "string") return { address: null, mistake: place };
  const typed = at < 0 ? null : rest.slice(0, at);
  const user = typed !== null && isUri ? unquote(typed) : typed;
  if (user !== null && !USER.test(user)) return { address: null, mistake: "user" };
  if (!NAME.test(place.host)) return { address: null, mistake: "host" };
  return { address: { user, ...place }, mistake: null };
}

/** What keeps a text from being a target; null when it can be one. */
export function targetMistake(text: string): TargetMistake | null {
  return readTarget(text).mistake;
}

/** Whether a server can be saved under this name. */
export function isSavableName(name: string): boolean {
  return name !== LOCAL && [...name].length <= LONGEST && NAME.test(name) && !name.includes(":");
}

/** A name to offer for an address: its host without the domain, as far as that can be one. */
export function nameFor(target: string): string {
  const host = readTarget(target).address?.host ?? "";
  const name = /^[\d.]+$/.test(host) || host.includes(":") ? "" : (host.split(".")[0] ?? "");
  return isSavableName(name) ? name : "";
}

function badCharacters(text: string): TargetMistake | null {
  if (text === "") return "empty";
  if ([...text].length > LONGEST) return "long";
  if (text.startsWith("-")) return "dash";
  if (/^ssh\s/.test(text)) return "command";
  return BLANK.test(text) ? "blank" : null;
}

function splitPort(place: string): { host: string; port: number | null } | TargetMistake {
  if (place.startsWith("[")) return splitBrackets(place);
  const colons = place.split(":").length - 1;
  if (colons > 1) return isIpv6(place) ? { host: place, port: null } : "colons";
  const [host = "", digits] = place.split(":");
  return withPort(host, digits);
}

function splitBrackets(place: string): { host: string; port: number | null } | TargetMistake {
  const [, host = "", tail = ""] = /^\[([^\]]*)\](.*)$/s.exec(place) ?? [];
  if (!isIpv6(host) || (tail && !tail.startsWith(":"))) return "brackets";
  return withPort(host, tail ? tail.slice(1) : undefined);
}

function withPort(host: string, digits: string | undefined): { host: string; port: number | null } | TargetMistake {
  if (digits === undefined) return { host, port: null };
  const port = /^[0-9]{1,5}$/.test(digits) ? Number(digits) : 0;
  return port >= 1 && port <= LAST_PORT ? { host, port } : "port";
}

function isIpv6(text: string): boolean {
  const [address = "", scope, ...more] = text.split("%");
  if (scope === "" || more.length > 0 || !/^[0-9a-f:.]+$/i.test(address)) return false;
  return URL.canParse(`http://[${address}]/`);
}

function unquote(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
