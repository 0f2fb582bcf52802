import itertools

import pytest

from runicornd.viewers.kinds.versions import version_key

IN_ORDER = [
    "0.4.1",
    "0.5.0.dev3",
    "0.5.0a1.dev1",
    "0.5.0a1",
    "0.5.0b2",
    "0.5.0rc1",
    "0.5.0",
    "0.5.0.post1.dev2",
    "0.5.0.post1",
    "0.5.3",
    "0.10.0",
    "1.0",
    "1!0.1",
]


@pytest.mark.parametrize(("older", "newer"), list(itertools.pairwise(IN_ORDER)))
def test_releases_sort_as_python_sorts_them(older, newer):
    """Development releases, pre-releases, releases and post-releases come in this order."""
    assert version_key(older) < version_key(newer)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0.5", "0.5.0"),
        ("v0.5.0", "0.5.0"),
        ("0.5.0-RC1", "0.5.0rc1"),
        ("0.5.0+cu121", "0.5"),
        ("1.0-1", "1.0.post1"),
    ],
)
def test_two_ways_to_write_a_release_are_equal(one, other):
    """Trailing zeros, case, separators and local parts make no difference."""
    assert version_key(one) == version_key(other)


@pytest.mark.parametrize("text", ["", "unknown", "0.5.0; rm -rf /", "9" * 5000, "0..5", "0.5.0 final"])
def test_what_is_no_version_has_no_key(text):
    """Garbage from a metadata file is recognized as such, whatever its length."""
    assert version_key(text) is None
