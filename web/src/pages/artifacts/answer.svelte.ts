import { RpcError } from "../../lib/rpc/errors";

/** So long the answer about something else stays: a quick answer replaces it without a flash. */
const LINGER_MS = 250;

/**
 * One thing that is asked of the daemon, and asked again when it may have changed.
 *
 * The old answer stays until the new one is there; an answer that comes too late is dropped.
 */
export class Answer<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<unknown>(null);
  private round = 0;
  private about = "";
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Ask; `about` names what is asked for, and the answer about something else is forgotten soon. */
  async ask(about: string, fetch: () => Promise<T>): Promise<void> {
    const round = ++this.round;
    if (about !== this.about) {
      this.about = about;
      this.error = null;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => (this.value = null), LINGER_MS);
    }
    try {
      const value = await fetch();
      if (round !== this.round) return;
      this.settle();
      this.value = value;
      this.error = null;
    } catch (error) {
      if (round !== this.round) return;
      if (this.timer || isGone(error)) this.value = null;
      this.settle();
      this.error = error;
    }
  }

  private settle(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}

/** Whether what was asked for is not there any more: then the old answer is no answer. */
function isGone(error: unknown): boolean {
  return error instanceof RpcError && error.kind.startsWith("unknown_");
}
