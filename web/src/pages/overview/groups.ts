import type { HostState, Session } from "../../lib/rpc/contract";

/** A host and its sessions, as one box of the overview. */
export interface Group {
  target: string;
  host: HostState | undefined;
  sessions: Session[];
}

const byName = new Intl.Collator("en", { numeric: true });

/**
 * Hosts with their sessions, by name: the order never changes by what happens, so that nothing jumps.
 *
 * A group in which nothing changed is the same object as before: its box is then not drawn again.
 */
export class Groups {
  private before = new Map<string, Group>();
  private order: string[] = [];

  of(sessions: Record<string, Session>, hosts: Record<string, HostState>): Group[] {
    const now = new Map<string, Group>();
    for (const host of Object.values(hosts)) now.set(host.target, { target: host.target, host, sessions: [] });
    for (const session of Object.values(sessions)) {
      const group = now.get(session.target);
      if (group) group.sessions.push(session);
      else now.set(session.target, { target: session.target, host: undefined, sessions: [session] });
    }
    for (const [target, group] of now) {
      if (group.sessions.length > 1) group.sessions.sort((a, b) => byName.compare(a.id, b.id));
      const old = this.before.get(target);
      if (old && isSame(old, group)) now.set(target, old);
    }
    this.before = now;
    return this.sorted(now);
  }

  /** Comparing names costs more than all the rest; the names seldom change. */
  private sorted(groups: Map<string, Group>): Group[] {
    if (this.order.length !== groups.size || !this.order.every((target) => groups.has(target)))
      this.order = [...groups.keys()].sort((a, b) => byName.compare(a, b));
    return this.order.flatMap((target) => groups.get(target) ?? []);
  }
}

/** How many rows the groups take; a host without a session takes one. */
export function rowsOf(groups: Group[]): number {
  return groups.reduce((sum, group) => sum + Math.max(1, group.sessions.length), 0);
}

/** The first groups, with as many rows in all; the last of them may have lost some of its own. */
export function upTo(groups: Group[], rows: number): Group[] {
  let left = rows;
  const first: Group[] = [];
  for (const group of groups) {
    if (left <= 0) break;
    const isWhole = group.sessions.length <= left;
    first.push(isWhole ? group : { ...group, sessions: group.sessions.slice(0, left) });
    left -= Math.max(1, group.sessions.length);
  }
  return first;
}

/** The groups that a search names: by target, address, environment, root, or state. */
export function search(groups: Group[], text: string): Group[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return groups;
  return groups.filter((group) => {
    const all = [group.target, group.host?.address, ...group.sessions.flatMap(wordsOf)].join("\n").toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

function wordsOf(session: Session): (string | undefined)[] {
  return [session.id, session.env?.name, session.root ?? undefined, session.state, String(session.local_port ?? "")];
}

function isSame(a: Group, b: Group): boolean {
  return (
    a.host === b.host &&
    a.sessions.length === b.sessions.length &&
    a.sessions.every((session, index) => session === b.sessions[index])
  );
}
