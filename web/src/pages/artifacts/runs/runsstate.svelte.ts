import type { RunSummary } from "../../../lib/rpc/contract";
import type { App } from "../../../lib/state/app.svelte";
import { href } from "../../../lib/state/router.svelte";
import { Pages } from "../paging/pages.svelte";

export interface RunFilter {
  search: string;
  /** Empty for any. */
  status: string;
}

/** What the address bar asks for. */
export function readRunFilter(query: URLSearchParams): RunFilter {
  return { search: (query.get("q") ?? "").slice(0, 500), status: query.get("status") ?? "" };
}

/** The same for the address bar. */
export function writeRunFilter({ search, status }: RunFilter): Record<string, string> {
  return { ...(search && { q: search }), ...(status && { status }) };
}

/** The list of runs. It outlives the look at one of them. */
export class RunsState {
  readonly pages = new Pages<RunSummary>();
  private filter: RunFilter = { search: "", status: "" };
  private store = "";
  private asked = "";
  private mirrored = "";

  /** Show what the filter asks for; nothing happens when that is what is shown. */
  show(rpc: App["rpc"], store: string, filter: RunFilter, mirrored: string): void {
    const asking = { store, search: filter.search, status: filter.status || null };
    const question = JSON.stringify(asking);
    if (question === this.asked) return;
    if (store !== this.store) this.pages.forget();
    [this.asked, this.store, this.filter, this.mirrored] = [question, store, filter, mirrored];
    void this.pages.ask(async (cursor, limit) => {
      const { runs, total, next } = await rpc.call("runs.list", { ...asking, cursor, limit });
      return { rows: runs, total, next };
    });
  }

  /** The mirror is at this state now: read again what is shown if it was at another. */
  follow(mirrored: string): void {
    if (mirrored === this.mirrored) return;
    this.mirrored = mirrored;
    void this.pages.refresh();
  }

  /** Where the list of a store is, filtered as it was when it was left. */
  address(store: string): string {
    return href("artifacts", [store, "runs"], store === this.store ? writeRunFilter(this.filter) : {});
  }

  /** Read all of it again from its beginning. */
  again(): void {
    void this.pages.restart();
  }
}
