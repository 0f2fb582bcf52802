import { soon } from "./frames";

/**
 * How many rows of a long list to draw: few at first, which are seen at once, then more with each frame.
 *
 * Only for use while a component is made.
 */
export function gradually(first: number, step: number, wanted: () => number): { readonly count: number } {
  const plan = soon();
  let count = $state(first);
  let isLiving = true;
  $effect(() => () => (isLiving = false));
  $effect(() => {
    if (count < wanted())
      plan(() => {
        if (isLiving) count += step;
      });
  });
  return {
    get count() {
      return count;
    },
  };
}
