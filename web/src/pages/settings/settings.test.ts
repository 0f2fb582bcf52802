import { screen, waitFor } from "@testing-library/svelte";
import { fireEvent } from "@testing-library/dom";
import { afterEach, describe, expect, test } from "vitest";
import { setLanguage } from "../../lib/i18n/index.svelte";
import type { Setting } from "../../lib/rpc/contract";
import { RpcError } from "../../lib/rpc/errors";
import { FakeDaemon, show } from "../../lib/testing/fake";
import Settings from "../Settings.svelte";
import { helpOf } from "./help";
import { matches, meaning, problemsOf, reloadedOf, written } from "./values";

function aSetting(changes: Partial<Setting> = {}): Setting {
  return { key: "sync_interval", value: 600, default: 600, help: "How\noften.", source: "default", needs_restart: true, ...changes };
}

afterEach(() => setLanguage("en"));

describe("a value", () => {
  test.each([
    ["dashboard", true, "true", "on"],
    ["sync_interval", 600, "600", "10 min"],
    ["hold_time", 10, "10", ""],
    ["cache_limit_bytes", 10_000_000_000, "10000000000", "10.0 GB"],
    ["download_rate_limit", 1_500_000, "1500000", "1.50 MB/s"],
    ["download_rate_limit", 0, "0", ""],
    ["dashboard_port", 23300, "23300", ""],
    ["ssh_config", null, "not set", ""],
    ["log_level", "info", "info", ""],
  ])("of %s, %s, is written %s and means %s", (key, value, text, words) => {
    expect([written(value), meaning(key, value)]).toEqual([text, words]);
  });
});

test("help is in Chinese where there is a text, and the daemon's own otherwise", () => {
  expect(helpOf(aSetting())).toBe("How often.");
  setLanguage("zh");
  expect(helpOf(aSetting())).toContain("同步");
  expect(helpOf(aSetting({ key: "new_one" }))).toBe("How often.");
});

test.each([
  ["sync", true],
  ["sync interval", true],
  ["OFTEN 600", true],
  ["", true],
  ["port", false],
])("searching %j finds it: %s", (typed, does) => expect(matches(aSetting(), typed)).toBe(does));

test("reading the file again says what was taken and what waits", () => {
  expect(reloadedOf({ taken: [], needs_restart: [] })).toEqual(["Nothing has changed."]);
  expect(reloadedOf({ taken: ["log_level", "hold_time"], needs_restart: ["dashboard"] })).toEqual([
    "In force now: log_level, hold_time.",
    "In force after the next start of the daemon: dashboard.",
  ]);
});

test("problems of the file are lines of their own", () => {
  const broken = (context: Record<string, unknown>) =>
    new RpcError({ kind: "config_invalid", message: "cannot use it:\n  a: bad\n  b: bad", context });
  expect(problemsOf(broken({ problems: ["a: bad", "b: \u202ebad"] }))).toEqual(["a: bad", "b: \\u{202e}bad"]);
  expect(problemsOf(broken({}))).toEqual(["a: bad", "b: bad"]);
  expect(problemsOf(new RpcError({ kind: "internal", message: "x\ny" }))).toEqual([]);
});

describe("the page", () => {
  function aDaemon(): FakeDaemon {
    const fake = new FakeDaemon();
    fake.answer("settings.get", () => ({
      file: "/home/ann/config.toml",
      settings: [aSetting({ source: "file", value: 300 }), aSetting({ key: "log_level", value: "info", default: "info" })],
    }));
    fake.answer("cache.info", () => ({ path: "/c", limit_bytes: 1, total_bytes: 0, stores: [] }));
    return fake;
  }

  test("shows every setting, and only the changed ones on demand", async () => {
    show(Settings, aDaemon());
    await screen.findByText("log_level");
    await fireEvent.click(screen.getByLabelText("Only changed ones"));
    expect(screen.queryByText("log_level")).toBeNull();
    expect(screen.getByText("Default: 600")).toBeTruthy();
  });

  test("shows all problems of a broken file", async () => {
    const fake = aDaemon();
    const problems = ["config.toml: hold_time: 'x' is not a number", "config.toml: foo: no such key"];
    fake.fail("settings.reload", { kind: "config_invalid", message: "cannot use the configuration", context: { problems } });
    show(Settings, fake);
    const button = await screen.findByRole<HTMLButtonElement>("button", { name: "Read the file again" });
    await waitFor(() => expect(button.disabled).toBe(false));
    await fireEvent.click(button);
    for (const problem of problems) await screen.findByText(problem);
  });

  test("switches the language at once", async () => {
    show(Settings, aDaemon());
    await fireEvent.change(await screen.findByLabelText("Language"), { target: { value: "zh" } });
    await waitFor(() => expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("设置"));
  });
});
