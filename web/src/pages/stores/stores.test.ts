import { screen, waitFor, within } from "@testing-library/svelte";
import { fireEvent } from "@testing-library/dom";
import { afterEach, describe, expect, test } from "vitest";
import { setLanguage } from "../../lib/i18n/index.svelte";
import type { CacheInfo, CacheStore, Store } from "../../lib/rpc/contract";
import { FakeDaemon, show } from "../../lib/testing/fake";
import Stores from "../Stores.svelte";
import { NO_LOGIN } from "../connect/flow";
import { loginErrors } from "../connect/mistakes";
import { CONFIGURED, mistakesOf, paramsOf, type Draft } from "./adding";
import { downloadsOf, freedOf, gigabytes, readGigabytes, rowsOf, sharesOf, totalOf } from "./cache";
import { barOf, fromChoice, intervals, newsOf, reportOf, sorted } from "./standing";
import { Unreadable } from "./unreadable.svelte";

function aStore(changes: Partial<Store> = {}): Store {
  return {
    name: "gpu",
    target: "gpu-server",
    is_local: false,
    root: "/data/runs",
    interval_s: 600,
    state: "idle",
    in_use: true,
    since: 1000,
    artifacts: 50,
    versions: 120,
    runs: 9,
    unreadable: 0,
    metadata_bytes: 180_000_000,
    downloads_bytes: 8_000_000_000,
    last_sync: { at: 1000, seconds: 3, changed: 12, removed: 1, received_bytes: 1_200_000, problems: 0 },
    next_sync: 1600,
    progress: null,
    detail: "",
    prompt: null,
    error: null,
    ...changes,
  };
}

function aShare(changes: Partial<CacheStore> = {}): CacheStore {
  return { store: "gpu", path: "/c/gpu", index_bytes: 10, metadata_bytes: 30, downloads_bytes: 60, downloads: 2, removed: null, ...changes };
}

const INFO: CacheInfo = { path: "/c", limit_bytes: 10e9, total_bytes: 100, stores: [aShare()], removed: [] };
const PROGRESS = { phase: "receiving", files_done: 150, files_total: 200, bytes_done: 1e6, bytes_total: 2e6, current: "a.json", rate: 5e5, since: 0 };

afterEach(() => setLanguage("en"));

describe("a sync in words", () => {
  test("is a bar of files with its rate", () => {
    expect(barOf(PROGRESS, "gpu")).toEqual({ value: 150, whole: 200, words: "150 / 200 files · 1.00 MB · 500 kB/s" });
  });

  test("has no figure before it is known how much there is", () => {
    expect(barOf({ ...PROGRESS, phase: "connecting" }, "gpu")).toMatchObject({ value: null, words: "Connecting to gpu …" });
    const scanning = { ...PROGRESS, phase: "scanning", files_total: null };
    expect(barOf(scanning, "gpu")).toMatchObject({ value: null, words: "Looking for what has changed: 150 files so far" });
    expect(barOf({ ...PROGRESS, phase: "indexing" }, "gpu").words).toContain("Indexing · 150 / 200 files");
  });

  test("says what it did", () => {
    const report = { at: 0, seconds: 3, changed: 12, removed: 1, received_bytes: 1_200_000, problems: 0 };
    expect(reportOf(report)).toBe("12 changed, 1 removed · 1.20 MB in 3 sec");
    expect(reportOf({ ...report, changed: 0, removed: 0, received_bytes: 0 })).toBe("nothing new");
    setLanguage("zh");
    expect(reportOf(report)).toContain("12 项变更，1 项移除");
  });

  test("is news when it ends", () => {
    const after = aStore({ last_sync: { at: 2000, seconds: 1, changed: 0, removed: 0, received_bytes: 0, problems: 0 } });
    expect(newsOf({ gpu: aStore({ state: "syncing" }) }, { gpu: after })).toEqual(["gpu is synced."]);
    expect(newsOf({ gpu: aStore({ state: "syncing" }) }, { gpu: aStore() })).toEqual([]);
    expect(newsOf({ gpu: aStore() }, { gpu: aStore({ state: "failed" }) })).toEqual(["The sync of gpu failed."]);
  });
});

describe("intervals", () => {
  test("are the usual ones, the one that is set, and off", () => {
    expect(intervals(600).map((each) => each.value)).toEqual(["300", "600", "1800", "3600", "off"]);
    expect(intervals(90).map((each) => each.label)[0]).toBe("Every 1 min 30 sec");
    expect([fromChoice("off"), fromChoice("300")]).toEqual([null, 300]);
  });
});

test("stores keep their places when another one is used", () => {
  const stores = { b: aStore({ name: "b", in_use: true }), a: aStore({ name: "a", in_use: false }) };
  expect(sorted(stores).map((store) => store.name)).toEqual(["a", "b"]);
});

describe("the cache", () => {
  test("is summed up, by store and in all", () => {
    const small = aShare({ store: "local", index_bytes: 10, metadata_bytes: 0, downloads_bytes: 40 });
    expect(totalOf(small)).toBe(50);
    expect(downloadsOf({ ...INFO, stores: [aShare(), small] })).toBe(100);
    expect(sharesOf(small, [aShare(), small])).toEqual({ index: 0.1, metadata: 0, downloads: 0.4 });
    const none = aShare({ index_bytes: 0, metadata_bytes: 0, downloads_bytes: 0 });
    expect(sharesOf(none, [none])).toEqual({ index: 0, metadata: 0, downloads: 0 });
  });

  test("says what was freed and what was kept", () => {
    expect(freedOf({ freed_bytes: 1_200_000_000, removed: 4, kept: 3 })).toBe(
      "1.20 GB freed, 4 downloads removed, 3 kept because in use or the only copy",
    );
    expect(freedOf({ freed_bytes: 0, removed: 0, kept: 0 })).toBe("Nothing had to be removed");
    expect(freedOf({ freed_bytes: 5, removed: 0, kept: 0 })).toBe("5 B freed");
  });

  test.each([
    ["10", 10e9],
    ["1,5", 1.5e9],
    [" 0 ", 0],
    ["", null],
    ["-1", null],
    ["1e3", null],
    ["ten", null],
  ])("takes %j as %s bytes", (text, count) => expect(readGigabytes(text)).toBe(count));

  test("shows a limit as it is typed", () => expect(readGigabytes(gigabytes(2_500_000_000))).toBe(2_500_000_000));
});

describe("a new store", () => {
  const draft: Draft = { target: "gpu", root: "", name: "", interval: CONFIGURED, login: { ...NO_LOGIN } };

  test.each<[Partial<Draft>, string[]]>([
    [{}, []],
    [{ target: " " }, ["target"]],
    [{ target: "a b" }, ["target"]],
    [{ root: "runs" }, ["root"]],
    [{ root: "~/runs" }, []],
    [{ name: "-x" }, ["name"]],
    [{ name: "x".repeat(41) }, ["name"]],
    [{ name: "GPU" }, ["name"]],
  ])("of %o has mistakes at %j", (changes, fields) => {
    expect(Object.keys(mistakesOf({ ...draft, ...changes }, ["gpu"]))).toEqual(fields);
  });

  test("says what is missing for the login", () => {
    expect(Object.keys(loginErrors({ ...NO_LOGIN, way: "password" }))).toEqual(["password"]);
    expect(Object.keys(loginErrors({ ...NO_LOGIN, way: "file", file: "id" }))).toEqual(["file"]);
    expect(Object.keys(loginErrors({ ...NO_LOGIN, way: "key", key: "x" }))).toEqual(["key"]);
    expect(loginErrors({ ...NO_LOGIN, way: "password", password: "x" })).toEqual({});
    expect(loginErrors({ ...NO_LOGIN, way: "password" }, true)).toEqual({});
    expect(loginErrors({ ...NO_LOGIN, way: "password", password: "x".repeat(4097) })).toEqual({
      password: "At most 4096 characters.",
    });
    const locked = { ...NO_LOGIN, way: "file" as const, file: "~/id", passphrase: "x".repeat(4097) };
    expect(Object.keys(loginErrors(locked))).toEqual(["passphrase"]);
  });

  test("is asked for as it was filled in", () => {
    const bare = { target: "gpu", root: null, name: null, interval_s: null, is_automatic: true };
    expect(paramsOf(draft)).toEqual(bare);
    expect(paramsOf({ ...draft, interval: "off" })).toEqual({ ...bare, is_automatic: false });
    expect(paramsOf({ ...draft, interval: "300", root: " /d " })).toEqual({ ...bare, interval_s: 300, root: "/d" });
    const login = { ...NO_LOGIN, way: "password" as const, password: "s" };
    expect(paramsOf({ ...draft, login })).toEqual({ ...bare, auth: { password: "s" } });
    expect(paramsOf({ ...draft, target: "local", login })).toEqual({ ...bare, target: "local" });
  });
});

test("what is unreadable is asked of the daemon, as much as is shown", async () => {
  const asked: unknown[] = [];
  const run = { kind: "run", label: "r1", path: "vision/runs/r1", reason: "cut" } as const;
  const rpc = {
    call: (...call: unknown[]) => {
      asked.push(call);
      return Promise.resolve({ store: "gpu", problems: [run], total: 201, next: "2" });
    },
  };
  const unreadable = new Unreadable(rpc as never, "gpu");
  await unreadable.look();
  expect(asked).toEqual([["stores.problems", { store: "gpu", limit: 200 }]]);
  expect([unreadable.found, unreadable.isCut, unreadable.isLooking]).toEqual([[run], true, false]);
});

test("what removed stores have left is a row of its own", () => {
  const left = aShare({ path: "/c/old", removed: 1000 });
  expect(rowsOf({ ...INFO, removed: [left] }).map((each) => each.store)).toEqual(["gpu", "gpu (removed)"]);
});

describe("the page", () => {
  function withStores(...stores: Store[]): FakeDaemon {
    const fake = new FakeDaemon({ stores });
    fake.answer("cache.info", () => INFO);
    fake.answer("hosts.list", () => ({ saved: [], aliases: ["gpu-server"], links: [] }));
    return fake;
  }

  test("shows a sync as it goes", async () => {
    const fake = withStores(aStore());
    show(Stores, fake);
    const card = await screen.findByRole("article", { name: "gpu" });
    expect(card.textContent).toContain("12 changed, 1 removed");
    fake.push("store", aStore({ state: "syncing", progress: PROGRESS }));
    const bar = await within(card).findByRole("progressbar");
    expect(bar.getAttribute("aria-valuenow")).toBe("75");
    expect(card.textContent).toContain("Current: a.json");
  });

  test("changes how often a store is synced, and takes it back when that fails", async () => {
    const fake = withStores(aStore());
    fake.fail("stores.change", { kind: "state_unwritable", message: "cannot save" });
    show(Stores, fake);
    const select = await screen.findByLabelText<HTMLSelectElement>("Automatic sync");
    await fireEvent.change(select, { target: { value: "off" } });
    await waitFor(() => expect(fake.calls("stores.change")).toEqual([{ store: "gpu", interval_s: null }]));
    await waitFor(() => expect(select.value).toBe("600"));
  });

  test("lists folders with the login that is filled in", async () => {
    const fake = withStores();
    fake.answer("folders.list", () => ({ path: "/home/ann", parent: "/home", folders: [], is_root: false, is_cut: false }));
    show(Stores, fake, { hash: "#/stores?add=new-server" });
    await fireEvent.change(await screen.findByLabelText("How to log in"), { target: { value: "password" } });
    expect(screen.queryByText("Choose a folder …")).toBeNull();
    await fireEvent.input(screen.getByLabelText("Password", { selector: "input" }), { target: { value: "s3cret" } });
    await fireEvent.click(await screen.findByText("Choose a folder …"));
    await waitFor(() =>
      expect(fake.calls("folders.list")).toEqual([{ target: "new-server", path: null, auth: { password: "s3cret" } }]),
    );
  });

  test("takes a mistake back while it is mended", async () => {
    const fake = withStores();
    show(Stores, fake, { hash: "#/stores?add=gpu" });
    const root = await screen.findByLabelText("Storage root (optional)");
    await fireEvent.input(root, { target: { value: "runs" } });
    await fireEvent.blur(root);
    await waitFor(() => expect(root.getAttribute("aria-invalid")).toBe("true"));
    await fireEvent.input(root, { target: { value: "/runs" } });
    await waitFor(() => expect(root.getAttribute("aria-invalid")).toBe("false"));
  });

  test("says a mistake at its field, and sends nothing", async () => {
    const fake = withStores();
    show(Stores, fake, { hash: "#/stores?add=" });
    await fireEvent.click(await screen.findByRole("button", { name: "Connect and sync metadata", hidden: true }));
    await screen.findByText("Give a server's name, user@host, or local.");
    expect(fake.calls("stores.add")).toEqual([]);
  });

  test("adds a store and goes to it", async () => {
    const fake = withStores();
    fake.answer("stores.add", () => aStore());
    const app = show(Stores, fake, { hash: "#/stores?add=gpu-server" });
    await fireEvent.click(await screen.findByRole("button", { name: "Connect and sync metadata", hidden: true }));
    await waitFor(() => expect(app.router.route.parts).toEqual(["gpu"]));
    expect(fake.calls("stores.add")).toMatchObject([{ target: "gpu-server", is_automatic: true }]);
  });

  test("cleans up after a question and says what it did", async () => {
    const fake = withStores(aStore());
    fake.answer("cache.cleanup", () => ({ freed_bytes: 1_200_000_000, removed: 1, kept: 3 }));
    const app = show(Stores, fake);
    await screen.findByText("/c");
    await fireEvent.click(screen.getByRole("button", { name: "Clean up now" }));
    expect(fake.calls("cache.cleanup")).toEqual([]);
    const dialog = await screen.findByRole("dialog", { hidden: true });
    await fireEvent.click(within(dialog).getByText("Clean up now"));
    await waitFor(() => expect(app.toasts.shown.map((toast) => toast.text)).toContainEqual(expect.stringContaining("1.20 GB freed")));
    expect(fake.calls("cache.cleanup")).toEqual([{ limit_bytes: 10e9 }]);
  });

  test("offers another login where the one there is was refused", async () => {
    const error = { kind: "auth_failed", message: "cannot log in", hint: "", retryable: false, context: {} };
    const fake = withStores(aStore({ state: "failed", error }));
    fake.answer("stores.sync", () => aStore());
    show(Stores, fake);
    await fireEvent.click(await screen.findByRole("button", { name: "Log in another way …" }));
    const dialog = await screen.findByRole("dialog", { hidden: true });
    await fireEvent.input(within(dialog).getByLabelText("Password"), { target: { value: "secret" } });
    await fireEvent.click(within(dialog).getByText("Log in and sync"));
    await waitFor(() =>
      expect(fake.calls("stores.sync")).toEqual([{ store: "gpu", wait: false, auth: { password: "secret" } }]),
    );
  });
});
