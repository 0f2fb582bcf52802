/** A page that nobody looks at gets no frames; its title still follows, and nothing piles up. */
const HIDDEN_MS = 500;

/** Work that is done with the next frame. That frames are few in a flood is the daemon's care, which gathers. */
export function soon(): (work: () => void) => void {
  return (work) => {
    const once = () => {
      cancelAnimationFrame(frame);
      clearTimeout(fallback);
      work();
    };
    const frame = requestAnimationFrame(once);
    const fallback = setTimeout(once, HIDDEN_MS);
  };
}
