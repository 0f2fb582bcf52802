import { beforeEach, describe, expect, test } from "vitest";
import type { StatusResult } from "../rpc/contract";
import { aSession } from "../testing/fake";
import { DaemonState } from "./daemon.svelte";
import { moodOf } from "./mood";

const NOTHING = { hosts: [], sessions: [], forwards: [], prompts: [], stores: [], downloads: [] };
const snapshot = (more: object = {}) => ({ version: "1", daemon: {}, ...NOTHING, ...more }) as unknown as StatusResult;

let draw: () => void;
let plans: number;
let state: DaemonState;

beforeEach(() => {
  plans = 0;
  state = new DaemonState((work) => {
    plans += 1;
    draw = work;
  });
});
const event = (topic: string, data: unknown) => state.onEvent({ sequence: 1, topic, data });

describe("what the daemon says", () => {
  test("of many events is drawn once", () => {
    state.onSnapshot(snapshot());
    for (let port = 1; port <= 100; port += 1) event("session", aSession({ local_port: port }));
    expect(state.sessions).toEqual({});
    draw();
    expect(plans).toBe(1);
    expect(state.sessions.s1?.local_port).toBe(100);
  });

  test("leaves what did not change the same object", () => {
    state.onSnapshot(snapshot({ sessions: [aSession(), aSession({ id: "s2" })] }));
    const { s1, s2 } = state.sessions;
    event("session", aSession({ state: "failed" }));
    draw();
    expect(state.sessions.s2).toBe(s2);
    expect(state.sessions.s1).not.toBe(s1);
  });

  test.each([
    ["session", "session.removed", "sessions", "id"],
    ["prompt", "prompt.closed", "prompts", "id"],
    ["forward", "forward.removed", "forwards", "id"],
    ["download", "download.removed", "downloads", "id"],
    ["store", "store.removed", "stores", "name"],
  ] as const)("with %s comes, and with %s goes", (came, went, table, key) => {
    event(came, { [key]: "x" });
    draw();
    expect(Object.keys(state[table])).toEqual(["x"]);
    event(went, { [key]: "x" });
    draw();
    expect(state[table]).toEqual({});
  });

  test("of a link at rest takes it away", () => {
    event("host", { target: "gpu", state: "up" });
    draw();
    expect(Object.keys(state.hosts)).toEqual(["gpu"]);
    event("host", { target: "gpu", state: "closed" });
    draw();
    expect(state.hosts).toEqual({});
  });

  test("in a snapshot replaces everything, and older events are forgotten", () => {
    event("session", aSession({ id: "old" }));
    state.onSnapshot(snapshot({ sessions: [aSession({ id: "new" })] }));
    draw();
    expect(Object.keys(state.sessions)).toEqual(["new"]);
  });

  test("of a kind that this page does not know is heard by those who listen", () => {
    const heard: unknown[] = [];
    const stop = state.listen((each) => heard.push(each.data));
    event("doctor", 1);
    draw();
    stop();
    event("doctor", 2);
    draw();
    expect(heard).toEqual([1]);
  });
});

describe("the mood", () => {
  const moodWith = (...states: string[]) => {
    state.onLink("open");
    state.onSnapshot(snapshot({ sessions: states.map((each, index) => aSession({ id: `s${index}`, state: each })) }));
    return moodOf(state).mood;
  };

  test("is that of the worst there is", () => {
    expect(moodWith()).toBe("rest");
    expect(moodWith("stopped")).toBe("rest");
    expect(moodWith("ready", "stopped")).toBe("good");
    expect(moodWith("ready", "starting")).toBe("busy");
    expect(moodWith("ready", "starting", "failed")).toBe("trouble");
  });

  test("is a question before all, and away before that", () => {
    moodWith("failed", "ready");
    event("prompt", { id: "p1" });
    draw();
    expect(moodOf(state)).toEqual({ mood: "asks", ready: 1 });
    state.onLink("away");
    expect(moodOf(state).mood).toBe("away");
  });
});
