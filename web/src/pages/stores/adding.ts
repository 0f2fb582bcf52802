/** A new store as it was filled in, and what is wrong with it. */
import { t } from "../../lib/i18n/index.svelte";
import type { StoreAddParams } from "../../lib/rpc/contract";
import { pathMistake } from "../connect/fields";
import { authOf, type Login, type LoginWay } from "../connect/flow";
import { keyMistake } from "../connect/keys";
import { LOCAL, targetMistake } from "../connect/target";
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
  const isTaken = taken.some((each) => each.toLowerCase() === name.toLowerCase());
  return {
    ...(targetMistake(draft.target.trim()) ? { target: t("stores.add.bad.target") } : {}),
    ...(draft.root.trim() && pathMistake(draft.root) ? { root: t("stores.add.bad.root") } : {}),
    ...(name && !NAME.test(name) ? { name: t("stores.add.bad.name") } : {}),
    ...(name && isTaken ? { name: t("stores.add.bad.taken") } : {}),
  };
}

/** What is wrong with the login, by its way, in words. */
export function loginMistakes(login: Login): Partial<Record<LoginWay, string>> {
  if (login.way === "file" && pathMistake(login.file)) return { file: t("stores.auth.bad.file") };
  if (login.way === "key" && keyMistake(login.key)) return { key: t("stores.auth.bad.key") };
  if (login.way === "password" && login.password === "") return { password: t("stores.auth.bad.password") };
  return {};
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
