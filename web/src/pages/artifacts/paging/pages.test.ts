import { describe, expect, it } from "vitest";
import { Pages, type Fetch } from "./pages.svelte";

/** A source of numbered rows, whose cursor is the last row of the page before. */
function source(count: number): { rows: string[]; asked: (string | null)[]; fetch: Fetch<string> } {
  const rows = Array.from({ length: count }, (_, index) => `r${index}`);
  const asked: (string | null)[] = [];
  const fetch: Fetch<string> = (cursor, limit) => {
    asked.push(cursor);
    const start = cursor === null ? 0 : rows.indexOf(cursor) + 1;
    const page = rows.slice(start, start + limit);
    const isLast = start + limit >= rows.length;
    return Promise.resolve({ rows: page, total: rows.length, next: isLast ? null : (page.at(-1) ?? null) });
  };
  return { rows, asked, fetch };
}

describe("Pages", () => {
  it("reads page after page until there is no more", async () => {
    const pages = new Pages<string>();
    const { rows, fetch } = source(450);
    await pages.ask(fetch);
    expect([pages.rows.length, pages.total, pages.hasMore]).toEqual([200, 450, true]);
    await pages.more();
    await pages.more();
    await pages.more();
    expect(pages.rows).toEqual(rows);
    expect(pages.hasMore).toBe(false);
  });

  it("reads one page at a time, however often more is wanted", async () => {
    const pages = new Pages<string>();
    const { asked, fetch } = source(900);
    await pages.ask(fetch);
    await Promise.all([pages.more(), pages.more(), pages.more()]);
    expect(asked.length).toBe(2);
  });

  it("drops an answer to a question that is not asked any more", async () => {
    const pages = new Pages<string>();
    let answerOld: (page: { rows: string[]; total: number; next: null }) => void = () => undefined;
    const old = pages.ask(() => new Promise((resolve) => (answerOld = resolve)));
    await pages.ask(() => Promise.resolve({ rows: ["new"], total: 1, next: null }));
    answerOld({ rows: ["old"], total: 1, next: null });
    await old;
    expect(pages.rows).toEqual(["new"]);
  });

  it("keeps the old rows, marked as stale, until the new answer is there", async () => {
    const pages = new Pages<string>();
    await pages.ask(source(3).fetch);
    const asking = pages.ask(source(1).fetch);
    expect([pages.rows.length, pages.isStale]).toEqual([3, true]);
    await asking;
    expect([pages.rows.length, pages.isStale]).toEqual([1, false]);
  });

  it("reads as many rows again as are shown", async () => {
    const pages = new Pages<string>();
    const from = source(900);
    await pages.ask(from.fetch);
    await pages.more();
    from.rows.unshift("first");
    expect(await pages.refresh()).toBe("done");
    expect([pages.rows.length, pages.rows[0], pages.total]).toEqual([400, "first", 901]);
    await pages.more();
    expect(pages.rows[400]).toBe("r399");
  });

  it("does not read thousands of rows again: it says that there is something new", async () => {
    const pages = new Pages<string>();
    const { fetch, asked } = source(5_000);
    await pages.ask(fetch);
    while (pages.rows.length <= 2_000) await pages.more();
    const before = asked.length;
    expect(await pages.refresh()).toBe("late");
    expect([pages.isOutdated, asked.length]).toEqual([true, before]);
    await pages.restart();
    expect([pages.isOutdated, pages.rows.length]).toEqual([false, 200]);
  });

  it("keeps what it has when a page cannot be read, and goes on when asked again", async () => {
    const pages = new Pages<string>();
    const { fetch } = source(300);
    let isBroken = false;
    await pages.ask((cursor, limit) => (isBroken ? Promise.reject(new Error("away")) : fetch(cursor, limit)));
    isBroken = true;
    await pages.more();
    expect([pages.rows.length, (pages.error as Error).message]).toEqual([200, "away"]);
    isBroken = false;
    await pages.retry();
    expect([pages.rows.length, pages.error]).toEqual([300, null]);
  });

  it("asks a first question again that failed", async () => {
    const pages = new Pages<string>();
    let isBroken = true;
    const { fetch } = source(3);
    await pages.ask((cursor, limit) => (isBroken ? Promise.reject(new Error("away")) : fetch(cursor, limit)));
    expect(pages.isKnown).toBe(false);
    isBroken = false;
    await pages.retry();
    expect(pages.rows.length).toBe(3);
  });
});
