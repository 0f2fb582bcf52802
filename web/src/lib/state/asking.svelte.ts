import type { PromptInfo } from "../rpc/contract";
import type { DaemonState } from "./daemon.svelte";

/** Which question is asked now, and which were put off. */
export class Asking {
  private putOff = $state.raw<readonly string[]>([]);

  constructor(private readonly daemon: DaemonState) {}

  /** The question to ask now: the oldest that was not put off. */
  get now(): PromptInfo | undefined {
    return this.open.find((each) => !this.putOff.includes(each.id));
  }

  /** The questions that wait until the user comes back to them. */
  get later(): PromptInfo[] {
    return this.open.filter((each) => this.putOff.includes(each.id));
  }

  get open(): PromptInfo[] {
    return Object.values(this.daemon.prompts);
  }

  /** Do not ask this now; it waits in the bar. */
  dismiss(id: string): void {
    this.putOff = [...this.putOff, id];
  }

  /** Ask this now after all. */
  recall(id: string): void {
    this.putOff = this.putOff.filter((each) => each !== id);
  }
}
