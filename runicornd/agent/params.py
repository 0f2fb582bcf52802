"""Reads a request's parameters: what is missing or of the wrong type is said by its name."""

from typing import Dict, List, Optional

from .failures import Failure

TEXT_LIMIT = 65536


class Params:
    """The parameters of one request. Every method raises ``invalid_params`` when its value is wrong."""

    def __init__(self, values: Dict[str, object]) -> None:
        self._values = values

    def text(self, name: str) -> str:
        """A text."""
        return _text(self._values.get(name), name)

    def texts(self, name: str) -> List[str]:
        """A list of texts; an absent one is empty."""
        values = self._values.get(name, [])
        if not isinstance(values, list):
            raise _wrong(name, "a list of texts")
        return [_text(value, name) for value in values]

    def mapping(self, name: str) -> Dict[str, str]:
        """Texts by name; an absent one is empty."""
        values = self._values.get(name, {})
        if not isinstance(values, dict):
            raise _wrong(name, "an object of texts")
        return {key: _text(value, name) for key, value in values.items()}

    def whole(self, name: str, least: int, most: int, default: Optional[int] = None) -> int:
        """A whole number between two others, both included."""
        value = self._values.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise _wrong(name, f"a whole number from {least} to {most}")
        return value

    def seconds(self, name: str, most: float, default: Optional[float] = None) -> float:
        """A duration in seconds, 0 and ``most`` included."""
        value = self._values.get(name, default)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= most:
            raise _wrong(name, f"a number from 0 to {most:g}")
        return float(value)

    def moment(self, name: str) -> Optional[float]:
        """A time in seconds since the epoch; None when absent."""
        value = self._values.get(name)
        if value is not None and (not isinstance(value, (int, float)) or isinstance(value, bool)):
            raise _wrong(name, "a number")
        return value

    def inner(self, name: str) -> "Params":
        """An object with parameters of its own."""
        value = self._values.get(name)
        if not isinstance(value, dict):
            raise _wrong(name, "an object")
        return Params(value)

    def flag(self, name: str) -> bool:
        """True or false; false when absent."""
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise _wrong(name, "true or false")
        return value


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or len(value) > TEXT_LIMIT:
        raise _wrong(name, "a text")
    return value


def _wrong(name: str, expected: str) -> Failure:
    return Failure("invalid_params", f"cannot take {name}: {expected} is needed")
