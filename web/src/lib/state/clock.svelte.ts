/** One clock for everything that shows a time: a hundred of them cost one timer. */
const TICK_MS = 1_000;
const SELDOM_S = 10;
const SETTLED_MS = 250;

let seconds = $state(Date.now() / 1000);
const seldom = $derived(Math.floor(seconds / SELDOM_S) * SELDOM_S);
let settled = $state(false);
let settling: ReturnType<typeof setTimeout> | undefined;
let timer: ReturnType<typeof setInterval> | undefined;
let users = 0;

/** Seconds since 1970; a component that reads it is drawn anew each second while it `keepsTime`. */
export function now(): number {
  return seconds;
}

/** The same, behind by up to ten seconds and drawn anew as seldom: for what is told in hours. */
export function nowOrSo(): number {
  return seldom;
}

/** Whether the page has been drawn: what nobody sees at once, and costs, may wait for that. */
export function isSettled(): boolean {
  return settled;
}

/** Keep the clock going as long as the component lives: `$effect(keepsTime)`. */
export function keepsTime(): () => void {
  users += 1;
  settling ??= setTimeout(() => (settled = true), SETTLED_MS);
  // While it goes it is right to the second: setting it again would draw all the others.
  if (!timer) seconds = Date.now() / 1000;
  timer ??= setInterval(() => {
    if (!document.hidden) seconds = Date.now() / 1000;
  }, TICK_MS);
  return () => {
    users -= 1;
    if (users > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
