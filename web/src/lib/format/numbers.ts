import { language } from "../i18n/index.svelte";

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** A number of bytes, in three digits or so: "8.00 GB". Units are decimal, as disks and networks count. */
export function bytes(count: number): string {
  if (count < 0) return "–"; // nobody has said it
  let value = Math.max(0, count);
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${number(value, digits)} ${UNITS[unit] ?? ""}`;
}

/** Bytes a second. */
export function rate(bytesPerSecond: number): string {
  return `${bytes(bytesPerSecond)}/s`;
}

/** A number with the language's separators. */
export function number(value: number, digits = 0): string {
  return formatter(digits).format(value);
}

/** A part of a whole as a percentage without decimals; never 100 before it is whole. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return part > 0 ? "100 %" : "0 %";
  const value = Math.floor((Math.min(part, whole) / whole) * 100);
  return language() === "zh" ? `${value}%` : `${value} %`;
}

const made = new Map<string, Intl.NumberFormat>();

function formatter(digits: number): Intl.NumberFormat {
  const key = `${language()}${digits}`;
  let found = made.get(key);
  if (!found) {
    found = new Intl.NumberFormat(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
    made.set(key, found);
  }
  return found;
}
