import { configure, fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Artifact, ArtifactSummary, Store } from "../../lib/rpc/contract";
import { FakeDaemon, show } from "../../lib/testing/fake";
import Artifacts from "../Artifacts.svelte";

function aStore(changes: Partial<Store> = {}): Store {
  return {
    name: "gpu",
    target: "gpu-server",
    is_local: false,
    root: "/data",
    interval_s: 600,
    state: "idle",
    in_use: true,
    since: 0,
    artifacts: 1,
    versions: 3,
    runs: 0,
    unreadable: 0,
    metadata_bytes: 0,
    downloads_bytes: 0,
    last_sync: { at: 1_700_000_000, seconds: 1, changed: 1, removed: 0, received_bytes: 1, problems: 0 },
    next_sync: null,
    progress: null,
    detail: "",
    prompt: null,
    error: null,
    ...changes,
  };
}
function aRow(changes: Partial<ArtifactSummary> = {}): ArtifactSummary {
  return {
    type: "model",
    name: "resnet50",
    version: 3,
    versions: 3,
    size_bytes: 8e9,
    files: 1,
    created: 1_700_000_000,
    updated: 1_700_000_000,
    description: "",
    tags: [],
    aliases: [],
    is_deleted: false,
    problem: null,
    ...changes,
  };
}
function aVersion(version: number, aliases: string[] = [], isDeleted = false): Artifact["versions"][number] {
  return {
    version,
    aliases,
    created: 1_700_000_000,
    size_bytes: 8e9,
    files: 1,
    status: "ready",
    run: null,
    is_deleted: isDeleted,
    is_downloaded: false,
    problem: null,
  };
}
function anArtifact(changes: Partial<Artifact> = {}): Artifact {
  return {
    store: "gpu",
    where: "gpu-server",
    is_local: false,
    type: "model",
    name: "resnet50",
    version: 3,
    layout: "artifacts",
    status: "ready",
    is_deleted: false,
    deleted: null,
    created: 1_700_000_000,
    updated: 1_700_000_000,
    size_bytes: 8e9,
    description: "",
    tags: [],
    aliases: [],
    metadata: { accuracy: 0.95 },
    path: "artifacts/model/resnet50/v3",
    files: [{ path: "model.pth", size: 8e9, digest: "sha256:00", modified: null, is_local: false }],
    files_total: 1,
    references: [],
    versions: [aVersion(3), aVersion(2, ["production"])],
    made_by: null,
    used_by: [],
    user: null,
    downloaded_to: null,
    problem: null,
    synced: 1_700_000_000,
    ...changes,
  };
}
function daemon(store: Store, rows: ArtifactSummary[] = [aRow()]): FakeDaemon {
  const fake = new FakeDaemon({ stores: [store] });
  fake.answer("artifacts.list", () => ({
    store: store.name,
    artifacts: rows,
    total: rows.length,
    types: [{ type: "model", artifacts: rows.length }],
    next: null,
    synced: 1_700_000_000,
  }));
  fake.answer("artifacts.get", () => anArtifact());
  return fake;
}

// A busy machine is slow, not wrong.
configure({ asyncUtilTimeout: 10_000 });
vi.setConfig({ testTimeout: 30_000 });

beforeEach(() => {
  localStorage.setItem("runicornd.language", "en");
  vi.spyOn(window, "scrollTo").mockImplementation(() => undefined);
  vi.spyOn(window, "scrollBy").mockImplementation(() => undefined);
});

describe("the list", () => {
  it("teaches how to add a store when there is none", async () => {
    show(Artifacts, new FakeDaemon(), { hash: "#/artifacts" });
    expect(await screen.findByText("runicornctl store add TARGET")).toBeTruthy();
  });

  it("shows the store in use, and leads to each version", async () => {
    show(Artifacts, daemon(aStore()), { hash: "#/artifacts" });
    const link = await screen.findByRole("link", { name: "resnet50" });
    expect(link.getAttribute("href")).toBe("#/artifacts/gpu/model/resnet50/v3");
  });

  it("asks for what the address says", async () => {
    const fake = daemon(aStore());
    show(Artifacts, fake, { hash: "#/artifacts/gpu?type=model&q=res&sort=name&deleted=1" });
    await screen.findByRole("link", { name: "resnet50" });
    expect(fake.calls("artifacts.list")[0]).toMatchObject({
      store: "gpu",
      type: "model",
      search: "res",
      sort: "name",
      order: "up",
      deleted: true,
      cursor: null,
    });
  });

  it("asks once when the typing pauses, and keeps the words in the address", async () => {
    const fake = daemon(aStore());
    show(Artifacts, fake, { hash: "#/artifacts/gpu" });
    const field = await screen.findByRole("searchbox");
    await screen.findByRole("link", { name: "resnet50" });
    for (const text of ["r", "re", "res "]) await fireEvent.input(field, { target: { value: text } });
    await waitFor(() => expect(location.hash).toBe("#/artifacts/gpu?q=res"));
    expect(fake.calls("artifacts.list").map((params) => params.search)).toEqual(["", "res"]);
    expect((field as HTMLInputElement).value).toBe("res ");
  });

  it("draws a few rows of very many", async () => {
    const rows = Array.from({ length: 200 }, (_, index) => aRow({ name: `net-${index}` }));
    const fake = daemon(aStore(), rows);
    fake.answer("artifacts.list", () => ({ store: "gpu", artifacts: rows, total: 100_000, types: [], next: "more", synced: 1 }));
    show(Artifacts, fake, { hash: "#/artifacts/gpu" });
    await screen.findByRole("link", { name: "net-0" });
    expect(screen.getAllByRole("row").length).toBeLessThan(60);
    expect(screen.getByRole("table").getAttribute("aria-rowcount")).toBe("100001");
  });

  it("follows the store without a question of the user", async () => {
    const rows = [aRow()];
    const fake = daemon(aStore(), rows);
    show(Artifacts, fake, { hash: "#/artifacts/gpu" });
    await screen.findByRole("link", { name: "resnet50" });
    rows.push(aRow({ name: "bert" }));
    const later = aStore({ last_sync: { at: 1_700_000_600, seconds: 1, changed: 1, removed: 0, received_bytes: 1, problems: 0 } });
    fake.push("store", later);
    expect(await screen.findByRole("link", { name: "bert" })).toBeTruthy();
  });

  it("recovers by itself when the daemon was away at the first question", async () => {
    const fake = daemon(aStore());
    fake.fail("artifacts.list", { kind: "internal", message: "cannot answer now" });
    show(Artifacts, fake, { hash: "#/artifacts/gpu" });
    await screen.findByText("cannot answer now");
    fake.answer("artifacts.list", () => ({ store: "gpu", artifacts: [aRow()], total: 1, types: [], next: null, synced: 1 }));
    fake.vanish();
    expect(await screen.findByRole("link", { name: "resnet50" })).toBeTruthy();
  });

  it("shows hostile names as what they are", async () => {
    const name = `<img src=x onerror=alert(1)>\u202e${"x".repeat(10_000)}`;
    show(Artifacts, daemon(aStore(), [aRow({ name, problem: "<b>broken</b>" })]), { hash: "#/artifacts/gpu" });
    const link = await screen.findByRole("link", { name: /^<img src=x/ });
    expect(link.textContent).toMatch(/\\u\{202e\}xxx.*…$/);
    expect(link.textContent.length).toBeLessThan(320);
    expect(document.querySelector("img, b")).toBeNull();
  });
});

describe("a version", () => {
  const HERE = { hash: "#/artifacts/gpu/model/resnet50/v3" };

  it("says which version loses an alias before it is moved", async () => {
    const fake = daemon(aStore());
    fake.answer("artifacts.alias", () => ({ store: "gpu", where: "gpu-server", ref: "", message: "", changed: true, freed_bytes: 0, hint: "" }));
    show(Artifacts, fake, HERE);
    await fireEvent.click(await screen.findByRole("button", { name: "Add an alias" }));
    const field = screen.getByLabelText("Add an alias");
    await fireEvent.input(field, { target: { value: "v9" } });
    expect(screen.getByText(/takes what begins with v for a version/)).toBeTruthy();
    await fireEvent.click(screen.getByRole("button", { name: "Add" }));
    expect(fake.calls("artifacts.alias")).toEqual([]);
    await fireEvent.input(field, { target: { value: "production" } });
    expect(screen.getByText("v2 has this alias now and loses it.")).toBeTruthy();
    await fireEvent.click(screen.getByRole("button", { name: "Move it here" }));
    await waitFor(() =>
      expect(fake.calls("artifacts.alias")).toEqual([{ store: "gpu", ref: "model/resnet50:v3", alias: "production", remove: false }]),
    );
  });

  it("is deleted softly only after it was said where", async () => {
    const fake = daemon(aStore());
    fake.answer("artifacts.delete", () => ({ store: "gpu", where: "gpu-server", ref: "", message: "", changed: true, freed_bytes: 0, hint: "" }));
    show(Artifacts, fake, HERE);
    await fireEvent.click(await screen.findByRole("button", { name: "More actions for this version" }));
    await fireEvent.click(screen.getByRole("menuitem", { name: "Delete this version" }));
    const dialog = screen.getByRole("dialog");
    expect(within(dialog).getByText("This happens on gpu-server, not on this machine.")).toBeTruthy();
    await fireEvent.click(within(dialog).getByRole("button", { name: "Delete" }));
    await waitFor(() =>
      expect(fake.calls("artifacts.delete")).toEqual([{ store: "gpu", ref: "model/resnet50:v3", permanently: false, confirm: null }]),
    );
  });

  it("is deleted for good only when its name was typed", async () => {
    const fake = daemon(aStore());
    fake.fail("artifacts.delete", { kind: "permission_denied", message: "cannot delete: it is not yours" });
    show(Artifacts, fake, HERE);
    await fireEvent.click(await screen.findByRole("button", { name: "More actions for this version" }));
    await fireEvent.click(screen.getByRole("menuitem", { name: "Delete for good" }));
    const dialog = screen.getByRole("dialog");
    const button = within(dialog).getByRole<HTMLButtonElement>("button", { name: "Delete for good" });
    await fireEvent.input(within(dialog).getByRole("textbox"), { target: { value: "resnet5" } });
    expect(button.disabled).toBe(true);
    await fireEvent.input(within(dialog).getByRole("textbox"), { target: { value: "resnet50" } });
    await fireEvent.click(button);
    expect(await within(dialog).findByText("cannot delete: it is not yours")).toBeTruthy();
    expect(fake.calls("artifacts.delete")[0]).toMatchObject({ permanently: true, confirm: "resnet50" });
  });

  it("of the newer layout says why it cannot be changed, and can be downloaded", async () => {
    const fake = daemon(aStore());
    fake.answer("artifacts.get", () => anArtifact({ layout: "assets" }));
    show(Artifacts, fake, HERE);
    expect(await screen.findByText(/Runicorn 0.6 and later keep what their runs logged/)).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Add an alias" }).disabled).toBe(true);
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Download (8.00 GB)" }).disabled).toBe(false);
  });

  it("of a disconnected store can be looked at and nothing else", async () => {
    show(Artifacts, daemon(aStore({ state: "disconnected" })), HERE);
    expect(await screen.findByText(/The store is disconnected/)).toBeTruthy();
    expect(screen.getByText("0.95")).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Download (8.00 GB)" }).disabled).toBe(true);
  });

  it("is downloaded in part, to a folder, with its progress shown in place", async () => {
    const fake = daemon(aStore());
    const download = {
      id: "d1",
      store: "gpu",
      ref: "model/resnet50:v3",
      to: "/home/me/models",
      state: "running",
      files_done: 0,
      files_total: 1,
      bytes_done: 6e9,
      bytes_total: 8e9,
      rate: 1e8,
      created: 1,
      since: 1,
      left_s: 20,
      active: [],
      skipped: 0,
      references: [],
      detail: "",
      prompt: null,
      error: null,
    };
    fake.answer("cache.info", () => ({ path: "/c", limit_bytes: 1, total_bytes: 0, stores: [] }));
    fake.answer("downloads.start", () => download);
    show(Artifacts, fake, HERE);
    await fireEvent.click(await screen.findByRole("button", { name: "Download (8.00 GB)" }));
    const dialog = screen.getByRole("dialog");
    await fireEvent.click(within(dialog).getByLabelText("Only some files"));
    await fireEvent.input(within(dialog).getByLabelText("Patterns"), { target: { value: "*.onnx" } });
    expect(within(dialog).getByText("No file matches.")).toBeTruthy();
    await fireEvent.input(within(dialog).getByLabelText("Patterns"), { target: { value: "*.pth" } });
    await fireEvent.input(within(dialog).getByLabelText("Folder on this machine"), { target: { value: "models" } });
    expect(within(dialog).getByText("Write the whole path, from /.")).toBeTruthy();
    await fireEvent.input(within(dialog).getByLabelText("Folder on this machine"), { target: { value: "/home/me/models" } });
    await fireEvent.click(within(dialog).getByRole("button", { name: "Download" }));
    await waitFor(() =>
      expect(fake.calls("downloads.start")).toEqual([{ store: "gpu", ref: "model/resnet50:v3", files: ["*.pth"], to: "/home/me/models" }]),
    );
    fake.push("download", download);
    expect(await screen.findByText("6.00 GB of 8.00 GB")).toBeTruthy();
    fake.push("download", { ...download, state: "done", bytes_done: 8e9 });
    expect(await screen.findByText("/home/me/models")).toBeTruthy();
  });

  it("that was deleted is marked in the history, and restored from there", async () => {
    const fake = daemon(aStore());
    fake.answer("artifacts.get", () => anArtifact({ versions: [aVersion(3), aVersion(2, [], true)] }));
    fake.answer("artifacts.restore", () => ({ store: "gpu", where: "gpu-server", ref: "", message: "", changed: true, freed_bytes: 0, hint: "" }));
    show(Artifacts, fake, { hash: `${HERE.hash}?view=versions` });
    await screen.findByText("Deleted");
    await fireEvent.click(screen.getByRole("button", { name: "Restore" }));
    await waitFor(() => expect(fake.calls("artifacts.restore")).toEqual([{ store: "gpu", ref: "model/resnet50:v2" }]));
  });

  it("that is not there is said, with a way back", async () => {
    const fake = daemon(aStore());
    fake.fail("artifacts.get", { kind: "unknown_artifact", message: "cannot find model/resnet50: there is none" });
    show(Artifacts, fake, HERE);
    expect(await screen.findByText("cannot find model/resnet50: there is none")).toBeTruthy();
    expect(screen.getByRole("link", { name: "All artifacts" }).getAttribute("href")).toBe("#/artifacts/gpu");
  });
});
