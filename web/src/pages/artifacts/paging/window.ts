/** Which rows of a long list are drawn: those in sight, some around them, and the one that has the focus. */

export interface Range {
  /** The first row that is drawn. */
  start: number;
  /** One after the last. */
  end: number;
}

const AROUND = 8;

/** The rows in sight. `top` is how far the list's top lies above that of the window, in pixels. */
export function inSight(top: number, height: number, rowHeight: number, count: number): Range {
  const first = Math.floor(top / rowHeight) - AROUND;
  const last = Math.ceil((top + height) / rowHeight) + AROUND;
  return { start: clamp(first, count), end: clamp(last, count) };
}

/** The rows to draw, in order. */
export function drawn({ start, end }: Range, focused: number | null, count: number): number[] {
  const rows = Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index);
  if (focused === null || focused >= count || (focused >= start && focused < end)) return rows;
  return focused < start ? [focused, ...rows] : [...rows, focused];
}

/**
 * A key for each of these rows, none twice: a row that is named as one before it goes by its place. Servers choose
 * names, and what changes between two pages is on both of them.
 */
export function keysOf<Row>(shown: readonly number[], rows: readonly Row[], key: (row: Row) => string): (string | number)[] {
  const seen = new Set<string>();
  return shown.map((index) => {
    const row = rows[index];
    const name = row === undefined ? undefined : key(row);
    if (name === undefined || seen.has(name)) return index;
    seen.add(name);
    return name;
  });
}

/** Whether the end of what is read is so near that more is wanted: two windows before it comes into sight. */
export function isNearEnd(top: number, height: number, rowHeight: number, count: number): boolean {
  return top + 3 * height > count * rowHeight;
}

/**
 * How far to scroll so that the first row in sight stays where it is when rows came or went above it.
 *
 * 0 when the list's beginning is in sight (new rows at the top are what one wants to see), when rows were only
 * added at the end, or when the row is gone.
 */
export function drift<Row>(
  before: readonly Row[],
  after: readonly Row[],
  key: (row: Row) => string,
  top: number,
  rowHeight: number,
): number {
  const last = before.length - 1;
  if (top <= 0 || last < 0 || (after[0] === before[0] && after[last] === before[last])) return 0;
  const first = Math.min(last, Math.floor(top / rowHeight));
  const row = before[first];
  if (row === undefined) return 0;
  const wanted = key(row);
  const now = after.findIndex((each) => key(each) === wanted);
  return now < 0 ? 0 : (now - first) * rowHeight;
}

function clamp(index: number, count: number): number {
  return Math.min(count, Math.max(0, index));
}
