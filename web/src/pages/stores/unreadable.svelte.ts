import type { StoreProblem } from "../../lib/rpc/contract";
import type { RpcError } from "../../lib/rpc/errors";
import type { RpcSocket } from "../../lib/rpc/socket";
import { asRpcError } from "../../lib/state/toasts.svelte";

export const MOST_SHOWN = 200;

/** What of a store could not be read at its source, as far as it is shown. */
export class Unreadable {
  found = $state.raw<readonly StoreProblem[]>([]);
  isCut = $state(false);
  isLooking = $state(true);
  error = $state.raw<RpcError | null>(null);

  constructor(
    private readonly rpc: Pick<RpcSocket, "call">,
    private readonly store: string,
  ) {}

  async look(): Promise<void> {
    try {
      const page = await this.rpc.call("stores.problems", { store: this.store, limit: MOST_SHOWN });
      this.found = page.problems;
      this.isCut = page.next !== null;
    } catch (error) {
      this.error = asRpcError(error);
    }
    this.isLooking = false;
  }
}
