/** The steps to a viewer, as values: which there are, which can be gone to, and which one mends an error. */
import type { AuthParams, Environment, SessionStartParams } from "../../lib/rpc/contract";
import { LOCAL } from "./target";

export const STEPS = ["server", "login", "hostKey", "environment", "place", "start"] as const;
export type Step = (typeof STEPS)[number];

/** `reached` is the furthest step whose questions before it are all answered. */
export interface Flow {
  step: Step;
  reached: Step;
}

export const BEGIN: Flow = { step: "server", reached: "server" };

/** The steps for a target: this machine needs no login and shows no key. */
export function stepsFor(target: string): readonly Step[] {
  return target.trim() === LOCAL ? STEPS.filter((step) => step !== "login" && step !== "hostKey") : STEPS;
}

/** Whether the user can go there now. */
export function canGo(flow: Flow, target: string, to: Step): boolean {
  return stepsFor(target).includes(to) && STEPS.indexOf(to) <= STEPS.indexOf(flow.reached);
}

/** Go to a step that was reached before; elsewhere nothing changes. */
export function go(flow: Flow, target: string, to: Step): Flow {
  return canGo(flow, target, to) ? { ...flow, step: to } : flow;
}

/** The step's questions are answered: on to the next one, or straight to `to`. */
export function advance(flow: Flow, target: string, to: Step = neighbour(flow.step, target, 1)): Flow {
  return { step: to, reached: further(flow.reached, to) };
}

/** To the step before. */
export function back(flow: Flow, target: string): Flow {
  return { ...flow, step: neighbour(flow.step, target, -1) };
}

/** An answer of this step has changed: what follows has to be gone through again. */
export function forgetAfter(flow: Flow, step: Step): Flow {
  const reached = STEPS.indexOf(flow.reached) > STEPS.indexOf(step) ? step : flow.reached;
  return { step: STEPS.indexOf(flow.step) > STEPS.indexOf(reached) ? reached : flow.step, reached };
}

function neighbour(step: Step, target: string, by: 1 | -1): Step {
  const steps = stepsFor(target);
  return steps[steps.indexOf(step) + by] ?? step;
}

function further(one: Step, other: Step): Step {
  return STEPS.indexOf(one) > STEPS.indexOf(other) ? one : other;
}

const MENDED_AT: Partial<Record<string, Step>> = {
  invalid_target: "server",
  unknown_host: "server",
  host_unreachable: "server",
  not_ssh: "server",
  no_common_algorithm: "server",
  auth_failed: "login",
  key_unusable: "login",
  needs_input: "login",
  host_key_unknown: "hostKey",
  host_key_changed: "hostKey",
  host_key_revoked: "hostKey",
  known_hosts_unreadable: "hostKey",
  no_environment: "environment",
  viewer_not_installed: "environment",
  viewer_incompatible: "environment",
  no_python: "environment",
  root_not_found: "place",
  permission_denied: "place",
  port_taken: "place",
};

/** The step where the user can mend this kind of error; null where only another try helps. */
export function mendedAt(kind: string, target: string): Step | null {
  const step = MENDED_AT[kind];
  return step && stepsFor(target).includes(step) ? step : null;
}

export type LoginWay = "configured" | "file" | "key" | "password";
export const LOGIN_WAYS: readonly LoginWay[] = ["configured", "file", "key", "password"];

/** What was filled in at the login. Secrets live here only, until they were used. */
export interface Login {
  way: LoginWay;
  file: string;
  key: string;
  passphrase: string;
  password: string;
}

export const NO_LOGIN: Login = { way: "configured", file: "", key: "", passphrase: "", password: "" };

/** What to send of it; null when it is all as configured. */
export function authOf(login: Login): AuthParams | null {
  const passphrase = login.passphrase === "" ? {} : { passphrase: login.passphrase };
  if (login.way === "file" && login.file.trim()) return { identity_file: login.file.trim(), ...passphrase };
  if (login.way === "key" && login.key.trim()) return { private_key: withLineEnd(login.key), ...passphrase };
  if (login.way === "password" && login.password) return { password: login.password };
  return null;
}

/** The same without its secrets, which the daemon has by now. */
export function withoutSecrets(login: Login): Login {
  return { ...NO_LOGIN, way: login.way, file: login.file };
}

// Fields of a form drop the last line end, without which some keys cannot be read.
function withLineEnd(key: string): string {
  return `${key.replaceAll("\r\n", "\n").trim()}\n`;
}

/** What is asked for at the end. `env` is a listed environment, or the path of one that is not listed. */
export interface Wanted {
  target: string;
  env: Environment | string | null;
  root: string | null;
  port: string;
}

/** The parameters of `sessions.start`. */
export function startParams(wanted: Wanted, listed: readonly Environment[], login: Login): SessionStartParams {
  const auth = authOf(login);
  return {
    target: wanted.target,
    env: typeof wanted.env === "string" ? wanted.env : wanted.env && wayToName(wanted.env, listed),
    root: wanted.root,
    local_port: wanted.port.trim() === "" ? null : Number(wanted.port),
    ...(auth ? { auth } : {}),
  };
}

/** Its name where no other one has it: it is what the terminal's commands show; else its path. */
function wayToName(env: Environment, listed: readonly Environment[]): string {
  return listed.filter((each) => each.name === env.name).length === 1 ? env.name : env.python;
}
