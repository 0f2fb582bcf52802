import type { Key } from "../../lib/i18n/index.svelte";

const SPEC = /^(?:(\d{1,5}):)?(?:(\/.+)|(?:(?:\[[0-9a-fA-F:.%]+\]|[^:[\]/\s]+):)?(\d{1,5}))$/;
const MAX_SOCKET_PATH_BYTES = 107;

/** What is wrong with where a forward shall lead, as the daemon would judge it; null when nothing is. */
export function faultOf(spec: string): Key | null {
  if (spec === "") return "overview.forward.empty";
  const match = SPEC.exec(spec);
  if (!match) return "overview.forward.form";
  const [, local, socket, port] = match;
  if ([local, port].some((each) => each !== undefined && !isPort(each))) return "overview.forward.port";
  if (socket && new TextEncoder().encode(socket).length > MAX_SOCKET_PATH_BYTES) return "overview.forward.socket";
  return null;
}

function isPort(text: string): boolean {
  return Number(text) >= 1 && Number(text) <= 65535;
}
