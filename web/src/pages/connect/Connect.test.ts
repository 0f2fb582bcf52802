import { configure, fireEvent, screen, waitFor } from "@testing-library/svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { setLanguage } from "../../lib/i18n/index.svelte";
import { aSession, FakeDaemon, show } from "../../lib/testing/fake";
import Connect from "../Connect.svelte";

const shown = { type: "ssh-ed25519", fingerprint: "SHA256:abc", source: "" };
const environment = (name: string, usable: boolean) => ({
  name,
  kind: "venv",
  python: `/opt/${name}/bin/python`,
  python_version: "3.11.2",
  runicorn_version: usable ? "0.7.2" : null,
  storage_root: "/data",
  usable,
  reason: usable ? "" : "Runicorn is not installed",
  problem: usable ? null : "viewer_not_installed",
  fix: usable ? "" : `/opt/${name}/bin/python -m pip install -U runicorn`,
});

// Looking for roles is slow, above all on a machine that tests other things beside it.
vi.setConfig({ testTimeout: 30_000 });
configure({ asyncUtilTimeout: 10_000 });

let fake: FakeDaemon;

beforeEach(() => {
  setLanguage("en");
  fake = new FakeDaemon();
  fake.answer("hosts.list", () => ({
    saved: [{ name: "lab", address: "ann@gpu-9", identity_file: null }],
    aliases: ["gpu-1", "gpu-2"],
    links: [],
  }));
  fake.answer("hosts.check", ({ target }) => ({ target, address: "ann@gpu-9:22", verdict: "unknown", shown, known: [] }));
  fake.answer("hosts.trust", () => ({ done: true }));
  fake.answer("envs.list", ({ target }) => ({
    target,
    environments: [environment("bare", false), environment("train", true)],
    chosen: "/opt/train/bin/python",
  }));
  fake.answer("sessions.start", () => aSession({ state: "starting", step: "connecting", url: null }));
});

const press = (name: string | RegExp) => fireEvent.click(screen.getByRole("button", { name }));

describe("the page", () => {
  it("leads from a saved server to the address of its viewer", async () => {
    show(Connect, fake, { hash: "#/connect" });
    await fireEvent.click(await screen.findByRole("button", { name: /^lab/ }));
    await screen.findByText("SHA256:abc");
    await waitFor(() => expect(document.activeElement?.textContent).toBe("Is it the right server?"));
    await press("Trust and go on");
    await screen.findByText("Which environment runs the viewer?");
    await fireEvent.click(await screen.findByRole("button", { name: "Use this environment" }));
    await screen.findByText("Where are the runs?");
    await press("Continue");
    await screen.findByText("Ready to start");
    const open = vi.spyOn(window, "open").mockReturnValue(null);
    await press("Start the viewer");
    await waitFor(() => expect(fake.calls("sessions.start")).toHaveLength(1));
    fake.push("session", aSession({ state: "starting", step: "launching", url: null }));
    await screen.findByText("Starting the viewer on gpu");
    fake.push("session", aSession());
    const link = await screen.findByRole("link", { name: /localhost:8081/ });
    expect(link.getAttribute("target")).toBe("_blank");
    expect(link.getAttribute("rel")).toContain("noopener");
    expect(open.mock.calls).toEqual([[link.getAttribute("href"), "_blank"]]);
    fake.push("session", aSession({ state: "reconnecting" }));
    fake.push("session", aSession());
    expect(open.mock.calls).toHaveLength(1);
  });

  it("says at the field what no server can be, and asks nothing", async () => {
    show(Connect, fake, { hash: "#/connect" });
    const field = await screen.findByRole("combobox", { name: "Server" });
    await fireEvent.input(field, { target: { value: "gpu server" } });
    await press("Continue");
    expect(field.getAttribute("aria-invalid")).toBe("true");
    expect(document.getElementById(field.getAttribute("aria-describedby")?.split(" ")[0] ?? "")?.textContent).toContain("no blanks");
    expect(fake.calls("hosts.check")).toEqual([]);
  });

  it("takes a suggestion by the keyboard", async () => {
    show(Connect, fake, { hash: "#/connect" });
    await screen.findByText("Saved servers");
    const field = screen.getByRole<HTMLInputElement>("combobox", { name: "Server" });
    await fireEvent.input(field, { target: { value: "gpu-" } });
    await fireEvent.keyDown(field, { key: "ArrowDown" });
    await fireEvent.keyDown(field, { key: "ArrowDown" });
    const active = document.getElementById(field.getAttribute("aria-activedescendant") ?? "");
    expect(active?.getAttribute("aria-selected")).toBe("true");
    await fireEvent.keyDown(field, { key: "Enter" });
    expect(field.value).toBe("gpu-2");
    expect(field.getAttribute("aria-expanded")).toBe("false");
  });

  it("fills in the target of a link, which can be typed over", async () => {
    show(Connect, fake, { hash: "#/connect/ann%40gpu%3A2222" });
    const field = await screen.findByRole<HTMLInputElement>("combobox", { name: "Server" });
    await waitFor(() => expect(field.value).toBe("ann@gpu:2222"));
    await fireEvent.input(field, { target: { value: "other" } });
    expect(field.value).toBe("other");
  });

  it("shows names of a hostile server as text", async () => {
    fake.answer("hosts.check", ({ target }) => ({ target, address: "a", verdict: "trusted", shown, known: [] }));
    const name = "<img src=x onerror=alert(1)>\u202e";
    fake.answer("envs.list", ({ target }) => ({ target, environments: [environment(name, true)], chosen: null }));
    show(Connect, fake, { hash: "#/connect" });
    await fireEvent.click(await screen.findByRole("button", { name: "gpu-1" }));
    await screen.findByText(/<img src=x onerror=alert\(1\)>\\u\{202e\}$/);
    expect(document.querySelector("main img, article img")).toBeNull();
  });

  it("shows why an environment cannot be used, and how it could", async () => {
    fake.answer("hosts.check", ({ target }) => ({ target, address: "a", verdict: "trusted", shown, known: [] }));
    show(Connect, fake, { hash: "#/connect" });
    await fireEvent.click(await screen.findByRole("button", { name: "gpu-1" }));
    await screen.findByText("Runicorn is not installed");
    screen.getByText("/opt/bare/bin/python -m pip install -U runicorn");
    expect(screen.getAllByRole("button", { name: "Use this environment" })).toHaveLength(1);
    screen.getByText("The only usable one");
  });
});
