"""Refs and names."""

import pytest

from runicornd.errors import InvalidParams
from runicornd.storage.names import (
    Ref,
    check_alias,
    check_tag,
    name_bytes,
    parse_ref,
    plain_path,
    wire_name,
)


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("resnet50", Ref("resnet50")),
        ("resnet50:v3", Ref("resnet50", version=3)),
        ("resnet50:V3", Ref("resnet50", version=3)),
        ("resnet50:v03", Ref("resnet50", version=3)),
        ("resnet50:latest", Ref("resnet50", alias="latest")),
        ("model/resnet50:production", Ref("resnet50", "model", alias="production")),
        ("model/resnet50:v999999999", Ref("resnet50", "model", version=999_999_999)),
        ("模型/弹性网络:v1", Ref("弹性网络", "模型", version=1)),
        (" resnet50:validated ", Ref("resnet50", alias="validated")),
        ("output/model.pth:v2", Ref("model.pth", "output", version=2)),
        ("v3", Ref("v3")),
    ],
)
def test_a_ref_is_taken_apart(text, ref):
    """Name, type, version and alias are found in what a person writes."""
    assert parse_ref(text) == ref


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":v1",
        "/x",
        "model/",
        "a/b/c",
        "x:",
        "x:v0",
        "x:v9999999999",
        "x:v" + "9" * 400,
        "x:a:b",
        "x:a/b",
        "..",
        "../x:v1",
        "model/..",
        "x\x00y",
        "x:a\x1bb",
        "a\\b",
        "x" * 256,
        "x" * 100_000,
    ],
)
def test_what_is_no_ref_is_refused_with_a_hint(text):
    """The message says why, the hint how a ref is written; neither grows with the text."""
    with pytest.raises(InvalidParams, match="cannot find") as caught:
        parse_ref(text)
    assert "NAME:v3" in caught.value.hint
    assert len(caught.value.message) < 1000


@pytest.mark.parametrize("text", ["resnet50", "model/resnet50:v3", "resnet50:production"])
def test_a_ref_is_written_as_it_was_read(text):
    """A ref's text is the one that it was parsed from."""
    assert str(parse_ref(text)) == text


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("model.pth", "model.pth"),
        ("./a//b/./c.txt/", "a/b/c.txt"),
        ("标签/类别.csv", "标签/类别.csv"),
        ("..a/b..", "..a/b.."),
        ("字" * 85, "字" * 85),
        ("\uf7ff" * 255, "\uf7ff" * 255),
    ],
)
def test_a_path_is_made_plain(path, plain):
    """Dots and empty parts go, everything else stays."""
    assert plain_path(path) == (plain, None)


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "./",
        "/etc/passwd",
        "..",
        "../../x",
        "a/../../b",
        "a/..",
        "a\\b",
        "..\\x",
        "a\x00b",
        "a\nb",
        "a\x9bb",
        "a\x7f",
        "x" * 256,
        "字" * 86,
        "ab/" * 1366 + "c",
        "/".join(["x"] * 500_000),
    ],
)
def test_a_path_that_could_lead_astray_is_none(path):
    """Whatever leads out, is too long or cannot be shown has a reason against it."""
    assert plain_path(path)[1]


@pytest.mark.parametrize(
    ("text", "name", "size"),
    [
        ("plain", "plain", 5),
        ("é", "é", 2),
        ("\udcff", "\uf7ff", 1),
        ("\uf7ff", "\uf7ef\uf79f\uf7bf", 3),
        ("a\udce9b", "a\uf7e9b", 3),
        ("\ud800", "?", 1),
        ("\udcc3\udca9", "é", 2),
    ],
)
def test_a_name_in_a_file_gets_the_form_in_which_names_travel(text, name, size):
    """A byte that is not UTF-8 is one private character, and counts as one byte."""
    assert wire_name(text) == name
    assert name_bytes(name) == size


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (check_alias, "production"),
        (check_alias, "生产"),
        (check_alias, "best-so-far"),
        (check_tag, "tuned"),
        (check_tag, "v2: the good one"),
    ],
)
def test_what_runicorn_accepts_is_accepted(check, text):
    """Good names come back as they are."""
    assert check(text) == text


@pytest.mark.parametrize(
    ("check", "text"),
    [
        *((check_alias, f"a{character}b") for character in '/\\:*?"<>| \x00\n'),
        (check_alias, ""),
        (check_alias, "latest"),
        (check_alias, "Latest"),
        (check_alias, "v3"),
        (check_alias, "validated"),
        (check_alias, " a"),
        (check_alias, "a\x1b[31m"),
        (check_alias, "x" * 129),
        (check_tag, ""),
        (check_tag, "a\nb"),
        (check_tag, "\ud800"),
        (check_tag, "x" * 129),
    ],
)
def test_what_runicorn_would_not_find_again_is_refused(check, text):
    """A name that Runicorn refuses, or an alias that it reads as something else, has a reason against it."""
    with pytest.raises(InvalidParams, match="cannot use") as caught:
        check(text)
    assert caught.value.hint
