import { describe, expect, it } from "vitest";
import type { Artifact, Download, Store } from "../../lib/rpc/contract";
import { downloadOf, downloadSize, whyNoChange, whyNoDownload } from "./actions";

const STORE = { name: "gpu", state: "idle" } as Store;
const GONE = { name: "gpu", state: "disconnected" } as Store;
const OLD = { layout: "artifacts" } as Artifact;
const NEW = { layout: "assets" } as Artifact;

describe("why something cannot be done", () => {
  it("is nothing while the store is connected", () => {
    expect(whyNoDownload(STORE, true)).toBeNull();
    expect(whyNoChange(OLD, STORE, true)).toBeNull();
  });

  it("is the daemon, the store or the layout", () => {
    expect(whyNoDownload(STORE, false)).toBe("artifacts.blocked.away");
    expect(whyNoDownload(undefined, true)).toBe("artifacts.blocked.away");
    expect(whyNoChange(OLD, GONE, true)).toBe("artifacts.blocked.disconnected");
    expect(whyNoChange(NEW, STORE, true)).toBe("artifacts.blocked.layout");
  });

  it("lets assets be downloaded, which cannot be changed", () => {
    expect(whyNoDownload(STORE, true)).toBeNull();
  });
});

describe("the download that is shown with a version", () => {
  const download = (id: string, state: Download["state"], created: number, ref = "model/net:v1") =>
    ({ id, state, created, ref, store: "gpu" }) as Download;

  it("is the one under way, else the newest", () => {
    const running = download("d1", "running", 1);
    const done = download("d2", "done", 2);
    const failed = download("d3", "failed", 3);
    expect(downloadOf([done, running, failed], "gpu", "model/net:v1")).toBe(running);
    expect(downloadOf([done, failed], "gpu", "model/net:v1")).toBe(failed);
  });

  it("is that of this very version of this very store", () => {
    expect(downloadOf([download("d1", "done", 1)], "gpu", "model/net:v2")).toBeNull();
    expect(downloadOf([download("d1", "done", 1)], "other", "model/net:v1")).toBeNull();
  });
});

describe("how much a download brings", () => {
  const file = (size: number) => ({ path: String(size), size, digest: "", modified: null, is_local: false });
  const reference = { uri: "s3://x", size: 340e9, checksum: null };

  it("is what its files have, without what is outside", () => {
    const all = { files: [file(10), file(20), file(-1)], files_total: 3, references: [reference], size_bytes: 340e9 + 30 };
    expect(downloadSize(all)).toBe(30);
  });

  it("is told by the version's size when only the first files are known", () => {
    const some = { files: [file(10)], files_total: 2_000, references: [reference], size_bytes: 340e9 + 30 };
    expect(downloadSize(some)).toBe(30);
    expect(downloadSize({ ...some, size_bytes: -1 })).toBe(0);
  });
});
