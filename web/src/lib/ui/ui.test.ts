import { fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { createRawSnippet } from "svelte";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { setLanguage } from "../i18n/index.svelte";
import { RpcError } from "../rpc/errors";
import { Toasts as ToastState } from "../state/toasts.svelte";
import Button from "./Button.svelte";
import Copy from "./Copy.svelte";
import Dialog from "./Dialog.svelte";
import ErrorNote from "./ErrorNote.svelte";
import Menu from "./Menu.svelte";
import Progress from "./Progress.svelte";
import Tabs from "./Tabs.svelte";
import TextField from "./TextField.svelte";
import Time from "./Time.svelte";
import Toasts from "./Toasts.svelte";

const words = (text: string) => createRawSnippet(() => ({ render: () => `<span>${text}</span>` }));

beforeEach(() => setLanguage("en"));

test("a button is busy while its work is, and cannot be pressed twice", async () => {
  let finish: () => void = () => undefined;
  const work = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
  render(Button, { props: { onclick: work, children: words("Go") } });
  const button = screen.getByRole("button", { name: "Go" });
  await fireEvent.click(button);
  await fireEvent.click(button);
  expect(work).toHaveBeenCalledTimes(1);
  expect(button.getAttribute("aria-busy")).toBe("true");
  finish();
  await waitFor(() => expect(button.getAttribute("aria-busy")).toBe("false"));
});

test("a dialog is left by Escape and by its cross", async () => {
  const onclose = vi.fn();
  render(Dialog, { props: { open: true, title: "Really?", onclose, children: words("Text") } });
  const dialog = screen.getByRole("dialog", { name: "Really?" });
  await fireEvent(dialog, new Event("cancel", { cancelable: true }));
  await fireEvent.click(screen.getByRole("button", { name: "Close" }));
  expect(onclose).toHaveBeenCalledTimes(2);
});

test("a field says what is wrong to those who hear it as well", () => {
  render(TextField, { props: { label: "Port", value: "x", error: "No number.", hint: "1 to 65535" } });
  const field = screen.getByRole("textbox", { name: "Port" });
  expect(field.getAttribute("aria-invalid")).toBe("true");
  const told = field.getAttribute("aria-describedby")?.split(" ").map((id) => document.getElementById(id)?.textContent.trim());
  expect(told).toEqual(["No number.", "1 to 65535"]);
});

describe("an error", () => {
  const error = new RpcError({ kind: "auth_failed", message: "cannot log in: refused", hint: "name a key" });

  test("is said in plain words, with the daemon's own", () => {
    render(ErrorNote, { props: { error } });
    for (const text of ["The server refused the login", "name a key", "cannot log in: refused"])
      expect(screen.getByText(text)).toBeTruthy();
  });

  test("is said in Chinese, and the daemon's hint stays beside it", () => {
    setLanguage("zh");
    render(ErrorNote, { props: { error } });
    for (const text of ["服务器拒绝登录", "请检查用户名以及密钥或密码。", "name a key"])
      expect(screen.getByText(text)).toBeTruthy();
  });

  test("of a kind that nobody knows is shown still", () => {
    render(ErrorNote, { props: { error: new RpcError({ kind: "brand_new", message: "cannot" }) } });
    expect(screen.getByText("Something went wrong")).toBeTruthy();
    expect(screen.getByText("cannot")).toBeTruthy();
  });
});

test("a menu is worked with the keyboard", async () => {
  const restart = vi.fn();
  const items = [
    { label: "Log", onclick: vi.fn() },
    { label: "Off", disabled: true, onclick: vi.fn() },
    { label: "Restart", onclick: restart },
  ];
  render(Menu, { props: { label: "More", items } });
  const button = screen.getByRole("button", { name: "More" });
  await fireEvent.click(button);
  await waitFor(() => expect(document.activeElement?.textContent.trim()).toBe("Log"));
  await fireEvent.keyDown(document.activeElement ?? document.body, { key: "ArrowDown" });
  expect(document.activeElement?.textContent.trim()).toBe("Restart");
  await fireEvent.keyDown(document.activeElement ?? document.body, { key: "Escape" });
  expect(screen.queryByRole("menu")).toBeNull();
  expect(document.activeElement).toBe(button);
  await fireEvent.click(button);
  await fireEvent.click(await screen.findByRole("menuitem", { name: "Restart" }));
  expect(restart).toHaveBeenCalledOnce();
});

test("tabs are changed with the arrows", async () => {
  const tabs = [
    { value: "key", label: "SSH key" },
    { value: "password", label: "Password" },
  ];
  render(Tabs, { props: { label: "How", tabs, value: "key", children: words("Panel") } });
  await fireEvent.keyDown(screen.getByRole("tab", { name: "SSH key" }), { key: "ArrowLeft" });
  const other = screen.getByRole("tab", { name: "Password" });
  expect(other.getAttribute("aria-selected")).toBe("true");
  expect(document.activeElement).toBe(other);
});

test.each([
  [5, 10, "50"],
  [20, 10, "100"],
  [null, 10, null],
  [0, 0, "100"],
])("%s of %s is a progress of %s", (value, whole, shown) => {
  render(Progress, { props: { label: "Sync", value, whole } });
  expect(screen.getByRole("progressbar", { name: "Sync" }).getAttribute("aria-valuenow")).toBe(shown);
});

test("a time is relative, and exact when one asks", async () => {
  render(Time, { props: { at: Date.now() / 1000 - 7200 } });
  const time = screen.getByText("2 hours ago");
  await waitFor(() => expect(time.getAttribute("title")).toMatch(/\d:\d\d:\d\d/), { timeout: 5_000 });
  expect(time.getAttribute("datetime")).toMatch(/T.*Z$/);
});

test("what is copied is asked for when it is copied", async () => {
  const writeText = vi.fn(() => Promise.resolve());
  vi.stubGlobal("navigator", { clipboard: { writeText }, language: "en" });
  render(Copy, { props: { text: () => "late", what: "the address" } });
  await fireEvent.click(screen.getByRole("button", { name: "Copy the address" }));
  expect(writeText).toHaveBeenCalledWith("late");
  expect((await screen.findByRole("status")).textContent).toBe("Copied");
  vi.unstubAllGlobals();
});

test("a notice goes by itself, an error stays until it is dismissed", async () => {
  vi.useFakeTimers();
  const toasts = new ToastState();
  render(Toasts, { props: { toasts } });
  toasts.say("Done");
  toasts.fail(new TypeError("odd"));
  await vi.advanceTimersByTimeAsync(6_000);
  vi.useRealTimers();
  expect(screen.queryByText("Done")).toBeNull();
  expect(screen.getByRole("alert").textContent).toContain("odd");
  await fireEvent.click(screen.getByRole("button", { name: "Dismiss" }));
  expect(screen.queryByRole("alert")).toBeNull();
});
