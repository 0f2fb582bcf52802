/** What is wrong with a field, in words; empty when nothing is. The rules are those of the daemon. */
import { t } from "../../lib/i18n/index.svelte";
import { pathMistake } from "./fields";
import type { Login, LoginWay } from "./flow";
import { keyMistake } from "./keys";
import { targetMistake } from "./target";

const LONGEST_SECRET = 4096;

/** A server; `empty` is what to say when there is none. */
export function targetError(text: string, empty = t("connect.target.empty")): string {
  const mistake = targetMistake(text.trim());
  if (mistake === "empty") return empty;
  return mistake ? t(`connect.target.${mistake}`) : "";
}

/** A path that is absolute or begins at the home folder. */
export function pathError(text: string): string {
  const mistake = pathMistake(text);
  return mistake ? t(`connect.path.${mistake}`) : "";
}

/** A password or a passphrase; empty is for the caller to judge. */
export function secretError(text: string): string {
  return text.length > LONGEST_SECRET ? t("connect.secret.long", { most: LONGEST_SECRET }) : "";
}

export type LoginField = Exclude<LoginWay, "configured"> | "passphrase";
export type LoginMistakes = Partial<Record<LoginField, string>>;

/** What is wrong with a login, by field. `isKept`: the daemon still has the secrets that were given before. */
export function loginErrors(login: Login, isKept = false): LoginMistakes {
  const found: LoginMistakes = {};
  const put = (field: LoginField, error: string) => error && (found[field] = error);
  if (login.way === "file") put("file", pathError(login.file));
  if (login.way === "key" && !(isKept && login.key === "")) {
    const mistake = keyMistake(login.key);
    if (mistake) put("key", t(`connect.key.${mistake}`));
  }
  if (login.way === "file" || login.way === "key") put("passphrase", secretError(login.passphrase));
  if (login.way === "password")
    put("password", login.password === "" && !isKept ? t("connect.password.empty") : secretError(login.password));
  return found;
}
