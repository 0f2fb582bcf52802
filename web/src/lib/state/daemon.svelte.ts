import type {
  DoctorTick,
  Download,
  Event,
  Forward,
  HostState,
  LogLines,
  PromptInfo,
  Session,
  StatusResult,
  Store,
} from "../rpc/contract";
import type { LinkState } from "../rpc/socket";
import { soon } from "./frames";

/** What somebody wants to hear beside what is kept here. */
export type EventListener = (event: Event) => void;

/**
 * Everything that the daemon says of itself, kept up to date.
 *
 * Events are taken together: a hundred of them cost one drawing.
 */
export class DaemonState {
  link = $state<LinkState>("connecting");
  /** Whether there has been a snapshot: before it, nothing is known, which is not the same as nothing. */
  isKnown = $state(false);
  version = $state("");
  facts = $state.raw<StatusResult["daemon"] | null>(null);
  sessions = $state.raw<Record<string, Session>>({});
  hosts = $state.raw<Record<string, HostState>>({});
  prompts = $state.raw<Record<string, PromptInfo>>({});
  stores = $state.raw<Record<string, Store>>({});
  downloads = $state.raw<Record<string, Download>>({});
  forwards = $state.raw<Record<string, Forward>>({});

  private waiting: Event[] = [];
  private isPlanned = false;
  private listeners: EventListener[] = [];

  constructor(private readonly schedule: (work: () => void) => void = soon()) {}

  /** Hear of every event, after the state has taken it. Returns the way to stop. */
  listen(listener: EventListener): () => void {
    this.listeners.push(listener);
    return () => (this.listeners = this.listeners.filter((each) => each !== listener));
  }

  onLink(link: LinkState): void {
    this.link = link;
  }

  onSnapshot(status: StatusResult): void {
    this.waiting = [];
    this.isKnown = true;
    this.version = status.version;
    this.facts = status.daemon;
    this.sessions = by(status.sessions, (each) => each.id);
    this.hosts = by(status.hosts, (each) => each.target);
    this.prompts = by(status.prompts, (each) => each.id);
    this.stores = by(status.stores, (each) => each.name);
    this.downloads = by(status.downloads, (each) => each.id);
    this.forwards = by(status.forwards, (each) => each.id);
  }

  onEvent(event: Event): void {
    this.waiting.push(event);
    if (this.isPlanned) return;
    this.isPlanned = true;
    this.schedule(() => {
      this.isPlanned = false;
      this.take();
    });
  }

  private take(): void {
    const events = this.waiting;
    this.waiting = [];
    const changed = new Changes(this);
    for (const event of events) changed.add(event);
    changed.apply();
    for (const event of events) for (const listener of this.listeners) listener(event);
  }
}

type Table = "sessions" | "hosts" | "prompts" | "stores" | "downloads" | "forwards";

const ADDED: Record<string, [Table, (data: never) => string]> = {
  session: ["sessions", (data: Session) => data.id],
  host: ["hosts", (data: HostState) => data.target],
  prompt: ["prompts", (data: PromptInfo) => data.id],
  store: ["stores", (data: Store) => data.name],
  download: ["downloads", (data: Download) => data.id],
  forward: ["forwards", (data: Forward) => data.id],
};
const REMOVED: Record<string, [Table, (data: never) => string]> = {
  "session.removed": ["sessions", (data: { id: string }) => data.id],
  "prompt.closed": ["prompts", (data: { id: string }) => data.id],
  "store.removed": ["stores", (data: { name: string }) => data.name],
  "download.removed": ["downloads", (data: { id: string }) => data.id],
  "forward.removed": ["forwards", (data: { id: string }) => data.id],
};
/** Links that are at rest are not shown, as in `daemon.status`. */
const AT_REST = new Set(["idle", "closed"]);

/** The changes of one drawing: each table is copied once, however many there are. */
class Changes {
  private tables = new Map<Table, Record<string, unknown>>();

  constructor(private readonly state: DaemonState) {}

  add(event: Event): void {
    const added = ADDED[event.topic];
    const removed = REMOVED[event.topic];
    if (added) {
      const [table, key] = added;
      const name = key(event.data as never);
      const isGone = table === "hosts" && AT_REST.has((event.data as HostState).state);
      if (isGone) Reflect.deleteProperty(this.table(table), name);
      else this.table(table)[name] = event.data;
    } else if (removed) {
      const [table, key] = removed;
      Reflect.deleteProperty(this.table(table), key(event.data as never));
    }
  }

  apply(): void {
    for (const [table, rows] of this.tables) (this.state[table] as Record<string, unknown>) = rows;
  }

  private table(name: Table): Record<string, unknown> {
    let rows = this.tables.get(name);
    if (!rows) this.tables.set(name, (rows = { ...this.state[name] }));
    return rows;
  }
}

function by<T>(rows: T[], key: (row: T) => string): Record<string, T> {
  return Object.fromEntries(rows.map((row) => [key(row), row]));
}

export type LogData = LogLines;
export type TickData = DoctorTick;
