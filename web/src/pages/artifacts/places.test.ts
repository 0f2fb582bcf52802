import { describe, expect, it } from "vitest";
import { parse } from "../../lib/state/route";
import { parseRef, place, toNode, toRef, toRun, toVersion } from "./places";

function back(address: string): ReturnType<typeof place> {
  return place(parse(address).parts);
}

describe("places in the address bar", () => {
  it("lead to the store in use, a store, its runs", () => {
    expect(back("#/artifacts")).toEqual({ kind: "list", store: null });
    expect(back("#/artifacts/gpu")).toEqual({ kind: "list", store: "gpu" });
    expect(back("#/artifacts/gpu/runs")).toEqual({ kind: "runs", store: "gpu" });
  });

  it("lead to a version whose names hold any character", () => {
    const name = "../a b?c#d%2F<img src=x>:v9";
    expect(back(toVersion("g/pu", "mo/del", name, 3))).toEqual({
      kind: "version",
      store: "g/pu",
      type: "mo/del",
      name,
      version: "v3",
      ref: `mo/del/${name}:v3`,
    });
  });

  it("lead to the latest version when none is named", () => {
    expect(back("#/artifacts/gpu/model/net")).toMatchObject({ kind: "version", ref: "model/net:latest" });
  });

  it("tell a run from an artifact whose type is runs", () => {
    expect(back(toRun("gpu", "20260101_0"))).toEqual({ kind: "run", store: "gpu", run: "20260101_0" });
    expect(back(toVersion("gpu", "runs", "net", 1))).toMatchObject({ kind: "version", type: "runs" });
  });

  it("are made from refs that say all, and from nothing less", () => {
    expect(parseRef("model/net:v3")).toEqual({ type: "model", name: "net", version: "v3" });
    for (const poor of ["net", "net:v3", "/net:v3", "model/:v3", "model/net", "model/net:", "a:b/c"]) {
      expect(toRef("gpu", poor)).toBeNull();
    }
    expect(toNode("gpu", "run:r:1", "run")).toBe(toRun("gpu", "r:1"));
  });
});
