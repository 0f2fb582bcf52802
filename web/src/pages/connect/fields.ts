/** What the smaller fields take; each returns the key of a text that says what is wrong, or null. */

export const FIRST_PORT = 1024;
export const LAST_PORT = 65535;
const LONGEST_PATH = 4096;

export type PathMistake = "empty" | "long" | "relative" | "control";
export type PortMistake = "digits" | "range";

/** A path that is absolute or begins at the home folder. */
export function pathMistake(text: string): PathMistake | null {
  const path = text.trim();
  if (path === "") return "empty";
  if (path.length > LONGEST_PATH) return "long";
  if (/\p{Cc}/u.test(path)) return "control";
  return /^(?:\/|~(?:\/|$)|~[\w.-]+(?:\/|$))/.test(path) ? null : "relative";
}

/** A local port; empty leaves it to the daemon. */
export function portMistake(text: string): PortMistake | null {
  const digits = text.trim();
  if (digits === "") return null;
  if (!/^[0-9]{1,9}$/.test(digits)) return "digits";
  const port = Number(digits);
  return port >= FIRST_PORT && port <= LAST_PORT ? null : "range";
}
