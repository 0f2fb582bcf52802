/** A target as its three parts, for whoever would rather fill them in one by one. */
import { t } from "../../lib/i18n/index.svelte";
import { readTarget } from "./target";

/** As typed: each may be empty, or no such thing. */
export interface Parts {
  host: string;
  port: string;
  user: string;
}

export const DEFAULT_PORT = 22;

/** The parts of a target; empty where it cannot be read. */
export function partsOf(target: string): Parts {
  const { address } = readTarget(target.trim());
  return { host: address?.host ?? "", port: String(address?.port ?? ""), user: address?.user ?? "" };
}

/** The target that the parts make. */
export function targetOf({ host, port, user }: Parts): string {
  const [place, digits, name] = [host.trim(), port.trim(), user.trim()];
  if (place === "" && name === "" && digits === "") return "";
  const isBare = place.includes(":") && !place.startsWith("[");
  const shown = isBare && digits !== "" ? `[${place}]` : place;
  return `${name === "" ? "" : `${name}@`}${shown}${digits === "" ? "" : `:${digits}`}`;
}

/** What is wrong, by part, in words. An empty port is 22 or what the configuration says, an empty user as well. */
export function partMistakes({ host, port, user }: Parts): Partial<Parts> {
  const [place, digits, name] = [host.trim(), port.trim(), user.trim()];
  const found: Partial<Parts> = {};
  // A name alone, or a bare IPv6 address: what is more than that belongs to another part.
  if (readTarget(place).address?.host !== place)
    found.host = place === "" ? t("connect.address.host.empty") : t("connect.target.host");
  if (digits !== "" && !(/^[0-9]{1,5}$/.test(digits) && Number(digits) >= 1 && Number(digits) <= 65535))
    found.port = t("connect.address.port.range");
  if (name !== "" && readTarget(`${name}@host`).address?.user !== name) found.user = t("connect.address.user.wrong");
  return found;
}
