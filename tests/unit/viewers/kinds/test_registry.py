import pytest

from runicornd.errors import UnknownViewer
from runicornd.viewers.kinds.registry import standard_kinds


def test_runicorn_is_a_kind():
    """The kind that everything starts with is there under its name."""
    assert standard_kinds().get("runicorn").package == "runicorn"


def test_a_misspelt_kind_is_refused_with_what_was_meant():
    """The hint names the kind that is close, and all that there are."""
    with pytest.raises(UnknownViewer, match="Runicron") as caught:
        standard_kinds().get("Runicron")
    assert "did you mean 'runicorn'?" in caught.value.hint


def test_a_name_that_is_close_to_nothing_gets_the_list():
    """No guess is better than a wild one."""
    with pytest.raises(UnknownViewer) as caught:
        standard_kinds().get("zzz")
    assert "did you mean" not in caught.value.hint
    assert "runicorn" in caught.value.hint
