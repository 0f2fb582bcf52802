import type { Store } from "../rpc/contract";
import type { IconName } from "../ui/icons";

/** The guide's badge: what it says, how it looks, and what the popover says of the connection. */
export interface StoreBadge {
  word: "local" | "remote" | "syncing";
  state: "connected" | "syncing" | "failed" | "waiting" | "off";
  look: "none" | "good" | "busy" | "warn" | "bad";
  icon: IconName;
}

const STATES = {
  idle: "connected",
  syncing: "syncing",
  failed: "failed",
  waiting: "waiting",
  disconnected: "off",
} as const;
const LOOKS = { connected: "good", syncing: "busy", failed: "bad", waiting: "warn", off: "none" } as const;

/** The badge of the store in use; without one, this machine's data is all there is. */
export function badgeOf(store: Store | undefined): StoreBadge {
  if (!store) return { word: "local", state: "connected", look: "none", icon: "laptop" };
  const state = STATES[store.state];
  if (state === "syncing") return { word: "syncing", state, look: "busy", icon: "sync" };
  if (store.is_local || state === "off") return { word: "local", state, look: state === "failed" ? "bad" : "none", icon: "laptop" };
  return { word: "remote", state, look: LOOKS[state], icon: "cloud" };
}
