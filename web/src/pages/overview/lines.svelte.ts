/** Lines of a log in blocks: a new line changes the last block only, and old blocks leave whole. */
export interface Block {
  id: number;
  lines: string[];
}

const BLOCK = 100;
export const MOST_LINES = 5_000;

export class Lines {
  blocks = $state.raw<Block[]>([]);
  private lastId = 0;
  /** The end of what came while the beginning was still asked for. */
  private early: string[] | null = [];

  /** The first answer: what the log has now. Lines that came meanwhile may be in it already. */
  begin(lines: string[]): void {
    const early = this.early ?? [];
    this.early = null;
    this.blocks = [];
    this.add([...lines, ...early.slice(overlap(lines, early))]);
  }

  /** The beginning is asked for (again): keep what comes until it is there. */
  await(): void {
    this.early = [];
  }

  /** New lines at the end. */
  add(lines: string[]): void {
    if (this.early) {
      this.early = [...this.early, ...lines].slice(-MOST_LINES);
      return;
    }
    const blocks = [...this.blocks];
    const fresh = lines.slice(-MOST_LINES);
    while (fresh.length > 0) {
      const last = blocks.at(-1);
      if (last && last.lines.length < BLOCK) {
        const taken = fresh.splice(0, BLOCK - last.lines.length);
        blocks[blocks.length - 1] = { id: last.id, lines: [...last.lines, ...taken] };
      } else blocks.push({ id: ++this.lastId, lines: fresh.splice(0, BLOCK) });
    }
    this.blocks = blocks.slice(-MOST_LINES / BLOCK);
  }

  get text(): string {
    return this.blocks.flatMap((block) => block.lines).join("\n");
  }

  get count(): number {
    return this.blocks.reduce((sum, block) => sum + block.lines.length, 0);
  }
}

/** How many lines at the begin of `next` are the end of `before`. */
function overlap(before: string[], next: string[]): number {
  for (let size = Math.min(before.length, next.length); size > 0; size -= 1) {
    const tail = before.slice(-size);
    if (tail.every((line, index) => line === next[index])) return size;
  }
  return 0;
}
