import { fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { beforeEach, describe, expect, test, vi } from "vitest";
import App from "../../App.svelte";
import { setLanguage } from "../i18n/index.svelte";
import type { PromptInfo, Store } from "../rpc/contract";
import { aSession, FakeDaemon, show } from "../testing/fake";
import Away from "./Away.svelte";
import Head from "./Head.svelte";
import Header from "./Header.svelte";
import Prompts from "./Prompts.svelte";

const aPrompt = (changes: Partial<PromptInfo> = {}): PromptInfo => ({
  id: "p1",
  kind: "password",
  target: "gpu",
  message: "Password for alice@gpu:22",
  fields: [{ label: "Password", echo: false }],
  choices: [],
  detail: "",
  ...changes,
});

beforeEach(() => setLanguage("en"));

describe("a question", () => {
  test("for a password is answered where the user is, and goes away when it is closed", async () => {
    const fake = new FakeDaemon({ prompts: [aPrompt()] });
    fake.answer("prompts.answer", () => ({ done: true }));
    show(Prompts, fake);
    const field = await screen.findByLabelText<HTMLInputElement>("Password", { selector: "input" });
    expect(field.type).toBe("password");
    await fireEvent.click(screen.getByRole("button", { name: "Log in" }));
    expect(await screen.findByText("Fill this in.")).toBeTruthy();
    expect(fake.calls("prompts.answer")).toEqual([]);
    await fireEvent.input(field, { target: { value: "s3cret" } });
    await fireEvent.click(screen.getByRole("button", { name: "Log in" }));
    await waitFor(() => expect(fake.calls("prompts.answer")).toEqual([{ prompt: "p1", values: ["s3cret"] }]));
    fake.push("prompt.closed", { id: "p1" });
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  test("with several fields sends them in their order", async () => {
    const fields = [
      { label: "Password: ", echo: false },
      { label: "Code: ", echo: true },
    ];
    const fake = new FakeDaemon({ prompts: [aPrompt({ kind: "code", fields, detail: "Two factors" })] });
    fake.answer("prompts.answer", () => ({ done: true }));
    show(Prompts, fake);
    expect(await screen.findByText("Two factors")).toBeTruthy();
    await fireEvent.input(screen.getByLabelText("Code:"), { target: { value: "123456" } });
    await fireEvent.input(screen.getByLabelText("Password:"), { target: { value: "pw" } });
    await fireEvent.click(screen.getByRole("button", { name: "Send" }));
    await waitFor(() => expect(fake.calls("prompts.answer")).toEqual([{ prompt: "p1", values: ["pw", "123456"] }]));
  });

  test("that is put off waits in the bar, while the next one is asked", async () => {
    show(Prompts, new FakeDaemon({ prompts: [aPrompt(), aPrompt({ id: "p2", target: "other" })] }));
    expect(await screen.findByText("gpu asks for the password.")).toBeTruthy();
    await fireEvent.click(screen.getByRole("button", { name: "Later" }));
    expect(await screen.findByText("other asks for the password.")).toBeTruthy();
    await fireEvent.click(screen.getByRole("button", { name: "Later" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    await fireEvent.click(screen.getAllByRole("button", { name: "Answer" })[0] ?? document.body);
    expect(await screen.findByText("gpu asks for the password.")).toBeTruthy();
  });

  test("about a host key shows the fingerprint to compare", async () => {
    const fingerprint = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU";
    const choices = [
      { value: "yes", label: "Yes, trust it", detail: "" },
      { value: "no", label: "No", detail: "" },
    ];
    const prompt = aPrompt({ kind: "host_key", fields: [], choices, message: `Not known: ssh-ed25519 ${fingerprint}` });
    const fake = new FakeDaemon({ prompts: [prompt] });
    fake.answer("prompts.answer", () => ({ done: true }));
    show(Prompts, fake);
    expect(await screen.findByText(fingerprint)).toBeTruthy();
    expect(document.querySelector("figure code")?.textContent.replace(/\s/g, "")).toBe(fingerprint);
    await fireEvent.click(screen.getByRole("button", { name: "Do not connect" }));
    await waitFor(() => expect(fake.calls("prompts.answer")).toEqual([{ prompt: "p1", values: ["no"] }]));
  });

  test("which environment is answered by picking one", async () => {
    const choices = ["base", "train"].map((label) => ({ value: `/envs/${label}`, label, detail: "Python 3.11" }));
    const fake = new FakeDaemon({ prompts: [aPrompt({ kind: "environment", fields: [], choices })] });
    fake.answer("prompts.answer", () => ({ done: true }));
    show(Prompts, fake);
    await fireEvent.click(await screen.findByRole("button", { name: "Use this environment" }));
    expect(await screen.findByText("Choose one.")).toBeTruthy();
    await fireEvent.click(screen.getByRole("radio", { name: /train/ }));
    await fireEvent.click(screen.getByRole("button", { name: "Use this environment" }));
    await waitFor(() => expect(fake.calls("prompts.answer")).toEqual([{ prompt: "p1", values: ["/envs/train"] }]));
  });

  test("that was refused says why in the dialog", async () => {
    const fake = new FakeDaemon({ prompts: [aPrompt()] });
    fake.fail("prompts.answer", { kind: "invalid_params", message: "cannot take it: too long" });
    show(Prompts, fake);
    await fireEvent.input(await screen.findByLabelText("Password", { selector: "input" }), { target: { value: "x" } });
    await fireEvent.click(screen.getByRole("button", { name: "Log in" }));
    expect(await within(screen.getByRole("dialog")).findByText("cannot take it: too long")).toBeTruthy();
  });
});

describe("the badge", () => {
  const aStore = (changes: Partial<Store> = {}): Store => ({
    name: "gpu",
    target: "gpu",
    is_local: false,
    root: "/data",
    interval_s: 600,
    state: "idle",
    in_use: true,
    since: 1,
    artifacts: 50,
    versions: 80,
    runs: 9,
    unreadable: 0,
    metadata_bytes: 180_000_000,
    downloads_bytes: 0,
    last_sync: { at: Date.now() / 1000 - 120, seconds: 1, changed: 0, removed: 0, received_bytes: 0, problems: 0 },
    next_sync: null,
    progress: null,
    detail: "",
    prompt: null,
    error: null,
    ...changes,
  });

  test("says where the data is, and syncs it", async () => {
    const fake = new FakeDaemon({ stores: [aStore()] });
    fake.answer("stores.sync", () => aStore());
    fake.answer("stores.disconnect", () => aStore());
    show(Header, fake);
    await fireEvent.click(await screen.findByRole("button", { name: "Storage: Remote, gpu" }));
    for (const text of ["Connected", "2 minutes ago", "50", "180 MB"]) expect(await screen.findByText(text)).toBeTruthy();
    await fireEvent.click(screen.getByRole("button", { name: "Sync now" }));
    await waitFor(() => expect(fake.calls("stores.sync")).toEqual([{ store: "gpu", wait: false }]));
    await fireEvent.click(screen.getByRole("button", { name: "Disconnect" }));
    await waitFor(() => expect(fake.calls("stores.disconnect")).toEqual([{ store: "gpu" }]));
    fake.push("store", aStore({ state: "syncing" }));
    expect(await screen.findByRole("button", { name: "Storage: Syncing, gpu" })).toBeTruthy();
    fake.push("store", aStore({ state: "disconnected" }));
    expect(await screen.findByRole("button", { name: "Storage: Local, gpu" })).toBeTruthy();
  });

  test("is local while no store is in use", async () => {
    show(Header, new FakeDaemon());
    expect(await screen.findByRole("button", { name: "Storage: Local" })).toBeTruthy();
  });
});

test("title and favicon say how everything stands", async () => {
  const icon = document.createElement("link");
  icon.rel = "icon";
  document.head.append(icon);
  const fake = new FakeDaemon({ sessions: [aSession()] });
  show(Head, fake);
  await waitFor(() => expect(document.title).toBe("1 ready · Overview · runicornd"));
  expect(icon.getAttribute("href")).toMatch(/good.*\.svg$/);
  fake.push("session", aSession({ state: "failed" }));
  await waitFor(() => expect(document.title).toBe("Needs attention · Overview · runicornd"));
  expect(icon.getAttribute("href")).toMatch(/trouble.*\.svg$/);
  icon.remove();
});

test("the language is switched at once, and remembered", async () => {
  show(Header, new FakeDaemon());
  await fireEvent.click(await screen.findByRole("button", { name: "Language" }));
  await fireEvent.click(await screen.findByRole("menuitemradio", { name: "简体中文" }));
  expect(await screen.findByRole("link", { name: "概览" })).toBeTruthy();
  expect(localStorage.getItem("runicornd.language")).toBe("zh");
});

test("the colours are switched at once, and remembered", async () => {
  show(Header, new FakeDaemon());
  await fireEvent.click(await screen.findByRole("button", { name: "Colours" }));
  await fireEvent.click(await screen.findByRole("menuitemradio", { name: "Dark" }));
  expect(document.documentElement.dataset.theme).toBe("dark");
  expect(localStorage.getItem("runicornd.theme")).toBe("dark");
});

test("a daemon that went away is said, and taken back when it is there again", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("refused")));
  const fake = new FakeDaemon();
  const app = show(Away, fake);
  await waitFor(() => expect(app.isOnline).toBe(true));
  fake.isAway = true;
  fake.vanish();
  expect(await screen.findByText("The daemon is away.", {}, { timeout: 3_000 })).toBeTruthy();
  fake.isAway = false;
  await fireEvent.click(screen.getByRole("button", { name: "Try now" }));
  await waitFor(() => expect(screen.queryByText("The daemon is away.")).toBeNull(), { timeout: 3_000 });
  vi.unstubAllGlobals();
});

test("a browser that was not let in is told how to come in", async () => {
  render(App);
  expect(await screen.findByText("runicornctl dashboard")).toBeTruthy();
});
