/** One clock for everything that shows a time: a hundred of them cost one timer. */
const TICK_MS = 1_000;

let seconds = $state(Date.now() / 1000);
let timer: ReturnType<typeof setInterval> | undefined;
let users = 0;

/** Seconds since 1970; a component that reads it is drawn anew each second while it `keepsTime`. */
export function now(): number {
  return seconds;
}

/** Keep the clock going as long as the component lives: `$effect(keepsTime)`. */
export function keepsTime(): () => void {
  users += 1;
  seconds = Date.now() / 1000;
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
