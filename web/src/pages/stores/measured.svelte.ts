import type { CacheInfo } from "../../lib/rpc/contract";
import type { RpcError } from "../../lib/rpc/errors";
import type { RpcSocket } from "../../lib/rpc/socket";
import { asRpcError } from "../../lib/state/toasts.svelte";

/** The cache as it was measured last; what was known stays while it is measured again. */
export class Measured {
  info = $state.raw<CacheInfo | null>(null);
  error = $state.raw<RpcError | null>(null);
  private isAsking = false;

  constructor(private readonly rpc: Pick<RpcSocket, "call">) {}

  /** Measure; a second request meanwhile is the same one. */
  async measure(): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    try {
      this.info = await this.rpc.call("cache.info");
      this.error = null;
    } catch (error) {
      this.error = asRpcError(error);
    } finally {
      this.isAsking = false;
    }
  }
}
