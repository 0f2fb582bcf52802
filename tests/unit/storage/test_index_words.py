from runicornd.storage.index.words import MAX_TEXT, match_of, searchable, texts_of


def test_every_word_is_quoted():
    """Nothing that a user types is syntax."""
    assert match_of('resnet OR "x NEAR(y') == '"resnet" * "OR" * """x" * "NEAR(y" *'


def test_words_without_letters_are_left_out():
    """A dash between two words asks for nothing."""
    assert match_of("a - b") == '"a" * "b" *'
    assert match_of(' -- "" * ') is None
    assert match_of("") is None


def test_scripts_without_spaces_are_cut_into_letters():
    """The middle of a Chinese phrase is found like its beginning."""
    assert match_of("数据") == '" 数  据 " *'
    assert searchable(["训练数据"]).split() == ["训", "练", "数", "据"]


def test_texts_of_metadata_are_its_keys_and_values():
    """Whatever the nesting, keys, texts and numbers are found; truth values and null are not."""
    value = {"model": {"name": "resnet", "layers": [50, "deep"]}, "ok": True, "none": None}
    assert sorted(texts_of(value)) == sorted(
        ["model", "ok", "none", "name", "layers", "resnet", "50", "deep"]
    )


def test_text_is_bounded():
    """A hostile description does not fill the index."""
    assert len(searchable(["x" * MAX_TEXT, "y" * MAX_TEXT])) <= MAX_TEXT
