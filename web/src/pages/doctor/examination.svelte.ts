import type { AuthParams, Check, DoctorTick, Event } from "../../lib/rpc/contract";
import type { RpcError } from "../../lib/rpc/errors";
import type { App } from "../../lib/state/app.svelte";
import { asRpcError } from "../../lib/state/toasts.svelte";
import { merged } from "./findings";

type Known = Pick<App, "rpc"> & { daemon: Pick<App["daemon"], "listen"> };

/** What the doctor looks at, and what it has found so far. It outlives the page's component. */
export class Examination {
  /** What was looked at last: null is this machine, undefined nothing yet. */
  target = $state.raw<string | null | undefined>();
  checks = $state.raw<readonly Check[]>([]);
  isRunning = $state(false);
  /** Seconds since 1970. */
  began = $state(0);
  /** Why it could not be finished. */
  error = $state.raw<RpcError | null>(null);

  constructor(private readonly app: Known) {}

  /** The check that is being made. */
  get current(): Check | undefined {
    return this.checks.find((check) => check.verdict === "running");
  }

  /** Look at a target, or at this machine; one examination at a time. */
  async start(target: string | null, auth: AuthParams | null = null): Promise<void> {
    if (this.isRunning) return;
    const run = crypto.randomUUID();
    this.target = target;
    this.checks = [];
    this.error = null;
    this.began = Date.now() / 1000;
    this.isRunning = true;
    const stop = this.app.daemon.listen((event) => this.hear(event, run));
    try {
      const result = await this.app.rpc.call("doctor.run", { target, run, ask: true, ...(auth ? { auth } : {}) });
      this.checks = result.checks;
    } catch (error) {
      this.error = asRpcError(error);
      this.checks = this.checks.filter((check) => check.verdict !== "running");
    } finally {
      stop();
      this.isRunning = false;
    }
  }

  private hear(event: Event, run: string): void {
    if (event.topic !== "doctor") return;
    const tick = event.data as DoctorTick;
    if (tick.run === run) this.checks = merged(this.checks, tick.check);
  }
}

const made = new WeakMap<object, Examination>();

/** The examination of this window; the same one each time the page is opened. */
export function examinationOf(app: App): Examination {
  let found = made.get(app);
  if (!found) made.set(app, (found = new Examination(app)));
  return found;
}
