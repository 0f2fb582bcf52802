import type { DaemonState } from "./daemon.svelte";

/** How everything stands, in one word: what the title and the favicon show. */
export type Mood = "away" | "asks" | "trouble" | "busy" | "good" | "rest";

const TROUBLE = new Set(["blocked", "failed"]);
const BUSY = new Set(["starting", "reconnecting", "restarting", "stopping", "connecting"]);

type Known = Pick<DaemonState, "link" | "isKnown" | "sessions" | "prompts" | "forwards">;

/** The mood, and how many sessions are ready. The worst there is decides. */
export function moodOf(daemon: Known): { mood: Mood; ready: number } {
  const states = [...Object.values(daemon.sessions), ...Object.values(daemon.forwards)].map((each) => each.state);
  const ready = Object.values(daemon.sessions).filter((each) => each.state === "ready").length;
  return { mood: word(daemon, states, ready), ready };
}

function word(daemon: Known, states: string[], ready: number): Mood {
  if (daemon.link === "away" || daemon.link === "refused") return "away";
  if (Object.keys(daemon.prompts).length > 0) return "asks";
  if (states.some((state) => TROUBLE.has(state))) return "trouble";
  if (states.some((state) => BUSY.has(state))) return "busy";
  return ready > 0 ? "good" : "rest";
}
