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

  /** Ask; `about` names what is asked for, and the answer about something else is forgotten at once. */
  async ask(about: string, fetch: () => Promise<T>): Promise<void> {
    const round = ++this.round;
    if (about !== this.about) this.value = this.error = null;
    this.about = about;
    try {
      const value = await fetch();
      if (round !== this.round) return;
      this.value = value;
      this.error = null;
    } catch (error) {
      if (round === this.round) this.error = error;
    }
  }
}
