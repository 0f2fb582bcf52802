"""Making what a stranger sent safe to show."""

from __future__ import annotations


def printable(text: str, limit: int = 200) -> str:
    """Return the text on one line, with every character that is not printable shown as ``?``.

    Terminal escapes, line ends and text-direction marks lose their power. Longer text is cut.
    """
    safe = "".join(character if character.isprintable() else "?" for character in text.strip())
    return safe if len(safe) <= limit else f"{safe[: limit - 1]}…"
