/** A new store as it was filled in, and what is wrong with it. */
import { t } from "../../lib/i18n/index.svelte";
import type { StoreAddParams } from "../../lib/rpc/contract";
import { authOf, type Login } from "../connect/flow";
import { pathError, targetError } from "../connect/mistakes";
import { LOCAL } from "../connect/target";
import { fromChoice } from "./standing";

export interface Draft {
  target: string;
  root: string;
  name: string;
  /** A choice of `intervals`, or `CONFIGURED`. */
  interval: string;
  login: Login;
}

export type Field = "target" | "root" | "name";
export type Mistakes = Partial<Record<Field, string>>;

/** As often as the settings say. */
export const CONFIGURED = "configured";

// The daemon's own rule: runicornd/storage/intents.py.
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/;

/** What is wrong, by field, in words; empty when it can be sent. */
export function mistakesOf(draft: Draft, taken: readonly string[]): Mistakes {
  const name = draft.name.trim();
  const target = targetError(draft.target, t("stores.add.bad.target"));
  const root = draft.root.trim() && pathError(draft.root);
  const isTaken = taken.some((each) => each.toLowerCase() === name.toLowerCase());
  return {
    ...(target ? { target } : {}),
    ...(root ? { root } : {}),
    ...(name && !NAME.test(name) ? { name: t("stores.add.bad.name") } : {}),
    ...(name && isTaken ? { name: t("stores.add.bad.taken") } : {}),
  };
}

/** The parameters of `stores.add`. */
export function paramsOf(draft: Draft): StoreAddParams {
  const auth = draft.target.trim() === LOCAL ? null : authOf(draft.login);
  const isConfigured = draft.interval === CONFIGURED;
  const seconds = isConfigured ? null : fromChoice(draft.interval);
  return {
    target: draft.target.trim(),
    root: draft.root.trim() || null,
    name: draft.name.trim() || null,
    interval_s: seconds,
    is_automatic: isConfigured || seconds !== null,
    ...(auth ? { auth } : {}),
  };
}
