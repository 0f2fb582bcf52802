/**
 * What every page has in common.
 *
 *     const app = useApp();                       // in a component's script
 *     app.daemon.sessions                         // live tables: sessions, hosts, stores, downloads, …
 *     await app.rpc.call("stores.sync", { … })    // rejects with RpcError; show it with <ErrorNote {error} />
 *     app.attempt(() => app.rpc.call(…), "done")  // the same for a button: failures become a toast
 *     app.router.route.parts                      // ["gpu", "model"] of #/artifacts/gpu/model
 *     app.router.go("artifacts", ["gpu"])         // or a link: <a href={href("artifacts", ["gpu"])}>
 *     app.topic("log:s1", (event) => …)           // events of a topic that is not sent to everybody
 */
import { createContext } from "svelte";
import type { Event } from "../rpc/contract";
import { RpcSocket } from "../rpc/socket";
import { Asking } from "./asking.svelte";
import { readToken } from "./entry";
import { DaemonState } from "./daemon.svelte";
import { Router } from "./router.svelte";
import { Toasts } from "./toasts.svelte";

export class App {
  readonly daemon: DaemonState;
  readonly rpc: RpcSocket;
  readonly router = new Router();
  readonly toasts = new Toasts();
  readonly asking: Asking;
  /** The topics that parts of the page follow now; one that two parts follow is there twice. */
  private followed: string[] = [];

  /** `open` is what the outside world calls WebSocket. */
  constructor(open?: (url: string, protocols: string[]) => WebSocket) {
    this.daemon = new DaemonState();
    this.asking = new Asking(this.daemon);
    this.rpc = open ? new RpcSocket(readToken, this.daemon, open) : new RpcSocket(readToken, this.daemon);
  }

  /** Connect, and follow the address bar. Returns the way to end both. */
  start(): () => void {
    const stopRouter = this.router.start();
    const hurry = () => {
      if (!document.hidden) this.rpc.hurry();
    };
    document.addEventListener("visibilitychange", hurry);
    addEventListener("online", hurry);
    this.rpc.start();
    return () => {
      stopRouter();
      document.removeEventListener("visibilitychange", hurry);
      removeEventListener("online", hurry);
      this.rpc.stop();
    };
  }

  /** Whether the daemon can be asked now; buttons that change something are off while it cannot. */
  get isOnline(): boolean {
    return this.daemon.link === "open";
  }

  /** Do it; say so when it is done, or why it could not be. Resolves to whether it was done. */
  async attempt(work: () => Promise<unknown>, done = ""): Promise<boolean> {
    try {
      await work();
    } catch (error) {
      this.toasts.fail(error);
      return false;
    }
    if (done) this.toasts.say(done);
    return true;
  }

  /** Hear the events of one topic, asking the daemon for it as long as somebody does. Returns the way to stop. */
  topic(topic: string, hear: (event: Event) => void): () => void {
    const [name = topic] = topic.split(":", 1);
    const stop = this.daemon.listen((event) => {
      if (event.topic === topic || event.topic === name) hear(event);
    });
    this.follow([...this.followed, topic]);
    return () => {
      stop();
      const at = this.followed.indexOf(topic);
      this.follow(this.followed.filter((_, index) => index !== at));
    };
  }

  private follow(topics: string[]): void {
    this.followed = topics;
    // When the daemon is away, the next connection asks for all of them.
    void this.rpc.follow(topics.filter((each, index) => topics.indexOf(each) === index)).catch(() => undefined);
  }
}

export const [useApp, provideApp] = createContext<App>();
