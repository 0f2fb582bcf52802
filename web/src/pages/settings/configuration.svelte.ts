import type { SettingsReloaded, SettingsResult } from "../../lib/rpc/contract";
import type { RpcError } from "../../lib/rpc/errors";
import type { RpcSocket } from "../../lib/rpc/socket";
import { asRpcError } from "../../lib/state/toasts.svelte";

/** The daemon's settings as they are in force, and what reading the file again has done. */
export class Configuration {
  known = $state.raw<SettingsResult | null>(null);
  /** Why they cannot be shown. */
  error = $state.raw<RpcError | null>(null);
  reloaded = $state.raw<SettingsReloaded | null>(null);
  /** Why the file could not be used. */
  refused = $state.raw<RpcError | null>(null);

  constructor(private readonly rpc: Pick<RpcSocket, "call">) {}

  async load(): Promise<void> {
    try {
      this.known = await this.rpc.call("settings.get");
      this.error = null;
    } catch (error) {
      this.error = asRpcError(error);
    }
  }

  /** Let the daemon read its file again; what it says is kept until the next time. */
  async reload(): Promise<void> {
    this.reloaded = null;
    this.refused = null;
    try {
      this.reloaded = await this.rpc.call("settings.reload");
    } catch (error) {
      this.refused = asRpcError(error);
    }
    await this.load();
  }
}
