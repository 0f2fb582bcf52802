import type { RpcError } from "../../lib/rpc/errors";
import type { RpcSocket } from "../../lib/rpc/socket";
import { asRpcError } from "../../lib/state/toasts.svelte";

/** Something that could not be read at its source. */
export interface Broken {
  /** `TYPE/NAME:latest`, or the run's id. */
  id: string;
  kind: "artifact" | "run";
  label: string;
  problem: string;
}

export const MOST_SHOWN = 200;
const PAGE = 500;

/** Looks through all artifacts and runs of a store for those that have a problem, page by page. */
export class Unreadable {
  found = $state.raw<readonly Broken[]>([]);
  looked = $state(0);
  all = $state(0);
  isCut = $state(false);
  isLooking = $state(true);
  error = $state.raw<RpcError | null>(null);
  private isStopped = false;

  constructor(
    private readonly rpc: Pick<RpcSocket, "call">,
    private readonly store: string,
  ) {}

  /** Look through everything; `stop` ends it early. */
  async look(): Promise<void> {
    try {
      await this.pages((cursor) => this.artifacts(cursor));
      await this.pages((cursor) => this.runs(cursor));
    } catch (error) {
      this.error = asRpcError(error);
    }
    this.isLooking = false;
  }

  stop(): void {
    this.isStopped = true;
  }

  private async pages(next: (cursor: string | null) => Promise<string | null>): Promise<void> {
    let cursor: string | null = null;
    do cursor = await next(cursor);
    while (cursor !== null && !this.isStopped && !this.isCut);
  }

  private async artifacts(cursor: string | null): Promise<string | null> {
    const page = await this.rpc.call("artifacts.list", { store: this.store, sort: "name", deleted: true, limit: PAGE, cursor });
    const broken = page.artifacts.flatMap(({ type, name, problem }): Broken[] =>
      problem === null ? [] : [{ kind: "artifact", id: `${type}/${name}:latest`, label: `${type}/${name}`, problem }],
    );
    this.take(broken, page.artifacts.length, cursor === null ? page.total : 0);
    return page.next;
  }

  private async runs(cursor: string | null): Promise<string | null> {
    const page = await this.rpc.call("runs.list", { store: this.store, limit: PAGE, cursor });
    const broken = page.runs.flatMap(({ id, path, problem }): Broken[] =>
      problem === null ? [] : [{ kind: "run", id, label: path || id, problem }],
    );
    this.take(broken, page.runs.length, cursor === null ? page.total : 0);
    return page.next;
  }

  private take(broken: readonly Broken[], looked: number, more: number): void {
    const found = [...this.found, ...broken];
    this.isCut = found.length > MOST_SHOWN;
    this.found = found.slice(0, MOST_SHOWN);
    this.looked += looked;
    this.all += more;
  }
}
