import { screen } from "@testing-library/svelte";
import { afterEach, expect, test } from "vitest";
import { setLanguage, type Language } from "../../lib/i18n/index.svelte";
import type { PromptInfo, Session } from "../../lib/rpc/contract";
import { aSession, FakeDaemon, show } from "../../lib/testing/fake";
import Overview from "../Overview.svelte";
import { detailOf } from "./details";

const PROMPT = { id: "p1", kind: "password", target: "gpu", message: "", fields: [], choices: [], detail: "" } satisfies PromptInfo;

afterEach(() => setLanguage("en"));

test.each<[Language, Partial<Session>, string, string]>([
  ["en", { state: "starting", prompt: "p1", detail: "x" }, "Waits for your answer: Password", ""],
  ["zh", { state: "starting", prompt: "p1", detail: "x" }, "正在等待您的回答：密码", ""],
  ["zh", { state: "starting", prompt: "gone" }, "正在等待您的回答：问题", ""],
  ["en", { state: "ready", detail: "cannot save /a; make room" }, "cannot save /a; make room", ""],
  ["zh", { state: "ready", detail: "cannot save /a" }, "正在运行，但未能保存：守护进程重启后将找不到它", "cannot save /a"],
  ["zh", { state: "stopped", detail: "the viewer …" }, "未能连接到 Viewer；租期结束后它会自行停止", ""],
  ["zh", { state: "restarting", detail: "its own" }, "its own", ""],
  ["zh", { state: "ready" }, "", ""],
])("in %s %o is told as %s", (language, changes, text, own) => {
  setLanguage(language);
  expect(detailOf(aSession(changes), { p1: PROMPT })).toEqual({ text, own });
});

test("a forward can be opened while there is nothing else yet", async () => {
  show(Overview, new FakeDaemon());
  await screen.findByText("Connect your first server");
  expect(screen.getByRole("button", { name: "Open a forward" })).toBeTruthy();
});
