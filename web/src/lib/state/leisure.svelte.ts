import { onDestroy, untrack } from "svelte";

/** What cannot be seen is drawn so seldom: hundreds of rows then cost as much as those on the screen. */
const LEISURE_MS = 1_500;

interface Followed<T> {
  readonly current: T;
  /** For `oncontentvisibilityautostatechange` of an element with `content-visibility: auto`. */
  see(event: ContentVisibilityAutoStateChangeEvent): void;
}

/**
 * A value for a part of the page: as it is now while the part can be seen, at leisure while it cannot.
 *
 * Only for use while a component is made.
 */
export function atLeisure<T>(latest: () => T): Followed<T> {
  let isSkipped = $state(false);
  let current = $state.raw(untrack(latest));
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Each at its own time, so that they do not all come in one frame.
  let due = performance.now() + LEISURE_MS * Math.random();

  function follow(): void {
    clearTimeout(timer);
    timer = undefined;
    due = performance.now() + LEISURE_MS;
    current = latest();
  }
  $effect.pre(() => {
    const isNew = latest() !== untrack(() => current);
    if (!isNew) return;
    // In a flood it follows with a drawing that there is anyway; the timer is for the last of it.
    if (!isSkipped || performance.now() >= due) follow();
    else timer ??= setTimeout(follow, LEISURE_MS * 2);
  });
  onDestroy(() => clearTimeout(timer));
  return {
    get current() {
      return current;
    },
    see(event) {
      // It bubbles: what a part inside says is not meant.
      if (event.target === event.currentTarget) isSkipped = event.skipped;
    },
  };
}
