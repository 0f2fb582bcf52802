"""The keyboard alone, on a page: going from one thing to the next, and seeing where one is."""

MOST_STEPS = 80
# How the focus is shown; null while nothing has it, such as between the last thing of a page and the first.
LOOK = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const style = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  const isMarked = at.matches(":focus-visible")
    && ((style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none");
  const isOnScreen = box.width * box.height > 0 && box.bottom > 0 && box.top < innerHeight;
  const isInDialog = at.closest("dialog") !== null;
  return { what: at.outerHTML.slice(0, 200), isMarked, isOnScreen, isInDialog };
}"""
IS_FOCUSED = "each => each === document.activeElement"


class Keyboard:
    """``Keyboard(page).to(button)`` presses Tab until it has the focus, which must be seen all the way.

    Args:
        page: Playwright's page.
    """

    def __init__(self, page):
        self._page = page

    def press(self, *keys):
        """Press keys one after the other, such as ``ArrowDown``."""
        for key in keys:
            self._page.keyboard.press(key)
        return self

    def type(self, text):
        """Type a text."""
        self._page.keyboard.type(text)
        return self

    def to(self, wanted, key="Tab"):
        """Go there by Tab, or another key, unless one is there."""
        wanted.first.wait_for()
        for _ in range(MOST_STEPS):
            if self.is_at(wanted):
                return self
            self.step(key)
        raise AssertionError(f"not reached within {MOST_STEPS} times {key}: {wanted}; at {self.where()}")

    def step(self, key="Tab"):
        """Press it once; what has the focus then must show it. Returns where one is, or None."""
        self.press(key)
        at = self.where()
        assert at is None or (at["isMarked"] and at["isOnScreen"]), f"the focus cannot be seen: {at}"
        return at

    def where(self):
        """What has the focus, and whether it can be seen."""
        return self._page.evaluate(LOOK)

    def is_at(self, wanted):
        """Whether this has the focus."""
        return any(each.evaluate(IS_FOCUSED) for each in wanted.all())

    def stays_in_dialog(self):
        """Go through an open dialog and once around: nothing behind it is reached."""
        seen = []
        while (at := self.step()) is None or at["what"] not in seen:
            assert at is None or at["isInDialog"], f"behind the dialog: {at}"
            seen.append(at and at["what"])
            assert len(seen) < MOST_STEPS
        assert len(set(seen)) > 1
