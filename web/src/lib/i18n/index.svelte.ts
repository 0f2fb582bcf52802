import { en } from "./en";
import { zh } from "./zh";

export type Language = "en" | "zh";
export type Key = keyof typeof en;
export type Params = Record<string, string | number>;

export const LANGUAGES: Record<Language, string> = { en: "English", zh: "简体中文" };
const DICTIONARIES: Record<Language, Record<Key, string>> = { en, zh };
const REMEMBERED = "runicornd.language";

let chosen = $state<Language>(first());

/** The language that everything is shown in; reading it makes a component follow a switch. */
export function language(): Language {
  return chosen;
}

/** Show everything in this language from now on, and next time. */
export function setLanguage(to: Language): void {
  chosen = to;
  localStorage.setItem(REMEMBERED, to);
  tellDocument();
}

/** Tell screen readers and hyphenation which language the page is in. */
export function tellDocument(): void {
  document.documentElement.lang = chosen === "zh" ? "zh-CN" : "en";
}

/**
 * A text in the user's language.
 *
 * `{name}` is replaced by `params.name`. A text of two forms, "1 file | {count} files", takes the one that
 * fits `params.count`; Chinese texts have one form only.
 */
export function t(key: Key, params: Params = {}): string {
  return fill(DICTIONARIES[chosen][key], params);
}

/** As `t`, for a key that is put together when the page runs; undefined where there is no such text. */
export function look(key: string, params: Params = {}): string | undefined {
  const text = (DICTIONARIES[chosen] as Record<string, string | undefined>)[key];
  return text === undefined ? undefined : fill(text, params);
}

function fill(text: string, params: Params): string {
  const forms = text.split(" | ");
  const isOne = params.count === 1 || params.count === "1";
  const form = (isOne ? forms[0] : forms.at(-1)) ?? text;
  return form.replace(/\{(\w+)\}/g, (all, name: string) => String(params[name] ?? all));
}

function first(): Language {
  const remembered = localStorage.getItem(REMEMBERED);
  if (remembered === "en" || remembered === "zh") return remembered;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}
