/** A session's start as the steps that tick. */
import type { Session } from "../../lib/rpc/contract";

export const LAUNCH_STEPS = ["connecting", "environments", "launching", "answering"] as const;
export type LaunchStep = (typeof LAUNCH_STEPS)[number];
export type Mark = "done" | "now" | "stuck" | "todo";

/** How the start stands as a whole. */
export type Outcome = "running" | "waiting" | "ready" | "failed" | "stopped";

/** `waiting`: it needs a person, or an end of what blocks it, but goes on by itself then. */
export function outcome(session: Session): Outcome {
  if (session.state === "ready") return "ready";
  if (session.state === "failed") return "failed";
  if (session.state === "stopped" || session.state === "stopping") return "stopped";
  return session.state === "blocked" || session.prompt !== null ? "waiting" : "running";
}

/** Where an error of these kinds comes from; a failed session does not say its step. */
const FAILS_AT: Partial<Record<string, LaunchStep>> = {
  no_python: "environments",
  remote_unsupported: "environments",
  agent_failed: "environments",
  no_environment: "environments",
  viewer_not_installed: "environments",
  viewer_incompatible: "environments",
  root_not_found: "launching",
  permission_denied: "launching",
  disk_full: "launching",
  viewer_crashed: "launching",
  forwarding_forbidden: "answering",
  viewer_unresponsive: "answering",
};

/** The mark of each step. `last` is the step that was seen last, which a quick failure may be ahead of. */
export function marks(session: Session, last: LaunchStep | null): Record<LaunchStep, Mark> {
  const how = outcome(session);
  const seen = LAUNCH_STEPS.indexOf(stepOf(session) ?? last ?? "connecting");
  const failed = LAUNCH_STEPS.indexOf(FAILS_AT[session.error?.kind ?? ""] ?? "connecting");
  const at = how === "failed" ? Math.max(seen, failed) : seen;
  const mark = (index: number): Mark => {
    if (how === "ready" || index < at) return "done";
    if (index > at) return "todo";
    return how === "running" ? "now" : "stuck";
  };
  return Object.fromEntries(LAUNCH_STEPS.map((step, index) => [step, mark(index)])) as Record<LaunchStep, Mark>;
}

/** The step that a session is at; a choice belongs to the environments. */
export function stepOf(session: Session): LaunchStep | null {
  if (session.step === "choosing") return "environments";
  return LAUNCH_STEPS.find((step) => step === session.step) ?? null;
}

/** Whether an address is one that the daemon serves on this machine. */
export function isOurs(url: string): boolean {
  return url.startsWith("http://localhost:");
}

/** The end of a viewer's log that came with an error. */
export function logOf(session: Session): string[] {
  const tail = session.error?.context.log_tail;
  return Array.isArray(tail) ? tail.map(String) : [];
}
