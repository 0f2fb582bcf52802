/**
 * A daemon for tests: answers what it is told to, and pushes events.
 *
 *     const fake = new FakeDaemon({ sessions: [aSession({ state: "ready" })] });
 *     fake.answer("sessions.stop", (params) => aSession({ id: params.session, state: "stopped" }));
 *     fake.fail("sessions.restart", { kind: "wrong_state", message: "cannot restart: it is stopping" });
 *     show(Overview, fake);                       // mounts it; then screen.findByText(…) of Testing Library
 *     fake.push("session", aSession({ state: "blocked" }));
 *     expect(fake.calls("sessions.stop")).toEqual([{ session: "s1" }]);
 */
import { render } from "@testing-library/svelte";
import type { Component } from "svelte";
import type { ErrorData, Methods, Session, StatusResult } from "../rpc/contract";
import { App } from "../state/app.svelte";
import Harness from "./Harness.svelte";

type Answer = (params: never) => unknown;
interface Request {
  id: number;
  method: string;
  params: unknown;
}

export class FakeDaemon {
  readonly requests: Request[] = [];
  private answers = new Map<string, Answer>();
  private sockets: FakeSocket[] = [];
  private sequence = 1;

  constructor(public snapshot: Partial<StatusResult> = {}) {
    this.answer("daemon.hello", () => ({ protocol: 1, daemon: "test", version: "0", pid: 1 }));
    this.answer("events.subscribe", () => ({ sequence: this.sequence, snapshot: { ...nothing(), ...this.snapshot } }));
  }

  /** Answer a method from now on; the answer may be a promise. */
  answer<M extends keyof Methods>(method: M, answer: (params: Methods[M]["params"]) => unknown): void {
    this.answers.set(method, answer as Answer);
  }

  /** Refuse a method from now on. */
  fail(method: keyof Methods, error: Partial<ErrorData> & Pick<ErrorData, "kind" | "message">): void {
    this.answers.set(method, () => {
      throw Object.assign(new Error(error.message), { data: { hint: "", retryable: false, context: {}, ...error } });
    });
  }

  /** Send an event to every page. */
  push(topic: string, data: unknown): void {
    const params = { sequence: ++this.sequence, topic, data };
    for (const socket of this.sockets) socket.receive({ jsonrpc: "2.0", method: "event", params });
  }

  /** Send several events together, as the daemon does when they come close together. */
  pushTogether(topic: string, ...data: unknown[]): void {
    const events = data.map((each) => ({
      jsonrpc: "2.0",
      method: "event",
      params: { sequence: ++this.sequence, topic, data: each },
    }));
    for (const socket of this.sockets) socket.receive(events);
  }

  /** Whether it is away: nothing can connect then. */
  isAway = false;

  /** Break every connection; the page makes a new one. */
  vanish(): void {
    for (const socket of this.sockets.splice(0)) socket.close();
  }

  /** The parameters of every call of a method so far. */
  calls<M extends keyof Methods>(method: M): Methods[M]["params"][] {
    return this.requests.filter((each) => each.method === method).map((each) => each.params as Methods[M]["params"]);
  }

  /** What an `App` opens in place of a WebSocket. */
  readonly open = (): WebSocket => {
    const hear = (message: string) => void this.take(socket, JSON.parse(message) as Request);
    const socket: FakeSocket = new FakeSocket(hear, this.isAway);
    this.sockets.push(socket);
    return socket as unknown as WebSocket;
  };

  private async take(socket: FakeSocket, request: Request): Promise<void> {
    this.requests.push(request);
    const answer = this.answers.get(request.method);
    const { id } = request;
    try {
      if (!answer) throw new Error(`the test has no answer for ${request.method}`);
      socket.receive({ jsonrpc: "2.0", id, result: await answer(request.params as never) });
    } catch (error) {
      const { message, data } = error as Error & { data?: ErrorData };
      socket.receive({ jsonrpc: "2.0", id, error: { code: 1, message, data: data ?? { kind: "internal", message } } });
    }
  }
}

class FakeSocket {
  readyState = 0;
  onopen: (() => void) | undefined;
  onmessage: ((message: { data: string }) => void) | undefined;
  onclose: (() => void) | undefined;

  constructor(
    private readonly hear: (message: string) => void,
    isRefused: boolean,
  ) {
    queueMicrotask(() => {
      if (isRefused) return this.close();
      this.readyState = 1;
      this.onopen?.();
    });
  }
  send(message: string): void {
    this.hear(message);
  }
  receive(message: object): void {
    if (this.readyState === 1) this.onmessage?.({ data: JSON.stringify(message) });
  }
  close(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.();
  }
}

/** Mount a component on a fake daemon, as the shell does. `hash` is where the user is. */
export function show<P extends Record<string, unknown>>(
  component: Component<P>,
  fake: FakeDaemon,
  { hash = "#/", props = {} as P }: { hash?: string; props?: P } = {},
): App {
  history.replaceState(null, "", hash);
  localStorage.setItem("runicornd.token", "t");
  const app = new App(fake.open);
  render(Harness, { props: { app, component: component as Component<Record<string, unknown>>, props } });
  return app;
}

/** A session that is ready. */
export function aSession(changes: Partial<Session> = {}): Session {
  return {
    id: "s1",
    target: "gpu",
    viewer: "runicorn",
    state: "ready",
    url: "http://localhost:8081",
    local_port: 8081,
    env: { name: "train", python: "/opt/conda/envs/train/bin/python", runicorn_version: "0.7.2" },
    root: "/data/runs",
    remote: { pid: 4711, endpoint: "/run/user/1000/v.sock", exposed: false },
    since: Date.now() / 1000 - 60,
    step: null,
    detail: "",
    prompt: null,
    error: null,
    ...changes,
  };
}

function nothing(): StatusResult {
  return {
    version: "0",
    daemon: { pid: 1, started: 0, socket: "", log: "", config: "" },
    hosts: [],
    sessions: [],
    forwards: [],
    prompts: [],
    stores: [],
    downloads: [],
  } as unknown as StatusResult;
}
