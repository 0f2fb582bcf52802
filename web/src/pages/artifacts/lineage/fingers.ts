import type { Point } from "./graph";

interface Moves {
  pan: (by: Point) => void;
  zoom: (by: number, around: Point) => void;
  /** A drag has begun or ended. */
  grab: (is: boolean) => void;
}

/** A finger that trembles is not a drag. */
const STILL_PX = 4;

/** What pointers do to a picture: one drags it, two stretch it. Points are those of the browser's window. */
export class Fingers {
  /** Whether what has just ended was a drag: then the click that follows means nothing. */
  wasDrag = false;
  private down_ = new Map<number, Point>();
  private began: Point = { x: 0, y: 0 };

  constructor(private readonly moves: Moves) {}

  down(event: PointerEvent): void {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    if (this.down_.size === 0) {
      this.wasDrag = false;
      this.began = { x: event.clientX, y: event.clientY };
    }
    this.down_.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }

  move(event: PointerEvent): void {
    const before = this.down_.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    if (!this.wasDrag && Math.hypot(now.x - this.began.x, now.y - this.began.y) < STILL_PX && this.down_.size === 1) return;
    if (!this.wasDrag) {
      this.wasDrag = true;
      this.moves.grab(true);
      // From now on it is a drag, wherever the pointer goes.
      if (event.currentTarget instanceof Element) event.currentTarget.setPointerCapture(event.pointerId);
    }
    const other = [...this.down_].find(([id]) => id !== event.pointerId)?.[1];
    this.down_.set(event.pointerId, now);
    if (!other) return this.moves.pan({ x: now.x - before.x, y: now.y - before.y });
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    this.moves.zoom(distance(now, other) / Math.max(1, distance(before, other)), middle);
    this.moves.pan({ x: (now.x - before.x) / 2, y: (now.y - before.y) / 2 });
  }

  up(event: PointerEvent): void {
    this.down_.delete(event.pointerId);
    if (this.down_.size === 0) this.moves.grab(false);
  }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
