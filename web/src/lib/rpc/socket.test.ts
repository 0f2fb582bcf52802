import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { aSession, FakeDaemon } from "../testing/fake";
import type { Event, StatusResult } from "./contract";
import { RpcSocket, type LinkState } from "./socket";

let links: LinkState[];
let events: Event[];
let snapshots: StatusResult[];
let fake: FakeDaemon;
let socket: RpcSocket;

const listener = {
  onLink: (link: LinkState) => links.push(link),
  onEvent: (event: Event) => events.push(event),
  onSnapshot: (snapshot: StatusResult) => snapshots.push(snapshot),
};
const connect = (token: string | null = "t", open = fake.open) => {
  socket = new RpcSocket(() => token, listener as never, open);
  socket.start();
};
const isOpen = () => vi.waitFor(() => expect(links.at(-1)).toBe("open"));

beforeEach(() => {
  links = [];
  events = [];
  snapshots = [];
  fake = new FakeDaemon({ sessions: [aSession()] });
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("refused")));
});
afterEach(() => {
  socket.stop();
  vi.unstubAllGlobals();
});

describe("the conversation", () => {
  test("begins with a greeting, then a snapshot, then events", async () => {
    connect();
    await isOpen();
    expect(fake.requests.map((each) => each.method)).toEqual(["daemon.hello", "events.subscribe"]);
    expect(snapshots[0]?.sessions[0]?.id).toBe("s1");
    fake.push("session", aSession({ state: "failed" }));
    expect(events.map((each) => each.topic)).toEqual(["session"]);
  });

  test("asks for events together, and takes them one by one", async () => {
    connect();
    await isOpen();
    expect(fake.calls("events.subscribe")[0]?.gather_ms).toBeGreaterThan(0);
    fake.pushTogether("session", aSession({ id: "a" }), aSession({ id: "b" }));
    expect(events.map((each) => (each.data as { id: string }).id)).toEqual(["a", "b"]);
    fake.vanish();
    await vi.waitFor(() => expect(links.at(-1)).toBe("away"));
    await isOpen();
    expect(fake.calls("events.subscribe").at(-1)?.since).toBe(events.at(-1)?.sequence);
  });

  test("carries requests that were made before it was there", async () => {
    fake.answer("sessions.list", () => ({ sessions: [] }));
    socket = new RpcSocket(() => "t", listener as never, fake.open);
    const early = socket.call("sessions.list");
    socket.start();
    expect(await early).toEqual({ sessions: [] });
  });

  test("ends what is under way when it breaks, and heals by itself", async () => {
    fake.answer("sessions.list", () => new Promise(() => undefined));
    connect();
    await isOpen();
    const asked = socket.call("sessions.list");
    await vi.waitFor(() => expect(fake.calls("sessions.list")).toHaveLength(1));
    fake.vanish();
    await expect(asked).rejects.toMatchObject({ kind: "daemon_away" });
    await vi.waitFor(() => expect(links.at(-1)).toBe("away"));
    await isOpen();
    expect(fake.calls("events.subscribe").at(-1)?.since).toBe(1);
  });

  test("gives the daemon's own words with an error", async () => {
    fake.fail("sessions.stop", { kind: "unknown_session", message: "cannot stop s9: there is none", hint: "look" });
    connect();
    await isOpen();
    await expect(socket.call("sessions.stop", { session: "s9" })).rejects.toMatchObject({
      kind: "unknown_session",
      message: "cannot stop s9: there is none",
      hint: "look",
    });
  });

  test("takes a new snapshot when it fell behind", async () => {
    connect();
    await isOpen();
    fake.push("resync", null);
    await vi.waitFor(() => expect(snapshots).toHaveLength(2));
    expect(fake.calls("events.subscribe").at(-1)?.since).toBeNull();
  });

  test("goes on without a topic that is no more", async () => {
    connect();
    await isOpen();
    fake.answer("events.subscribe", (params) => {
      if (params.topics?.length) throw new Error("no such session");
      return { sequence: 7, snapshot: null };
    });
    await socket.follow(["log:gone"]);
    fake.vanish();
    await vi.waitFor(() => expect(links.at(-1)).toBe("away"));
    await isOpen();
  });

  test("is not tried without a token, nor with one that is refused", async () => {
    connect(null);
    expect(links).toEqual(["refused"]);
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(null, { status: 401 })));
    const refuse = () => {
      const closed = { readyState: 3, close: () => undefined } as unknown as WebSocket;
      queueMicrotask(() => closed.onclose?.(new CloseEvent("close")));
      return closed;
    };
    connect("stale", refuse);
    await vi.waitFor(() => expect(links.at(-1)).toBe("refused"));
    expect(links).not.toContain("away");
  });
});
