import { describe, expect, it } from "vitest";
import { drawn, drift, inSight, isNearEnd, keysOf } from "./window";

describe("the rows in sight", () => {
  it("are few, however long the list is", () => {
    const { start, end } = inSight(44 * 50_000, 880, 44, 100_000);
    expect([start, end]).toEqual([49_992, 50_028]);
  });

  it("do not go beyond the list", () => {
    expect(inSight(-500, 880, 44, 5)).toEqual({ start: 0, end: 5 });
    expect(inSight(99_999, 880, 44, 5)).toEqual({ start: 5, end: 5 });
    expect(drawn({ start: 5, end: 5 }, null, 5)).toEqual([]);
  });

  it("include the one that has the focus, in its order", () => {
    expect(drawn({ start: 10, end: 12 }, 3, 50)).toEqual([3, 10, 11]);
    expect(drawn({ start: 10, end: 12 }, 40, 50)).toEqual([10, 11, 40]);
    expect(drawn({ start: 10, end: 12 }, 11, 50)).toEqual([10, 11]);
    expect(drawn({ start: 10, end: 12 }, 60, 50)).toEqual([10, 11]);
  });

  it("have keys of their own, also when a server names two the same, and before they are there", () => {
    expect(keysOf([1, 2, 3, 9], ["x", "a", "b", "a"], (row) => row)).toEqual(["a", "b", 3, 9]);
  });

  it("are read ahead two windows before they are seen", () => {
    expect(isNearEnd(0, 880, 44, 200)).toBe(false);
    expect(isNearEnd(44 * 200 - 3 * 880 + 1, 880, 44, 200)).toBe(true);
  });
});

describe("drift", () => {
  const rows = (...names: string[]) => names.map((name) => ({ name }));
  const key = (row: { name: string }) => row.name;

  it("is what came above the first row in sight", () => {
    expect(drift(rows("a", "b", "c"), rows("x", "y", "a", "b", "c"), key, 50, 40)).toBe(80);
    expect(drift(rows("a", "b", "c"), rows("b", "c"), key, 50, 40)).toBe(-40);
  });

  it("is nothing at the list's beginning, or when the row is gone", () => {
    expect(drift(rows("a", "b"), rows("x", "a", "b"), key, 0, 40)).toBe(0);
    expect(drift(rows("a", "b"), rows("x", "a"), key, 50, 40)).toBe(0);
    expect(drift([], rows("x"), key, 50, 40)).toBe(0);
  });

  it("is nothing when rows were only added at the end", () => {
    const before = rows("a", "a");
    expect(drift(before, [...before, ...rows("c")], key, 50, 40)).toBe(0);
  });
});
