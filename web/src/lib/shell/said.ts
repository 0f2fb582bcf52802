/** What the daemon itself says with a question, in the user's language where it is one of its usual sentences. */
import { language, t, type Key } from "../i18n/index.svelte";
import type { PromptInfo } from "../rpc/contract";
import { inert, inertBlock } from "../text";

const SENTENCES: Record<string, Key | undefined> = {
  "The last one was wrong.": "prompt.passphrase.again",
  "The last one was refused.": "prompt.password.again",
  "This is for downloads, which have a connection of their own.": "prompt.downloads",
};
const KEY = /^Passphrase for the key (.+)$/s;
const ADDRESS = /^Password for (.+)$/s;

/** What is asked. */
export function messageOf(prompt: PromptInfo): string {
  const own = inertBlock(prompt.message, 2000);
  if (language() === "en") return own;
  const [, key] = (prompt.kind === "passphrase" && KEY.exec(prompt.message)) || [];
  if (key) return t("prompt.passphrase.key", { key: inert(key, 500) });
  const [, address] = (prompt.kind === "password" && ADDRESS.exec(prompt.message)) || [];
  return address ? t("prompt.password.of", { address: inert(address, 500) }) : own;
}

/** What is said beside it. The words of a server, in a question for a code, stay its own. */
export function detailOf(prompt: PromptInfo): string {
  const own = inertBlock(prompt.detail, 4000);
  if (language() === "en") return own;
  return own.split("\n").map(translated).join("\n");
}

function translated(line: string): string {
  const key = SENTENCES[line];
  return key ? t(key) : line;
}
