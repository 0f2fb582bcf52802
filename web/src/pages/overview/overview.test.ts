import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Forward, HostState } from "../../lib/rpc/contract";
import { setLanguage } from "../../lib/i18n/index.svelte";
import { aSession, FakeDaemon, show } from "../../lib/testing/fake";
import Overview from "../Overview.svelte";

const aHost = (changes: Partial<HostState> = {}): HostState => ({
  target: "gpu",
  address: "alice@gpu.lab:22",
  state: "up",
  since: 1,
  retry_at: null,
  error: null,
  prompt: null,
  ...changes,
});
const aForward = (changes: Partial<Forward> = {}): Forward => ({
  id: "f1",
  target: "gpu",
  remote: "localhost:6006",
  local_port: 16006,
  address: "localhost:16006",
  state: "ready",
  since: 1,
  created: 1,
  connections: 2,
  prompt: null,
  error: null,
  ...changes,
});
const box = (name: string) => screen.findByRole("region", { name });

async function choose(item: string): Promise<void> {
  await fireEvent.click(await screen.findByRole("button", { name: "More for gpu" }));
  await fireEvent.click(await screen.findByRole("menuitem", { name: item }));
}

beforeEach(() => setLanguage("en"));
afterEach(() => {
  vi.useRealTimers();
});

describe("the overview", () => {
  test("shows every one of many sessions before long", async () => {
    const sessions = Array.from({ length: 40 }, (_, number) => aSession({ id: `s${number}`, target: `gpu-${number % 5}` }));
    show(Overview, new FakeDaemon({ sessions }));
    await box("gpu-0");
    expect(document.querySelectorAll(".session").length).toBeLessThan(40);
    await waitFor(() => expect(document.querySelectorAll(".session")).toHaveLength(40), { timeout: 10_000 });
  });

  test("draws a row that cannot be seen at leisure, and at once when it comes into sight", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    const fake = new FakeDaemon({ sessions: [aSession()] });
    show(Overview, fake);
    await box("gpu");
    const row = document.querySelector(".session");
    const scroll = (skipped: boolean) =>
      row?.parentElement?.dispatchEvent(
        Object.assign(new Event("contentvisibilityautostatechange", { bubbles: true }), { skipped }),
      );
    scroll(true);
    fake.push("session", aSession({ state: "stopped" }));
    await waitFor(() => expect(screen.queryByText("1 ready")).toBeNull());
    expect(row?.textContent).toContain("Ready");
    scroll(false);
    await waitFor(() => expect(row?.textContent).toContain("Stopped"));
  });

  test("draws the last change of a row that cannot be seen before long", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    const fake = new FakeDaemon({ sessions: [aSession()] });
    show(Overview, fake);
    await box("gpu");
    const row = document.querySelector(".session");
    row?.parentElement?.dispatchEvent(Object.assign(new Event("contentvisibilityautostatechange"), { skipped: true }));
    vi.useFakeTimers();
    fake.push("session", aSession({ state: "stopped" }));
    await vi.advanceTimersByTimeAsync(600);
    expect(row?.textContent).toContain("Ready");
    await vi.advanceTimersByTimeAsync(4_000);
    expect(row?.textContent).toContain("Stopped");
  });

  test("draws the rows of a box at once although one of them cannot be seen", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    const fake = new FakeDaemon({ sessions: [aSession(), aSession({ id: "s2" })] });
    show(Overview, fake);
    await box("gpu");
    const [first, last] = document.querySelectorAll(".session");
    last?.parentElement?.dispatchEvent(
      Object.assign(new Event("contentvisibilityautostatechange", { bubbles: true }), { skipped: true }),
    );
    fake.push("session", aSession({ state: "stopped" }));
    await waitFor(() => expect(first?.textContent).toContain("Stopped"));
  });

  test("teaches the first step when there is nothing yet", async () => {
    show(Overview, new FakeDaemon());
    expect(await screen.findByText("runicornctl connect user@gpu-server")).toBeTruthy();
    expect(screen.getByRole("link", { name: "Connect a server" }).getAttribute("href")).toBe("#/connect");
  });

  test("shows a host with its session, and the way in", async () => {
    show(Overview, new FakeDaemon({ hosts: [aHost()], sessions: [aSession()] }));
    const host = within(await box("gpu"));
    for (const text of ["Ready", "Connected", "alice@gpu.lab:22", "/data/runs", "in train", "1 min"])
      expect(host.getByText(text, { exact: false })).toBeTruthy();
    const open = host.getByRole("link", { name: "Open" });
    expect(open.getAttribute("href")).toBe("http://localhost:8081");
    expect(open.getAttribute("target")).toBe("_blank");
    expect(open.getAttribute("rel")).toBe("noopener");
  });

  test("follows what happens, in both languages", async () => {
    const fake = new FakeDaemon({ sessions: [aSession()] });
    show(Overview, fake);
    await box("gpu");
    fake.push("session", aSession({ state: "starting", step: "launching", url: null }));
    expect(await screen.findByText("Starting the viewer", { exact: false })).toBeTruthy();
    setLanguage("zh");
    expect(await screen.findByText("正在启动 Viewer", { exact: false })).toBeTruthy();
  });

  test("says what failed in the user's words and the daemon's, and tries again", async () => {
    const error = { kind: "host_unreachable", message: "cannot reach gpu: timed out", hint: "", retryable: true, context: {} };
    const fake = new FakeDaemon({ sessions: [aSession({ state: "failed", url: null, error })] });
    fake.answer("sessions.restart", () => aSession());
    show(Overview, fake);
    expect(await screen.findByText("The server cannot be reached")).toBeTruthy();
    expect(screen.getByText("cannot reach gpu: timed out")).toBeTruthy();
    await fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(fake.calls("sessions.restart")).toEqual([{ session: "s1" }]));
  });

  test("asks before it stops a viewer that is ready", async () => {
    const fake = new FakeDaemon({ sessions: [aSession()] });
    fake.answer("sessions.stop", () => aSession({ state: "stopped" }));
    show(Overview, fake);
    await choose("Stop");
    const dialog = within(await screen.findByRole("dialog"));
    expect(fake.calls("sessions.stop")).toEqual([]);
    await fireEvent.click(dialog.getByRole("button", { name: "Stop" }));
    await waitFor(() => expect(fake.calls("sessions.stop")).toEqual([{ session: "s1" }]));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  test("shows a log that goes on, without a line lost or doubled", async () => {
    const fake = new FakeDaemon({ sessions: [aSession()] });
    let give: (value: unknown) => void = () => undefined;
    fake.answer("sessions.logs", () => new Promise((resolve) => (give = resolve)));
    show(Overview, fake);
    await choose("Log");
    await waitFor(() => expect(fake.calls("events.subscribe").at(-1)?.topics).toEqual(["log:s1"]));
    await waitFor(() => expect(fake.calls("sessions.logs")).toHaveLength(1));
    fake.push("log", { session: "s1", lines: ["two", "three"] });
    fake.push("log", { session: "other", lines: ["not mine"] });
    fake.push("session", aSession({ detail: "drawn" }));
    await screen.findByText("drawn");
    give({ session: "s1", lines: ["one", "two"] });
    const log = await screen.findByRole("log");
    await waitFor(() => expect(log.textContent.trim()).toBe("one\ntwo\nthree"));
    fake.push("log", { session: "s1", lines: ["<b>four</b>"] });
    await waitFor(() => expect(log.textContent).toContain("<b>four</b>"));
    await fireEvent.click(screen.getByRole("button", { name: "Close" }));
    await waitFor(() => expect(fake.calls("events.subscribe").at(-1)?.topics).toEqual([]));
  });

  test("finds a host among many", async () => {
    const sessions = Array.from({ length: 12 }, (_, index) => aSession({ id: `s${index}`, target: `gpu-${index}` }));
    show(Overview, new FakeDaemon({ sessions }));
    await fireEvent.input(await screen.findByRole("searchbox"), { target: { value: "gpu-11" } });
    await waitFor(() => expect(screen.queryByRole("region", { name: "gpu-3" })).toBeNull());
    expect(screen.getByRole("region", { name: "gpu-11" })).toBeTruthy();
  });

  test("keeps a hostile name from being anything but text", async () => {
    const target = `<img src=x onerror=alert(1)>\u202e${"x".repeat(10_000)}`;
    show(Overview, new FakeDaemon({ sessions: [aSession({ target })] }));
    const heading = await screen.findByRole("heading", { level: 2, name: /img src=x/ });
    expect(heading.textContent).toContain("\\u{202e}");
    expect(heading.textContent.length).toBeLessThan(320);
    expect(document.querySelector("img")).toBeNull();
  });

  test("is off while the daemon is away, and still shows what was known", async () => {
    const fake = new FakeDaemon({ sessions: [aSession({ state: "stopped", url: null })] });
    show(Overview, fake);
    const start = await screen.findByRole<HTMLButtonElement>("button", { name: "Start" });
    await waitFor(() => expect(start.disabled).toBe(false));
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("refused")));
    fake.vanish();
    await waitFor(() => expect(start.disabled).toBe(true));
    await waitFor(() => expect(start.disabled).toBe(false), { timeout: 2_000 });
    vi.unstubAllGlobals();
  });
});

describe("forwards", () => {
  test("are listed and closed", async () => {
    const fake = new FakeDaemon({ hosts: [aHost()], forwards: [aForward()] });
    fake.answer("forwards.close", () => ({ done: true }));
    show(Overview, fake);
    expect((await screen.findByRole("link", { name: "localhost:16006" })).getAttribute("href")).toBe("http://localhost:16006");
    expect(screen.getByText("2 connections", { exact: false })).toBeTruthy();
    await fireEvent.click(screen.getByRole("button", { name: "Close the forward localhost:16006" }));
    await waitFor(() => expect(fake.calls("forwards.close")).toEqual([{ forward: "f1" }]));
    fake.push("forward.removed", { id: "f1" });
    await waitFor(() => expect(screen.queryByRole("link", { name: "localhost:16006" })).toBeNull());
  });

  test("say at the field what is wrong, before anything is sent", async () => {
    const fake = new FakeDaemon({ hosts: [aHost()] });
    fake.fail("forwards.open", { kind: "port_taken", message: "cannot listen on 16006: it is used" });
    show(Overview, fake);
    await fireEvent.click(await screen.findByRole("button", { name: "Open a forward" }));
    const spec = await screen.findByLabelText("Port or socket on the server");
    for (const [bad, why] of [
      ["", "Fill in a port"],
      ["70000", "from 1 to 65535"],
      ["a b", "is not of the form"],
      ["1:/" + "x".repeat(120), "at most 107 bytes"],
    ] as const) {
      await fireEvent.input(spec, { target: { value: bad } });
      await fireEvent.click(screen.getByRole("button", { name: "Open it" }));
      expect(await screen.findByText(why, { exact: false })).toBeTruthy();
      expect(spec.getAttribute("aria-invalid")).toBe("true");
    }
    expect(screen.getByText("Name a server", { exact: false })).toBeTruthy();
    expect(fake.calls("forwards.open")).toEqual([]);
    await fireEvent.input(screen.getByLabelText("Server"), { target: { value: "gpu" } });
    await fireEvent.input(spec, { target: { value: "16006:localhost:6006" } });
    await fireEvent.click(screen.getByRole("button", { name: "Open it" }));
    expect(await screen.findByText("Another program uses this local port")).toBeTruthy();
    expect(fake.calls("forwards.open")).toEqual([{ target: "gpu", spec: "16006:localhost:6006" }]);
  });
});

test("axe finds nothing serious", async () => {
  const error = { kind: "auth_failed", message: "cannot log in", hint: "", retryable: false, context: {} };
  const fake = new FakeDaemon({
    hosts: [aHost(), aHost({ target: "old", state: "blocked", error })],
    sessions: [aSession(), aSession({ id: "s2", state: "failed", error })],
    forwards: [aForward()],
  });
  show(Overview, fake);
  await box("gpu");
  const found = await axe.run(document.body, { rules: { "color-contrast": { enabled: false }, region: { enabled: false } } });
  expect(found.violations.map((each) => `${each.id}: ${each.nodes[0]?.html ?? ""}`)).toEqual([]);
});
