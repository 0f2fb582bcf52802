import { describe, expect, it } from "vitest";
import type { Environment, Session } from "../../lib/rpc/contract";
import { inOrder, mark, matching } from "./environments";
import { pathMistake, portMistake } from "./fields";
import { crumbs } from "./folders";
import { logOf, marks, outcome } from "./launch";

const environment = (name: string, usable: boolean): Environment => ({
  name,
  kind: "conda",
  python: `/opt/${name}/bin/python`,
  python_version: "3.11.2",
  runicorn_version: usable ? "0.7.2" : null,
  storage_root: null,
  usable,
  reason: "",
  problem: null,
  fix: "",
});
const session = (over: Partial<Session>): Session => ({
  id: "gpu",
  target: "gpu",
  viewer: "runicorn",
  state: "starting",
  url: null,
  local_port: null,
  env: null,
  root: null,
  remote: null,
  since: 0,
  step: "connecting",
  detail: "",
  prompt: null,
  error: null,
  ...over,
});

describe("fields", () => {
  it.each([["/data"], ["~"], ["~/x"], ["~ann/x"], [" /data "]])("take the path %j", (path) => {
    expect(pathMistake(path)).toBeNull();
  });
  it.each([
    ["", "empty"],
    ["data", "relative"],
    ["./x", "relative"],
    ["/a\nb", "control"],
    [`/${"x".repeat(5000)}`, "long"],
  ])("refuse the path %j", (path, mistake) => {
    expect(pathMistake(path)).toBe(mistake);
  });
  it.each([
    ["", null],
    ["1024", null],
    ["65535", null],
    ["1023", "range"],
    ["65536", "range"],
    ["80a", "digits"],
    ["-1", "digits"],
    ["8081.5", "digits"],
    ["0x50", "digits"],
  ])("judge the port %j", (port, mistake) => {
    expect(portMistake(port)).toBe(mistake);
  });
});

describe("environments", () => {
  const all = [environment("bare", false), environment("one", true), environment("two", true)];
  const two = "/opt/two/bin/python";

  it("show the marked one first and those that cannot be used last", () => {
    expect(inOrder(all, two).map((each) => each.name)).toEqual(["two", "one", "bare"]);
  });
  it("are searched by every word", () => {
    expect(matching(all, "CONDA two").map((each) => each.name)).toEqual(["two"]);
    expect(matching(all, "  ")).toHaveLength(3);
  });
  it("say why one is marked", () => {
    expect(all.map((each) => mark(each, all, two))).toEqual([null, null, "last"]);
    expect(mark(all[2] as Environment, [all[0] as Environment, all[2] as Environment], two)).toBe("only");
  });
});

describe("a start", () => {
  it("ticks one step after the other; a choice belongs to the environments", () => {
    expect(marks(session({ step: "choosing" }), null)).toEqual({
      connecting: "done",
      environments: "now",
      launching: "todo",
      answering: "todo",
    });
  });
  it("is stuck where it waits for somebody, and where it failed", () => {
    expect(marks(session({ prompt: "p1" }), null).connecting).toBe("stuck");
    expect(marks(session({ state: "failed", step: null }), "launching")).toMatchObject({
      environments: "done",
      launching: "stuck",
      answering: "todo",
    });
  });
  it("that failed at once shows where, as its error tells", () => {
    const error = { kind: "root_not_found", message: "", hint: "", retryable: false, context: {} };
    expect(marks(session({ state: "failed", step: null, error }), "connecting")).toMatchObject({
      environments: "done",
      launching: "stuck",
    });
  });
  it("comes out in one of five ways", () => {
    const how = (state: string, prompt: string | null = null) => outcome(session({ state, prompt }));
    expect([how("ready"), how("failed"), how("stopping"), how("blocked"), how("starting", "p1"), how("starting")]).toEqual([
      "ready",
      "failed",
      "stopped",
      "waiting",
      "waiting",
      "running",
    ]);
  });
  it("shows the log that came with its error, whatever that is", () => {
    const error = { kind: "viewer_crashed", message: "", hint: "", retryable: false, context: { log_tail: ["a", 1] } };
    expect(logOf(session({ error }))).toEqual(["a", "1"]);
    expect(logOf(session({ error: { ...error, context: { log_tail: "x" } } }))).toEqual([]);
  });
});

describe("a path", () => {
  it("is shown as the folders that lead to it", () => {
    expect(crumbs("/home/ann")).toEqual([
      { name: "/", path: "/" },
      { name: "home", path: "/home" },
      { name: "ann", path: "/home/ann" },
    ]);
    expect(crumbs("/")).toEqual([{ name: "/", path: "/" }]);
  });
});
