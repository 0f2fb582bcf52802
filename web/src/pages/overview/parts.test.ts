import { describe, expect, test } from "vitest";
import { aSession } from "../../lib/testing/fake";
import { Groups, rowsOf, search, upTo } from "./groups";
import { Lines, MOST_LINES } from "./lines.svelte";
import { faultOf } from "./spec";
import { deedsOf } from "./states";

describe("hosts and their sessions", () => {
  const table = (...sessions: ReturnType<typeof aSession>[]) => Object.fromEntries(sessions.map((each) => [each.id, each]));

  test("keep their order by name whatever happens, with numbers as people count", () => {
    const groups = new Groups();
    const sessions = table(
      aSession({ id: "a", target: "gpu-10" }),
      aSession({ id: "b", target: "gpu-2", state: "failed" }),
      aSession({ id: "c", target: "gpu-2" }),
    );
    expect(groups.of(sessions, {}).map((each) => each.target)).toEqual(["gpu-2", "gpu-10"]);
    const changed = { ...sessions, a: aSession({ id: "a", target: "gpu-10", state: "blocked" }) };
    expect(groups.of(changed, {}).map((each) => each.target)).toEqual(["gpu-2", "gpu-10"]);
  });

  test("are the same object as long as nothing changed in them", () => {
    const groups = new Groups();
    const [s1, s2] = [aSession({ id: "s1", target: "a" }), aSession({ id: "s2", target: "b" })];
    const [a, b] = groups.of(table(s1, s2), {});
    const [a2, b2] = groups.of(table(aSession({ id: "s1", target: "a" }), s2), {});
    expect(b2).toBe(b);
    expect(a2).not.toBe(a);
  });

  test("come and go", () => {
    const groups = new Groups();
    groups.of(table(aSession({ target: "a" })), {});
    expect(groups.of(table(aSession({ target: "b" })), {}).map((each) => each.target)).toEqual(["b"]);
    expect(groups.of({}, {})).toEqual([]);
  });

  test("are drawn from the first one on, as many rows as there is room for", () => {
    const sessions = [1, 2, 3].map((each) => aSession({ id: `s${each}`, target: "b" }));
    const host = { target: "a", address: "a", state: "up", since: 1, retry_at: null, error: null, prompt: null } as const;
    const groups = new Groups().of(table(...sessions, aSession({ id: "s4", target: "c" })), { a: host });
    const shown = (rows: number) => upTo(groups, rows).map((each) => [each.target, each.sessions.length]);
    expect(rowsOf(groups)).toBe(5);
    expect(shown(1)).toEqual([["a", 0]]);
    expect(shown(3)).toEqual([["a", 0], ["b", 2]]); // prettier-ignore
    expect(upTo(groups, 5)).toEqual(groups);
    expect(upTo(groups, 4)[1]).toBe(groups[1]);
  });

  test("are found by every word of a search", () => {
    const found = new Groups().of(table(aSession({ target: "gpu-1" }), aSession({ id: "s2", target: "cpu" })), {});
    expect(search(found, "GPU ready").map((each) => each.target)).toEqual(["gpu-1"]);
    expect(search(found, "gpu failed")).toEqual([]);
    expect(search(found, "  ")).toHaveLength(2);
  });
});

describe("the lines of a log", () => {
  test("that came while the beginning was asked for are there once", () => {
    const log = new Lines();
    log.add(["c", "d"]);
    log.begin(["a", "b", "c"]);
    log.add(["e"]);
    expect(log.text).toBe("a\nb\nc\nd\ne");
  });

  test("are never more than the most, and the oldest go", () => {
    const log = new Lines();
    log.begin([]);
    for (let round = 0; round < 60; round += 1) log.add(Array.from({ length: 100 }, (_, index) => `${round}.${index}`));
    expect(log.count).toBe(MOST_LINES);
    expect(log.text.startsWith("10.0\n")).toBe(true);
    expect(log.text.endsWith("59.99")).toBe(true);
  });

  test("of an old block stay the same block when new ones come", () => {
    const log = new Lines();
    log.begin(Array.from({ length: 150 }, String));
    const [first] = log.blocks;
    log.add(["new"]);
    expect(log.blocks[0]).toBe(first);
    expect(log.count).toBe(151);
  });

  test("begin anew when the log does", () => {
    const log = new Lines();
    log.begin(["old"]);
    log.await();
    log.add(["new"]);
    log.begin(["new"]);
    expect(log.text).toBe("new");
  });
});

test.each(["6006", "16006:6006", "db:5432", "16006:localhost:6006", "1:[::1]:80", "8888:/run/app.sock", "/run/a b.sock"])(
  "%s is where a forward may lead",
  (spec) => {
    expect(faultOf(spec)).toBeNull();
  },
);

test.each([
  ["", "overview.forward.empty"],
  ["0", "overview.forward.port"],
  ["65536", "overview.forward.port"],
  ["70000:6006", "overview.forward.port"],
  ["six", "overview.forward.form"],
  ["6006x", "overview.forward.form"],
  ["a:b:c", "overview.forward.form"],
  ["-1", "overview.forward.form"],
  ["1:2:3:4", "overview.forward.form"],
  [`/${"ü".repeat(60)}`, "overview.forward.socket"],
])("%s is not where a forward may lead", (spec, fault) => {
  expect(faultOf(spec)).toBe(fault);
});

test.each([
  [{ state: "ready" }, ["open", "restart", "stop"]],
  [{ state: "starting", url: null }, ["stop"]],
  [{ state: "reconnecting" }, ["open", "restart", "stop"]],
  [{ state: "blocked", url: null, prompt: "p1" }, ["answer", "stop"]],
  [{ state: "blocked", url: null }, ["retry", "stop"]],
  [{ state: "failed", url: null }, ["retry"]],
  [{ state: "stopped", url: null }, ["start"]],
  [{ state: "stopping", url: null }, []],
])("of %j the deeds are %j", (changes, deeds) => {
  const can = Object.entries(deedsOf(aSession(changes))).filter(([, is]) => is);
  expect(can.map(([deed]) => deed).sort()).toEqual([...deeds].sort());
});
