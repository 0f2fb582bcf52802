import type { Environment, EnvsResult, HostCheckResult, HostsResult, UntrustResult } from "../../lib/rpc/contract";
import type { RpcError } from "../../lib/rpc/errors";
import type { RpcSocket } from "../../lib/rpc/socket";
import { asRpcError } from "../../lib/state/toasts.svelte";
import { asked, NONE, valueOf, type Answer } from "./answer";
import { advance, authOf, back, BEGIN, forgetAfter, go, mendedAt, NO_LOGIN, startParams, withoutSecrets } from "./flow";
import type { Flow, Login, LoginWay, Step } from "./flow";
import { LOCAL } from "./target";

/** Why the user was led to a step. */
export interface Trouble {
  step: Step;
  error: RpcError;
}

const OPENS = "runicornd.opens";
const WRONG_LOGIN = new Set(["auth_failed", "key_unusable"]);

/**
 * One way to a viewer: what was filled in, and what the daemon said to it.
 *
 * It outlives the page's component, so that leaving the page loses nothing. Secrets are wiped as soon as the daemon
 * has used them, and when the target changes.
 */
export class Connecting {
  flow = $state.raw<Flow>(BEGIN);
  target = $state("");
  login = $state<Login>({ ...NO_LOGIN });
  /** The daemon has logged in there, and needs no secret again. */
  isLoggedIn = $state(false);
  hosts = $state.raw<Answer<HostsResult>>(NONE);
  hostKey = $state.raw<Answer<HostCheckResult>>(NONE);
  untrusted = $state.raw<UntrustResult | null>(null);
  environments = $state.raw<Answer<EnvsResult>>(NONE);
  /** A listed environment, or the path of one that is not listed. */
  chosen = $state.raw<Environment | string | null>(null);
  /** Whether the environment's own storage root is taken; `root` stays typed either way. */
  ownRoot = $state(true);
  root = $state("");
  port = $state("");
  trouble = $state.raw<Trouble | null>(null);
  isSending = $state(false);
  session = $state.raw<string | null>(null);
  /** Whether a viewer that was started here is opened in a tab of its own as soon as it is ready. */
  opens = $state(localStorage.getItem(OPENS) !== "no");
  private isToOpen = false;
  /** The session was made by this start: when it fails, it need not be kept. */
  private isNew = false;
  /** The target is another one since: answers about the one before are dropped. */
  private turn = 0;

  constructor(private readonly rpc: Pick<RpcSocket, "call">) {}

  /** The target as it is sent. */
  get goal(): string {
    return this.target.trim();
  }

  /** Fill in another target; what was said about the one before is forgotten, its secrets too. */
  setTarget(text: string): void {
    const isOther = text.trim() !== this.goal;
    this.target = text;
    if (!isOther) return;
    this.turn += 1;
    this.login = { ...NO_LOGIN };
    this.isLoggedIn = false;
    this.hostKey = NONE;
    this.untrusted = null;
    this.environments = NONE;
    this.chosen = null;
    this.ownRoot = true;
    this.root = "";
    this.port = "";
    this.trouble = null;
    this.flow = forgetAfter(this.flow, "server");
  }

  /** Log in another way; empties what the way before had. */
  setWay(way: LoginWay): void {
    if (way === this.login.way) return;
    this.login = { ...NO_LOGIN, way, file: this.login.file };
    this.isLoggedIn = false;
  }

  /** One click on a server that is known: straight to it, logging in as configured. */
  choose(target: string): void {
    this.setTarget(target);
    this.trouble = null;
    this.enter(target === LOCAL ? "environment" : "hostKey");
  }

  /** This step is filled in: on to the next one. */
  next(): void {
    this.trouble = null;
    const { step } = advance(this.flow, this.goal);
    const isLogin = this.flow.step === "login";
    if (isLogin && authOf(this.login)) this.environments = NONE;
    // A key that was found to be trusted is not looked at again on the way on.
    this.enter(isLogin && valueOf(this.hostKey)?.verdict === "trusted" ? "environment" : step);
  }

  back(): void {
    this.trouble = null;
    this.flow = back(this.flow, this.goal);
  }

  goTo(step: Step): void {
    const to = go(this.flow, this.goal, step);
    if (to.step === this.flow.step) return;
    this.trouble = null;
    this.enter(to.step);
  }

  async loadHosts(): Promise<void> {
    if (this.hosts.state !== "done") this.hosts = asked();
    try {
      this.hosts = { state: "done", value: await this.rpc.call("hosts.list") };
    } catch (error) {
      this.hosts = { state: "failed", error: asRpcError(error) };
    }
  }

  /** Look at the server's key; goes on by itself when it is trusted. */
  async check(): Promise<void> {
    const turn = this.turn;
    this.hostKey = asked();
    try {
      const value = await this.rpc.call("hosts.check", { target: this.goal });
      if (turn !== this.turn) return;
      this.hostKey = { state: "done", value };
      // Not when an error led here: it would come back at once.
      if (value.verdict === "trusted" && this.flow.step === "hostKey" && !this.trouble) this.next();
    } catch (error) {
      if (turn !== this.turn) return;
      this.hostKey = { state: "failed", error: asRpcError(error) };
      this.fail("hostKey", error);
    }
  }

  /** Trust the key that was shown, and go on. */
  async trust(): Promise<void> {
    const shown = valueOf(this.hostKey);
    if (!shown) return;
    const turn = this.turn;
    this.trouble = null;
    try {
      await this.rpc.call("hosts.trust", { target: this.goal, fingerprint: shown.shown.fingerprint });
      if (turn !== this.turn) return;
      this.hostKey = { state: "done", value: { ...shown, verdict: "trusted" } };
      this.next();
    } catch (error) {
      if (turn !== this.turn) return;
      await this.check();
      this.trouble = { step: "hostKey", error: asRpcError(error) };
    }
  }

  /** Forget what is known of the host's keys, and look again. */
  async untrust(): Promise<void> {
    const turn = this.turn;
    this.trouble = null;
    try {
      const untrusted = await this.rpc.call("hosts.untrust", { target: this.goal });
      if (turn !== this.turn) return;
      this.untrusted = untrusted;
      await this.check();
    } catch (error) {
      if (turn === this.turn) this.fail("hostKey", error);
    }
  }

  /** Log in and list the environments. */
  async scan(): Promise<void> {
    const turn = this.turn;
    this.trouble = null;
    this.environments = asked();
    const auth = authOf(this.login);
    try {
      const value = await this.rpc.call("envs.list", { target: this.goal, ...(auth ? { auth } : {}) });
      if (turn !== this.turn) return;
      this.environments = { state: "done", value };
      this.isLoggedIn = true;
      this.login = withoutSecrets(this.login);
      this.chosen = sameAs(this.chosen, value.environments);
    } catch (error) {
      if (turn !== this.turn) return;
      const failed = asRpcError(error);
      this.environments = { state: "failed", error: failed };
      if (WRONG_LOGIN.has(failed.kind)) this.login = { ...this.login, passphrase: "", password: "" };
      this.fail("environment", failed);
    }
  }

  /** Use this environment. */
  use(environment: Environment | string): void {
    this.chosen = environment;
    if (!this.root) this.ownRoot = typeof environment === "string" || environment.storage_root !== null;
    this.next();
  }

  /** Start the viewer; `session` then says which one it is. `before` are the sessions that there are already. */
  async start(before: readonly string[] = []): Promise<void> {
    const turn = this.turn;
    this.trouble = null;
    this.isSending = true;
    const root = this.ownRoot ? null : this.root.trim() || null;
    const wanted = { target: this.goal, env: this.chosen, root, port: this.port };
    try {
      const listed = valueOf(this.environments)?.environments ?? [];
      const session = await this.rpc.call("sessions.start", startParams(wanted, listed, this.login));
      if (turn !== this.turn) return;
      this.isNew = !before.includes(session.id) || (this.isNew && session.id === this.session);
      this.session = session.id;
      this.isToOpen = this.opens;
    } catch (error) {
      if (turn === this.turn) this.fail("start", error);
    } finally {
      this.isSending = false;
    }
  }

  /** Open the viewer in a tab of its own when it is ready, or do not; remembered. */
  setOpens(opens: boolean): void {
    this.opens = opens;
    localStorage.setItem(OPENS, opens ? "yes" : "no");
  }

  /** Whether a viewer that is ready now is to be opened; true once for each start. */
  takesOpening(): boolean {
    const isToOpen = this.isToOpen;
    this.isToOpen = false;
    return isToOpen;
  }

  /** Show a session that was begun before, by this page or elsewhere. */
  watch(session: string, target: string): void {
    this.setTarget(target);
    this.flow = { step: "start", reached: "start" };
    this.isNew = false;
    this.session = session;
  }

  /** Leave a start that failed, to change something; `error` is shown at the step that mends it. */
  change(error: RpcError | null, step: Step): void {
    const failed = this.session;
    this.session = null;
    if (this.isNew && failed && error) void this.rpc.call("sessions.remove", { session: failed }).catch(() => undefined);
    this.isNew = false;
    if (error) this.fail(step, error);
    else this.goTo(step);
  }

  /** Begin anew: nothing is left of what was filled in. */
  reset(): void {
    this.session = null;
    this.setTarget("");
    this.flow = BEGIN;
  }

  private enter(step: Step): void {
    this.flow = advance(this.flow, this.goal, step);
    if (step === "hostKey" && isOpen(this.hostKey)) void this.check();
    if (step === "environment" && isOpen(this.environments)) void this.scan();
  }

  /** Show an error where it can be mended, or else where it came. */
  private fail(step: Step, thrown: unknown): void {
    const error = asRpcError(thrown);
    const to = mendedAt(error.kind, this.goal) ?? step;
    if (to === "hostKey" && step !== "hostKey") this.hostKey = NONE;
    if (to !== this.flow.step) this.enter(to);
    this.trouble = { step: to, error };
  }
}

function isOpen(answer: Answer<unknown>): boolean {
  return answer.state === "none" || answer.state === "failed";
}

/** The chosen environment as a new scan found it. */
function sameAs(chosen: Environment | string | null, found: readonly Environment[]): Environment | string | null {
  if (chosen === null || typeof chosen === "string") return chosen;
  return found.find((each) => each.python === chosen.python && each.usable) ?? null;
}

const made = new WeakMap<object, Connecting>();

/** The way that is being gone in this window; the same one each time the page is opened. */
export function connectingOf(app: { rpc: RpcSocket }): Connecting {
  let found = made.get(app);
  if (!found) made.set(app, (found = new Connecting(app.rpc)));
  return found;
}
