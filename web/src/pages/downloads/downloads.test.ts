import { screen, waitFor, within } from "@testing-library/svelte";
import { fireEvent } from "@testing-library/dom";
import { afterEach, describe, expect, test } from "vitest";
import { setLanguage } from "../../lib/i18n/index.svelte";
import type { Download } from "../../lib/rpc/contract";
import { FakeDaemon, show } from "../../lib/testing/fake";
import Downloads from "../Downloads.svelte";
import { detailOf, factsOf, grouped, isMuchDone, leftOf, newsOf, requestOf, together } from "./standing";

function aDownload(changes: Partial<Download> = {}): Download {
  return {
    id: "d1",
    store: "gpu",
    ref: "model/resnet50:v3",
    to: "/home/ann/.cache/runicornd/gpu_ann/downloads/resnet50/v3",
    state: "running",
    files_done: 1,
    files_total: 3,
    bytes_done: 2_000_000_000,
    bytes_total: 8_000_000_000,
    rate: 10_000_000,
    created: 1000,
    since: 1010,
    left_s: 600,
    active: [],
    skipped: 0,
    references: [],
    detail: "",
    prompt: null,
    error: null,
    files: [],
    is_kept: true,
    ...changes,
  };
}

afterEach(() => setLanguage("en"));

describe("a download in words", () => {
  test("says files, amount, rate and time left while it runs", () => {
    expect(factsOf(aDownload())).toEqual(["1 / 3 files", "2.00 GB / 8.00 GB", "10.0 MB/s", "10 min left"]);
    setLanguage("zh");
    expect(factsOf(aDownload())[0]).toBe("1 / 3 个文件");
  });

  test("says no rate and no time where nothing moves", () => {
    expect(factsOf(aDownload({ state: "waiting" }))).toEqual(["1 / 3 files", "2.00 GB / 8.00 GB"]);
    expect(factsOf(aDownload({ rate: 0, left_s: null }))).toHaveLength(2);
  });

  test.each([
    [null, ""],
    [0, "nearly done"],
    [1.9, "nearly done"],
    [59, "59 sec left"],
    [3700, "1 hr 1 min left"],
  ])("has %s seconds left: %s", (seconds, text) => expect(leftOf(seconds)).toBe(text));

  test("says what it waits for in the user's language, or in the daemon's own words", () => {
    setLanguage("zh");
    expect(detailOf(aDownload({ detail: "waiting for its turn" }))).toBe("正在排队");
    expect(detailOf(aDownload({ detail: "the server\u202e is away" }))).toBe("the server\\u{202e} is away");
    expect(detailOf(aDownload({ detail: "constructor" }))).toBe("constructor");
  });
});

describe("downloads", () => {
  test("are in groups: the first begun first, the last ended first", () => {
    const all = [
      aDownload({ id: "d1", state: "done", since: 1 }),
      aDownload({ id: "d2", state: "done", since: 2 }),
      aDownload({ id: "d10", created: 5 }),
      aDownload({ id: "d9", created: 5, state: "waiting" }),
      aDownload({ id: "d5", state: "cancelled" }),
    ];
    const ids = Object.values(grouped(all)).map((group) => group.map((each) => each.id));
    expect(ids).toEqual([["d9", "d10"], ["d5"], ["d2", "d1"]]);
  });

  test("together take as long as all that is missing at the rate of all", () => {
    const sum = together([aDownload(), aDownload({ rate: 20_000_000 }), aDownload({ state: "waiting", rate: 5 })]);
    expect(sum).toEqual({ bytes_done: 6e9, bytes_total: 24e9, rate: 30_000_000, left_s: 600 });
    expect(together([aDownload({ rate: 0 })]).left_s).toBeNull();
  });

  test.each([
    [{ bytes_done: 99_000_000, bytes_total: 8e9 }, false],
    [{ bytes_done: 100_000_000, bytes_total: 8e9 }, true],
    [{ bytes_done: 5, bytes_total: 10 }, true],
    [{ bytes_done: 0, bytes_total: 0 }, false],
  ])("of %o are much: %s", (changes, isMuch) => expect(isMuchDone(aDownload(changes))).toBe(isMuch));

  test("are started again as they were asked for", () => {
    const asked = { ref: "model/resnet50:v3", store: "gpu", files: ["*.pth"] };
    expect(requestOf(aDownload({ files: ["*.pth"] }))).toEqual({ ...asked, to: null });
    expect(requestOf(aDownload({ files: ["*.pth"], is_kept: false, to: "/data" }))).toEqual({ ...asked, to: "/data" });
  });

  test("are news when they end, once", () => {
    const running = { d1: aDownload() };
    const done = { d1: aDownload({ state: "done" }) };
    expect(newsOf(running, done)).toEqual(["Download of model/resnet50:v3 is done."]);
    expect(newsOf(done, done)).toEqual([]);
    expect(newsOf({}, done)).toEqual([]);
    expect(newsOf(running, { d1: aDownload({ bytes_done: 3e9 }) })).toEqual([]);
  });
});

describe("the page", () => {
  test("teaches where downloads come from when there are none", async () => {
    show(Downloads, new FakeDaemon());
    const link = await screen.findByRole("link", { name: "Browse artifacts" });
    expect(link.getAttribute("href")).toBe("#/artifacts");
  });

  test("follows a download to its end and says so", async () => {
    const fake = new FakeDaemon({ downloads: [aDownload({ active: [{ path: "a.pth", done: 1, size: 4 }] })] });
    show(Downloads, fake);
    const all = await screen.findByRole("progressbar", { name: "Progress of model/resnet50:v3" });
    expect(all.getAttribute("aria-valuenow")).toBe("25");
    expect(screen.getByRole("progressbar", { name: "Progress of file a.pth" }).getAttribute("aria-valuenow")).toBe("25");
    fake.push("download", aDownload({ state: "done", bytes_done: 8e9, files_done: 3, skipped: 1 }));
    await screen.findByText("Download of model/resnet50:v3 is done.");
    expect(screen.getByText("1 file was here already")).toBeTruthy();
  });

  test("asks before much is thrown away, and not otherwise", async () => {
    const little = aDownload({ id: "d2", ref: "model/tiny:v1", bytes_done: 10 });
    const fake = new FakeDaemon({ downloads: [aDownload(), little] });
    fake.answer("downloads.cancel", ({ download }) => aDownload({ id: download, state: "cancelled" }));
    show(Downloads, fake);
    await fireEvent.click(await screen.findByRole("button", { name: "Cancel: model/tiny:v1" }));
    await waitFor(() => expect(fake.calls("downloads.cancel")).toEqual([{ download: "d2" }]));
    await fireEvent.click(screen.getByRole("button", { name: "Cancel: model/resnet50:v3" }));
    const dialog = await screen.findByRole("dialog", { hidden: true });
    expect(dialog.textContent).toContain("25 %");
    expect(fake.calls("downloads.cancel")).toHaveLength(1);
    await fireEvent.click(within(dialog).getByText("Cancel the download"));
    await waitFor(() => expect(fake.calls("downloads.cancel")).toHaveLength(2));
  });

  test("shows why one failed and lets it go on where it was", async () => {
    const error = { kind: "checksum_mismatch", message: "cannot use a.pth: <b>bad</b>", hint: "sync again", retryable: true, context: {} };
    const fake = new FakeDaemon({ downloads: [aDownload({ state: "failed", error, files: ["*.pth"] })] });
    fake.answer("downloads.start", () => aDownload());
    show(Downloads, fake);
    await screen.findByText("sync again");
    expect(document.querySelector("b")).toBeNull();
    await fireEvent.click(screen.getByRole("button", { name: "Go on: model/resnet50:v3" }));
    const asked = { ref: "model/resnet50:v3", store: "gpu", files: ["*.pth"], to: null };
    await waitFor(() => expect(fake.calls("downloads.start")).toEqual([asked]));
  });
});
