/** The time between two drawings: an event is on the screen within 100 ms, and a flood costs few drawings. */
const PAUSE_MS = 60;
/** A page that nobody looks at gets no frames; its title still follows, and nothing piles up. */
const HIDDEN_MS = 500;

/** Work that is done with the next frame, at once after a rest and no oftener than every `PAUSE_MS`. */
export function soon(): (work: () => void) => void {
  let last = -Infinity;
  return (work) => {
    let isDone = false;
    const once = () => {
      if (isDone) return;
      isDone = true;
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      clearTimeout(fallback);
      last = performance.now();
      work();
    };
    let frame = 0;
    const draw = () => (frame = requestAnimationFrame(once));
    const wait = last + PAUSE_MS - performance.now();
    const timer = setTimeout(draw, Math.max(0, wait));
    const fallback = setTimeout(once, HIDDEN_MS);
  };
}
