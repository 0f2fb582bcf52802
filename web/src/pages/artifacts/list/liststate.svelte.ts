import type { ArtifactSummary, TypeCount } from "../../../lib/rpc/contract";
import type { App } from "../../../lib/state/app.svelte";
import { href } from "../../../lib/state/router.svelte";
import { Pages } from "../paging/pages.svelte";
import { params, write, type Filter } from "../query";

/** The list of artifacts. It outlives the look at one of them, so that going back finds it as it was. */
export class ListState {
  readonly pages = new Pages<ArtifactSummary>();
  types = $state.raw<readonly TypeCount[]>([]);
  synced = $state<number | null>(null);
  private filter: Filter | null = null;
  private asked = "";
  private store = "";
  private mirrored = "";

  /** Show what the filter asks for; nothing happens when that is what is shown. */
  show(rpc: App["rpc"], store: string, filter: Filter, mirrored: string): void {
    const asking = params(filter, store);
    const question = JSON.stringify(asking);
    if (question === this.asked) return;
    this.filter = filter;
    if (store !== this.store) {
      this.types = [];
      this.synced = null;
      this.pages.forget();
    }
    [this.asked, this.store, this.mirrored] = [question, store, mirrored];
    void this.pages.ask(async (cursor, limit) => {
      const page = await rpc.call("artifacts.list", { ...asking, cursor, limit });
      if (question === this.asked) [this.types, this.synced] = [page.types, page.synced];
      return { rows: page.artifacts, total: page.total, next: page.next };
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
    return href("artifacts", [store], store === this.store && this.filter ? write(this.filter) : {});
  }

  /** Read all of it again from its beginning. */
  again(): void {
    void this.pages.restart();
  }
}
