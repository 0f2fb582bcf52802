import { afterEach, describe, expect, test } from "vitest";
import { setLanguage } from "../i18n/index.svelte";
import { bytes, number, percent, rate } from "./numbers";
import { duration, exact, relative } from "./times";

afterEach(() => setLanguage("en"));

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.00 kB"],
  [12_345, "12.3 kB"],
  [999_400, "999 kB"],
  [999_600, "1.00 MB"],
  [8e9, "8.00 GB"],
  [1.5e18, "1,500 PB"],
  [-1, "–"],
])("%d bytes are %s", (count, text) => {
  expect(bytes(count)).toBe(text);
});

test("a rate is bytes a second", () => {
  expect(rate(2_500_000)).toBe("2.50 MB/s");
});

test("a percentage is whole only when all is there", () => {
  expect(percent(999, 1000)).toBe("99 %");
  expect(percent(1000, 1000)).toBe("100 %");
  expect(percent(5, 0)).toBe("100 %");
  expect(percent(0, 0)).toBe("0 %");
});

test("numbers have the separators of the language", () => {
  expect(number(1234567)).toBe("1,234,567");
});

describe("times", () => {
  const NOW = 1_800_000_000;

  test.each([
    [NOW - 3, "now"],
    [NOW - 42, "42 seconds ago"],
    [NOW - 120, "2 minutes ago"],
    [NOW - 7_200, "2 hours ago"],
    [NOW - 86_400, "yesterday"],
    [NOW + 300, "in 5 minutes"],
    [NOW - 90 * 86_400, "3 months ago"],
    [NOW - 800 * 86_400, "2 years ago"],
  ])("%d is %s", (at, text) => {
    expect(relative(at, NOW)).toBe(text);
  });

  test("follow the language", () => {
    expect(relative(NOW - 120, NOW)).toBe("2 minutes ago");
    setLanguage("zh");
    expect(relative(NOW - 120, NOW)).toBe("2分钟前");
    expect(duration(7_500)).toBe("2小时 5分钟");
  });

  test.each([
    [0, "0 sec"],
    [59, "59 sec"],
    [60, "1 min"],
    [7_500, "2 hr 5 min"],
    [90_000, "1 day 1 hr"],
    [-4, "0 sec"],
  ])("%d seconds last %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  test("are exact to the second", () => {
    expect(exact(NOW)).toMatch(/2027.*:\d\d:\d\d/);
  });
});
