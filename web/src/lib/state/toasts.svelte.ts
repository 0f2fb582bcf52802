import { RpcError } from "../rpc/errors";

export interface Toast {
  id: number;
  /** What to say; for an error, what could not be done. */
  text: string;
  error: RpcError | null;
}

const SHOWN_MS = 5_000;
const MOST = 4;

/** Short notices in the corner. Errors stay until they are dismissed. */
export class Toasts {
  shown = $state.raw<Toast[]>([]);
  private lastId = 0;

  /** Say that something is done. */
  say(text: string): void {
    const id = this.add({ text, error: null });
    setTimeout(() => this.dismiss(id), SHOWN_MS);
  }

  /** Say that something failed. */
  fail(error: unknown): void {
    this.add({ text: "", error: asRpcError(error) });
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter((each) => each.id !== id);
  }

  private add(toast: Omit<Toast, "id">): number {
    const id = ++this.lastId;
    this.shown = [...this.shown, { ...toast, id }].slice(-MOST);
    return id;
  }
}

/** Whatever was thrown, as an error that can be shown. */
export function asRpcError(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  return new RpcError({ kind: "internal", message: error instanceof Error ? error.message : String(error) });
}
