const PRESS_MS = 200;

/**
 * Check a field that was left, but not while a button is being pressed.
 *
 * A message that appears between press and release moves the button away under the pointer, and the click is lost.
 * The button that sends the form checks by itself.
 */
export function whenLeft(event: FocusEvent, check: () => void): void {
  const to = event.relatedTarget;
  if (to instanceof HTMLButtonElement && to.type === "submit") return;
  setTimeout(check, PRESS_MS);
}
