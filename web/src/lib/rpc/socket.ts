import { PROTOCOLS } from "./contract";
import type { Event, Methods, SubscribeResult } from "./contract";
import { RpcError, daemonAway } from "./errors";

/** How the connection stands. `refused`: the token is not good (any more), and only a new link helps. */
export type LinkState = "connecting" | "open" | "away" | "refused";

export interface Listener {
  /** The connection came or went. */
  onLink(state: LinkState): void;
  /** Everything as it is now; replaces what was known. */
  onSnapshot(snapshot: NonNullable<SubscribeResult["snapshot"]>): void;
  /** One change. */
  onEvent(event: Event): void;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: RpcError): void;
}

interface Message {
  id?: number | null;
  result?: unknown;
  error?: { message: string; data?: { kind: string; message: string; hint: string } };
  method?: string;
  params?: Event;
}

/** So long the daemon gathers events before it sends them together: a message costs more than what is in it. */
const GATHER_MS = 60;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
const VERSION = "1";

/**
 * One JSON-RPC conversation with the daemon on a WebSocket, made again whenever it breaks.
 *
 * Requests that are under way when it breaks fail with `daemon_away`; later ones wait for the connection.
 * `open` is what the outside world calls WebSocket: a test gives another one.
 */
export class RpcSocket {
  private socket: WebSocket | undefined;
  private pending = new Map<number, Pending>();
  private lastId = 0;
  private pause = FIRST_PAUSE_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sequence: number | undefined;
  private topics: string[] = [];
  private ready: Promise<void> = Promise.resolve();
  private isReady: () => void = () => undefined;
  private closed = false;

  constructor(
    private readonly token: () => string | null,
    private readonly listener: Listener,
    private readonly open: (url: string, protocols: string[]) => WebSocket = (url, protocols) =>
      new WebSocket(url, protocols),
  ) {
    this.awaitReady();
  }

  /** Begin to connect. */
  start(): void {
    this.closed = false;
    this.connect();
  }

  /** End for good. */
  stop(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  /** Try at once, for example because the window was looked at again. */
  hurry(): void {
    if (this.socket || this.closed) return;
    clearTimeout(this.timer);
    this.pause = FIRST_PAUSE_MS;
    this.connect();
  }

  /** Ask the daemon; waits for the connection first. Rejects with an `RpcError`. */
  async call<M extends keyof Methods>(
    method: M,
    ...args: Record<string, never> extends Methods[M]["params"]
      ? [params?: Methods[M]["params"]]
      : [params: Methods[M]["params"]]
  ): Promise<Methods[M]["result"]> {
    await this.ready;
    return (await this.request(method, args[0] ?? {})) as Methods[M]["result"];
  }

  /** Listen to these topics (`log:SESSION`) as well from now on. */
  async follow(topics: string[]): Promise<void> {
    this.topics = topics;
    await this.ready;
    await this.subscribe();
  }

  private awaitReady(): void {
    this.ready = new Promise((resolve) => (this.isReady = resolve));
  }

  private connect(): void {
    const token = this.token();
    if (token === null) {
      this.listener.onLink("refused");
      return;
    }
    this.listener.onLink("connecting");
    const url = new URL("/rpc", location.href);
    url.protocol = "ws:";
    const socket = this.open(url.href, ["runicornd", `token.${token}`]);
    let wasOpen = false;
    this.socket = socket;
    socket.onopen = () => {
      wasOpen = true;
      void this.greet(socket);
    };
    socket.onmessage = (message: MessageEvent<string>) => {
      const said = JSON.parse(message.data) as Message | Message[];
      if (Array.isArray(said)) for (const each of said) this.take(each);
      else this.take(said);
    };
    socket.onclose = () => {
      if (this.socket === socket) void this.lost(wasOpen);
    };
  }

  private async greet(socket: WebSocket): Promise<void> {
    try {
      const greeted = this.request("daemon.hello", { client: "dashboard", version: VERSION, protocol: PROTOCOLS });
      // The daemon answers in turn: nobody has to wait for the one before asking the other.
      const subscribed = this.subscribe();
      subscribed.catch(() => undefined); // when the greeting fails, so does this
      await greeted;
      await subscribed;
      this.pause = FIRST_PAUSE_MS;
      this.listener.onLink("open");
      this.isReady();
    } catch {
      socket.close();
    }
  }

  private async subscribe(topics = this.topics): Promise<void> {
    const params = { topics, since: this.sequence ?? null, gather_ms: GATHER_MS };
    let answer: SubscribeResult;
    try {
      answer = (await this.request("events.subscribe", params)) as SubscribeResult;
    } catch (error) {
      // One topic that is no more, such as the log of a session that was removed, must not cost the rest.
      if (topics.length === 0 || (error instanceof RpcError && error.kind === "daemon_away")) throw error;
      return this.subscribe([]);
    }
    this.sequence = answer.sequence;
    if (answer.snapshot) this.listener.onSnapshot(answer.snapshot);
  }

  private async lost(wasOpen: boolean): Promise<void> {
    this.socket = undefined;
    for (const each of this.pending.values()) each.reject(daemonAway());
    this.pending.clear();
    this.awaitReady();
    if (this.closed) return;
    if (!wasOpen && (await this.isRefused())) {
      this.listener.onLink("refused");
      return;
    }
    this.listener.onLink("away");
    this.timer = setTimeout(() => this.connect(), this.pause * (0.75 + Math.random() / 2));
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE_MS);
  }

  /** A WebSocket does not say why it was not opened; a plain request with the same token does. */
  private async isRefused(): Promise<boolean> {
    try {
      const answer = await fetch("/token", { headers: { Authorization: `Bearer ${this.token() ?? ""}` } });
      return answer.status === 401;
    } catch {
      return false;
    }
  }

  private request(method: string, params: unknown): Promise<unknown> {
    const socket = this.socket;
    if (socket?.readyState !== 1) return Promise.reject(daemonAway());
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });
  }

  private take(message: Message): void {
    if (message.method === "event" && message.params) {
      this.sequence = message.params.sequence;
      if (message.params.topic === "resync") {
        this.sequence = undefined;
        void this.subscribe().catch(() => undefined);
      } else this.listener.onEvent(message.params);
      return;
    }
    const pending = this.pending.get(message.id ?? 0);
    if (!pending) return;
    this.pending.delete(message.id ?? 0);
    if (message.error) {
      const { message: text, data } = message.error;
      pending.reject(new RpcError(data ?? { kind: "internal", message: text }));
    } else pending.resolve(message.result);
  }
}
