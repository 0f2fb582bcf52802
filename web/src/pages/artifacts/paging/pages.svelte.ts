/** One page as the daemon gives it; `next` is the cursor of the page after. */
export interface Page<Row> {
  rows: Row[];
  total: number;
  next: string | null;
}

/** Asks for the page after `cursor`; the first for null. */
export type Fetch<Row> = (cursor: string | null, limit: number) => Promise<Page<Row>>;

/** What a look at newer data did: `same` rows are shown as before, `late` ones were too many to be read again. */
export type Refreshed = "done" | "failed" | "late";

const PAGE = 200;
const LARGEST_PAGE = 500;
/** More rows than this are not read again in one go: the user is told that there is something new instead. */
const MOST_AGAIN = 2_000;

/**
 * Rows that are read page by page as they come near.
 *
 * A new question (`ask`) starts afresh and keeps the old rows until its answer is there. Answers to questions
 * that nobody asks any more are dropped.
 */
export class Pages<Row> {
  rows = $state.raw<Row[]>([]);
  total = $state(0);
  /** Whether the question was answered at least once. */
  isKnown = $state(false);
  isLoading = $state(false);
  /** Whether the rows belong to an older question. */
  isStale = $state(false);
  /** Whether the source has changed, and what is shown has not followed. */
  isOutdated = $state(false);
  error = $state.raw<unknown>(null);

  private next: string | null = null;
  private fetch: Fetch<Row> = () => Promise.resolve({ rows: [], total: 0, next: null });
  private round = 0;

  /** Whether there is more to be read. */
  get hasMore(): boolean {
    return this.next !== null;
  }

  /** Ask something else. Resolves when the first page is there, or could not be. */
  async ask(fetch: Fetch<Row>): Promise<void> {
    this.fetch = fetch;
    this.isStale = true;
    await this.load(null, (page) => page.rows);
  }

  /** Read the next page, unless one is on its way. */
  async more(): Promise<void> {
    if (this.isLoading || this.next === null || this.isStale) return;
    await this.load(this.next, (page) => [...this.rows, ...page.rows]);
  }

  /** Ask the same again after a failure. */
  async retry(): Promise<void> {
    if (this.isStale || this.rows.length === 0) return this.restart();
    await this.more();
  }

  /** The daemon can be asked (again): what failed meanwhile is asked again. */
  async recover(): Promise<void> {
    if (this.error) await this.retry();
  }

  /** Read the first page again, and nothing more. */
  async restart(): Promise<void> {
    await this.load(null, (page) => page.rows);
  }

  /** Forget everything: what comes next is about something else. */
  forget(): void {
    this.round += 1;
    this.rows = [];
    this.total = 0;
    this.next = null;
    this.isKnown = this.isLoading = this.isStale = this.isOutdated = false;
    this.error = null;
  }

  /** Read what is shown again, as much of it as there is, and replace it at once. */
  async refresh(): Promise<Refreshed> {
    if (this.rows.length > MOST_AGAIN) {
      this.isOutdated = true;
      return "late";
    }
    const round = ++this.round;
    const wanted = Math.max(this.rows.length, PAGE);
    try {
      const rows: Row[] = [];
      let page: Page<Row>;
      let cursor: string | null = null;
      do {
        page = await this.fetch(cursor, Math.min(LARGEST_PAGE, wanted - rows.length));
        if (round !== this.round) return "done";
        rows.push(...page.rows);
        cursor = page.next;
      } while (cursor !== null && rows.length < wanted);
      this.take(rows, page);
      return "done";
    } catch (error) {
      if (round === this.round) this.fail(error);
      return "failed";
    }
  }

  private async load(cursor: string | null, join: (page: Page<Row>) => Row[]): Promise<void> {
    const round = ++this.round;
    this.isLoading = true;
    this.error = null;
    try {
      const page = await this.fetch(cursor, PAGE);
      if (round === this.round) this.take(join(page), page);
    } catch (error) {
      if (round === this.round) this.fail(error);
    }
  }

  private take(rows: Row[], page: Page<Row>): void {
    this.rows = rows;
    this.total = page.total;
    this.next = page.next;
    this.isKnown = true;
    this.isLoading = this.isStale = this.isOutdated = false;
    this.error = null;
  }

  private fail(error: unknown): void {
    this.isLoading = false;
    this.error = error;
  }
}
