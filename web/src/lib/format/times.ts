import { language } from "../i18n/index.svelte";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Below this, a time is "now": seconds that tick are noise. */
const NOW_S = 10;

/** How long, in the two largest units: "2 h 5 min". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < MINUTE) return unit(whole, "second");
  if (whole < HOUR) return two(Math.floor(whole / MINUTE), "minute", whole % MINUTE, "second");
  if (whole < DAY) return two(Math.floor(whole / HOUR), "hour", Math.floor((whole % HOUR) / MINUTE), "minute");
  return two(Math.floor(whole / DAY), "day", Math.floor((whole % DAY) / HOUR), "hour");
}

/** When, from now: "2 minutes ago". Both in seconds since 1970. */
export function relative(at: number, now: number): string {
  const away = at - now;
  const size = Math.abs(away);
  const format = relatives.get();
  if (size < NOW_S) return format.format(0, "second");
  if (size < MINUTE) return format.format(Math.round(away), "second");
  if (size < HOUR) return format.format(Math.round(away / MINUTE), "minute");
  if (size < DAY) return format.format(Math.round(away / HOUR), "hour");
  if (size < 30 * DAY) return format.format(Math.round(away / DAY), "day");
  if (size < 365 * DAY) return format.format(Math.round(away / (30 * DAY)), "month");
  return format.format(Math.round(away / (365 * DAY)), "year");
}

/** When, to the second, in this machine's time zone. */
export function exact(at: number): string {
  return dates.get().format(at * 1000);
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small ? `${unit(large, largeUnit)} ${unit(small, smallUnit)}` : unit(large, largeUnit);
}

function unit(value: number, name: string): string {
  return units.get(name).format(value);
}

/** Formatters cost much to make and little to use: each is made once for each language. */
class Kept<T> {
  private made: Record<string, T> = {};

  constructor(private readonly make: (locale: string, name: string) => T) {}

  get(name = ""): T {
    const locale = language();
    return (this.made[locale + name] ??= this.make(locale, name));
  }
}

const relatives = new Kept((locale) => new Intl.RelativeTimeFormat(locale, { numeric: "auto" }));
const dates = new Kept((locale) => new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" }));
const units = new Kept(
  (locale, name) => new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "short" }),
);
