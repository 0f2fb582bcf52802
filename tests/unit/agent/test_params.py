"""Parameters of requests: wrong ones are named."""

import pytest

from runicornd.agent.failures import Failure
from runicornd.agent.params import Params


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda params: params.text("x"), 1),
        (lambda params: params.text("x"), "a" * 10**6),
        (lambda params: params.texts("x"), "abc"),
        (lambda params: params.texts("x"), [1]),
        (lambda params: params.mapping("x"), {"a": 1}),
        (lambda params: params.mapping("x"), []),
        (lambda params: params.whole("x", 1, 9), 10),
        (lambda params: params.whole("x", 1, 9), True),
        (lambda params: params.whole("x", 1, 9), 1.5),
        (lambda params: params.seconds("x", 9), -1),
        (lambda params: params.seconds("x", 9), float("nan")),
        (lambda params: params.seconds("x", 9), "1"),
        (lambda params: params.flag("x"), "yes"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(read, value):
    """The failure names the parameter."""
    with pytest.raises(Failure, match="cannot take x") as caught:
        read(Params({"x": value}))
    assert caught.value.kind == "invalid_params"


def test_right_values_and_defaults_come_through():
    """What is absent has a default where there is one."""
    params = Params({"t": "a", "l": ["b"], "m": {"c": "d"}, "n": 3, "s": 2, "f": True})
    assert (params.text("t"), params.texts("l"), params.mapping("m")) == ("a", ["b"], {"c": "d"})
    assert (params.whole("n", 1, 9), params.seconds("s", 9), params.flag("f")) == (3, 2.0, True)
    assert (params.texts("-"), params.mapping("-"), params.flag("-")) == ([], {}, False)
    assert (params.whole("-", 1, 9, default=4), params.seconds("-", 9, default=5)) == (4, 5.0)
