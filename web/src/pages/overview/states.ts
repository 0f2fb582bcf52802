import type { Session } from "../../lib/rpc/contract";

export type Look = "none" | "good" | "busy" | "warn" | "bad";

const LOOKS: Record<string, Look> = {
  starting: "busy",
  ready: "good",
  reconnecting: "busy",
  restarting: "busy",
  blocked: "warn",
  failed: "bad",
  stopping: "busy",
  stopped: "none",
  connecting: "busy",
  waiting_for_user: "warn",
  up: "good",
  backoff: "warn",
};

/** The colour of a state of a session, a link or a forward. */
export function lookOf(state: string): Look {
  return LOOKS[state] ?? "none";
}

/** The steps of a start, in their order. */
export const STEPS = ["connecting", "environments", "choosing", "launching", "answering"] as const;

/** What can be done with a session now. */
export interface Deeds {
  open: boolean;
  answer: boolean;
  retry: boolean;
  start: boolean;
  restart: boolean;
  stop: boolean;
}

export function deedsOf(session: Session): Deeds {
  const { state, prompt, url } = session;
  const isAtRest = state === "stopped" || state === "failed";
  return {
    open: url !== null && (state === "ready" || state === "reconnecting" || state === "restarting"),
    answer: prompt !== null,
    retry: prompt === null && (state === "blocked" || state === "failed"),
    start: state === "stopped",
    restart: state === "ready" || state === "reconnecting",
    stop: !isAtRest && state !== "stopping",
  };
}
