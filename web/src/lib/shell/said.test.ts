import { afterEach, expect, test } from "vitest";
import { setLanguage } from "../i18n/index.svelte";
import type { PromptInfo } from "../rpc/contract";
import { detailOf, messageOf } from "./said";

const prompt = (changes: Partial<PromptInfo>): PromptInfo => ({
  id: "p1",
  kind: "password",
  target: "gpu",
  message: "Password for ann@gpu",
  fields: [],
  choices: [],
  detail: "",
  ...changes,
});

afterEach(() => setLanguage("en"));

test("in English the daemon's own words are said", () => {
  const asked = prompt({ detail: "The last one was refused." });
  expect([messageOf(asked), detailOf(asked)]).toEqual(["Password for ann@gpu", "The last one was refused."]);
});

test.each<[Partial<PromptInfo>, string, string]>([
  [{ detail: "The last one was refused." }, "ann@gpu 的密码", "上一次输入的密码被拒绝。"],
  [{ kind: "passphrase", message: "Passphrase for the key ~/.ssh/id" }, "密钥 ~/.ssh/id 的密码", ""],
  [{ kind: "code", message: "gpu asks", detail: "Look at\nyour phone" }, "gpu asks", "Look at\nyour phone"],
])("in Chinese %o is said in Chinese, and a server's words stay", (changes, message, detail) => {
  setLanguage("zh");
  expect([messageOf(prompt(changes)), detailOf(prompt(changes))]).toEqual([message, detail]);
});
